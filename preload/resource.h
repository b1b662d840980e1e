/* SPDX-License-Identifier: MIT */
/* resource.h: mappings of shared memory, which give objects in them one identity everywhere. */
#ifndef WS_RESOURCE_H
#define WS_RESOURCE_H

#include <stddef.h>
#include <stdint.h>

/* Records the shared mapping that covers `address`, as /proc/self/maps has it, with `name`.
 * For mappings made inside libc (sem_open), and anonymous ones, whose inode only the kernel
 * knows. Only inside a quiet section. */
void ws_map_record_at(uintptr_t address, const char *name);

/* Records all shared mappings of the process. Only inside a quiet section. */
void ws_map_record_all(void);

#endif
