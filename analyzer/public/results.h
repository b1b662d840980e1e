/* SPDX-License-Identifier: MIT */
/* results.h: how lists of the public interface are made: all of one at once, when first asked for.
 */
#ifndef WS_PUBLIC_RESULTS_H
#define WS_PUBLIC_RESULTS_H

#include <errno.h>

#include "analyzer/public/private.h"

/* `made` points to the pointer that keeps the list; where that is NULL, `n` things of `size` bytes
 * are made, and `fill` fills them. The list, or NULL when memory is out. */
void *ws_results_make(struct ws_analysis *analysis, void *made, size_t n, size_t size,
		      int (*fill)(struct ws_analysis *analysis, void *all));

/* `n` things of `size` bytes, zeroed, that live as long as the results, with pointers to each into
 * *ret. NULL when memory is out. */
void *ws_results_pointers(struct ws_analysis *analysis, size_t n, size_t size, const void ***ret);

#endif
