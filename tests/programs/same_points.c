/* SPDX-License-Identifier: MIT */
/* same_points: every cancellation point of the table of functions, and what else waits,
 *   cancel    cancelled while it waits, and with the cancellation there before the call: whether
 *             the caller's cleanup ran,
 *   signals   waiting while a signal comes each millisecond, without SA_RESTART and with it,
 *   vfork     called, without a need to wait, by a child of vfork(),
 * and what is left of what it waited for.
 *
 * Truth: what it prints without recording. `missing [NAME]` tells which cancellation points of the
 * table are not among the calls (as if NAME were not) and fails if there are any.
 */
#include "tests/programs/same_points.h"

#include "preload/flags.h"
#include "tests/support/show.h"
#include "tests/support/truth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

int ends[2];

static const char *const rows[] = {
#define WS_FN(name, version, ret, params, args, family, flags) ((flags)&WS_CANCELS) ? #name : NULL,
#define WS_ALIAS(name, of)
#include "preload/functions.def"
#undef WS_FN
#undef WS_ALIAS
};

void say(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);

	va_end(args);
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		abort();
}

int in_pipe(int fd)
{
	int n = -1;

	x(ioctl(fd, FIONREAD, &n));
	return n;
}

void write_line(void)
{
	static const char line[] = "7 words in a line\n";

	x_is(sizeof(line) - 1, write(ends[1], line, sizeof(line) - 1));
}

void empty_pipe(bool blocked)
{
	x(pipe(ends));
	if (!blocked)
		write_line();
}

void full_pipe(bool blocked)
{
	static char page[ROOM];

	x(pipe(ends));
	x_is(ROOM, fcntl(ends[1], F_SETPIPE_SZ, ROOM));
	if (blocked)
		x_is(ROOM, write(ends[1], page, sizeof(page)));
}

void read_page(void)
{
	static char page[ROOM];

	x_is(ROOM, read(ends[0], page, sizeof(page)));
}

/* A thread's try of a point. */
struct attempt {
	const struct point *point;
	bool early; /* the cancellation is there before the call */
	volatile pid_t tid;
	int cleaned; /* -1: not yet */
	volatile int returned;
	long result;
	int error; /* errno then */
};

static void clean(void *arg)
{
	struct attempt *a = arg;

	a->cleaned = a->point->fixture->clean ? a->point->fixture->clean() : 0;
}

static void *make_call(void *arg)
{
	struct attempt *a = arg;

	if (a->early) {
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
		pthread_cancel(pthread_self());
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	}
	pthread_cleanup_push(clean, a);
	__atomic_store_n(&a->tid, gettid(), __ATOMIC_RELEASE);
	errno = SHOW_UNTOUCHED;
	a->result = a->point->call();
	a->error = errno;
	__atomic_store_n(&a->returned, 1, __ATOMIC_RELEASE);
	pthread_cleanup_pop(0);
	return NULL;
}

/* How often the thread went to sleep, or -1 while it runs. */
static long sleeps_of(pid_t tid)
{
	char path[64], text[4096];
	const char *switches;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", (int)tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1; /* it is gone */
	n = read(fd, text, sizeof(text) - 1);
	x(close(fd));
	if (n < 0)
		return -1;
	text[n] = '\0';
	switches = strstr(text, "\nvoluntary_ctxt_switches:");
	if (!switches || !strstr(text, "State:\tS"))
		return -1;
	return atol(strchr(switches, ':') + 1);
}

/* Returns once the thread has been asleep for some milliseconds. If that was not in the call, the
 * cancellation comes before it, which has to give the same. */
static void until_asleep(volatile pid_t *tid)
{
	long before = -1;

	while (!__atomic_load_n(tid, __ATOMIC_ACQUIRE))
		truth_sleep_ns(100000);
	for (int same = 0; same < 3;) {
		long now = sleeps_of(*tid);

		same = now >= 0 && now == before ? same + 1 : 0;
		before = now;
		truth_sleep_ns(1000000);
	}
}

static void show(const struct attempt *a, bool cancelled)
{
	if (cancelled)
		say("cancelled, cleanup %d; ", a->cleaned);
	else
		say("gave %ld, errno %d; ", a->result, a->error);
	a->point->fixture->state(cancelled || a->result == -1);
	say("\n");
}

static void cancel(const struct point *point, int early)
{
	const struct fixture *fixture = point->fixture;
	struct attempt a = { .point = point, .early = early != 0, .cleaned = -1 };
	pthread_t thread;
	void *result;

	fixture->make(!early);
	x(pthread_create(&thread, NULL, make_call, &a));
	if (!early) {
		until_asleep(&a.tid);
		x(pthread_cancel(thread));
		if (fixture->flags & STAYS)
			fixture->satisfy();
	}
	x(pthread_join(thread, &result));
	say("%s, %s: ", point->name, early ? "before" : "waiting");
	show(&a, result == PTHREAD_CANCELED);
}

