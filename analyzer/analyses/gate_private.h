/* SPDX-License-Identifier: MIT */
/* gate_private.h: what the files of the gate share. */
#ifndef WS_GATE_PRIVATE_H
#define WS_GATE_PRIVATE_H

#include "analyzer/analyses/gate.h"

/* While it is judged. */
struct gate {
	const struct ws_side *runs;            /* Weak */
	const struct ws_gate_options *options; /* Weak */
	struct ws_gate_result *result;         /* Owned by this until it is handed out */
	size_t size;                           /* of its entries */
};

/* A text that lives as long as the result. NULL: out of memory. */
const char *ws_gate_text(struct gate *gate, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One entry more; valid until the next. NULL: out of memory. */
struct ws_gate_entry *ws_gate_add(struct gate *gate, enum ws_gate_rule rule,
				  enum ws_gate_status status, const char *subject,
				  const char *message, ...) __attribute__((format(printf, 5, 6)));

/* NULL for WS_UNKNOWN. */
const struct ws_digest_site *ws_gate_site(const struct ws_digest *run, uint32_t site);
/* "in f() a.c:12". NULL: out of memory. */
const char *ws_gate_place(struct gate *gate, const struct ws_digest_site *site);

/* A rule of which nothing was told is kept. 0 or -ENOMEM. */
int ws_gate_kept(struct gate *gate, enum ws_gate_rule rule, const char *message);

/* The rules that compare with the baseline. 0 or -ENOMEM. */
int ws_gate_judge_baseline(struct gate *gate);

#endif
