/* SPDX-License-Identifier: MIT */
/* rwlock_timed: every timed form of a read and a write lock passes its limit; tries never wait.
 *
 * Truth: 4 waits on `table`, all ended by their limit, all caused by main's write lock.
 */
#include "tests/support/truth.h"

#include <errno.h>

enum { LIMIT_NS = 25000000 };

static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static const struct truth_object table_object = TRUTH_OBJECT("rwlock", table);

static void waiter(void *unused)
{
	struct timespec limit;

	(void)unused;
	limit = truth_after_ns(CLOCK_REALTIME, LIMIT_NS);
	TRUTH_WAIT(&table_object, "timeout",
		   x_is(ETIMEDOUT, pthread_rwlock_timedrdlock(&table, &limit)));
	limit = truth_after_ns(CLOCK_REALTIME, LIMIT_NS);
	TRUTH_WAIT(&table_object, "timeout",
		   x_is(ETIMEDOUT, pthread_rwlock_timedwrlock(&table, &limit)));
	limit = truth_after_ns(CLOCK_MONOTONIC, LIMIT_NS);
	TRUTH_WAIT(&table_object, "timeout",
		   x_is(ETIMEDOUT, pthread_rwlock_clockrdlock(&table, CLOCK_MONOTONIC, &limit)));
	limit = truth_after_ns(CLOCK_MONOTONIC, LIMIT_NS);
	TRUTH_WAIT(&table_object, "timeout",
		   x_is(ETIMEDOUT, pthread_rwlock_clockwrlock(&table, CLOCK_MONOTONIC, &limit)));
	x_is(EBUSY, pthread_rwlock_tryrdlock(&table));
	x_is(EBUSY, pthread_rwlock_trywrlock(&table));
}

int main(void)
{
	struct truth_thread thread;

	TRUTH_TAKE(&table_object, x(pthread_rwlock_wrlock(&table)));
	truth_start(&thread, waiter, NULL);
	truth_join(&thread);
	TRUTH_RELEASE(&table_object, 0, x(pthread_rwlock_unlock(&table)));
	truth_print();
	return 0;
}
