/* SPDX-License-Identifier: MIT */
/* library.h: where the preload library is: beside the command, wherever that was installed. */
#ifndef WS_LIBRARY_H
#define WS_LIBRARY_H

#include <stdbool.h>
#include <string.h>

#include "analyzer/base/error.h"

#define WS_LIBRARY_NAME "libwaitscope.so"

/* The absolute path, to be freed: that of WAITSCOPE_LIBRARY in the environment if it is set,
 * otherwise ../lib or ../lib/<architecture> from the command's folder. 0, or a negative errno with
 * `error` set: it is missing or unreadable. */
int ws_library_find(char **ret, struct ws_error *error);

/* ld.so takes spaces and colons in LD_PRELOAD for separators, and has no way to quote them. */
static inline bool ws_library_preloads_as(const char *path)
{
	return !strpbrk(path, " :");
}

#endif
