/* SPDX-License-Identifier: MIT */
/* truth.c: the list of a test program's own waits, holds and releases. See truth.h.
 *
 * The list is static and its cells are handed out by one atomic counter: the bookkeeping itself
 * never blocks, so that it adds no wait to those that the program is about.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum truth_type { TRUTH_NONE, TRUTH_WAITED, TRUTH_HELD, TRUTH_WOKE, TRUTH_TRIED };

/* A program that does more than this has no place here: it ends the test. */
enum { CALLS_MAX = 1 << 15, VALUES_MAX = 64 };

/* What a page fault within a call may have slept: for the address space's lock, while another
 * thread maps its stack. One that reads from the disk has no such bound. */
enum { FAULT_NS = 1000000 };

/* How long truth_until_asleep() lets others wait. */
enum { ASLEEP_NS = 20000000 };

/* The clocks are read one after the other, and none is finer than this together. */
enum { CLOCKS_NS = 20000 };

static struct truth_call calls[CALLS_MAX];
static atomic_int n_calls;
static pid_t owner; /* process that the list belongs to: a forked child's copy is not its own */

static struct {
	const char *name;
	const char *text; /* NULL: it is a number */
	int64_t value;
} values[VALUES_MAX];
static atomic_int n_values;

static __thread struct truth_call *latest_wait;
static __thread struct truth_call *latest; /* wait or try */
__thread int truth_line;

void truth_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(99);
}

void truth_x(long result, const char *call, const char *file, int line)
{
	int error = errno;

	if (result != 0)
		truth_die("%s:%d: %s: %s", file, line, call,
			  strerror(result > 0 ? (int)result : error));
}

long truth_xs(long result, const char *call, const char *file, int line)
{
	if (result == -1)
		truth_die("%s:%d: %s: %s", file, line, call, strerror(errno));
	return result;
}

void truth_x_is(long expected, long result, const char *call, const char *file, int line)
{
	if (result != expected)
		truth_die("%s:%d: %s: %ld instead of %ld (errno %d)", file, line, call, result,
			  expected, errno);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	xs(clock_gettime(clock, &now));
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t truth_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

void truth_work_ns(uint64_t ns)
{
	uint64_t end = truth_now_ns() + ns;

	while (truth_now_ns() < end)
		;
}

void truth_sleep_ns(uint64_t ns)
{
	struct timespec left = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		;
}

pid_t truth_tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

struct timespec truth_after_ns(clockid_t clock, uint64_t ns)
{
	uint64_t then = clock_ns(clock) + ns;
	struct timespec result = { (time_t)(then / 1000000000u), (long)(then % 1000000000u) };

	return result;
}

/* Reads a small file into `text`; false if it is not there (any more). */
static bool read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = 0;
	return true;
}

/* How long the calling thread was runnable without running; 0 where the kernel doesn't say. */
static uint64_t delay_ns(void)
{
	char text[128];
	uint64_t ran, delay;

	if (!read_file("/proc/thread-self/schedstat", text, sizeof(text)) ||
	    sscanf(text, "%" SCNu64 " %" SCNu64, &ran, &delay) != 2)
		return 0;
	return delay;
}

static struct rusage usage(void)
{
	struct rusage now;

	xs(getrusage(RUSAGE_THREAD, &now));
	return now;
}

static void own_the_list(void)
{
	pid_t pid = getpid();

	if (owner != pid) { /* only a new process's first thread can get here */
		owner = pid;
		atomic_store(&n_calls, 0);
		atomic_store(&n_values, 0);
	}
}

static struct truth_call *call_new(int type, const struct truth_object *object,
				   const char *function, int line)
{
	struct truth_call *call;
	int i;

	own_the_list();
	i = atomic_fetch_add(&n_calls, 1);
	if (i >= CALLS_MAX)
		truth_die("more than %d calls in one program", CALLS_MAX);
	call = &calls[i];
	memset(call, 0, sizeof(*call));
	call->object = object;
	call->function = function;
	call->line = line;
	call->tid = truth_tid();
	call->type = type;
	return call;
}

struct truth_call *truth_wait_begin(const struct truth_object *object, const char *function,
				    int line)
{
	struct truth_call *wait = call_new(TRUTH_WAITED, object, function, line);
	struct rusage before;
	int error = errno;

	latest = latest_wait = wait;
	wait->delay_ns = delay_ns();
	before = usage();
	wait->sleeps = before.ru_nvcsw;
	wait->minor_faults = before.ru_minflt;
	wait->major_faults = before.ru_majflt;
	wait->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	errno = error;
	wait->begin_ns = truth_now_ns();
	return wait;
}

