/* SPDX-License-Identifier: MIT */
/* wrap_signal.c: waits for signals, and those who send them.
 *
 * Rules: see export.h. A wait for a set of signals is tried with no time to wait: a signal that is
 * pending is taken at once. The time limit, where there is one, is looked at by the kernel first:
 * a bad one must be refused before a signal is taken. pause() and sigsuspend() have no try: they
 * end after a handler has run, which is what they are called for, so that this is their success.
 *
 * Signals that the kernel sends (a timer, a terminal, a dead child) have no sender here.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "preload/copyin.h"
#include "preload/emit.h"
#include "preload/export.h"
#include "preload/glibc.h"
#include "preload/lifecycle.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/signals.h"
#include "preload/wait.h"

WS_EXPORT int __sigsuspend(const sigset_t *set) __attribute__((nonnull));

static const struct timespec no_time;

uintptr_t ws_signals_group(void)
{
	long r = ws_sandboxed ? 0 : ws_raw_syscall(SYS_getpgid, 0, 0, 0, 0);

	return r > 0 ? (uintptr_t)r : 0;
}

uintptr_t ws_signals_waiting_in(void)
{
	ws_waiters_moved(WS_SIGNALS_KEY, true);
	return ws_signals_group();
}

/* Declares `wait`, for a signal to this process, which begins here. */
#define SIGNAL_WAIT(self_, site_, flags_)                                                          \
	WS_WAIT(wait, .self = (self_), .object = (uintptr_t)ws_pid,                                \
		.other = ws_signals_waiting_in(), .key = ws_signals_key(ws_pid), .site = (site_),  \
		.kind = WS_KIND_SIGNAL,                                                            \
		.flags = (uint8_t)(WS_WAIT_SHARED | WS_WAIT_READ | (flags_)))

int32_t ws_signals_sender(int number, int code, pid_t pid)
{
	switch (code) {
	case SI_USER:
	case SI_QUEUE:
	case SI_TKILL:
		return pid;
	case CLD_EXITED:
	case CLD_KILLED:
	case CLD_DUMPED:
	case CLD_STOPPED:
	case CLD_CONTINUED:
		return number == SIGCHLD ? pid : 0;
	default:
		return 0;
	}
}

static void signal_result(struct ws_wait *wait, int r, const siginfo_t *info)
{
	wait->error = r == -1 ? errno : 0;
	if (r > 0) {
		wait->outcome = WS_OUTCOME_ACQUIRED;
		wait->ender = ws_signals_sender(info->si_signo, info->si_code, info->si_pid);
	} else if (errno == EAGAIN) {
		wait->outcome = WS_OUTCOME_TIMEOUT;
	} else if (errno == EINTR) {
		wait->outcome = WS_OUTCOME_INTERRUPTED;
	} else {
		wait->outcome = WS_OUTCOME_NO_WAIT; /* refused */
	}
}

/* -1 with EAGAIN: nothing is pending. The kernel leaves `info` alone then. */
static int try(const sigset_t *set, siginfo_t *info)
{
	return ws_real.sigtimedwait(set, info, &no_time);
}

WS_EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	struct ws_thread *self = ws_thread();
	int saved = errno;

	if (!self)
		return ws_real.sigwaitinfo(set, info);

	siginfo_t own;
	siginfo_t *got = info ? info : &own;
	int r = try(set, got);

	if (r != -1 || errno != EAGAIN)
		return r;
	errno = saved;

	SIGNAL_WAIT(self, WS_SITE, 0);
	r = ws_real.sigwaitinfo(set, got);
	signal_result(&wait, r, got);
	return r;
}

WS_EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *t)
{
	struct ws_thread *self = ws_thread();
	struct timespec limit = { 0, 0 };
	int saved = errno;

	if (!self || (t && (ws_copy_in(&limit, t, sizeof(limit)) != 0 || limit.tv_sec < 0 ||
			    !ws_time_is_valid(&limit) || (!limit.tv_sec && !limit.tv_nsec))))
		return ws_real.sigtimedwait(set, info, t);

	siginfo_t own;
	siginfo_t *got = info ? info : &own;
	int r = try(set, got);

	if (r != -1 || errno != EAGAIN)
		return r;
	errno = saved;

	SIGNAL_WAIT(self, WS_SITE, t ? WS_WAIT_TIMED : 0);
	r = ws_real.sigtimedwait(set, got, t);
	signal_result(&wait, r, got);
	return r;
}

/* Gives the error itself, and goes on after handlers of other signals. libc's is this loop, too,
 * and does not say who the sender was. */
WS_EXPORT int sigwait(const sigset_t *set, int *sig)
{
	struct ws_thread *self = ws_thread();
	int saved = errno;
	siginfo_t info;

	if (!self)
		return ws_real.sigwait(set, sig);

	int r = try(set, &info);

	if (r == -1 && errno == EAGAIN) {
		errno = saved;

		SIGNAL_WAIT(self, WS_SITE, 0);
		do
			r = ws_real.sigtimedwait(set, &info, NULL);
		while (r == -1 && errno == EINTR);
		signal_result(&wait, r, &info);
	} else if (r == -1) {
		errno = saved;
		return ws_real.sigwait(set, sig); /* whatever is wrong, it is to say it */
	}
	if (r == -1)
		return errno;
	*sig = r;
	return 0;
}

/* They always give -1. */
static void handled(struct ws_wait *wait)
{
	wait->error = errno;
	wait->outcome = errno == EINTR ? WS_OUTCOME_ACQUIRED : WS_OUTCOME_NO_WAIT;
}

