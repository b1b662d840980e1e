/* SPDX-License-Identifier: MIT */
/* record_lock: a server process holds bytes of a file that client processes wait for.
 *
 * Truth: the holder of each wait is the server, by the call that took the lock, whether it lets go
 * by unlocking, by closing another fd of the file, by lockf() or by ending. Bytes that do not
 * overlap do not wait. Two readers that a writer waits for are both its holders.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOLD_NS = 20000000 };

static char path[64], name_low[80], name_all[80], name_high[80];
static const struct truth_object low = { "record_lock", name_low, NULL, 0 };
static const struct truth_object all = { "record_lock", name_all, NULL, 0 };
static const struct truth_object high = { "record_lock", name_high, NULL, 0 };

/* For fcntl(), whose call is to stand where the truth says. */
static struct flock *bytes(short type, off_t start, off_t length)
{
	static struct flock l;

	l = (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length
	};
	return &l;
}

static int open_it(void)
{
	return (int)xs(open(path, O_RDWR | O_CLOEXEC));
}

/* Waits for [0, 100), has it, and lets it go. */
static void client_low(void)
{
	int fd = open_it();

	TRUTH_WAIT_TAKE(&low, x(fcntl(fd, F_SETLKW, bytes(F_WRLCK, 0, 100))));
	truth_case("record_lock", "turns");
	TRUTH_RELEASE(&low, 0, x(fcntl(fd, F_SETLK, bytes(F_UNLCK, 0, 100))));
}

/* Waits for all bytes by lockf(). */
static void client_all(void)
{
	int fd = open_it();

	TRUTH_WAIT_TAKE(&all, x(lockf(fd, F_LOCK, 0)));
	TRUTH_RELEASE(&all, 0, x(lockf(fd, F_ULOCK, 0)));
}

/* Bytes that nobody holds: no wait. Then those that somebody does. */
static void client_high(void)
{
	int fd = open_it();

	x(fcntl(fd, F_SETLKW, bytes(F_WRLCK, 200, 50)));
	x(fcntl(fd, F_SETLK, bytes(F_UNLCK, 200, 50)));
	TRUTH_WAIT_TAKE(&high, x(fcntl(fd, F_SETLKW, bytes(F_RDLCK, 100, 50))));
	TRUTH_RELEASE(&high, 0, x(fcntl(fd, F_SETLK, bytes(F_UNLCK, 100, 50))));
}

static pid_t start(void (*client)(void))
{
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		client();
		truth_print();
		_exit(0);
	}
	return pid;
}

static void finish(pid_t pid)
{
	int status;

	x_is(pid, waitpid(pid, &status, 0));
	x_is(0, status);
}

static pid_t start_blocked(void (*client)(void))
{
	pid_t pid = start(client);

	truth_until_in_call(pid, SYS_fcntl);
	truth_sleep_ns(HOLD_NS);
	return pid;
}

static void by_unlock(void)
{
	int fd = open_it();

	TRUTH_TAKE(&low, x(fcntl(fd, F_SETLK, bytes(F_WRLCK, 50, 100))));
	pid_t pid = start_blocked(client_low);

	TRUTH_RELEASE(&low, 1, x(fcntl(fd, F_SETLK, bytes(F_UNLCK, 0, 0))));
	finish(pid);
	x(close(fd));
}

static void by_close(void)
{
	int fd = open_it(), other = open_it();

	TRUTH_TAKE(&all, x(lockf(fd, F_LOCK, 10)));
	pid_t pid = start_blocked(client_all);

	TRUTH_RELEASE(&all, 1, x(close(other)));
	finish(pid);
	x(close(fd));
}

/* Another file takes the number: with it, and with a whole range of numbers, the lock goes. */
static void by_dup2(void)
{
	int fd = open_it(), other = open_it();

	TRUTH_TAKE(&all, x(lockf(fd, F_LOCK, 10)));
	pid_t pid = start_blocked(client_all);

	TRUTH_RELEASE(&all, 1, x_is(other, dup2(STDIN_FILENO, other)));
	finish(pid);
	TRUTH_TAKE(&all, x(lockf(fd, F_LOCK, 10)));
	pid = start_blocked(client_all);
	TRUTH_RELEASE(&all, 1, x(close_range((unsigned int)fd, (unsigned int)fd, 0)));
	finish(pid);
	x(close(other));
}

/* Two waits, for different parts of what is held. */
static void two_parts(void)
{
	int fd = open_it();

	truth_hold_begin(&high, __func__, __LINE__ + 1);
	TRUTH_TAKE(&low, x(fcntl(fd, F_SETLK, bytes(F_WRLCK, 0, 150))));
	pid_t first = start_blocked(client_low), second = start_blocked(client_high);

	TRUTH_RELEASE(&low, 1, x(fcntl(fd, F_SETLK, bytes(F_UNLCK, 0, 100))));
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&high, 1, x(fcntl(fd, F_SETLK, bytes(F_UNLCK, 100, 50))));
	finish(first);
	finish(second);
	x(close(fd));
}

int main(void)
{
	snprintf(path, sizeof(path), "/tmp/waitscope-lock-%d", (int)getpid());
	snprintf(name_low, sizeof(name_low), "%s [0,100)", path);
	snprintf(name_high, sizeof(name_high), "%s [100,150)", path);
	snprintf(name_all, sizeof(name_all), "%s", path);
	x(close((int)xs(open(path, O_CREAT | O_EXCL | O_RDWR, 0600))));
	by_unlock();
	by_close();
	by_dup2();
	two_parts();
	x(unlink(path));
	truth_print();
	return 0;
}
