/* SPDX-License-Identifier: MIT */
/* byte_waiters.h: is anybody waiting for these bytes of a file? Many record locks are on a file,
 * and few of them are in each other's way.
 *
 * Who waits is counted for the file (its key of ws_waiters_key()), and besides for each piece of
 * WS_BYTE_PIECE bytes that he waits for, or, where these are many, as one who waits for much. A
 * release of few bytes looks at its own pieces and for those who wait for much; one of many bytes
 * for all of the file. So two that overlap always meet; two that do not may, and cost an event.
 */
#ifndef WS_BYTE_WAITERS_H
#define WS_BYTE_WAITERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/file_lock.h"

#define WS_BYTE_PIECE 64
#define WS_BYTE_KEYS  4 /* pieces of one lock that are counted one by one */

/* What a wait for these bytes is counted by, beside the file's key: for `others` of struct ws_wait.
 * How many they are. */
size_t ws_byte_waiters(const struct ws_file *file, struct ws_extent extent,
		       struct ws_wait_other ret[WS_BYTE_KEYS]);

/* True if somebody may be waiting for any of these bytes. */
bool ws_bytes_waited(const struct ws_file *file, struct ws_extent extent);

#endif