WS_EXPORT int pause(void)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pause();

	SIGNAL_WAIT(self, WS_SITE, 0);
	int r = ws_real.pause();

	handled(&wait);
	return r;
}

WS_EXPORT int sigsuspend(const sigset_t *set)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.sigsuspend(set);

	SIGNAL_WAIT(self, WS_SITE, 0);
	int r = ws_real.sigsuspend(set);

	handled(&wait);
	return r;
}

/* By the number of a signal. sigpause() of BSD's, by a mask, is left to libc. */
WS_EXPORT int __xpg_sigpause(int signal)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.__xpg_sigpause(signal);

	SIGNAL_WAIT(self, WS_SITE, 0);
	int r = ws_real.__xpg_sigpause(signal);

	handled(&wait);
	return r;
}

WS_EXPORT int __sigpause(int mask, int is_signal)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.__sigpause(mask, is_signal);

	SIGNAL_WAIT(self, WS_SITE, 0);
	int r = ws_real.__sigpause(mask, is_signal);

	handled(&wait);
	return r;
}

/* A signal for a process of which a thread may be waiting for one. */
static struct ws_wake sending(struct ws_thread *self, pid_t pid, int signal, uintptr_t site)
{
	struct ws_wake wake = {
		.self = self,
		.object = (uintptr_t)pid,
		.key = ws_signals_key(pid),
		.site = site,
		.kind = WS_KIND_SIGNAL,
		.op = WS_WAKE_SEND,
		.shared = true,
		.count = 1,
	};

	/* With its stack: unwinding changes the thread's signal mask, and a thread that does so
	 * while a signal is pending for its process may be the one that gets it. */
	if (signal > 0) {
		ws_wake_before(&wake);
		ws_wake_stack(&wake);
	}
	return wake;
}

static void sent(struct ws_wake *wake, int signal, bool done)
{
	if (ws_unlikely(done && signal > 0 && !wake->begun &&
			ws_waiters_any(ws_wake_key(wake), true)))
		ws_wake_record(wake, WS_WAKE_LATE);
}

/* A signal for a whole group (as kill() has it: 0 is the caller's own), or for everybody (-1): whom
 * it reaches, the waits themselves tell. */
static struct ws_wake sending_all(struct ws_thread *self, pid_t pid, int signal, uintptr_t site)
{
	struct ws_wake wake = {
		.self = self,
		.object = 0,
		.other = (uintptr_t)(pid < -1 ? -(long)pid : pid),
		.key = WS_SIGNALS_KEY,
		.site = site,
		.kind = WS_KIND_SIGNAL,
		.op = WS_WAKE_SEND,
		.shared = true,
		.count = WS_WAKE_ALL,
	};

	if (pid == 0)
		wake.other = ws_signals_group();
	if (signal > 0 && wake.other) {
		ws_wake_before(&wake);
		ws_wake_stack(&wake);
	}
	return wake;
}

WS_EXPORT int kill(pid_t pid, int signal)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.kill(pid, signal);

	struct ws_wake wake = pid > 0 ? sending(self, pid, signal, WS_SITE)
				      : sending_all(self, pid, signal, WS_SITE);
	int r = ws_real.kill(pid, signal);

	sent(&wake, signal, r == 0);
	return r;
}

WS_EXPORT int killpg(pid_t group, int signal)
{
	struct ws_thread *self = group >= 0 ? ws_thread() : NULL;

	if (!self)
		return ws_real.killpg(group, signal);

	struct ws_wake wake = sending_all(self, -group, signal, WS_SITE);
	int r = ws_real.killpg(group, signal);

	sent(&wake, signal, r == 0);
	return r;
}

WS_EXPORT int sigqueue(pid_t pid, int signal, const union sigval value)
{
	struct ws_thread *self = pid > 0 ? ws_thread() : NULL;

	if (!self)
		return ws_real.sigqueue(pid, signal, value);

	struct ws_wake wake = sending(self, pid, signal, WS_SITE);
	int r = ws_real.sigqueue(pid, signal, value);

	sent(&wake, signal, r == 0);
	return r;
}

WS_EXPORT int tgkill(pid_t pid, pid_t tid, int signal)
{
	struct ws_thread *self = pid > 0 ? ws_thread() : NULL;

	if (!self)
		return ws_real.tgkill(pid, tid, signal);

	struct ws_wake wake = sending(self, pid, signal, WS_SITE);
	int r = ws_real.tgkill(pid, tid, signal);

	sent(&wake, signal, r == 0);
	return r;
}

WS_EXPORT int raise(int signal)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.raise(signal);

	struct ws_wake wake = sending(self, ws_pid, signal, WS_SITE);
	int r = ws_real.raise(signal);

	sent(&wake, signal, r == 0);
	return r;
}

WS_EXPORT int pthread_kill(pthread_t thread, int signal)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_kill(thread, signal);

	struct ws_wake wake = sending(self, ws_pid, signal, WS_SITE);
	int r = ws_real.pthread_kill(thread, signal);

	sent(&wake, signal, r == 0);
	return r;
}

WS_EXPORT int pthread_sigqueue(pthread_t thread, int signal, const union sigval value)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_sigqueue(thread, signal, value);

	struct ws_wake wake = sending(self, ws_pid, signal, WS_SITE);
	int r = ws_real.pthread_sigqueue(thread, signal, value);

	sent(&wake, signal, r == 0);
	return r;
}
