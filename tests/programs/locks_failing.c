/* SPDX-License-Identifier: MIT */
/* locks_failing: waits for locks on files that a signal ends, and tries, which never wait.
 *
 * Truth: main holds the locks all the time. The waits of children for a record lock, for one of an
 * open file, and for a flock are each interrupted. At last the file is unlinked: it is the same
 * object still.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_NS = 20000000 };

static char path[64], name_low[96], name_file[80];
static const struct truth_object low = { "record_lock", name_low, NULL, 0 };
static const struct truth_object whole = { "flock", name_file, NULL, 0 };
static int fd;

static void on_signal(int number)
{
	(void)number;
}

static struct flock *bytes(short type)
{
	static struct flock l;

	l = (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 100 };
	return &l;
}

static const char *cell = "interrupted"; /* what the waits are about */

static void wait_by_process(int own)
{
	TRUTH_WAIT(&low, "interrupted", x_is(-1, fcntl(own, F_SETLKW, bytes(F_WRLCK))));
	x_is(EINTR, errno);
	truth_case("record_lock", cell);
}

static void wait_by_file(int own)
{
	TRUTH_WAIT(&low, "interrupted", x_is(-1, fcntl(own, F_OFD_SETLKW, bytes(F_WRLCK))));
	x_is(EINTR, errno);
	truth_case("ofd_lock", cell);
}

static void wait_for_flock(int own)
{
	TRUTH_WAIT(&whole, "interrupted", x_is(-1, flock(own, LOCK_EX)));
	x_is(EINTR, errno);
	truth_case("flock", cell);
}

static void tries(int own)
{
	TRUTH_TRY(&low, x_is(-1, fcntl(own, F_SETLK, bytes(F_WRLCK))));
	x_is(true, errno == EAGAIN || errno == EACCES);
	truth_case("record_lock", "would_block");
	TRUTH_TRY(&low, x_is(-1, fcntl(own, F_OFD_SETLK, bytes(F_RDLCK))));
	x_is(true, errno == EAGAIN || errno == EACCES);
	truth_case("ofd_lock", "would_block");
	TRUTH_TRY(&whole, x_is(-1, flock(own, LOCK_SH | LOCK_NB)));
	x_is(EWOULDBLOCK, errno);
	truth_case("flock", "would_block");
}

/* In a child with an open file of its own, whose wait in `call` a signal ends; 0: it does not wait.
 */
static void in_child(void (*function)(int), long call)
{
	char own[32];
	int status;

	snprintf(own, sizeof(own), "/proc/self/fd/%d", fd);
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		struct sigaction action = { .sa_handler = on_signal };

		x(sigaction(SIGUSR1, &action, NULL));
		function((int)xs(open(own, O_RDWR | O_CLOEXEC)));
		truth_print();
		_exit(0);
	}
	if (call) {
		truth_until_in_call(pid, call);
		truth_sleep_ns(WAIT_NS);
		x(kill(pid, SIGUSR1));
	}
	x_is(pid, waitpid(pid, &status, 0));
	x_is(0, status);
}

int main(void)
{
	snprintf(path, sizeof(path), "/tmp/waitscope-locks-%d", getpid());
	fd = (int)xs(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	snprintf(name_file, sizeof(name_file), "%s", path);
	snprintf(name_low, sizeof(name_low), "%s [0,100)", path);
	x(fcntl(fd, F_SETLK, bytes(F_WRLCK)));
	x(flock(fd, LOCK_EX));
	in_child(wait_by_process, SYS_fcntl);
	in_child(wait_by_file, SYS_fcntl);
	in_child(wait_for_flock, SYS_flock);
	in_child(tries, 0);
	x(unlink(path));
	cell = "unlinked";
	in_child(wait_by_process, SYS_fcntl);
	in_child(wait_by_file, SYS_fcntl);
	in_child(wait_for_flock, SYS_flock);
	truth_value("main", getpid());
	truth_print();
	return 0;
}
