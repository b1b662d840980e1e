/* SPDX-License-Identifier: MIT */
/* places.h: code and stacks of the trace as frames that people read, each worked out once.
 *
 * The site of a call is the first frame outside the runtime: not in the preload library, libc, the
 * loader or the thin wrappers of libstdc++, and not in a function of the system's headers (such as
 * std::mutex::lock, compiled into the program) or of Rust's standard library, unless there is
 * nothing else.
 */
#ifndef WS_PLACES_H
#define WS_PLACES_H

#include "analyzer/analyses/contention.h"

struct ws_places;

/* The arguments must outlive the result. 0 or -ENOMEM with *ret untouched. */
int ws_places_new(const struct ws_tables *tables, struct ws_symbols *symbols,
		  struct ws_places **ret);
void ws_places_free(struct ws_places *places); /* NULL is fine */

/* The party of a thread that called at `code`, with the stack that was taken there; any of them may
 * be WS_UNKNOWN. What *ret points to is owned by `places`. 0 or -ENOMEM. */
int ws_places_party(struct ws_places *places, uint32_t thread, uint32_t code, uint32_t stack,
		    struct ws_party *ret);

/* The thread's place by pid, tid, incarnation, site and stack: the order of lists. Unknown last. */
int ws_party_compare(const struct ws_tables *tables, const struct ws_party *a,
		     const struct ws_party *b);

/* Orders sites as lists show them: by function, file, line, module, offset. NULL last; 0: people
 * cannot tell them apart. */
int ws_site_compare(const struct ws_frame *a, const struct ws_frame *b);

/* Length of a function's name without its parameters: C++ names carry them. */
size_t ws_function_length(const char *function);

/* True if its source is of a library that is compiled into programs: a header of the system's or of
 * a C++ library, or Rust's standard library. */
bool ws_frame_is_library(const struct ws_frame *frame);

/* The last component of a path; NULL stays NULL. */
const char *ws_base_name(const char *path);

#endif
