/* SPDX-License-Identifier: MIT */
/* symbols_names.h: text as reports show it: demangled names and tidy paths. */
#ifndef WS_SYMBOLS_NAMES_H
#define WS_SYMBOLS_NAMES_H

#include "analyzer/base/strings.h"

/* A linker symbol as its programmer wrote it: without version (@GLIBC_2.2.5), without what the
 * compiler appended to clones (.constprop.0, .cold) and local statics (.1), demangled, without
 * parameters. The result lives as long as `strings`; NULL: no memory. */
const char *ws_names_symbol(struct ws_strings *strings, const char *symbol);

/* `path`, taken from `dir` (NULL: unknown) if it is relative, without "//", "." and "..": the
 * text alone decides, since the source need not exist here. Result as above. */
const char *ws_names_path(struct ws_strings *strings, const char *dir, const char *path);

#endif
