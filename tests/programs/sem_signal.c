/* SPDX-License-Identifier: MIT */
/* sem_signal: signal handlers interrupt waits for a semaphore, post it, and jump out of the wait.
 *
 * Truth: on `items` 2 waits interrupted (EINTR reaches the program) and 1 acquired by a handler's
 * own post; on `left` 1 wait that a handler leaves by siglongjmp(), after which the thread waits
 * for `after`, once, for main's post.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>

enum { WAIT_NS = 20000000 };

static sem_t items, left, after;
static const struct truth_object items_object = TRUTH_OBJECT("sem", items);
static const struct truth_object left_object = TRUTH_OBJECT("sem", left);
static const struct truth_object after_object = TRUTH_OBJECT("sem", after);
static volatile int step;
static sigjmp_buf out;

static void do_nothing(int number)
{
	(void)number;
}

static void do_post(int number)
{
	(void)number;
	sem_post(&items);
}

static void do_jump(int number)
{
	(void)number;
	siglongjmp(out, 1);
}

static void interrupted(int result)
{
	x_is(-1, result);
	x_is(EINTR, errno);
}

static void jump_out(void)
{
	if (sigsetjmp(out, 1) == 0)
		TRUTH_WAIT(&left_object, "acquired", sem_wait(&left));
	else
		truth_wait_jumped("jumped");
}

static void waiter(void *unused)
{
	(void)unused;
	step = 1;
	TRUTH_WAIT(&items_object, "interrupted", interrupted(sem_wait(&items)));
	step = 2;
	TRUTH_WAIT(&items_object, "interrupted", interrupted(sem_wait(&items)));
	step = 3; /* the system call starts again after a handler with SA_RESTART */
	TRUTH_WAIT(&items_object, "acquired", x(sem_wait(&items)));
	step = 4;
	jump_out();
	step = 5;
	TRUTH_WAIT(&after_object, "acquired", x(sem_wait(&after)));
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	xs(sigaction(number, &action, NULL));
}

int main(void)
{
	struct truth_thread thread;

	x(sem_init(&items, 0, 0));
	x(sem_init(&left, 0, 0));
	x(sem_init(&after, 0, 0));
	handle(SIGUSR1, do_nothing, 0);
	handle(SIGUSR2, do_post, SA_RESTART);
	handle(SIGALRM, do_jump, 0);
	truth_start(&thread, waiter, NULL);
	for (int i = 1; i <= 5; i++) {
		const struct truth_object *object = i <= 3   ? &items_object
						    : i == 4 ? &left_object
							     : &after_object;

		truth_until_at_least(&step, i);
		truth_until_blocked(thread.tid, object);
		truth_sleep_ns(WAIT_NS);
		if (i == 5)
			TRUTH_RELEASE(&after_object, 1, x(sem_post(&after)));
		else
			x(pthread_kill(thread.thread, i <= 2   ? SIGUSR1
						      : i == 3 ? SIGUSR2
							       : SIGALRM));
	}
	truth_join(&thread);
	truth_print();
	return 0;
}
