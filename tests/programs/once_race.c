/* SPDX-License-Identifier: MIT */
/* once_race: a thread waits at pthread_once() while main runs the routine.
 *
 * Truth: 1 wait on `once`, ended when main's routine returns; main is the holder.
 */
#include "tests/support/truth.h"

enum { WAIT_NS = 50000000 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct truth_object once_object = TRUTH_OBJECT("once", once);
static struct truth_thread thread;

static void never(void)
{
	truth_die("the routine ran a second time");
}

static void late(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&once_object, "acquired", x(pthread_once(&once, never)));
}

static void routine(void)
{
	truth_start(&thread, late, NULL);
	truth_until_blocked(thread.tid, &once_object);
	truth_sleep_ns(WAIT_NS);
}

int main(void)
{
	x(pthread_once(&once, routine));
	x(pthread_once(&once, never));
	truth_join(&thread);
	truth_value("holder", truth_tid());
	truth_print();
	return 0;
}
