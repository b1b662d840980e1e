/* SPDX-License-Identifier: MIT */
/* xml.c: see xml.h. */
#include "analyzer/reports/xml.h"

#include <string.h>

size_t ws_xml_lacks(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	if (c[0] == 0xef && c[1] == 0xbf && (c[2] == 0xbe || c[2] == 0xbf))
		return 3;
	return c[0] && c[0] < 0x20 && !strchr("\t\n\r", c[0]);
}

void ws_xml_put(FILE *to, const char *text)
{
	for (const char *c = text; *c; c++) {
		size_t lacking = ws_xml_lacks(c);

		if (lacking) {
			fputc('?', to);
			c += lacking - 1;
		} else if (*c == '&') {
			fputs("&amp;", to);
		} else if (*c == '<') {
			fputs("&lt;", to);
		} else if (*c == '>') {
			fputs("&gt;", to);
		} else if (*c == '"') {
			fputs("&quot;", to);
		} else if (strchr("\t\n\r", *c)) {
			fprintf(to, "&#%d;", *c);
		} else {
			fputc(*c, to);
		}
	}
}
