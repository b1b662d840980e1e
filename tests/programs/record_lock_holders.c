/* SPDX-License-Identifier: MIT */
/* record_lock_holders: who holds what a writer waits for: two readers, a process that ends without
 * unlocking, one that is killed, and an open file description.
 *
 * Truth: 4 waits. Both readers are holders of the first for all that they held of it; the process
 * that ends is the holder and waker of the second; of the one that is killed, the third's holder,
 * only the process is known; the fourth's holder is found by the process's own notes.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOLD_NS = 20000000 };

static char path[64], names[4][80];
static const struct truth_object shared = { "record_lock", names[0], NULL, 0 };
static const struct truth_object of_ended = { "record_lock", names[1], NULL, 0 };
static const struct truth_object of_killed = { "record_lock", names[2], NULL, 0 };
static const struct truth_object described = { "record_lock", names[3], NULL, 0 };

/* Bytes [100 * n, 100 * n + 10), for fcntl(), whose call is to stand where the truth says. */
static struct flock *bytes(short type, int n)
{
	static __thread struct flock l;

	l = (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = 100 * (off_t)n, .l_len = 10
	};
	return &l;
}

static int open_it(void)
{
	return (int)xs(open(path, O_RDWR | O_CLOEXEC));
}

static void done(pid_t pid, int expected)
{
	int status;

	x_is(pid, waitpid(pid, &status, 0));
	x_is(expected, status);
}

/* A process that takes a lock and says so; then it does the rest when it is told. */
struct process {
	pid_t pid;
	int said[2], told[2];
	int wakes; /* how many waits its release ends */
};

static void say(struct process *p)
{
	char c = 0;

	x_is(1, write(p->said[1], &c, 1));
	x_is(1, read(p->told[0], &c, 1));
}

static void tell(struct process *p)
{
	char c = 0;

	x_is(1, write(p->told[1], &c, 1));
}

static void start(struct process *p, void (*function)(struct process *))
{
	char c;

	x(pipe(p->said));
	x(pipe(p->told));
	p->pid = (pid_t)xs(fork());
	if (p->pid == 0) {
		function(p);
		_exit(0);
	}
	x_is(1, read(p->said[0], &c, 1));
}

static void reader(struct process *p)
{
	int fd = open_it();

	TRUTH_TAKE(&shared, x(fcntl(fd, F_SETLK, bytes(F_RDLCK, 0))));
	say(p);
	TRUTH_RELEASE(&shared, p->wakes, x(fcntl(fd, F_SETLK, bytes(F_UNLCK, 0))));
	truth_print();
}

static void ender(struct process *p)
{
	int fd = open_it();

	TRUTH_TAKE(&of_ended, x(fcntl(fd, F_SETLKW, bytes(F_WRLCK, 1))));
	say(p);
	TRUTH_RELEASE(&of_ended, 1, (truth_print(), _exit(0)));
}

static void killed(struct process *p)
{
	int fd = open_it();

	x(fcntl(fd, F_SETLKW, bytes(F_WRLCK, 2)));
	say(p);
}

static void *wait_for(void *argument)
{
	const struct truth_object *object = argument;
	int n = object == &shared ? 0 : object == &of_ended ? 1 : 2;
	int fd = open_it();

	TRUTH_WAIT(object, "acquired", x(fcntl(fd, F_SETLKW, bytes(F_WRLCK, n))));
	if (object != &shared)
		truth_case("record_lock", "peer_dies");
	x(fcntl(fd, F_SETLK, bytes(F_UNLCK, n)));
	return NULL;
}

/* The same for an open file description, which two threads can be each other's. */
static void wait_for_description(void *unused)
{
	int fd = open_it();

	(void)unused;
	TRUTH_WAIT(&described, "acquired", x(fcntl(fd, F_OFD_SETLKW, bytes(F_WRLCK, 3))));
	x(close(fd));
}

static void by_two_readers(void)
{
	struct process first = { .wakes = 0 }, second = { .wakes = 1 };
	pid_t pid;

	start(&first, reader);
	start(&second, reader);
	pid = (pid_t)xs(fork());
	if (pid == 0) {
		wait_for((void *)&shared);
		truth_print();
		_exit(0);
	}
	truth_until_in_call(pid, SYS_fcntl);
	truth_sleep_ns(HOLD_NS);
	tell(&first);
	done(first.pid, 0);
	truth_sleep_ns(HOLD_NS);
	tell(&second);
	done(second.pid, 0);
	done(pid, 0);
}

static void by_a_process(void (*function)(struct process *), const struct truth_object *object)
{
	struct process holder;
	pid_t pid;

	start(&holder, function);
	pid = (pid_t)xs(fork());
	if (pid == 0) {
		wait_for((void *)object);
		truth_print();
		_exit(0);
	}
	truth_until_in_call(pid, SYS_fcntl);
	truth_sleep_ns(HOLD_NS);
	if (function == killed) {
		x(kill(holder.pid, SIGKILL));
		done(holder.pid, SIGKILL);
	} else {
		tell(&holder);
		done(holder.pid, 0);
	}
	done(pid, 0);
	truth_value(object == &of_killed ? "killed" : "ended", holder.pid);
}

static void by_a_description(void)
{
	int fd = open_it();
	struct truth_thread thread;

	TRUTH_TAKE(&described, x(fcntl(fd, F_OFD_SETLK, bytes(F_WRLCK, 3))));
	truth_start(&thread, wait_for_description, NULL);
	truth_until_in_call(thread.tid, SYS_fcntl);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&described, 1, x(fcntl(fd, F_OFD_SETLK, bytes(F_UNLCK, 3))));
	truth_join(&thread);
	x(close(fd));
}

int main(void)
{
	snprintf(path, sizeof(path), "/tmp/waitscope-lock-%d", (int)getpid());
	for (int i = 0; i < 4; i++)
		snprintf(names[i], sizeof(names[i]), "%s [%d,%d)", path, 100 * i, 100 * i + 10);
	x(close((int)xs(open(path, O_CREAT | O_EXCL | O_RDWR, 0600))));
	by_two_readers();
	by_a_process(ender, &of_ended);
	by_a_process(killed, &of_killed);
	by_a_description();
	x(unlink(path));
	truth_value("open_waits", 1); /* of the one that was killed, on its pipe */
	truth_print();
	return 0;
}
