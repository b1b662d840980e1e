/* SPDX-License-Identifier: MIT */
/* mutex_handoff: each of three threads waits, once, for a mutex that main holds.
 *
 * Truth: 3 waits of kind mutex on `gate`, each ended by main's unlock; main is the only holder.
 */
#include "tests/support/truth.h"

enum { ROUNDS = 3, HOLD_NS = 20000000 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static const struct truth_object gate_object = TRUTH_OBJECT("mutex", gate);

static void waiter(void *unused)
{
	(void)unused;
	TRUTH_WAIT_TAKE(&gate_object, x(pthread_mutex_lock(&gate)));
	TRUTH_RELEASE(&gate_object, 0, x(pthread_mutex_unlock(&gate)));
}

static void hold_until_waited_for(struct truth_thread *thread)
{
	TRUTH_TAKE(&gate_object, x(pthread_mutex_lock(&gate)));
	truth_start(thread, waiter, NULL);
	truth_until_blocked(thread->tid, &gate_object);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&gate_object, 1, x(pthread_mutex_unlock(&gate)));
}

int main(void)
{
	struct truth_thread thread;

	for (int round = 0; round < ROUNDS; round++) {
		hold_until_waited_for(&thread);
		truth_join(&thread);
		x(pthread_mutex_lock(&gate)); /* nobody holds it: no wait */
		x(pthread_mutex_unlock(&gate));
	}
	truth_value("waiter", thread.tid);
	truth_value("holder", truth_tid());
	truth_print();
	return 0;
}
