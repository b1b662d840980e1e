/* SPDX-License-Identifier: MIT */
/* same_cancel: every cancellation point of the table of functions, cancelled while it waits and
 * with the cancellation there before the call: whether the caller's cleanup ran, and what is left
 * of what it waited for.
 *
 * Truth: what it prints without recording. `--missing [NAME]` tells which cancellation points of
 * the table have no case (as if NAME had none) and fails if there are any.
 */
#include "tests/programs/same_cancel.h"

#include "preload/flags.h"
#include "tests/support/truth.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

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

void empty_pipe(bool blocked)
{
	static const char line[] = "7 words in a line\n";

	x(pipe(ends));
	if (!blocked)
		x_is(sizeof(line) - 1, write(ends[1], line, sizeof(line) - 1));
}

void full_pipe(bool blocked)
{
	static char page[ROOM];

	x(pipe(ends));
	x_is(ROOM, fcntl(ends[1], F_SETPIPE_SZ, ROOM));
	if (blocked)
		x_is(ROOM, write(ends[1], page, sizeof(page)));
}

/* A thread's try of a point. */
struct attempt {
	const struct point *point;
	bool early; /* the cancellation is there before the call */
	volatile pid_t tid;
	int cleaned; /* -1: not yet */
	long result;
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
	a->result = a->point->call();
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
	fd = (int)xs(open(path, O_RDONLY));
	n = xs(read(fd, text, sizeof(text) - 1));
	x(close(fd));
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

static void attempt(const struct point *point, bool early)
{
	const struct fixture *fixture = point->fixture;
	struct attempt a = { point, early, 0, -1, 0 };
	pthread_t thread;
	void *result;
	bool cancelled;

	fixture->make(!early);
	x(pthread_create(&thread, NULL, make_call, &a));
	if (!early) {
		until_asleep(&a.tid);
		x(pthread_cancel(thread));
		if (fixture->end)
			fixture->end();
	}
	x(pthread_join(thread, &result));
	cancelled = result == PTHREAD_CANCELED;
	say("%s, %s: ", point->name, early ? "before" : "waiting");
	if (cancelled)
		say("cancelled, cleanup %d; ", a.cleaned);
	else
		say("gave %ld; ", a.result);
	fixture->state(cancelled);
	say("\n");
}

static void attempt_in_child(const struct point *point, bool early)
{
	pid_t pid = (pid_t)xs(fork());
	int status;

	if (pid == 0) {
		attempt(point, early);
		_exit(0);
	}
	x_is(pid, waitpid(pid, &status, 0));
	if (status)
		say("child: %#x\n", (unsigned int)status);
}

static void table(const struct point *points, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct fixture *fixture = points[i].fixture;
		void (*try)(const struct point *, bool) =
			fixture->spoils ? attempt_in_child : attempt;

		if (!fixture->never_waits)
			try(&points[i], false);
		try(&points[i], true);
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
	if (argc > 1 && !strcmp(argv[1], "--missing"))
		return missing(argc > 2 ? argv[2] : NULL);
	alarm(100); /* one that hangs is an error, not a test that does */
	signal(SIGPIPE, SIG_IGN);
	table(lock_points, lock_points_n);
	table(file_points, file_points_n);
	table(stream_points, stream_points_n);
	return 0;
}
