/* SPDX-License-Identifier: MIT */
/* salvage.h: what can still be read of a CTF folder that libbabeltrace2 refuses as a whole.
 *
 * One stream file that was cut off makes source.ctf.fs refuse all files beside it. So each stream
 * file gets a folder of its own, of links, in a temporary place; of a file that ends in the middle
 * of a packet, as LTTng's index beside it tells, the whole packets are copied instead. The trace
 * itself is not touched.
 */
#ifndef WS_SALVAGE_H
#define WS_SALVAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/base/error.h"
#include "analyzer/source/notes.h"

struct ws_salvage;

/* True if a stream file of the CTF folder is shorter than its index says: libbabeltrace2 passes
 * over a file that was emptied without a word. */
bool ws_salvage_is_needed(const char *dir);

/* How many packets the stream file at `file` has, as LTTng's index beside it says; 0: there is
 * none. */
uint64_t ws_salvage_packets(const char *file);

/* Begins. 0 with *ret to be freed by ws_salvage_free, or a negative errno with `error` set. */
int ws_salvage_new(struct ws_salvage **ret, struct ws_error *error);

/* A folder with the stream file `name` of the CTF folder `dir` alone, whole packets only, into
 * *path, which lives until ws_salvage_free. What was left out is noted. 0 or a negative errno. */
int ws_salvage_stream(struct ws_salvage *salvage, const char *dir, const char *name,
		      struct ws_notes *notes, const char **path);

/* Where the temporary folders are; lives as long as `salvage`. */
const char *ws_salvage_root(const struct ws_salvage *salvage);

/* Removes the temporary folders. NULL is fine. */
void ws_salvage_free(struct ws_salvage *salvage);

#endif
