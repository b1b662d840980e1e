/* SPDX-License-Identifier: MIT */
/* copyin.h: reads memory that the program hands to a system call, before the kernel has looked at
 * it, without a fault if it is not there.
 *
 * The kernel answers EFAULT for a bad address; a wrapper that read it first would crash instead.
 * What is on the live part of the thread's stack, or in the data of a loaded module, is there for
 * certain and is read as it is; of anything else the kernel makes a copy, which costs a system
 * call.
 */
#ifndef WS_COPYIN_H
#define WS_COPYIN_H

#include <stddef.h>

/* Copies `size` bytes. 0; -EFAULT: they are not all there; -EPERM and others: it cannot be said.
 * Sizes below a page. errno stays. */
int ws_copy_in(void *to, const void *from, size_t size);

#endif
