/* SPDX-License-Identifier: MIT */
/* findings.h: what the analyses found to be wrong, each with its evidence, in one list.
 *
 * An analysis adds a finding and describes it; the list puts all of them in order: by severity,
 * rule, time of the first evidence, and title. The same trace gives the same bytes.
 */
#ifndef WS_FINDINGS_H
#define WS_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/places.h"
#include "analyzer/analyses/rules.h"
#include "analyzer/base/arena.h"

/* One fact that a finding rests on. */
struct ws_evidence {
	uint64_t at_ns;        /* trace clock; 0: not at one time */
	const char *text;      /* one sentence without a full stop; Owned by the list */
	struct ws_party party; /* who, and where in the code; thread WS_UNKNOWN: nobody */
};

struct ws_finding {
	enum ws_rule rule;
	const char *title;                /* one sentence without a full stop; Owned by the list */
	const struct ws_object **objects; /* Owned by this, the objects by the model */
	size_t n_objects, objects_size;
	struct ws_evidence *evidence; /* Owned by this; in the order in which it was added */
	size_t n_evidence, evidence_size;
};

struct ws_findings;

/* `places` works out the parties and must outlive the list. 0 or -ENOMEM with *ret untouched. */
int ws_findings_new(struct ws_places *places, struct ws_findings **ret);
void ws_findings_free(struct ws_findings *findings); /* NULL is fine */

/* A new finding, described by what follows; NULL when memory is out. Valid until the next one. */
struct ws_finding *ws_findings_add(struct ws_findings *findings, enum ws_rule rule,
				   const char *title, ...) __attribute__((format(printf, 3, 4)));
/* One more object that it is about; one that is known already is not added again. 0 or -ENOMEM. */
int ws_finding_object(struct ws_finding *finding, const struct ws_object *object);
/* One more fact. `thread`, `code` and `stack` may be WS_UNKNOWN. 0 or -ENOMEM. */
int ws_finding_evidence(struct ws_findings *findings, struct ws_finding *finding, uint64_t at_ns,
			uint32_t thread, uint32_t code, uint32_t stack, const char *text, ...)
	__attribute__((format(printf, 7, 8)));

/* All of them in order; valid until the list is freed or added to. */
const struct ws_finding *ws_findings_sorted(struct ws_findings *findings, size_t *n);

const char *ws_rule_word(enum ws_rule rule);
enum ws_severity ws_rule_severity(enum ws_rule rule);
const char *ws_severity_word(enum ws_severity severity); /* error, warning, note */

#endif
