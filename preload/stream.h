/* SPDX-License-Identifier: MIT */
/* stream.h: what a FILE says of itself: how much it holds, and how much it has room for.
 *
 * The layout of FILE is part of glibc's ABI: getc() is made inline from it. That of what is behind
 * a wide stream is not, but its first six pointers have been the same since glibc 2.2.
 */
#ifndef WS_STREAM_H
#define WS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <wchar.h>

#include "preload/raw.h"

/* The beginning of struct _IO_wide_data. */
struct ws_wide {
	wchar_t *read_ptr, *read_end, *read_base;
	wchar_t *write_base, *write_ptr, *write_end;
};

static inline const struct ws_wide *ws_stream_wide(const FILE *f)
{
	return (const struct ws_wide *)f->_wide_data;
}

/* Bytes that the stream holds for its reader. */
static inline size_t ws_stream_held(const FILE *f)
{
	return (size_t)(f->_IO_read_end - f->_IO_read_ptr);
}

/* True if a reader of wide characters finds one, or the bytes of one. */
static inline bool ws_stream_holds_wide(const FILE *f)
{
	const struct ws_wide *wide = ws_stream_wide(f);

	return ws_stream_held(f) || (wide && wide->read_ptr < wide->read_end);
}

/* Bytes that wait in the stream to be written. */
static inline size_t ws_stream_pending(const FILE *f)
{
	return (size_t)(f->_IO_write_ptr - f->_IO_write_base);
}

/* Bytes that it takes before it must write. 0 where each call may have to: it is not buffered, or
 * by lines, or new. */
static inline size_t ws_stream_room(const FILE *f)
{
	return f->_IO_write_end > f->_IO_write_ptr ? (size_t)(f->_IO_write_end - f->_IO_write_ptr)
						   : 0;
}

/* The same in wide characters. */
static inline size_t ws_stream_wide_pending(const FILE *f)
{
	const struct ws_wide *wide = ws_stream_wide(f);

	return wide ? (size_t)(wide->write_ptr - wide->write_base) : 0;
}

static inline size_t ws_stream_wide_room(const FILE *f)
{
	const struct ws_wide *wide = ws_stream_wide(f);

	return wide && wide->write_end > wide->write_ptr
		       ? (size_t)(wide->write_end - wide->write_ptr)
		       : 0;
}

/* Times that this thread has slept: a call that might wait has not, if they are the same after it.
 * -1: not known. */
static inline long ws_times_slept(void)
{
	struct rusage usage;

	return ws_raw_syscall(SYS_getrusage, RUSAGE_THREAD, (long)&usage, 0, 0) == 0
		       ? usage.ru_nvcsw
		       : -1;
}

#endif
