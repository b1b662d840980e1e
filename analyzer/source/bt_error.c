/* SPDX-License-Identifier: MIT */
/* bt_error.c: see bt_error.h. */
#include "analyzer/source/bt_error.h"

#include <babeltrace2/babeltrace.h>
#include <stdio.h>

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
	if (error)
		bt_error_release(error);
}
