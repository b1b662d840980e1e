/* SPDX-License-Identifier: MIT */
/* findings.c: see findings.h. */
#include "analyzer/analyses/findings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"

struct ws_findings {
	struct ws_places *places; /* Weak */
	struct ws_arena strings;  /* titles and texts */
	struct ws_finding *list;  /* Owned by this */
	size_t n, size;
};

static const struct {
	const char *word;
	enum ws_severity severity;
} rules[] = {
#define RULE(sym, word, severity, doc) { #word, WS_SEVERITY_##severity },
	WS_RULES(RULE)
#undef RULE
};

const char *ws_rule_word(enum ws_rule rule)
{
	return rules[rule].word;
}

enum ws_severity ws_rule_severity(enum ws_rule rule)
{
	return rules[rule].severity;
}

const char *ws_severity_word(enum ws_severity severity)
{
	switch (severity) {
	case WS_SEVERITY_ERROR:
		return "error";
	case WS_SEVERITY_WARNING:
		return "warning";
	default:
		return "note";
	}
}

int ws_findings_new(struct ws_places *places, struct ws_findings **ret)
{
	struct ws_findings *findings = calloc(1, sizeof(*findings));

	if (!findings)
		return -ENOMEM;
	findings->places = places;
	*ret = findings;
	return 0;
}

void ws_findings_free(struct ws_findings *findings)
{
	if (!findings)
		return;
	for (size_t i = 0; i < findings->n; i++) {
		free(findings->list[i].objects);
		free(findings->list[i].evidence);
	}
	free(findings->list);
	ws_arena_free(&findings->strings);
	free(findings);
}

/* The text in the list's memory; NULL when that is out. */
static const char *print(struct ws_findings *findings, const char *format, va_list args)
{
	const char *kept;
	char *text;

	if (vasprintf(&text, format, args) < 0)
		return NULL;
	kept = ws_arena_strdup(&findings->strings, text);
	free(text);
	return kept;
}

struct ws_finding *ws_findings_add(struct ws_findings *findings, enum ws_rule rule,
				   const char *title, ...)
{
	struct ws_finding finding = { .rule = rule };
	va_list args;

	va_start(args, title);
	finding.title = print(findings, title, args);
	va_end(args);
	if (!finding.title || ws_grow(&findings->list, &findings->size, findings->n + 1))
		return NULL;
	findings->list[findings->n] = finding;
	return &findings->list[findings->n++];
}

int ws_finding_object(struct ws_finding *finding, const struct ws_object *object)
{
	for (size_t i = 0; i < finding->n_objects; i++) {
		if (finding->objects[i] == object)
			return 0;
	}
	if (ws_grow(&finding->objects, &finding->objects_size, finding->n_objects + 1))
		return -ENOMEM;
	finding->objects[finding->n_objects++] = object;
	return 0;
}

int ws_finding_evidence(struct ws_findings *findings, struct ws_finding *finding, uint64_t at_ns,
			uint32_t thread, uint32_t code, uint32_t stack, const char *text, ...)
{
	struct ws_evidence evidence = { .at_ns = at_ns };
	va_list args;
	int r;

	va_start(args, text);
	evidence.text = print(findings, text, args);
	va_end(args);
	if (!evidence.text)
		return -ENOMEM;
	r = ws_places_party(findings->places, thread, code, stack, &evidence.party);
	if (r < 0)
		return r;
	if (ws_grow(&finding->evidence, &finding->evidence_size, finding->n_evidence + 1))
		return -ENOMEM;
	finding->evidence[finding->n_evidence++] = evidence;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct ws_finding *x = a, *y = b;
	uint64_t x_ns = x->n_evidence ? x->evidence[0].at_ns : 0;
	uint64_t y_ns = y->n_evidence ? y->evidence[0].at_ns : 0;

	if (ws_rule_severity(x->rule) != ws_rule_severity(y->rule))
		return ws_rule_severity(x->rule) < ws_rule_severity(y->rule) ? -1 : 1;
	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	if (x_ns != y_ns)
		return x_ns < y_ns ? -1 : 1;
	return strcmp(x->title, y->title);
}

const struct ws_finding *ws_findings_sorted(struct ws_findings *findings, size_t *n)
{
	if (findings->n)
		qsort(findings->list, findings->n, sizeof(*findings->list), compare);
	*n = findings->n;
	return findings->list;
}
