/* SPDX-License-Identifier: MIT */
/* temporary.h: a file for what is larger than memory, in TMPDIR (or /tmp), without a name: it is
 * gone with the process.
 */
#ifndef WS_TEMPORARY_H
#define WS_TEMPORARY_H

#include <stddef.h>
#include <stdint.h>

/* A descriptor of an empty one, to be closed by the caller; or a negative errno. */
int ws_temporary_open(void);

/* All of it, whatever a single call does. 0 or a negative errno; -EIO: the file is shorter. */
int ws_temporary_write(int fd, const void *bytes, size_t size, uint64_t at);
int ws_temporary_read(int fd, void *bytes, size_t size, uint64_t at);

#endif
