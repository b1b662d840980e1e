/* SPDX-License-Identifier: MIT */
/* truth.h: what a test program knows about its own waits, measured by itself and printed as JSON.
 *
 * A program describes each object that it waits on (TRUTH_OBJECT), makes each blocking call inside
 * TRUTH_WAIT, each acquisition that did not wait inside TRUTH_TAKE, and each release inside
 * TRUTH_RELEASE; at its end it calls truth_print(). The macros read the clock right around the
 * call and keep the function and the line where they begin, which is the call's in the debug
 * information too.
 *
 * That a call really waits is never left to time: the thread that would end the wait first asks
 * the kernel, by truth_until_blocked(), whether the waiter sleeps on that object's address.
 *
 * Two numbers bound every wait, and no noise can break them:
 *   outer  the clock around the call: the true wait lies within it;
 *   least  outer without the time that the kernel says the thread ran or was kept from running, or
 *          may have slept for a page: what is left was slept in the wait.
 *
 * The functions may be used from any thread and from forked children, not from signal handlers.
 * A forked child starts with an empty list and prints its own.
 */
#ifndef WS_TRUTH_H
#define WS_TRUTH_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Something that is waited on. Lives as long as the program. */
struct truth_object {
	const char *kind;             /* word of tracepoints/kinds.h */
	const char *name;             /* as the report shall call it; "" when it has no name */
	const volatile void *address; /* where the kernel sees its waiters; NULL: any futex */
	size_t size;                  /* bytes from there; 0 if address is NULL */
};

/* The object of a variable with static storage, called by the variable's name. */
#define TRUTH_OBJECT(kind, variable)                                                               \
	{                                                                                          \
		(kind), #variable, &(variable), sizeof(variable)                                   \
	}

/* A call of the program that waits, holds or wakes. Owned by the list, which is never freed. */
struct truth_call {
	int type; /* enum truth_type of truth.c */
	const struct truth_object *object;
	const char *function;
	int line;
	pid_t tid;
	const char *outcome;       /* wait: word of tracepoints/kinds.h, or "mixed" */
	int64_t count;             /* wake: how many waits it ended; -1: not known */
	uint64_t begin_ns;         /* CLOCK_MONOTONIC; wake: when */
	uint64_t end_ns;           /* same; 0: not yet */
	uint64_t least_ns;         /* wait: what was slept of it, by the kernel's account */
	int64_t sleeps;            /* wait: voluntary context switches during it */
	uint64_t cpu_ns, delay_ns; /* at its begin; used while it is open */
	int64_t minor_faults, major_faults; /* the same */
	struct {
		const char *row, *cell;
	} cases[2]; /* of tests/coverage/failing.txt; NULL: none */
};

/* x(): a call of which any result but 0 ends the test. xs(): -1 does; gives the result. */
#define x(call)  truth_x((call), #call, __FILE__, __LINE__)
#define xs(call) truth_xs((call), #call, __FILE__, __LINE__)
/* Ends the test unless the call gives this result. */
#define x_is(expected, call) truth_x_is((expected), (call), #call, __FILE__, __LINE__)

void truth_x(long result, const char *call, const char *file, int line);
long truth_xs(long result, const char *call, const char *file, int line);
void truth_x_is(long expected, long result, const char *call, const char *file, int line);
void truth_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A blocking call that waits. `result` is its outcome, read after the call. */
#define TRUTH_WAIT TRUTH_LINE TRUTH_WAIT_CALL
#define TRUTH_WAIT_CALL(object, result, call)                                                      \
	do {                                                                                       \
		__attribute__((cleanup(truth_wait_left))) struct truth_call *truth_w =             \
			truth_wait_begin((object), __func__, truth_line);                          \
		call;                                                                              \
		truth_wait_end(truth_w, (result));                                                 \
	} while (0)

/* The same, after which the caller holds the object. */
#define TRUTH_WAIT_TAKE TRUTH_LINE TRUTH_WAIT_TAKE_CALL
#define TRUTH_WAIT_TAKE_CALL(object, call)                                                         \
	do {                                                                                       \
		TRUTH_WAIT_CALL((object), "acquired", call);                                       \
		truth_hold_begin((object), __func__, truth_line);                                  \
	} while (0)

/* An acquisition that does not wait. */
#define TRUTH_TAKE TRUTH_LINE TRUTH_TAKE_CALL
#define TRUTH_TAKE_CALL(object, call)                                                              \
	do {                                                                                       \
		call;                                                                              \
		truth_hold_begin((object), __func__, truth_line);                                  \
	} while (0)

