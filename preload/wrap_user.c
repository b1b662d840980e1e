/* SPDX-License-Identifier: MIT */
/* wrap_user.c: users, groups and capabilities, as the program changes them.
 *
 * Nothing is recorded. A program that has one thread of its own must be answered as such a program
 * is: by the kernel, for that thread; LTTng's threads follow afterwards (tracers.h). In one with
 * several, glibc changes all threads, LTTng's among them, and these take over the caller's rights
 * first, so that they are answered as it is. See docs/traps.md.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "preload/emit.h"
#include "preload/export.h"
#include "preload/lifecycle.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/start.h"
#include "preload/tracers.h"

/* How long one of LTTng's threads that was made a moment ago is waited for, in yields. */
#define YIELDS_MAX 10000

enum who {
	WHO_LIBC,   /* leave it to glibc: there is no thread of LTTng's */
	WHO_ALONE,  /* the program has one thread */
	WHO_CHILD,  /* one thread, in a memory that it shares with others: nobody follows */
	WHO_SEVERAL /* or it is not known */
};

static enum who who(void)
{
	bool foreign = true;
	bool pending = false;
	int32_t tids[2];

	if (ws_self && ws_self->quiet == WS_QUIET_VFORK && ws_raw_getpid() != ws_pid)
		return WHO_CHILD;
	/* Gives this thread a slot, if it has none; without, its like cannot be counted either. */
	bool seen = ws_thread() || (ws_self && ws_self->quiet > WS_QUIET_LAST);

	for (int i = 0; foreign && i < YIELDS_MAX; i++) {
		pending = ws_start_pending(&foreign);
		if (foreign)
			sched_yield();
	}
	if (!ws_tracers_alive())
		return WHO_LIBC;
	if (pending || !seen || ws_aside || !ws_active || ws_thread_tids(tids, 2) > 1)
		return WHO_SEVERAL;
	return WHO_ALONE;
}

/* Not asked of the kernel where the library knows it: a sandbox might not allow that. */
static int32_t own_tid(void)
{
	return ws_self && ws_self->tid ? ws_self->tid : ws_raw_gettid();
}

/* The call for this thread alone, and then for LTTng's. errno is set as libc would. */
static int change_alone(long number, long a, long b, long c, bool follow)
{
	struct ws_call call = { .number = number, .args = { a, b, c } };
	int saved = errno;
	long r;

	if (follow)
		ws_tracers_note();
	r = ws_raw_syscall(number, a, b, c, 0);
	if (r < 0) {
		errno = (int)-r;
		return -1;
	}
	if (follow)
		ws_tracers_follow(&call);
	errno = saved;
	return 0;
}

/* `libc` is the call of glibc's that does the same in all threads. */
#define CHANGE(number, a, b, c, libc)                                                              \
	do {                                                                                       \
		enum who who_here = who();                                                         \
		int result;                                                                        \
                                                                                                   \
		if (who_here == WHO_LIBC)                                                          \
			return (libc);                                                             \
		if (who_here == WHO_CHILD)                                                         \
			return change_alone((number), (long)(a), (long)(b), (long)(c), false);     \
		if (!ws_tracers_lock(own_tid()))                                                   \
			return (libc);                                                             \
		if (who_here == WHO_ALONE) {                                                       \
			result = change_alone((number), (long)(a), (long)(b), (long)(c), true);    \
		} else {                                                                           \
			ws_tracers_note();                                                         \
			ws_tracers_with_libc_begin();                                              \
			result = (libc);                                                           \
			ws_tracers_with_libc_end();                                                \
		}                                                                                  \
		ws_tracers_unlock();                                                               \
		return result;                                                                     \
	} while (0)

/* What a call is not given, or leaves as it is. */
#define NONE 0L
#define SAME -1L

WS_EXPORT int setuid(uid_t u)
{
	CHANGE(SYS_setuid, u, NONE, NONE, ws_real.setuid(u));
}

WS_EXPORT int seteuid(uid_t u)
{
	if (u == (uid_t)-1) /* glibc rejects it; to the kernel it would mean: leave it */
		return ws_real.seteuid(u);
	CHANGE(SYS_setresuid, SAME, u, SAME, ws_real.seteuid(u));
}

WS_EXPORT int setreuid(uid_t r, uid_t e)
{
	CHANGE(SYS_setreuid, r, e, NONE, ws_real.setreuid(r, e));
}

WS_EXPORT int setresuid(uid_t r, uid_t e, uid_t s)
{
	CHANGE(SYS_setresuid, r, e, s, ws_real.setresuid(r, e, s));
}

WS_EXPORT int setgid(gid_t g)
{
	CHANGE(SYS_setgid, g, NONE, NONE, ws_real.setgid(g));
}

WS_EXPORT int setegid(gid_t g)
{
	if (g == (gid_t)-1)
		return ws_real.setegid(g);
	CHANGE(SYS_setresgid, SAME, g, SAME, ws_real.setegid(g));
}

WS_EXPORT int setregid(gid_t r, gid_t e)
{
	CHANGE(SYS_setregid, r, e, NONE, ws_real.setregid(r, e));
}

WS_EXPORT int setresgid(gid_t r, gid_t e, gid_t s)
{
	CHANGE(SYS_setresgid, r, e, s, ws_real.setresgid(r, e, s));
}

WS_EXPORT int setgroups(size_t n, const gid_t *list)
{
	CHANGE(SYS_setgroups, n, list, NONE, ws_real.setgroups(n, list));
}

/* glibc's calls its setgroups() inside, which is out of reach: the same from its parts. It
 * allocates, as glibc's does. */
WS_EXPORT int initgroups(const char *user, gid_t group)
{
	int room = 64;
	int n = room;
	gid_t *list = NULL;
	int r = -1;

	if (who() == WHO_LIBC)
		return ws_real.initgroups(user, group);
	do {
		gid_t *more = realloc(list, (size_t)n * sizeof(*list));

		if (!more)
			goto out; /* errno is ENOMEM, as with glibc's */
		list = more;
		room = n;
	} while (getgrouplist(user, group, list, &n) < 0 && n > room);
	/* As glibc does: as many as the kernel takes. */
	do
		r = setgroups((size_t)n, list);
	while (r != 0 && errno == EINVAL && --n > 0);
out:
	free(list);
	return r;
}

/* Always for the calling thread alone. What a program of one thread gives up, nobody keeps. */
WS_EXPORT int capset(void *head, const void *data)
{
	int r = ws_real.capset(head, data);
	struct ws_call none = { .number = WS_CALL_NONE };

	if (r == 0 && who() == WHO_ALONE && ws_tracers_lock(own_tid())) {
		ws_tracers_note();
		ws_tracers_follow(&none);
		ws_tracers_unlock();
	}
	return r;
}
