/* SPDX-License-Identifier: MIT */
/* futex_wait: a hand-made wait and wake through syscall(SYS_futex), in all plain forms.
 *
 * Truth: on `word` 3 waits that acquire (WAIT, WAIT_BITSET, WAIT with a limit), 2 timeouts (WAIT,
 * WAIT_BITSET) and 1 interrupted; WAITs that find another value are no waits.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAIT_NS = 20000000, LIMIT_NS = 25000000 };

static volatile uint32_t word;
static const struct truth_object word_object = TRUTH_OBJECT("futex", word);
static volatile int step;

static void fails(int error, long result)
{
	x_is(-1, result);
	x_is(error, errno);
}

static void waiter(void *unused)
{
	struct timespec relative = { 0, LIMIT_NS }, limit, far = { 100, 0 };

	(void)unused;
	fails(EAGAIN, syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL));
	TRUTH_WAIT(&word_object, "timeout",
		   fails(ETIMEDOUT, syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &relative)));
	limit = truth_after_ns(CLOCK_MONOTONIC, LIMIT_NS);
	TRUTH_WAIT(&word_object, "timeout",
		   fails(ETIMEDOUT,
			 syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &limit, NULL, 1)));
	step = 1;
	TRUTH_WAIT(&word_object, "acquired",
		   x(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL)));
	step = 2;
	TRUTH_WAIT(&word_object, "acquired",
		   x(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 2)));
	step = 3;
	TRUTH_WAIT(&word_object, "acquired", x(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &far)));
	step = 4;
	TRUTH_WAIT(&word_object, "interrupted",
		   fails(EINTR, syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL)));
}

static void do_nothing(int number)
{
	(void)number;
}

int main(void)
{
	struct sigaction action = { .sa_handler = do_nothing };
	struct truth_thread thread;

	xs(sigaction(SIGUSR1, &action, NULL));
	truth_start(&thread, waiter, NULL);
	for (int i = 1; i <= 4; i++) {
		truth_until_at_least(&step, i);
		truth_until_blocked(thread.tid, &word_object);
		truth_sleep_ns(WAIT_NS);
		if (i == 1)
			TRUTH_RELEASE(&word_object, 1,
				      x_is(1, syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1)));
		if (i == 2) { /* the first bit set is not the waiter's: wakes nobody */
			x_is(0, syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL,
					NULL, 4));
			TRUTH_RELEASE(&word_object, 1,
				      x_is(1, syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE,
						      INT_MAX, NULL, NULL, 2)));
		}
		if (i == 3)
			TRUTH_RELEASE(&word_object, 1,
				      x_is(1, syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX)));
		if (i == 4)
			x(pthread_kill(thread.thread, SIGUSR1));
	}
	truth_join(&thread);
	x_is(0, syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1));
	truth_print();
	return 0;
}
