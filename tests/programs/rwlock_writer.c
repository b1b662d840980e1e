/* SPDX-License-Identifier: MIT */
/* rwlock_writer: a writer holds a lock while readers and a second writer wait for it.
 *
 * Truth: 3 waits on `table` by readers and 1 by a writer; main is the holder of all four.
 */
#include "tests/support/truth.h"

enum { READERS = 3, HOLD_NS = 30000000 };

static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static const struct truth_object table_object = TRUTH_OBJECT("rwlock", table);

static void reader(void *unused)
{
	(void)unused;
	TRUTH_WAIT_TAKE(&table_object, x(pthread_rwlock_rdlock(&table)));
	TRUTH_RELEASE(&table_object, 0, x(pthread_rwlock_unlock(&table)));
}

static void writer(void *unused)
{
	(void)unused;
	TRUTH_WAIT_TAKE(&table_object, x(pthread_rwlock_wrlock(&table)));
	TRUTH_RELEASE(&table_object, 0, x(pthread_rwlock_unlock(&table)));
}

int main(void)
{
	struct truth_thread readers[READERS], thread;

	TRUTH_TAKE(&table_object, x(pthread_rwlock_wrlock(&table)));
	for (int i = 0; i < READERS; i++) {
		truth_start(&readers[i], reader, NULL);
		truth_until_blocked(readers[i].tid, &table_object);
	}
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&table_object, READERS, x(pthread_rwlock_unlock(&table)));
	for (int i = 0; i < READERS; i++)
		truth_join(&readers[i]);

	TRUTH_TAKE(&table_object, x(pthread_rwlock_wrlock(&table)));
	truth_start(&thread, writer, NULL);
	truth_until_blocked(thread.tid, &table_object);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&table_object, 1, x(pthread_rwlock_unlock(&table)));
	truth_join(&thread);
	truth_print();
	return 0;
}