/* The storm: its signal, and how many came. */
enum { STORM_NS = 1000000, ENOUGH = 20 };
static volatile int hits;

static void hit(int number)
{
	(void)number;
	hits++;
}

/* Returns when the call did, or when the thread has waited on through signals enough. */
static void until_returned_or_enough(struct attempt *a)
{
	int through = 0, seen = hits;

	while (!a->returned && (hits < ENOUGH || through < 3)) {
		truth_sleep_ns(STORM_NS);
		if (a->returned)
			return;
		through = sleeps_of(a->tid) < 0 ? 0 : through + (hits != seen);
		seen = hits;
	}
}

static void storm(const struct point *point, int flags)
{
	static const struct itimerspec each = { { 0, STORM_NS }, { 0, STORM_NS } };
	struct sigaction action = { .sa_handler = hit, .sa_flags = flags };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 3 };
	struct attempt a = { .point = point, .cleaned = -1 };
	pthread_t thread;
	timer_t timer;

	x(sigaction(event.sigev_signo, &action, NULL));
	point->fixture->make(true);
	hits = 0;
	x(pthread_create(&thread, NULL, make_call, &a));
	while (!__atomic_load_n(&a.tid, __ATOMIC_ACQUIRE))
		truth_sleep_ns(100000);
	event._sigev_un._tid = a.tid;
	x(timer_create(CLOCK_MONOTONIC, &event, &timer));
	x(timer_settime(timer, 0, &each, NULL));
	until_returned_or_enough(&a);
	if (!a.returned && point->fixture->satisfy)
		point->fixture->satisfy();
	x(pthread_join(thread, NULL));
	x(timer_delete(timer));
	say("%s, %s: ", point->name, flags & SA_RESTART ? "restarting" : "interrupted");
	show(&a, false);
}

static void by_vfork_child(const struct point *point, int unused)
{
	static struct attempt a;
	const struct fixture *fixture = point->fixture;
	int status;
	pid_t pid;

	(void)unused;
	fixture->make(fixture->flags & OWN_SIGNAL);
	a = (struct attempt){ .point = point };
	pid = vfork();
	if (pid == 0) {
		if (fixture->flags & OWN_SIGNAL)
			fixture->satisfy();
		errno = SHOW_UNTOUCHED;
		a.result = point->call();
		a.error = errno;
		_exit(3);
	}
	x_is(pid, waitpid(pid, &status, 0));
	say("%s, child %#x: ", point->name, (unsigned int)status);
	show(&a, false);
}

/* One of these, which may leave behind what this process must not have. */
static void try(const struct point *point, void (*how)(const struct point *, int), int what)
{
	int status;
	pid_t pid;

	if (!(point->fixture->flags & SPOILS)) {
		how(point, what);
		return;
	}
	pid = (pid_t)xs(fork());
	if (pid == 0) {
		how(point, what);
		_exit(0);
	}
	x_is(pid, waitpid(pid, &status, 0));
	if (status)
		say("child: %#x\n", (unsigned int)status);
}

static void table(const struct point *points, size_t n, const char *mode)
{
	for (const struct point *p = points; p < points + n; p++) {
		bool waits = !(p->fixture->flags & NEVER_WAITS);

		if (!strcmp(mode, "cancel")) {
			if (waits)
				try(p, cancel, false);
			try(p, cancel, true);
		} else if (!strcmp(mode, "signals")) {
			if (waits) {
				try(p, storm, 0);
				try(p, storm, SA_RESTART);
			}
		} else if (!(p->fixture->flags & ALWAYS_WAITS)) {
			try(p, by_vfork_child, 0);
		}
	}
}

static bool has(const struct point *points, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(points[i].name, name))
			return true;
	return false;
}

static int missing(const char *but)
{
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i])
			continue;
		if ((!but || strcmp(rows[i], but)) &&
		    (has(lock_points, lock_points_n, rows[i]) ||
		     has(file_points, file_points_n, rows[i]) ||
		     has(stream_points, stream_points_n, rows[i])))
			continue;
		say("%s is a cancellation point without a case\n", rows[i]);
		status = EXIT_FAILURE;
	}
	return status;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!strcmp(mode, "missing"))
		return missing(argc > 2 ? argv[2] : NULL);
	if (strcmp(mode, "cancel") && strcmp(mode, "signals") && strcmp(mode, "vfork"))
		truth_die("usage: same_points cancel|signals|vfork|missing");
	alarm(100); /* one that hangs is an error, not a test that does */
	signal(SIGPIPE, SIG_IGN);
	table(lock_points, lock_points_n, mode);
	table(file_points, file_points_n, mode);
	table(stream_points, stream_points_n, mode);
	return 0;
}
