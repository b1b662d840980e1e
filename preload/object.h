/* SPDX-License-Identifier: MIT */
/* object.h: records steps in the life of objects. */
#ifndef WS_OBJECT_H
#define WS_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/thread.h"

/* `name` may be NULL. `kind` and `op` are those of tracepoints/kinds.h, `value` of events.h. */
void ws_object_record(struct ws_thread *self, uint8_t kind, uint8_t op, uintptr_t object,
		      uint64_t value, const char *name, uintptr_t site);

/* The same with `device`, see events.h. */
void ws_object_record_at(struct ws_thread *self, uint8_t kind, uint8_t op, uint64_t object,
			 uint64_t device, uint64_t value, const char *name, uintptr_t site);

/* True if this was not asked of the object lately: its name is to be recorded. Objects that share a
 * place in the table are recorded by turns, an event too many at worst. */
bool ws_object_is_news(uint8_t kind, uint64_t object, uint64_t device);

/* True if opening `name` with these flags will make it: it is not in /dev/shm yet, where `prefix`
 * comes before the names of its kind ("sem." or none). */
bool ws_object_will_be_made(const char *prefix, const char *name, int flags);

#endif
