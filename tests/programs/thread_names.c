/* SPDX-License-Identifier: MIT */
/* thread_names: threads name themselves and each other, before and after they wait.
 *
 * Truth: the names that the kernel has at the end are `main-thread`, `by-creator` and `by-itself`.
 */
#include "tests/support/contend.h"
#include "tests/support/truth.h"

#include <sys/prctl.h>

static volatile int named;

static void by_creator(void *unused)
{
	(void)unused;
	truth_until_at_least(&named, 1);
}

static void by_itself(void *unused)
{
	(void)unused;
	xs(prctl(PR_SET_NAME, "by-itself"));
}

int main(void)
{
	struct truth_thread one, two;

	x(pthread_setname_np(pthread_self(), "main-thread"));
	truth_start(&one, by_creator, NULL);
	x(pthread_setname_np(one.thread, "by-creator"));
	named = 1;
	truth_start(&two, by_itself, NULL);
	truth_join(&one);
	truth_join(&two);
	contend();
	truth_value("main", truth_tid());
	truth_value("by-creator", one.tid);
	truth_value("by-itself", two.tid);
	truth_print();
	return 0;
}
