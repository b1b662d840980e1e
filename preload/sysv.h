/* SPDX-License-Identifier: MIT */
/* sysv.h: what the wrappers of System V IPC share: the names of their objects, and ftok()'s keys.
 *
 * An id holds for the whole machine, so a process need not have made an object to wait for it: its
 * name is recorded where it is got, or at the latest where it is first waited for.
 */
#ifndef WS_SYSV_H
#define WS_SYSV_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ipc.h>

#include "preload/thread.h"

/* `number` of an object that is a whole set of semaphores, or no semaphore at all. */
#define WS_SYSV_WHOLE UINT64_MAX

/* ftok() gave `key` for this path and project id: remembered, for the names of objects. Of as many
 * keys as the table holds; what is displaced is shown by its key. */
void ws_sysv_key(key_t key, const char *path, int project);

/* Whether there is an object of this key (SYS_msgget and so on), before a call that may make it. */
bool ws_sysv_exists(long get, key_t key);

/* The program has got `id` by `key`; `made`: it did not exist before, and is of `size`. */
void ws_sysv_got(struct ws_thread *self, uint8_t kind, int id, key_t key, bool made, uint64_t size,
		 uintptr_t site);
/* The kernel will take back what the process did to this set, as the process ends. */
void ws_sysv_undo(struct ws_thread *self, int id, uintptr_t site);
/* It has removed it. */
void ws_sysv_removed(struct ws_thread *self, uint8_t kind, int id, uintptr_t site);
/* The object is about to be waited for: records its name, unless that was done lately. */
void ws_sysv_waited(struct ws_thread *self, uint8_t kind, int id, uint64_t number, uintptr_t site);

/* Records what went through System V queues since it was last recorded: before exec and exit. */
void ws_sysv_flush(struct ws_thread *self);
/* In a fork child: what was counted is the parent's. */
void ws_sysv_forked(void);

#endif
