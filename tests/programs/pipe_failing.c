/* SPDX-License-Identifier: MIT */
/* pipe_failing: every way in which a wait on a pipe can end without what was waited for.
 *
 * Truth: a signal interrupts a read; a thread is cancelled in one; a writer on a full pipe sees
 * EPIPE when the last reader closes, which is what ends that wait; a signal ends a write that is
 * done in part, with SA_RESTART too; O_NONBLOCK is no wait at all.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAIT_NS = 20000000, CAPACITY = 65536 };

static const struct truth_object any_pipe = { "pipe", "*", NULL, 0 };
static char bytes[2 * CAPACITY];
static int fds[2];

static void on_signal(int number)
{
	(void)number;
}

static void handle(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	x(sigaction(SIGUSR1, &action, NULL));
}

static void interrupted(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&any_pipe, "interrupted", x_is(-1, read(fds[0], bytes, 1)));
	x_is(EINTR, errno);
}

static void in_part(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&any_pipe, "interrupted", x_is(CAPACITY, write(fds[1], bytes, 2 * CAPACITY)));
}

static void cancelled(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&any_pipe, "acquired", xs(read(fds[0], bytes, 1)));
}

static void broken(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&any_pipe, "error", x_is(-1, write(fds[1], bytes, 1)));
	x_is(EPIPE, errno);
}

static void end_by(void (*function)(void *), long call, void (*end)(struct truth_thread *))
{
	struct truth_thread thread;

	truth_start(&thread, function, NULL);
	truth_until_in_call(thread.tid, call);
	truth_sleep_ns(WAIT_NS);
	end(&thread);
	truth_join(&thread);
}

static void by_signal(struct truth_thread *thread)
{
	x(pthread_kill(thread->thread, SIGUSR1));
}

static void by_cancel(struct truth_thread *thread)
{
	x(pthread_cancel(thread->thread));
}

static void by_close(struct truth_thread *thread)
{
	(void)thread;
	TRUTH_RELEASE(&any_pipe, 1, x(close(fds[0])));
}

int main(void)
{
	x(pipe(fds));
	signal(SIGPIPE, SIG_IGN);
	handle(0);
	end_by(interrupted, SYS_read, by_signal);
	end_by(cancelled, SYS_read, by_cancel);
	handle(SA_RESTART);
	end_by(in_part, SYS_poll, by_signal);
	end_by(broken, SYS_write, by_close);
	x(close(fds[1]));
	x(pipe2(fds, O_NONBLOCK));
	x_is(-1, read(fds[0], bytes, 1));
	x_is(EAGAIN, errno);
	truth_print();
	return 0;
}
