/* SPDX-License-Identifier: MIT */
/* byte_waiters.c: see byte_waiters.h. */
#include "preload/byte_waiters.h"

#define MUCH UINT64_MAX /* the piece of those who wait for many */

static uintptr_t key_of(const struct ws_file *file, uint64_t piece)
{
	/* No side waits at record locks: what is counted with one are pieces. */
	return ws_waiters_key(WS_KIND_RECORD_LOCK,
			      file->ino ^ (piece + 1) * UINT64_C(0xd6e8feb86659fd93), file->dev,
			      true);
}

/* False: they are many. */
static bool pieces(struct ws_extent extent, uint64_t *first, size_t *n)
{
	uint64_t last = extent.end > extent.start ? (extent.end - 1) / WS_BYTE_PIECE : 0;

	*first = extent.start / WS_BYTE_PIECE;
	if (extent.end <= extent.start || last - *first >= WS_BYTE_KEYS)
		return false;
	*n = (size_t)(last - *first) + 1;
	return true;
}

size_t ws_byte_waiters(const struct ws_file *file, struct ws_extent extent,
		       struct ws_wait_other ret[WS_BYTE_KEYS])
{
	uint64_t first;
	size_t n = 1;

	if (!pieces(extent, &first, &n))
		first = MUCH;
	for (size_t i = 0; i < n; i++)
		ret[i] = (struct ws_wait_other){
			.key = key_of(file, first + i),
			.kind = WS_KIND_RECORD_LOCK,
			.flags = WS_WAIT_SHARED,
		};
	return n;
}

bool ws_bytes_waited(const struct ws_file *file, struct ws_extent extent)
{
	uint64_t first;
	size_t n;

	if (!ws_waiters_any(ws_waiters_key(WS_KIND_RECORD_LOCK, file->ino, file->dev, false), true))
		return false;
	if (!pieces(extent, &first, &n) || ws_waiters_any(key_of(file, MUCH), true))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (ws_waiters_any(key_of(file, first + i), true))
			return true;
	}
	return false;
}