void truth_wait_end(struct truth_call *wait, const char *outcome)
{
	uint64_t end = truth_now_ns();
	uint64_t busy = clock_ns(CLOCK_THREAD_CPUTIME_ID) - wait->cpu_ns;
	struct rusage after;
	int error = errno;

	after = usage();
	busy += delay_ns() - wait->delay_ns + CLOCKS_NS;
	if (after.ru_minflt != wait->minor_faults)
		busy += FAULT_NS;
	if (after.ru_majflt != wait->major_faults)
		busy = end - wait->begin_ns;
	wait->sleeps = after.ru_nvcsw - wait->sleeps;
	wait->least_ns = end - wait->begin_ns > busy ? end - wait->begin_ns - busy : 0;
	wait->outcome = outcome;
	wait->end_ns = end;
	errno = error;
}

void truth_wait_left(struct truth_call **wait)
{
	if ((*wait)->end_ns == 0)
		truth_wait_end(*wait, "cancelled");
}

void truth_wait_jumped(const char *outcome)
{
	truth_wait_end(latest_wait, outcome);
}

void truth_wait_forget(void)
{
	latest_wait->type = TRUTH_NONE;
}

void truth_hold_begin(const struct truth_object *object, const char *function, int line)
{
	struct truth_call *hold = call_new(TRUTH_HELD, object, function, line);

	hold->begin_ns = truth_now_ns();
}

static void hold_end(const struct truth_object *object, uint64_t now)
{
	pid_t tid = truth_tid();

	for (int i = atomic_load(&n_calls) - 1; i >= 0; i--) {
		struct truth_call *hold = &calls[i];

		if (hold->type == TRUTH_HELD && hold->object == object && hold->tid == tid &&
		    hold->end_ns == 0) {
			hold->end_ns = now;
			return;
		}
	}
}

void truth_hold_end(const struct truth_object *object)
{
	hold_end(object, truth_now_ns());
}

void truth_release(const struct truth_object *object, int64_t count, const char *function, int line)
{
	struct truth_call *wake = call_new(TRUTH_WOKE, object, function, line);

	wake->count = count;
	wake->begin_ns = wake->end_ns = truth_now_ns();
	hold_end(object, wake->begin_ns);
}

void truth_tried(const struct truth_object *object, const char *function, int line)
{
	latest = call_new(TRUTH_TRIED, object, function, line);
	latest->outcome = "no_wait";
}

void truth_case(const char *row, const char *cell)
{
	int i = latest->cases[0].row != NULL;

	latest->cases[i].row = row;
	latest->cases[i].cell = cell;
}

/* Whether the kernel says that the thread sleeps in a futex call on that range. */
static bool blocked_at(pid_t tid, const volatile void *address, size_t size)
{
	char path[64], text[512];
	const char *state;
	unsigned long long number, first;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	if (!read_file(path, text, sizeof(text)))
		truth_die("thread %d ended instead of waiting", (int)tid);
	state = strrchr(text, ')');
	if (!state || state[1] != ' ' || state[2] != 'S')
		return false;
	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)tid);
	if (!read_file(path, text, sizeof(text)) ||
	    sscanf(text, "%llu %llx", &number, &first) != 2) /* "running" */
		return false;
	if (number == SYS_futex_waitv)
		return true; /* its argument is a list of addresses */
	if (number != SYS_futex)
		return false;
	return size == 0 || (first >= (uintptr_t)address && first < (uintptr_t)address + size);
}

long truth_sleeps_in(pid_t tid)
{
	char path[64], text[512];
	const char *state;
	long number;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	if (!read_file(path, text, sizeof(text)))
		truth_die("thread %d ended instead of waiting", (int)tid);
	state = strrchr(text, ')');
	if (!state || state[1] != ' ' || state[2] != 'S')
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)tid);
	if (!read_file(path, text, sizeof(text)) || sscanf(text, "%ld", &number) != 1)
		return -1;
	return number;
}

static void short_pause(void)
{
	truth_sleep_ns(200000);
}

void truth_until_blocked_at(pid_t tid, const volatile void *address, size_t size)
{
	while (!blocked_at(tid, address, size))
		short_pause();
}

void truth_until_in_call(pid_t tid, long number)
{
	while (truth_sleeps_in(tid) != number)
		short_pause();
}

void truth_until_asleep(pid_t tid, long number)
{
	truth_until_in_call(tid, number);
	truth_sleep_ns(ASLEEP_NS);
}

void truth_until_gone(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d", (int)tid);
	while (access(path, F_OK) == 0)
		short_pause();
}

/* Collects a child that has ended so, without waiting for it in wait(). */
static void collect(pid_t child, int expected)
{
	siginfo_t info = { 0 };
	int status;

	while (!info.si_pid) {
		x(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | WNOHANG));
		short_pause();
	}
	x_is(child, waitpid(child, &status, 0));
	x_is(expected, status);
}

void truth_reap(pid_t child)
{
	collect(child, 0);
}

