/* SPDX-License-Identifier: MIT */
/* c11_sync: mutex, condition variable, thread and call_once in their C11 forms.
 *
 * Truth: on `gate` 2 waits that acquire and 1 timeout; on `ready` 2 that acquire (by signal and by
 * broadcast) and 1 timeout; 1 wait for a thread; on `once` 1 wait.
 */
#include "tests/support/truth.h"

#include <threads.h>

enum { HOLD_NS = 20000000, LIMIT_NS = 25000000 };

static mtx_t gate;
static cnd_t ready;
static once_flag once = ONCE_FLAG_INIT;
static const struct truth_object gate_object = TRUTH_OBJECT("mutex", gate);
static const struct truth_object ready_object = TRUTH_OBJECT("cond", ready);
static const struct truth_object once_object = TRUTH_OBJECT("once", once);
static const struct truth_object thread_object = { "thread", "*", NULL, 0 };
static volatile int waiter_tid, step, main_tid;
static thrd_t joined;

static int waiter(void *unused)
{
	struct timespec limit;

	(void)unused;
	waiter_tid = truth_tid();
	TRUTH_WAIT_TAKE(&gate_object, x_is(thrd_success, mtx_lock(&gate)));
	TRUTH_RELEASE(&gate_object, 0, x_is(thrd_success, mtx_unlock(&gate)));
	__atomic_store_n(&step, 1, __ATOMIC_RELEASE);
	truth_until_at_least(&step, 2);
	limit = truth_after_ns(CLOCK_REALTIME, LIMIT_NS);
	TRUTH_WAIT(&gate_object, "timeout", x_is(thrd_timedout, mtx_timedlock(&gate, &limit)));
	x_is(thrd_busy, mtx_trylock(&gate));
	__atomic_store_n(&step, 3, __ATOMIC_RELEASE);
	limit = truth_after_ns(CLOCK_REALTIME, 100000000000);
	TRUTH_WAIT_TAKE(&gate_object, x_is(thrd_success, mtx_timedlock(&gate, &limit)));
	limit = truth_after_ns(CLOCK_REALTIME, LIMIT_NS);
	TRUTH_WAIT(&ready_object, "timeout",
		   x_is(thrd_timedout, cnd_timedwait(&ready, &gate, &limit)));
	__atomic_store_n(&step, 4, __ATOMIC_RELEASE);
	TRUTH_WAIT(&ready_object, "acquired", x_is(thrd_success, cnd_wait(&ready, &gate)));
	__atomic_store_n(&step, 5, __ATOMIC_RELEASE);
	TRUTH_WAIT(&ready_object, "acquired", x_is(thrd_success, cnd_wait(&ready, &gate)));
	TRUTH_RELEASE(&gate_object, 0, x_is(thrd_success, mtx_unlock(&gate)));
	truth_until_blocked_at(main_tid, (void *)joined, 4096);
	truth_sleep_ns(HOLD_NS);
	return 7;
}

static void never(void)
{
	truth_die("the routine ran a second time");
}

static int late(void *unused)
{
	(void)unused;
	waiter_tid = truth_tid();
	__atomic_store_n(&step, 6, __ATOMIC_RELEASE);
	TRUTH_WAIT(&once_object, "acquired", call_once(&once, never));
	return 0;
}

/* Starts a second caller of call_once() from within the first. */
static void initialise(void)
{
	thrd_t thread;

	x_is(thrd_success, thrd_create(&thread, late, NULL));
	x_is(thrd_success, thrd_detach(thread));
	truth_until_at_least(&step, 6);
	truth_until_blocked(waiter_tid, &once_object);
	truth_sleep_ns(HOLD_NS);
}

static void hold_and_release(void)
{
	truth_until_blocked(waiter_tid, &gate_object);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&gate_object, 1, x_is(thrd_success, mtx_unlock(&gate)));
}

int main(void)
{
	int result;

	main_tid = truth_tid();
	x_is(thrd_success, mtx_init(&gate, mtx_timed));
	x_is(thrd_success, cnd_init(&ready));
	TRUTH_TAKE(&gate_object, x_is(thrd_success, mtx_lock(&gate)));
	x_is(thrd_success, thrd_create(&joined, waiter, NULL));
	truth_until_at_least(&waiter_tid, 1);
	hold_and_release();
	truth_until_at_least(&step, 1);
	TRUTH_TAKE(&gate_object, x_is(thrd_success, mtx_lock(&gate)));
	__atomic_store_n(&step, 2, __ATOMIC_RELEASE);
	truth_until_at_least(&step, 3);
	hold_and_release();
	truth_until_at_least(&step, 4);
	truth_until_blocked(waiter_tid, &ready_object);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&ready_object, 1, x_is(thrd_success, cnd_signal(&ready)));
	truth_until_at_least(&step, 5);
	truth_until_blocked(waiter_tid, &ready_object);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&ready_object, 1, x_is(thrd_success, cnd_broadcast(&ready)));
	TRUTH_WAIT(&thread_object, "acquired", x_is(thrd_success, thrd_join(joined, &result)));
	x_is(7, result);
	call_once(&once, initialise);
	call_once(&once, never); /* done already */
	truth_until_gone(waiter_tid);
	cnd_destroy(&ready);
	mtx_destroy(&gate);
	truth_print();
	return 0;
}
