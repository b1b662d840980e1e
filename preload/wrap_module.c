/* SPDX-License-Identifier: MIT */
/* wrap_module.c: unloading of code, and the list of loaded code that the unwinder gets.
 *
 * dlopen() is not wrapped: the loader searches in the name of the code that calls it (RUNPATH,
 * $ORIGIN, namespace), and that would be this library. New code is noticed when it is on a stack.
 */
#include <errno.h>

#include "preload/emit.h"
#include "preload/lifecycle.h"
#include "preload/module.h"
#include "preload/real.h"
#include "preload/stack.h"

WS_EXPORT int dlclose(void *handle)
{
	int r = ws_real.dlclose(handle);
	struct ws_thread *self = ws_thread();

	if (!self) {
		ws_modules_forget_unloaded(false);
		return r;
	}

	WS_SECTION(self);
	if (ws_modules_forget_unloaded(true))
		ws_stack_forget();
	return r;
}

WS_EXPORT int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
	/* The unwinder runs while the program may hold any lock: it must not wait for the
	 * loader's, whose holder may wait for one of those. Nor must LTTng, which calls this in a
	 * fork child, where the loader's lock may be held by a thread that is no more. */
	if (ws_active && ws_is_tracer_code(WS_SITE))
		return ws_modules_iterate(callback, data);
	return ws_real.dl_iterate_phdr(callback, data);
}
