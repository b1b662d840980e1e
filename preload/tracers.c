/* SPDX-License-Identifier: MIT */
/* tracers.c: LTTng's threads, and how they are made to follow, see tracers.h.
 *
 * They block all signals but the two of libc's own. The one by which glibc has each thread change
 * its user (SIGSETXID) gets a handler of ours in front of glibc's, which no program can see: glibc
 * gives nobody that signal. In the program's threads it does nothing but call glibc's.
 *
 * Rules: the handler makes system calls and nothing else; LTTng's code that it interrupts may hold
 * any lock.
 */
#include "preload/tracers.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <time.h>

#include "preload/emit.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"

#define SIGSETXID 33 /* glibc's __SIGRTMIN + 1 */

/* A thread that is to follow is looked at this often, in case it has ended instead. */
#define LOOK_NS   10000000
#define LOOKS_MAX 100

/* The kernel's struct sigaction. */
struct kernel_action {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* What the kernel lets a thread do beyond its user's due. */
struct rights {
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	long bits; /* PR_GET_SECUREBITS, among them the one of PR_SET_KEEPCAPS */
};

/* One of LTTng's threads; free: tid is 0. */
struct tracer {
	_Atomic int32_t tid;
	_Atomic uint32_t done; /* the number of the call that it has made last */
};

static struct tracer tracers[WS_TRACERS_MAX];
static __thread struct tracer *own; /* NULL: not one of them */

static struct rights noted;
static struct ws_call wanted;
static _Atomic uint32_t wanted_number; /* of the call that is to be made; written last */
static _Atomic bool with_libc;         /* glibc has each of them make the call */
static _Atomic int32_t changing;       /* the tid of the thread whose change is under way */
static void (*libc_handler)(int, siginfo_t *, void *);

_Atomic bool ws_tracers_lack;
static sem_t *_Atomic awaited;

static bool rights_get(struct rights *ret)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };

	ret->bits = ws_raw_syscall(SYS_prctl, PR_GET_SECUREBITS, 0, 0, 0);
	return ret->bits >= 0 &&
	       ws_raw_syscall(SYS_capget, (long)&head, (long)ret->caps, 0, 0) == 0;
}

static void caps_set(const struct rights *r)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };

	ws_raw_syscall(SYS_capset, (long)&head, (long)r->caps, 0, 0);
}

/* Gives the calling thread the rights that were noted. It never has fewer than the program's
 * thread, since it only ever gives up what that one did. */
static void take_over(void)
{
	struct rights now;
	bool differs = false;

	if (!rights_get(&now))
		return;
	if ((now.bits ^ noted.bits) & ~(long)SECBIT_KEEP_CAPS) {
		struct rights all = now;

		for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
			all.caps[i].effective = all.caps[i].permitted;
		caps_set(&all); /* CAP_SETPCAP is needed for this */
		ws_raw_syscall(SYS_prctl, PR_SET_SECUREBITS, noted.bits, 0, 0);
		differs = true;
	} else if (now.bits != noted.bits) {
		ws_raw_syscall(SYS_prctl, PR_SET_KEEPCAPS, !!(noted.bits & SECBIT_KEEP_CAPS), 0, 0);
	}
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		differs = differs || now.caps[i].effective != noted.caps[i].effective ||
			  now.caps[i].permitted != noted.caps[i].permitted ||
			  now.caps[i].inheritable != noted.caps[i].inheritable;
	if (differs)
		caps_set(&noted);
}

static long futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *limit)
{
	return ws_raw_syscall(SYS_futex, (long)word, op | FUTEX_PRIVATE_FLAG, value, (long)limit);
}

/* Our own signals are queued ones (SI_QUEUE), glibc's are not; its handler makes the call, and
 * counts the thread. */
static void handler(int sig, siginfo_t *info, void *context)
{
	struct tracer *self = own;
	uint32_t number = atomic_load(&wanted_number);

	if (info->si_code != SI_QUEUE) {
		if (self && atomic_load(&with_libc))
			take_over();
		libc_handler(sig, info, context);
		return;
	}
	if (!self || atomic_load(&self->done) == number)
		return; /* late, and made together with a newer one */
	take_over();
	if (wanted.number != WS_CALL_NONE)
		ws_raw_syscall(wanted.number, wanted.args[0], wanted.args[1], wanted.args[2], 0);
	atomic_store(&self->done, number);
	futex(&self->done, FUTEX_WAKE, 1, NULL);
}

