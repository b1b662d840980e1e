/* SPDX-License-Identifier: MIT */
/* utf8.h: text that formats want in UTF-8, of names that need not be: those of programs and files.
 */
#ifndef WS_UTF8_H
#define WS_UTF8_H

#include <stdbool.h>

/* True if all of it is well-formed: no surrogates, nothing overlong, nothing beyond U+10FFFF. */
bool ws_utf8_is_valid(const char *text);

/* In place: every byte that is not ASCII becomes '?', if the text is not valid. */
void ws_utf8_clean(char *text);

#endif
