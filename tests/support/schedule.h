/* SPDX-License-Identifier: MIT */
/* schedule.h: random small schedules of threads that wait for each other, with the truth of each wait.
 *
 * A simulated scheduler runs up to five threads that lock, wait, post, sleep and join, with barging and
 * timeouts, and records what the preload library would. Each record has a time of its own. The same seed
 * gives the same schedule. With WS_SHOW in the environment the records are printed.
 */
#ifndef WS_SCHEDULE_H
#define WS_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/case_trace.h"

#define THREADS_MAX 5
#define LOCKS 3
#define SEMS 2
#define WAITS_MAX 400
#define RELEASES_MAX 64
#define NEVER UINT64_MAX
#define NOBODY (-1)

/* Whom a span of a wait was for. */
struct span {
	uint64_t to;
	int whom; /* or NOBODY */
	char site[16];
};

struct truth {
	int thread;
	char object[16];
	char site[16];
	uint64_t begin, end;
	uint64_t woken; /* by somebody; NEVER: it was not */
	struct span spans[RELEASES_MAX];
	int n_spans; /* 0: one cause */
	const char *cause;
	bool by_itself;
	int measured;  /* lock: who held it as the wait began */
	uint64_t ran;  /* how long that ran in it, as the records say, and one; 0: they do not */
};

enum state { READY, LOCKING, LOCK_WOKEN, WAITING, SEM_WOKEN, SLEEPING, JOINING, JOIN_WOKEN, DONE };

struct thread {
	enum state state;
	uint64_t at, start, end, birth, deadline;
	int budget;
	int held[LOCKS], n_held;
	int on; /* lock, semaphore or thread that it waits for */
	struct truth *wait;
	struct span *given; /* sem, join: by whom */
	struct span by;
};

/* The last schedule. */
extern struct thread threads[THREADS_MAX];
extern struct truth waits[WAITS_MAX]; /* as they began */
extern int n_waits, n_threads;
extern struct case_trace *trace; /* its records; the caller frees it */

/* Fails the test when it goes over a limit. */
void simulate(uint64_t seed);

/* What the records call the thread. */
char thread_letter(int thread);

#endif
