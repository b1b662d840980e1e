/* SPDX-License-Identifier: MIT */
/* select.h: what is to be recorded, as WAITSCOPE_ONLY and WAITSCOPE_EXCEPT say (selection.h): asked
 * before a wait, a wake or a call is, while an object's life and the definitions always are.
 *
 * A wait that is left out does not count as waiting (waiters.h), so that those who end it have
 * nothing to record either.
 *
 * Names of objects are noted as the library learns them: where it records them, of mappings as they
 * are made, and of files at the latest when somebody asks.
 */
#ifndef WS_SELECT_H
#define WS_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/export.h"
#include "preload/thread.h"

/* False: everything is recorded. */
extern bool ws_select_on;

/* Takes the two lists (NULL: none); the constructor calls it. Words that mean nothing are passed
 * over: the command has refused them. True if it has to be known which function is at work. */
bool ws_select_start(const char *only, const char *except);

/* Objects whose names are noted, at most. */
#define WS_SELECT_NAMES 8192
/* Mappings whose names are. */
#define WS_SELECT_MAPS 512

/* The object is called `name`; NULL or empty: it has no name any more. */
void ws_select_name(uint8_t kind, uint64_t object, uint64_t device, const char *name);
/* What lies between the addresses is part of what is called `name`; NULL: of nothing any more. */
void ws_select_map(uintptr_t start, uintptr_t end, const char *name);
/* A file that is open as `fd`: its name is looked up if it is not noted yet. */
void ws_select_fd(int fd, uint8_t kind, uint64_t object, uint64_t device);

/* Whether a wait for the object, a wake at it, an event about it that is neither, and a call are to
 * be recorded. `texts` are those of the call, as in its event. */
bool ws_select_wait(const struct ws_thread *self, uint8_t kind, uint64_t object, uint64_t device);
bool ws_select_wake(const struct ws_thread *self, uint8_t kind, uint64_t object, uint64_t device);
bool ws_select_object(uint8_t kind, uint64_t object, uint64_t device);
bool ws_select_call(uint16_t function, uint8_t kind, uint64_t object, uint64_t device,
		    const char *texts);
/* False: no call of that function is. */
bool ws_select_may_call(uint16_t function);
/* True if wakes must have somebody who is counted as waiting, whatever the object says: the others
 * that wait may be left out. */
bool ws_select_by_waiter(void);

#endif
