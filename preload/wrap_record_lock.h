/* SPDX-License-Identifier: MIT */
/* wrap_record_lock.h: the part of fcntl() that is about record locks. */
#ifndef WS_WRAP_RECORD_LOCK_H
#define WS_WRAP_RECORD_LOCK_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>

/* True for the commands that ws_record_lock() is for. */
static inline bool ws_is_record_lock(int command)
{
	return command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||
	       command == F_OFD_SETLKW;
}

/* fcntl() with such a command. */
int ws_record_lock(int fd, int command, void *argument, uintptr_t site);

#endif
