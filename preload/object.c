/* SPDX-License-Identifier: MIT */
/* object.c: see object.h. */
#include "preload/object.h"

#include "preload/emit.h"
#include "preload/lifecycle.h"

void ws_object_record(struct ws_thread *self, uint8_t kind, uint8_t op, uintptr_t object,
		      uint64_t value, const char *name, uintptr_t site)
{
	if (!ws_wanted(object) || ws_is_tracer_code(site))
		return;

	struct ws_ev_object event = {
		.kind = kind,
		.op = op,
		.object = object,
		.value = value,
		.site = site,
		.name = name ? name : "",
	};

	WS_SECTION(self);
	ws_definitions();
	ws_emit(object, &event);
}
