/* SPDX-License-Identifier: MIT */
/* bt_error.c: see bt_error.h. */
#include "analyzer/source/bt_error.h"

#include <babeltrace2/babeltrace.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Takes "some-addr=0x1234, " out: the same trace must give the same words each time. */
static void remove_addresses(char *text)
{
	char *equals;

	while ((equals = strstr(text, "addr=0x"))) {
		char *begin = equals, *end = equals + strlen("addr=0x");

		while (begin > text && (islower((unsigned char)begin[-1]) || begin[-1] == '-'))
			begin--;
		while (isxdigit((unsigned char)*end))
			end++;
		if (!strncmp(end, ", ", 2))
			end += 2;
		else if (begin - text >= 2 && !strncmp(begin - 2, ", ", 2))
			begin -= 2;
		memmove(begin, end, strlen(end) + 1);
	}
}

void ws_bt_error_rename(char *text, size_t size, const char *from, const char *to)
{
	size_t n_from = strlen(from), n_to = strlen(to);
	char *at = text;

	while (n_from && (at = strstr(at, from))) {
		size_t rest = strlen(at + n_from) + 1;

		if ((size_t)(at - text) + n_to + rest > size)
			return;
		memmove(at + n_to, at + n_from, rest);
		memcpy(at, to, n_to);
		at += n_to;
	}
}

void ws_bt_error_take(char *text, size_t size)
{
	const bt_error *error = bt_current_thread_take_error();
	const char *message = "unknown cause";

	/* The causes go from the first one to what failed because of it. */
	if (error && bt_error_get_cause_count(error) > 0)
		message = bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0));
	snprintf(text, size, "%s", message);
	for (char *c = text; *c; c++) {
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	}
	remove_addresses(text);
	if (error)
		bt_error_release(error);
}
