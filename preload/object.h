/* SPDX-License-Identifier: MIT */
/* object.h: records steps in the life of objects. */
#ifndef WS_OBJECT_H
#define WS_OBJECT_H

#include <stdint.h>

#include "preload/thread.h"

/* `name` may be NULL. `kind` and `op` are those of tracepoints/kinds.h, `value` of events.h. */
void ws_object_record(struct ws_thread *self, uint8_t kind, uint8_t op, uintptr_t object,
		      uint64_t value, const char *name, uintptr_t site);

#endif
