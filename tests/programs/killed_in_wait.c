/* SPDX-License-Identifier: MIT */
/* killed_in_wait: a program is ended by SIGKILL while its thread waits for a mutex that main holds.
 *
 * Truth: on `contended` 2 waits that end; on `gate` 1 that is open at the end of the trace.
 */
#include "tests/support/contend.h"
#include "tests/support/truth.h"

#include <signal.h>
#include <unistd.h>

enum { HOLD_NS = 50000000 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static const struct truth_object gate_object = TRUTH_OBJECT("mutex", gate);

static void waiter(void *unused)
{
	(void)unused;
	x(pthread_mutex_lock(&gate));
}

int main(void)
{
	struct truth_thread thread;

	contend();
	contend();
	x(pthread_mutex_lock(&gate));
	truth_start(&thread, waiter, NULL);
	truth_until_blocked(thread.tid, &gate_object);
	truth_value("waiter", thread.tid);
	truth_value("holder", truth_tid());
	truth_print();
	truth_sleep_ns(HOLD_NS);
	xs(kill(getpid(), SIGKILL));
	return 0;
}
