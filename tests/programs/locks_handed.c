/* SPDX-License-Identifier: MIT */
/* locks_handed: locks of open file descriptions between processes, of which the kernel says no
 * owner; and record locks that would wait for each other. usage: locks_handed
 *
 * Truth: a child waits for an open file's lock, and goes on as another process unlocks it; as the
 * last process that has it open ends, by itself or killed; and not as one of two closes it. Of two
 * processes that hold what the other wants by fcntl(), the second is told EDEADLK.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HOLD_NS = 20000000 };

static char path[64], names[6][80];
static struct truth_object objects[6];
static volatile int *stage;
/* by_the_last_of_two(): its description is the holder, and where it took the lock. */
static int shared_fd = -1, shared_line;

enum { UNLOCKED, ENDED, KILLED, SHARED, FIRST, SECOND };

/* Ten bytes of its own for each part. */
static struct flock *bytes(short type, int part)
{
	static struct flock l;

	l = (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = 10 * part, .l_len = 10
	};
	return &l;
}

static int open_it(void)
{
	return (int)xs(open(path, O_RDWR | O_CLOEXEC));
}

static void next_stage(void)
{
	__atomic_add_fetch(stage, 1, __ATOMIC_RELEASE);
}

static void wait_for(void *part)
{
	int fd = open_it();

	if ((intptr_t)part == SHARED)
		x(close(shared_fd));
	TRUTH_WAIT_TAKE(&objects[(intptr_t)part],
			x(fcntl(fd, F_OFD_SETLKW, bytes(F_WRLCK, (int)(intptr_t)part))));
	truth_case("ofd_lock", (intptr_t)part == UNLOCKED ? "turns" : "peer_dies");
	TRUTH_RELEASE(&objects[(intptr_t)part], 0, x(close(fd)));
}

static pid_t start_waiting(int part)
{
	pid_t pid = truth_child(wait_for, (void *)(intptr_t)part);

	truth_until_asleep(pid, SYS_fcntl);
	return pid;
}

static void unlocks(void *unused)
{
	int fd = open_it();

	(void)unused;
	TRUTH_TAKE(&objects[UNLOCKED], x(fcntl(fd, F_OFD_SETLK, bytes(F_WRLCK, UNLOCKED))));
	next_stage();
	truth_until_at_least(stage, 2);
	TRUTH_RELEASE(&objects[UNLOCKED], 1, x(fcntl(fd, F_OFD_SETLK, bytes(F_UNLCK, UNLOCKED))));
}

static void ends(void *unused)
{
	int fd = open_it();

	(void)unused;
	TRUTH_TAKE(&objects[ENDED], x(fcntl(fd, F_OFD_SETLK, bytes(F_WRLCK, ENDED))));
	next_stage();
	truth_until_at_least(stage, 2);
	TRUTH_RELEASE(&objects[ENDED], 1, (truth_print(), _exit(0)));
}

static void is_killed(void *unused)
{
	int fd = open_it();

	(void)unused;
	x(fcntl(fd, F_OFD_SETLK, bytes(F_WRLCK, KILLED)));
	next_stage();
	truth_until_killed();
}

static void by(void (*function)(void *), int part)
{
	pid_t holder, waiter;

	*stage = 0;
	holder = truth_child(function, NULL);
	truth_until_at_least(stage, 1);
	waiter = start_waiting(part);
	next_stage();
	if (part == KILLED)
		truth_kill(holder);
	else
		truth_reap(holder);
	truth_reap(waiter);
}

/* It has the parent's description, and with it the lock; the parent closes its own first. */
static void keeps(void *unused)
{
	(void)unused;
	next_stage();
	truth_until_at_least(stage, 2);
	truth_hold_begin(&objects[SHARED], "by_the_last_of_two", shared_line);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&objects[SHARED], 1, x(close(shared_fd)));
}

static void by_the_last_of_two(void)
{
	pid_t other, waiter;

	*stage = 0;
	shared_fd = open_it();
	shared_line = __LINE__ + 1;
	TRUTH_TAKE(&objects[SHARED], x(fcntl(shared_fd, F_OFD_SETLK, bytes(F_WRLCK, SHARED))));
	other = truth_child(keeps, NULL);
	truth_until_at_least(stage, 1);
	waiter = start_waiting(SHARED);
	TRUTH_RELEASE(&objects[SHARED], 0, x(close(shared_fd)));
	next_stage();
	truth_reap(other);
	truth_reap(waiter);
}

static void takes_second(void *unused)
{
	int fd = open_it();

	(void)unused;
	x(fcntl(fd, F_SETLK, bytes(F_WRLCK, SECOND)));
	next_stage();
	truth_until_at_least(stage, 2);
	TRUTH_WAIT_TAKE(&objects[FIRST], x(fcntl(fd, F_SETLKW, bytes(F_WRLCK, FIRST))));
	TRUTH_RELEASE(&objects[FIRST], 0, x(close(fd)));
}

static void each_other(void)
{
	int fd = open_it();
	pid_t other;

	*stage = 0;
	TRUTH_TAKE(&objects[FIRST], x(fcntl(fd, F_SETLK, bytes(F_WRLCK, FIRST))));
	other = truth_child(takes_second, NULL);
	truth_until_at_least(stage, 1);
	next_stage();
	truth_until_asleep(other, SYS_fcntl);
	TRUTH_WAIT(&objects[SECOND], "error",
		   x_is(-1, fcntl(fd, F_SETLKW, bytes(F_WRLCK, SECOND))));
	x_is(EDEADLK, errno);
	truth_case("record_lock", "deadlock");
	TRUTH_RELEASE(&objects[FIRST], 1, x(fcntl(fd, F_SETLK, bytes(F_UNLCK, FIRST))));
	truth_reap(other);
	x(close(fd));
}

int main(void)
{
	snprintf(path, sizeof(path), "/tmp/waitscope-handed-%d", (int)getpid());
	x(close((int)xs(open(path, O_CREAT | O_EXCL | O_RDWR, 0600))));
	for (int i = 0; i < 6; i++) {
		snprintf(names[i], sizeof(names[i]), "%s [%d,%d)", path, 10 * i, 10 * i + 10);
		objects[i] = (struct truth_object){ "record_lock", names[i], NULL, 0 };
	}
	stage = truth_shared(sizeof(*stage));
	by(unlocks, UNLOCKED);
	by(ends, ENDED);
	by(is_killed, KILLED);
	by_the_last_of_two();
	each_other();
	x(unlink(path));
	truth_print();
	return 0;
}
