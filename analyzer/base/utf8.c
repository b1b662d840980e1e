/* SPDX-License-Identifier: MIT */
/* utf8.c: see utf8.h. */
#include "analyzer/base/utf8.h"

#include <stddef.h>

/* Bytes of the character that begins here; 0: none does. */
static size_t length(const unsigned char *c)
{
	/* The first bytes that are followed by 1, 2 and 3; what the second is at least and at most
	 * is what tells overlong forms, surrogates and too large ones. */
	unsigned char least = 0x80, most = 0xbf;
	size_t n;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	n = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (c[0] == 0xe0)
		least = 0xa0;
	if (c[0] == 0xed)
		most = 0x9f;
	if (c[0] == 0xf0)
		least = 0x90;
	if (c[0] == 0xf4)
		most = 0x8f;
	if (c[1] < least || c[1] > most)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

bool ws_utf8_is_valid(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	while (*c) {
		size_t n = length(c);

		if (!n)
			return false;
		c += n;
	}
	return true;
}

void ws_utf8_clean(char *text)
{
	if (ws_utf8_is_valid(text))
		return;
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
}
