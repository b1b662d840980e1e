/* SPDX-License-Identifier: MIT */
/* module_locks.so: code that waits for a lock of its own, for dlopen_module. */
#include "tests/support/truth.h"

enum { HOLD_NS = 25000000 };

void module_run(void);

static pthread_mutex_t module_gate = PTHREAD_MUTEX_INITIALIZER;
static const struct truth_object gate_object = TRUTH_OBJECT("mutex", module_gate);

static void module_waiter(void *unused)
{
	(void)unused;
	TRUTH_WAIT_TAKE(&gate_object, x(pthread_mutex_lock(&module_gate)));
	TRUTH_RELEASE(&gate_object, 0, x(pthread_mutex_unlock(&module_gate)));
}

void module_run(void)
{
	struct truth_thread thread;

	TRUTH_TAKE(&gate_object, x(pthread_mutex_lock(&module_gate)));
	truth_start(&thread, module_waiter, NULL);
	truth_until_blocked(thread.tid, &gate_object);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&gate_object, 1, x(pthread_mutex_unlock(&module_gate)));
	truth_join(&thread);
}
