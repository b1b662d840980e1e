/* SPDX-License-Identifier: MIT */
/* discover.h: where the CTF traces are below a folder. */
#ifndef WS_DISCOVER_H
#define WS_DISCOVER_H

#include <stddef.h>

#include "analyzer/base/error.h"

/* Paths, sorted, so that the same folders are always read in the same order. */
struct ws_paths {
	char **paths; /* Owned by this, each and all */
	size_t n, capacity;
};

/* Adds each folder at or below `dir` that holds a file `metadata`. 0, or a negative errno with
 * `error` set: -ENOENT, -ENOTDIR or why it can't be read; -EINVAL if there is none. */
int ws_discover(const char *dir, struct ws_paths *paths, struct ws_error *error);

/* Adds the stream files of the CTF folder `dir`, as names within it. 0 or a negative errno. */
int ws_discover_streams(const char *dir, struct ws_paths *names);

/* Frees the paths. */
void ws_paths_free(struct ws_paths *paths);

#endif
