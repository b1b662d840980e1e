/* SPDX-License-Identifier: MIT */
/* spans.h: which of many address ranges covers an address.
 *
 * Ranges may nest and overlap: the one that begins last, and so is the innermost of nested ones,
 * is found. Filled first, sorted once, then read.
 */
#ifndef WS_SPANS_H
#define WS_SPANS_H

#include <stddef.h>
#include <stdint.h>

struct ws_span {
	uint64_t start;
	uint64_t end;   /* first address after it */
	uint64_t reach; /* highest end of this and all before it; set by ws_spans_sort() */
	uint32_t value; /* the caller's number */
};

struct ws_spans {
	struct ws_span *items; /* Owned by this */
	size_t n;
	size_t capacity;
};

/* Empty ranges are left out. 0 or -ENOMEM. */
int ws_spans_add(struct ws_spans *spans, uint64_t start, uint64_t end, uint32_t value);
void ws_spans_sort(struct ws_spans *spans); /* by start, then value */

/* NULL: no range covers it. Of equal ranges, the one of least value. */
const struct ws_span *ws_spans_find(const struct ws_spans *spans, uint64_t address);
void ws_spans_clear(struct ws_spans *spans); /* frees the items */

#endif
