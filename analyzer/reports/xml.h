/* SPDX-License-Identifier: MIT */
/* xml.h: text into XML. */
#ifndef WS_XML_H
#define WS_XML_H

#include <stddef.h>
#include <stdio.h>

/* Bytes of what is at `text` if XML 1.0 has no such character: control characters but for tabs and
 * ends of lines, U+FFFE, U+FFFF; else 0. */
size_t ws_xml_lacks(const char *text);

/* The text as the content of an element or of an attribute in double quotes. It must be UTF-8.
 * Tabs and ends of lines are kept; characters that XML lacks become '?'. */
void ws_xml_put(FILE *to, const char *text);

#endif