/* Puts our handler in front of glibc's, which is there since the first pthread_create(). */
static bool handler_is_set(void)
{
	struct kernel_action action;

	if (ws_raw_syscall(SYS_rt_sigaction, SIGSETXID, 0, (long)&action, sizeof(action.mask)) != 0)
		return false;
	if (action.handler == handler)
		return true;
	if (!(action.flags & SA_SIGINFO) || !action.handler)
		return false;
	libc_handler = action.handler;
	action.handler = handler;
	return ws_raw_syscall(SYS_rt_sigaction, SIGSETXID, (long)&action, 0, sizeof(action.mask)) ==
	       0;
}

void ws_tracer_begin(void)
{
	for (size_t i = 0; i < WS_TRACERS_MAX; i++) {
		int32_t none = 0;

		if (!atomic_compare_exchange_strong(&tracers[i].tid, &none, -1))
			continue;
		atomic_store(&tracers[i].done, atomic_load(&wanted_number));
		own = &tracers[i];
		atomic_store(&tracers[i].tid, ws_raw_gettid());
		return;
	}
}

void ws_tracer_end(void)
{
	struct tracer *self = own;

	own = NULL;
	if (self)
		atomic_store(&self->tid, 0);
}

void ws_tracers_forked(void)
{
	for (size_t i = 0; i < WS_TRACERS_MAX; i++)
		atomic_store(&tracers[i].tid, 0);
	atomic_store(&with_libc, false);
	atomic_store(&changing, 0);
	atomic_store(&ws_tracers_lack, false);
	atomic_store(&awaited, NULL);
}

void ws_tracers_lack_one(void)
{
	int saved = errno;

	/* Either this finds what is awaited, or whoever is about to wait finds this. */
	atomic_store(&ws_tracers_lack, true);

	sem_t *start = atomic_exchange(&awaited, NULL);

	if (start)
		ws_real.sem_post(start);
	errno = saved;
}

void ws_tracers_awaited(sem_t *start)
{
	atomic_store(&awaited, start);
}

bool ws_tracer_is(int32_t tid)
{
	for (size_t i = 0; i < WS_TRACERS_MAX; i++)
		if (atomic_load_explicit(&tracers[i].tid, memory_order_relaxed) == tid)
			return true;
	return false;
}

bool ws_tracers_alive(void)
{
	for (size_t i = 0; i < WS_TRACERS_MAX; i++)
		if (atomic_load_explicit(&tracers[i].tid, memory_order_relaxed) != 0)
			return true;
	return false;
}

/* Another thread does not hold it for longer than glibc would hold its own. */
bool ws_tracers_lock(int32_t tid)
{
	int32_t nobody = 0;

	while (!atomic_compare_exchange_weak(&changing, &nobody, tid)) {
		if (nobody == tid)
			return false;
		nobody = 0;
		sched_yield();
	}
	return true;
}

void ws_tracers_unlock(void)
{
	atomic_store(&changing, 0);
}

void ws_tracers_note(void)
{
	if (!ws_sandboxed)
		rights_get(&noted);
}

/* Waits until the thread has made call `number`, or has ended. */
static void await(struct tracer *t, int32_t tid, uint32_t number)
{
	const struct timespec limit = { .tv_nsec = LOOK_NS };

	for (int look = 0; look < LOOKS_MAX; look++) {
		uint32_t done = atomic_load(&t->done);

		if (done == number || atomic_load(&t->tid) != tid ||
		    ws_raw_syscall(SYS_tgkill, ws_pid, tid, 0, 0) != 0)
			return;
		futex(&t->done, FUTEX_WAIT, done, &limit);
	}
}

void ws_tracers_follow(const struct ws_call *call)
{
	/* Nothing may be called here that the program does not call itself. */
	if (ws_sandboxed || !handler_is_set())
		return;
	wanted = *call;

	uint32_t number = atomic_load(&wanted_number) + 1;
	siginfo_t info = { .si_signo = SIGSETXID, .si_code = SI_QUEUE };

	info.si_pid = ws_pid;

	atomic_store(&wanted_number, number);
	for (size_t i = 0; i < WS_TRACERS_MAX; i++) {
		int32_t tid = atomic_load(&tracers[i].tid);

		/* All at once: a process is not to be half one user and half another for long. */
		if (tid > 0)
			ws_raw_syscall(SYS_rt_tgsigqueueinfo, ws_pid, tid, SIGSETXID, (long)&info);
	}
	for (size_t i = 0; i < WS_TRACERS_MAX; i++) {
		int32_t tid = atomic_load(&tracers[i].tid);

		if (tid > 0)
			await(&tracers[i], tid, number);
	}
	wanted.number = WS_CALL_NONE; /* the caller's memory may be gone when a late one comes */
}

void ws_tracers_with_libc_begin(void)
{
	if (!ws_sandboxed)
		atomic_store(&with_libc, handler_is_set());
}

void ws_tracers_with_libc_end(void)
{
	atomic_store(&with_libc, false);
}
