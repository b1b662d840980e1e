/* SPDX-License-Identifier: MIT */
/* sem_post: a thread waits for an unnamed semaphore that main posts.
 *
 * Truth: 3 waits on `items`, each ended by main's post; a post that nobody waits for is nothing.
 */
#include "tests/support/truth.h"

#include <semaphore.h>

enum { ROUNDS = 3, WAIT_NS = 20000000 };

static sem_t items;
static const struct truth_object items_object = TRUTH_OBJECT("sem", items);

static void waiter(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&items_object, "acquired", x(sem_wait(&items)));
}

int main(void)
{
	struct truth_thread thread;

	x(sem_init(&items, 0, 0));
	for (int round = 0; round < ROUNDS; round++) {
		truth_start(&thread, waiter, NULL);
		truth_until_blocked(thread.tid, &items_object);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&items_object, 1, x(sem_post(&items)));
		truth_join(&thread);
	}
	x(sem_post(&items));
	x(sem_wait(&items)); /* does not wait */
	x(sem_destroy(&items));
	truth_print();
	return 0;
}
