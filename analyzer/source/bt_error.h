/* SPDX-License-Identifier: MIT */
/* bt_error.h: what libbabeltrace2 says about its failures, as one line. */
#ifndef WS_BT_ERROR_H
#define WS_BT_ERROR_H

#include <stddef.h>

/* Takes the thread's current libbabeltrace2 error and writes its root cause into `text` of `size`
 * bytes, on one line; "unknown cause" where there is none. */
void ws_bt_error_take(char *text, size_t size);

/* Puts `to` in the place of each `from`, as far as `size` bytes have room: a temporary folder's
 * name is not what people know a file by, and is another one each time. */
void ws_bt_error_rename(char *text, size_t size, const char *from, const char *to);

#endif
