/* SPDX-License-Identifier: MIT */
/* resource.h: mappings of shared memory, which give objects in them one identity everywhere.
 *
 * Rules: no malloc, no stdio, no lock. The kernel is asked (fstat, readlink, /proc/self/maps) at
 * shared mappings only, which are rare; not at all once the program has locked itself into a
 * sandbox of system calls.
 */
#ifndef WS_RESOURCE_H
#define WS_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "preload/thread.h"

/* The program has set a seccomp filter of its own: it may be killed for a system call that it does
 * not make itself. Its later shared mappings stay unknown. */
extern bool ws_sandboxed;

/* Records the shared mapping that covers `address`, as /proc/self/maps has it, with `name`; or
 * with its path, if `name` is NULL or empty. For mappings made inside libc (sem_open), and
 * anonymous ones, whose inode only the kernel knows. Only inside a quiet section. */
void ws_map_record_at(uintptr_t address, const char *name);

/* Records all shared mappings of the process. Only inside a quiet section. */
void ws_map_record_all(void);

/* What the program has just mapped, shared, from `fd` (-1: anonymous). */
void ws_map_made(struct ws_thread *self, uintptr_t address, size_t size, int fd, off_t offset);
/* What it has just attached. */
void ws_map_attached(struct ws_thread *self, uintptr_t address, int shmid);
/* The range is about to be unmapped or replaced: before, since once it is free another thread may
 * map it. */
void ws_map_going(struct ws_thread *self, uintptr_t address, size_t size);
/* It did not go, or something else came, at `address`: looks there again. */
void ws_map_stayed(struct ws_thread *self, uintptr_t address);

#endif
