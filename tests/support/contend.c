/* SPDX-License-Identifier: MIT */
/* contend.c: one wait that is known to be real. See contend.h. */
#include "tests/support/contend.h"

#include "tests/support/truth.h"

enum { HOLD_NS = 20000000 };

static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER;
static const struct truth_object contended_object = TRUTH_OBJECT("mutex", contended);

static void contend_waiter(void *unused)
{
	(void)unused;
	TRUTH_WAIT_TAKE(&contended_object, x(pthread_mutex_lock(&contended)));
	TRUTH_RELEASE(&contended_object, 0, x(pthread_mutex_unlock(&contended)));
}

void contend(void)
{
	struct truth_thread thread;

	TRUTH_TAKE(&contended_object, x(pthread_mutex_lock(&contended)));
	truth_start(&thread, contend_waiter, NULL);
	truth_until_blocked(thread.tid, &contended_object);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&contended_object, 1, x(pthread_mutex_unlock(&contended)));
	truth_join(&thread);
}