pid_t truth_child(void (*function)(void *), void *argument)
{
	/* By system calls: this is no memory of the program's. */
	volatile int *begun = (volatile int *)syscall(SYS_mmap, NULL, sizeof(*begun),
						      PROT_READ | PROT_WRITE,
						      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (begun == MAP_FAILED)
		truth_die("mmap: %s", strerror(errno));
	pid = (pid_t)xs(fork());
	if (pid == 0) {
		*begun = 1;
		syscall(SYS_munmap, begun, sizeof(*begun));
		function(argument);
		truth_print();
		_exit(0);
	}
	while (!*begun)
		syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = 200000 }, NULL);
	syscall(SYS_munmap, begun, sizeof(*begun));
	return pid;
}

void truth_until_killed(void)
{
	for (;;)
		syscall(SYS_pause);
}

void truth_kill(pid_t child)
{
	x(kill(child, SIGKILL));
	collect(child, SIGKILL);
}

void *truth_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		truth_die("mmap: %s", strerror(errno));
	return memory;
}

static void on_signal(int signal)
{
	(void)signal;
}

void truth_interrupts(int signal)
{
	struct sigaction action = { .sa_handler = on_signal };

	x(sigaction(signal, &action, NULL));
}

void truth_until_at_least(const volatile int *word, int value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < value)
		short_pause();
}

static void *thread_main(void *argument)
{
	struct truth_thread *thread = argument;

	thread->tid = truth_tid();
	thread->function(thread->argument);
	return NULL;
}

void truth_start(struct truth_thread *thread, void (*function)(void *), void *argument)
{
	thread->tid = 0;
	thread->function = function;
	thread->argument = argument;
	x(pthread_create(&thread->thread, NULL, thread_main, thread));
	truth_until_at_least(&thread->tid, 1);
}

void truth_join(struct truth_thread *thread)
{
	truth_until_gone(thread->tid);
	x(pthread_join(thread->thread, NULL));
}

static void add_value(const char *name, const char *text, int64_t value)
{
	int i;

	own_the_list();
	i = atomic_fetch_add(&n_values, 1);
	if (i >= VALUES_MAX)
		truth_die("more than %d values in one program", VALUES_MAX);
	values[i].name = name;
	values[i].text = text;
	values[i].value = value;
}

void truth_value(const char *name, int64_t value)
{
	add_value(name, NULL, value);
}

void truth_text(const char *name, const char *text)
{
	add_value(name, text, 0);
}

static void print_list(FILE *out, const char *title, int type)
{
	const char *comma = "";

	fprintf(out, ",\"%s\":[", title);
	for (int i = 0; i < atomic_load(&n_calls); i++) {
		const struct truth_call *c = &calls[i];

		if (c->type != type)
			continue;
		fprintf(out,
			"%s\n{\"kind\":\"%s\",\"name\":\"%s\",\"pid\":%d,\"tid\":%d,"
			"\"function\":\"%s\",\"line\":%d,\"begin_ns\":%" PRIu64
			",\"end_ns\":%" PRIu64 ",\"least_ns\":%" PRIu64 ",\"sleeps\":%" PRId64
			",\"count\":%" PRId64 ",\"outcome\":\"%s\"",
			comma, c->object->kind, c->object->name, (int)getpid(), (int)c->tid,
			c->function, c->line, c->begin_ns, c->end_ns, c->least_ns, c->sleeps,
			c->count, c->outcome ? c->outcome : "");
		fputs(",\"cases\":[", out);
		for (int k = 0; k < 2 && c->cases[k].row; k++)
			fprintf(out, "%s[\"%s\",\"%s\"]", k ? "," : "", c->cases[k].row,
				c->cases[k].cell);
		fputs("]}", out);
		comma = ",";
	}
	fputc(']', out);
}

void truth_print(void)
{
	const char *path = getenv("WS_TRUTH"), *comma = "";
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : STDOUT_FILENO;

	own_the_list();
	if (!out || fd == -1)
		truth_die("cannot print the truth to %s: %s", path ? path : "stdout",
			  strerror(errno));
	fprintf(out, "{\"pid\":%d", (int)getpid());
	print_list(out, "waits", TRUTH_WAITED);
	print_list(out, "holds", TRUTH_HELD);
	print_list(out, "wakes", TRUTH_WOKE);
	print_list(out, "tries", TRUTH_TRIED);
	fprintf(out, ",\"values\":{");
	for (int i = 0; i < atomic_load(&n_values); i++, comma = ",") {
		if (values[i].text)
			fprintf(out, "%s\"%s\":\"%s\"", comma, values[i].name, values[i].text);
		else
			fprintf(out, "%s\"%s\":%" PRId64, comma, values[i].name, values[i].value);
	}
	fprintf(out, "}}\n");
	x(fclose(out));
	/* One write: processes that print at the same time do not mix. */
	if (write(fd, text, size) != (ssize_t)size)
		truth_die("cannot print the truth: %s", strerror(errno));
	free(text);
	if (path)
		close(fd);
	atomic_store(&n_calls, 0);
	atomic_store(&n_values, 0);
}
