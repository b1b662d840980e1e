/* SPDX-License-Identifier: MIT */
/* trace_copy.h: temporary copies of the kept traces under tests/records/ctf, to be damaged. */
#ifndef WS_TRACE_COPY_H
#define WS_TRACE_COPY_H

#include <stddef.h>
#include <stdint.h>

/* Where the CTF files of a kept trace are within it. */
#define TRACE_COPY_CTF "ust/uid/0/64-bit"

/* Copies tests/records/ctf/NAME to a new temporary folder, whose path goes to `path`; unit tests
 * run in tests/unit. Fails the test if it can't. */
void trace_copy_make(const char *name, char path[static 64]);

/* Removes it. */
void trace_copy_remove(const char *path);

/* Path of the CTF file `file` of the copy, in a buffer that the next call overwrites. */
const char *trace_copy_file(const char *path, const char *file);

/* Cuts `bytes` from the end of the file. */
void trace_copy_cut(const char *path, const char *file, uint64_t bytes);

/* Replaces each `from` by `to`, both of `size` bytes, in the file. How many there were. */
size_t trace_copy_replace(const char *path, const char *file, const void *from, const void *to,
			  size_t size);

/* Overwrites `size` bytes from `offset` on with `bytes`. */
void trace_copy_write(const char *path, const char *file, uint64_t offset, const void *bytes,
		      size_t size);

/* Reads the whole file into memory to be freed by the caller. */
unsigned char *trace_copy_read(const char *path, const char *file, size_t *size);

#endif