/* Ends the caller's latest hold, if it has one, and wakes `n` waiters (-1: not known). */
#define TRUTH_RELEASE TRUTH_LINE TRUTH_RELEASE_CALL
#define TRUTH_RELEASE_CALL(object, n, call)                                                        \
	do {                                                                                       \
		truth_release((object), (n), __func__, truth_line);                                \
		call;                                                                              \
	} while (0)

/* A call that must not wait: the object's number of waits is without it. */
#define TRUTH_TRY TRUTH_LINE TRUTH_TRY_CALL
#define TRUTH_TRY_CALL(object, call)                                                               \
	do {                                                                                       \
		call;                                                                              \
		truth_tried((object), __func__, truth_line);                                       \
	} while (0)

/* Says that the caller's latest wait or try is what a cell of tests/coverage/failing.txt is about;
 * it may be two. */
void truth_case(const char *row, const char *cell);

/* Sets truth_line for the statement that follows. The macros above are without arguments for its
 * sake: in one that has them, and whose use spans lines, __LINE__ is the last one under clang. */
#define TRUTH_LINE for (truth_line = __LINE__; truth_line; truth_line = 0)
extern __thread int truth_line;

struct truth_call *truth_wait_begin(const struct truth_object *object, const char *function,
				    int line);
void truth_wait_end(struct truth_call *wait, const char *outcome);
/* Cleanup of TRUTH_WAIT: a wait that was not ended was left by cancellation. */
void truth_wait_left(struct truth_call **wait);
/* Ends the caller's open wait, which it left by longjmp(). */
void truth_wait_jumped(const char *outcome);
/* Takes the caller's latest wait back: it turned out not to be one. */
void truth_wait_forget(void);
void truth_hold_begin(const struct truth_object *object, const char *function, int line);
/* Ends the caller's latest hold: for holds that end without a call, such as a robust mutex's. */
void truth_hold_end(const struct truth_object *object);
void truth_release(const struct truth_object *object, int64_t count, const char *function,
		   int line);

void truth_tried(const struct truth_object *object, const char *function, int line);

uint64_t truth_now_ns(void);                                  /* CLOCK_MONOTONIC */
void truth_work_ns(uint64_t ns);                              /* keeps a processor busy */
void truth_sleep_ns(uint64_t ns);                             /* sleeps; never decides anything */
pid_t truth_tid(void);                                        /* of the caller */
struct timespec truth_after_ns(clockid_t clock, uint64_t ns); /* that clock's time, ns from now */

/* Returns once the kernel says that the thread (of any process) sleeps in a futex call on an
 * address of the object; for size 0 in any futex call. */
void truth_until_blocked_at(pid_t tid, const volatile void *address, size_t size);
static inline void truth_until_blocked(pid_t tid, const struct truth_object *object)
{
	truth_until_blocked_at(tid, object->address, object->size);
}
/* The system call that the thread sleeps in, as the kernel says; -1: none. */
long truth_sleeps_in(pid_t tid);
/* Returns once the kernel says that the thread sleeps in this system call (SYS_*). */
void truth_until_in_call(pid_t tid, long number);
/* The same, and then lets some time pass: the wait is one worth measuring. */
void truth_until_asleep(pid_t tid, long number);
/* Returns once that thread is gone: joining it will not wait. */
void truth_until_gone(pid_t tid);
/* Collects a child after the kernel says that it has ended, so that this is no wait. It must have
 * exited with 0. */
void truth_reap(pid_t child);
/* A child that runs the function, prints its truth and exits with 0. Returns once it is about to:
 * it is through what the tracer does in a new process, which waits, too. */
pid_t truth_child(void (*function)(void *), void *argument);
/* Sleeps until it is killed, unseen: its end is what others wait for. */
void truth_until_killed(void) __attribute__((noreturn));
/* Kills a child and collects it. */
void truth_kill(pid_t child);
/* Memory of that size, all zero, that this process and its children share. */
void *truth_shared(size_t size);
/* Lets signals of this number end what the caller waits in, by a handler that does nothing. */
void truth_interrupts(int signal);
/* Returns once *word is at least `value`. */
void truth_until_at_least(const volatile int *word, int value);

/* A thread whose tid is known when truth_start() returns. Owned by the caller. */
struct truth_thread {
	pthread_t thread;
	volatile pid_t tid;
	void (*function)(void *);
	void *argument;
};
void truth_start(struct truth_thread *thread, void (*function)(void *), void *argument);
/* Joins it after the kernel says that it is gone, so that this is no wait. */
void truth_join(struct truth_thread *thread);

/* One more number or text for the test to read, as `values.<name>`. */
void truth_value(const char *name, int64_t value);
void truth_text(const char *name, const char *text);

/* Appends everything since the last time, as one JSON object, to the file that $WS_TRUTH names;
 * without it to stdout. Every process of the program prints its own. */
void truth_print(void);

#ifdef __cplusplus
}
#endif

#endif
