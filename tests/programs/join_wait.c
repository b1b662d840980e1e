/* SPDX-License-Identifier: MIT */
/* join_wait: main waits for threads to end: by join, and by both timed forms.
 *
 * Truth: 3 waits of kind thread that acquire, 2 that end with a timeout; a failed try is none, and
 * neither is joining a thread that has ended. The wakers are the threads that ended.
 */
#include "tests/support/truth.h"

#include <errno.h>

enum { LIFE_NS = 25000000, LIMIT_NS = 20000000 };

static const struct truth_object thread_object = { "thread", "*", NULL, 0 };
static volatile int may_end, joiner_tid;
static struct truth_thread worker;

/* Ends once main sleeps in its join, and some time later. */
static void live(void *unused)
{
	(void)unused;
	truth_until_at_least(&may_end, 1);
	truth_until_blocked_at(joiner_tid, (void *)worker.thread, 4096);
	truth_sleep_ns(LIFE_NS);
}

int main(void)
{
	struct timespec limit;

	joiner_tid = truth_tid();
	may_end = 1;
	truth_start(&worker, live, NULL);
	TRUTH_WAIT(&thread_object, "acquired", x(pthread_join(worker.thread, NULL)));

	may_end = 0;
	truth_start(&worker, live, NULL);
	x_is(EBUSY, pthread_tryjoin_np(worker.thread, NULL));
	limit = truth_after_ns(CLOCK_REALTIME, LIMIT_NS);
	TRUTH_WAIT(&thread_object, "timeout",
		   x_is(ETIMEDOUT, pthread_timedjoin_np(worker.thread, NULL, &limit)));
	limit = truth_after_ns(CLOCK_MONOTONIC, LIMIT_NS);
	TRUTH_WAIT(&thread_object, "timeout",
		   x_is(ETIMEDOUT,
			pthread_clockjoin_np(worker.thread, NULL, CLOCK_MONOTONIC, &limit)));
	__atomic_store_n(&may_end, 1, __ATOMIC_RELEASE);
	limit = truth_after_ns(CLOCK_REALTIME, 100000000000);
	TRUTH_WAIT(&thread_object, "acquired",
		   x(pthread_timedjoin_np(worker.thread, NULL, &limit)));

	truth_start(&worker, live, NULL);
	limit = truth_after_ns(CLOCK_MONOTONIC, 100000000000);
	TRUTH_WAIT(&thread_object, "acquired",
		   x(pthread_clockjoin_np(worker.thread, NULL, CLOCK_MONOTONIC, &limit)));
	truth_value("worker", worker.tid);

	may_end = 0;
	truth_start(&worker, live, NULL);
	x(pthread_cancel(worker.thread));
	truth_join(&worker); /* gone already: no wait */
	truth_print();
	return 0;
}
