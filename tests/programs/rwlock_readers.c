/* SPDX-License-Identifier: MIT */
/* rwlock_readers: two readers hold a lock together while a writer waits for both.
 *
 * Truth: 2 waits on `table`, by the writer; both readers hold it for as long as they say.
 */
#include "tests/support/truth.h"

enum { ROUNDS = 2, READERS = 2, HOLD_NS = 20000000 };

static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static const struct truth_object table_object = TRUTH_OBJECT("rwlock", table);
static volatile int holding;
static volatile int may_go;

static void reader(void *argument)
{
	int me = (int)(intptr_t)argument;

	TRUTH_TAKE(&table_object, x(pthread_rwlock_rdlock(&table)));
	__atomic_add_fetch(&holding, 1, __ATOMIC_RELEASE);
	truth_until_at_least(&may_go, me); /* the second goes later: it ends the wait */
	TRUTH_RELEASE(&table_object, me == READERS, x(pthread_rwlock_unlock(&table)));
}

static void writer(void *unused)
{
	(void)unused;
	TRUTH_WAIT_TAKE(&table_object, x(pthread_rwlock_wrlock(&table)));
	TRUTH_RELEASE(&table_object, 0, x(pthread_rwlock_unlock(&table)));
}

int main(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct truth_thread readers[READERS], thread;

		holding = may_go = 0;
		for (int i = 0; i < READERS; i++)
			truth_start(&readers[i], reader, (void *)(intptr_t)(i + 1));
		truth_until_at_least(&holding, READERS);
		truth_start(&thread, writer, NULL);
		truth_until_blocked(thread.tid, &table_object);
		for (int i = 0; i < READERS; i++) {
			truth_sleep_ns(HOLD_NS);
			__atomic_store_n(&may_go, i + 1, __ATOMIC_RELEASE);
			truth_join(&readers[i]);
		}
		truth_join(&thread);
	}
	truth_print();
	return 0;
}
