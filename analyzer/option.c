/* SPDX-License-Identifier: MIT */
/* option.c: see option.h. */
#include "analyzer/option.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double factor;
};

static const struct unit times[] = {
	{ "", 1e9 }, { "s", 1e9 },      { "ms", 1e6 },       { "us", 1e3 },
	{ "ns", 1 }, { "m", 60 * 1e9 }, { "h", 3600 * 1e9 }, { NULL, 0 },
};

static const struct unit sizes[] = {
	{ "", 1 },       { "K", 1024.0 }, { "M", 1024.0 * 1024 }, { "G", 1024.0 * 1024 * 1024 },
	{ "k", 1024.0 }, { NULL, 0 },
};

static int parse(const char *text, const struct unit *units, uint64_t *ret)
{
	char *end;

	/* Not for strtod: signs, hexadecimal, "inf" and "nan". */
	if (!isdigit((unsigned char)text[0]) || text[strspn(text, "0123456789.")] == 'x')
		return -EINVAL;
	errno = 0;
	double number = strtod(text, &end);
	if (errno || strspn(text, "0123456789.") != (size_t)(end - text))
		return -EINVAL;
	for (; units->name; units++) {
		if (strcmp(end, units->name) != 0)
			continue;
		number *= units->factor;
		/* 2^63: beyond it nobody means a time or a size. */
		if (number >= 9223372036854775808.0)
			return -EINVAL;
		*ret = (uint64_t)number;
		return 0;
	}
	return -EINVAL;
}

int ws_option_time(const char *text, uint64_t *ns)
{
	return parse(text, times, ns);
}

int ws_option_bytes(const char *text, uint64_t *bytes)
{
	return parse(text, sizes, bytes);
}
