/* SPDX-License-Identifier: MIT */
/* flock_wait: processes wait for a file that others have by flock().
 *
 * Truth: the holder is whoever called flock(), whether it lets go by LOCK_UN, by closing its fd, by
 * asking for another sort of lock, or by ending; and a copy of its fd in a child keeps the lock.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOLD_NS = 20000000 };

static char path[64];
static const struct truth_object file = { "flock", path, NULL, 0 };

static int open_it(void)
{
	return (int)xs(open(path, O_RDWR | O_CLOEXEC));
}

static void done(pid_t pid)
{
	int status;

	x_is(pid, waitpid(pid, &status, 0));
	x_is(0, status);
}

static const char *cell = "turns"; /* of what the next one waits for */

static void exclusively(void)
{
	int fd = open_it();

	TRUTH_WAIT_TAKE(&file, x(flock(fd, LOCK_EX)));
	truth_case("flock", cell);
	TRUTH_RELEASE(&file, 0, x(flock(fd, LOCK_UN)));
}

static void shared(void)
{
	int fd = open_it();

	TRUTH_WAIT_TAKE(&file, x(flock(fd, LOCK_SH)));
	TRUTH_RELEASE(&file, 0, x(flock(fd, LOCK_UN)));
}

/* A child that waits for what the caller has. */
static pid_t start_blocked(void (*how)(void))
{
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		how();
		truth_print();
		_exit(0);
	}
	truth_until_in_call(pid, SYS_flock);
	truth_sleep_ns(HOLD_NS);
	return pid;
}

static void by_unlock(void)
{
	int fd = open_it();

	TRUTH_TAKE(&file, x(flock(fd, LOCK_EX)));
	pid_t pid = start_blocked(exclusively);

	TRUTH_RELEASE(&file, 1, x(flock(fd, LOCK_UN)));
	done(pid);
	x(close(fd));
}

/* The waiter has a copy of the holder's fd, too, by fork: it lets it go first. */
static void by_close(void)
{
	int fd = open_it();
	pid_t pid;

	TRUTH_TAKE(&file, x(flock(fd, LOCK_SH)));
	pid = (pid_t)xs(fork());
	if (pid == 0) {
		x(close(fd));
		exclusively();
		truth_print();
		_exit(0);
	}
	truth_until_in_call(pid, SYS_flock);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&file, 1, x(close(fd)));
	done(pid);
}

/* The old lock goes before the new one is there; readers go on. */
static void by_weakening(void)
{
	int fd = open_it();

	TRUTH_TAKE(&file, x(flock(fd, LOCK_EX)));
	pid_t pid = start_blocked(shared);

	TRUTH_RELEASE(&file, 1, x(flock(fd, LOCK_SH)));
	done(pid);
	x(flock(fd, LOCK_UN));
	x(close(fd));
}

/* The truth before the call that does not return, and in its line. */
#define leave() (truth_print(), _exit(0))

static void by_end(void)
{
	int taken[2], told[2];
	char c = 0;
	pid_t holder, waiter;

	x(pipe(taken));
	x(pipe(told));
	holder = (pid_t)xs(fork());
	if (holder == 0) {
		int fd = open_it();

		TRUTH_TAKE(&file, x(flock(fd, LOCK_EX)));
		x_is(1, write(taken[1], &c, 1));
		x_is(1, read(told[0], &c, 1));
		TRUTH_RELEASE(&file, 1, leave());
	}
	x_is(1, read(taken[0], &c, 1));
	cell = "peer_dies";
	waiter = start_blocked(exclusively);
	x_is(1, write(told[1], &c, 1));
	done(holder);
	done(waiter);
}

int main(void)
{
	snprintf(path, sizeof(path), "/tmp/waitscope-flock-%d", (int)getpid());
	x(close((int)xs(open(path, O_CREAT | O_EXCL | O_RDWR, 0600))));
	by_unlock();
	by_close();
	by_weakening();
	by_end();
	x(unlink(path));
	truth_print();
	return 0;
}
