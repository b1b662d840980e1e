/* SPDX-License-Identifier: MIT */
/* bt_error.h: what libbabeltrace2 says about its failures, as one line. */
#ifndef WS_BT_ERROR_H
#define WS_BT_ERROR_H

#include <stddef.h>

/* Takes the thread's current libbabeltrace2 error and writes its root cause into `text` of `size`
 * bytes, on one line; "unknown cause" where there is none. */
void ws_bt_error_take(char *text, size_t size);

#endif
