/* SPDX-License-Identifier: MIT */
/* wrap_sysv_shm.c: System V shared memory, which gives the objects in it their identity.
 *
 * Rules: see export.h. Nothing here is waited for.
 */
#include <sys/shm.h>

#include "preload/export.h"
#include "preload/lifecycle.h"
#include "preload/ranges.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/sysv.h"
#include "preload/thread.h"
#include "tracepoints/kinds.h"

/* The calling thread, if what it does at `site` is the program's doing. */
static struct ws_thread *program_thread(uintptr_t site)
{
	struct ws_thread *self = ws_thread();

	return self && !ws_is_tracer_code(site) ? self : NULL;
}

WS_EXPORT int shmget(key_t key, size_t size, int flags)
{
	uintptr_t site = WS_SITE;
	struct ws_thread *self = program_thread(site);

	if (!self || ws_sandboxed)
		return ws_real.shmget(key, size, flags);

	bool made = key == IPC_PRIVATE || ((flags & IPC_CREAT) && !ws_sysv_exists(SYS_shmget, key));
	int id = ws_real.shmget(key, size, flags);

	if (id >= 0)
		ws_sysv_got(self, WS_KIND_SYSV_SHM, id, key, made, size, site);
	return id;
}

WS_EXPORT void *shmat(int i, const void *a, int f)
{
	uintptr_t site = WS_SITE;
	struct ws_thread *self = program_thread(site);
	void *made = ws_real.shmat(i, a, f);

	if (self && made != (void *)-1)
		ws_map_attached(self, (uintptr_t)made, i);
	return made;
}

WS_EXPORT int shmdt(const void *a)
{
	uintptr_t site = WS_SITE;
	struct ws_thread *self = program_thread(site);
	uintptr_t at = (uintptr_t)a, end = ws_ranges_end(at);

	if (!self || end == 0)
		return ws_real.shmdt(a);

	ws_map_going(self, at, end - at);
	int r = ws_real.shmdt(a);

	if (r != 0)
		ws_map_stayed(self, at);
	return r;
}

WS_EXPORT int shmctl(int id, int command, struct shmid_ds *ds)
{
	uintptr_t site = WS_SITE;
	int r = ws_real.shmctl(id, command, ds);
	struct ws_thread *self = r == 0 && command == IPC_RMID ? program_thread(site) : NULL;

	if (self)
		ws_sysv_removed(self, WS_KIND_SYSV_SHM, id, site);
	return r;
}
