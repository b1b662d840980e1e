/* SPDX-License-Identifier: MIT */
/* same_file_locks: fcntl(), lockf() and flock() on files: every command in success and in each
 * documented failure; prints what it gave.
 *
 * Truth: the same text with and without tracing.
 */
#include "tests/support/show.h"
#include "tests/support/truth.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern int __fcntl(int fd, int command, ...);

static char path[64];
static void *const nowhere = (void *)8;
static void on_signal(int signal)
{
	(void)signal;
}

static void handle(int signal, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	x(sigaction(signal, &action, NULL));
}

static struct flock *range(short type, short whence, off_t start, off_t length)
{
	static struct flock l;

	l = (struct flock){
		.l_type = type, .l_whence = whence, .l_start = start, .l_len = length, .l_pid = 77
	};
	return &l;
}

/* The struct as the call left it. */
static void show_lock(const struct flock *l, pid_t child)
{
	printf("type %d whence %d start %ld length %ld pid %s\n", l->l_type, l->l_whence,
	       (long)l->l_start, (long)l->l_len,
	       l->l_pid == child      ? "the child's"
	       : l->l_pid == getpid() ? "ours"
	       : l->l_pid == 0        ? "0"
	       : l->l_pid == -1       ? "-1"
	       : l->l_pid == 77       ? "untouched"
				      : "another");
}

/* A child that has a lock, and lets it go after a while or when it is told to. */
struct other {
	pid_t pid;
	int ready[2], go[2];
};

static void other_start(struct other *other, void (*take)(int fd))
{
	char c = 0;

	x(pipe(other->ready));
	x(pipe(other->go));
	fflush(stdout);
	other->pid = (pid_t)xs(fork());
	if (other->pid == 0) {
		int fd = (int)xs(open(path, O_RDWR));

		close(other->go[1]);
		take(fd);
		xs(write(other->ready[1], &c, 1));
		xs(read(other->go[0], &c, 1));
		_exit(0);
	}
	close(other->go[0]);
	xs(read(other->ready[0], &c, 1));
}

static void other_end(struct other *other)
{
	int status;

	close(other->go[1]);
	close(other->ready[0]);
	close(other->ready[1]);
	x_is(other->pid, waitpid(other->pid, &status, 0));
	x_is(0, status);
}

static void take_write(int fd)
{
	x(fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_SET, 10, 10)));
}

static void take_all(int fd)
{
	x(fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_SET, 0, 0)));
}

static void take_read(int fd)
{
	x(fcntl(fd, F_SETLK, range(F_RDLCK, SEEK_SET, 10, 10)));
}

static void take_ofd(int fd)
{
	struct flock *l = range(F_WRLCK, SEEK_SET, 10, 10);

	l->l_pid = 0;
	x(fcntl(fd, F_OFD_SETLK, l));
}

static void record_locks(void)
{
	int fd = (int)xs(open(path, O_RDWR)), reader = (int)xs(open(path, O_RDONLY));
	int writer = (int)xs(open(path, O_WRONLY)), ends[2];
	struct flock *l;
	struct other other;

	x(pipe(ends));
	SHOW(fcntl(-1, F_SETLK, range(F_WRLCK, SEEK_SET, 0, 0)));
	SHOW(fcntl(-1, F_SETLKW, range(F_WRLCK, SEEK_SET, 0, 0)));
	SHOW(fcntl(-1, F_GETLK, range(F_WRLCK, SEEK_SET, 0, 0)));
	SHOW(fcntl(fd, F_SETLK, nowhere));
	SHOW(fcntl(fd, F_SETLKW, nowhere));
	SHOW(fcntl(fd, F_OFD_SETLK, nowhere));
	SHOW(fcntl(fd, F_OFD_SETLKW, NULL));
	SHOW(fcntl(fd, F_GETLK, nowhere));
	SHOW(fcntl(fd, F_SETLK, range(99, SEEK_SET, 0, 0)));
	SHOW(fcntl(fd, F_SETLKW, range(F_WRLCK, 99, 0, 0)));
	SHOW(fcntl(fd, F_SETLKW, range(F_WRLCK, SEEK_SET, -1, 0)));
	SHOW(fcntl(fd, F_SETLKW, range(F_WRLCK, SEEK_SET, 0, -1)));
	SHOW(fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_CUR, LONG_MAX, LONG_MAX)));
	SHOW(fcntl(reader, F_SETLKW, range(F_WRLCK, SEEK_SET, 0, 0)));
	SHOW(fcntl(writer, F_SETLKW, range(F_RDLCK, SEEK_SET, 0, 0)));
	SHOW(fcntl(ends[0], F_SETLKW, range(F_WRLCK, SEEK_SET, 0, 0)));
	SHOW(fcntl(fd, F_OFD_SETLKW, range(F_WRLCK, SEEK_SET, 0, 0))); /* l_pid is not 0 */
	SHOW(fcntl(fd, F_SETLKW, range(F_WRLCK, SEEK_SET, 0, 100)));
	SHOW(fcntl64(fd, F_SETLK, range(F_RDLCK, SEEK_END, 0, 10)));
	SHOW(__fcntl(fd, F_SETLK, range(F_UNLCK, SEEK_CUR, 0, 0)));
	SHOW(fcntl(fd, F_SETLK, range(F_UNLCK, SEEK_SET, 0, 0))); /* nothing is held */
	SHOW(fcntl(fd, F_SETLKW, range(F_UNLCK, SEEK_SET, 5, -5)));

	other_start(&other, take_write);
	SHOW(fcntl(fd, F_SETLK, l = range(F_WRLCK, SEEK_SET, 0, 0)));
	show_lock(l, other.pid);
	SHOW(fcntl(fd, F_SETLK, range(F_RDLCK, SEEK_SET, 15, 1)));
	SHOW(fcntl(fd, F_SETLKW, range(F_WRLCK, SEEK_SET, 20, 0)));
	SHOW(fcntl(fd, F_GETLK, l = range(F_WRLCK, SEEK_SET, 0, 0)));
	show_lock(l, other.pid);
	SHOW(fcntl(fd, F_GETLK, l = range(F_RDLCK, SEEK_SET, 0, 5)));
	show_lock(l, other.pid);
	l = range(F_WRLCK, SEEK_SET, 0, 0);
	l->l_pid = 0;
	SHOW(fcntl(fd, F_OFD_GETLK, l));
	show_lock(l, other.pid);
	handle(SIGALRM, 0);
	ualarm(20000, 20000); /* again and again: the first may come before it waits */
	SHOW(fcntl(fd, F_SETLKW, l = range(F_WRLCK, SEEK_SET, 0, 0))); /* EINTR */
	ualarm(0, 0);
	show_lock(l, other.pid);
	ualarm(20000, 20000); /* again and again: the first may come before it waits */
	SHOW(lockf(fd, F_LOCK, 0));
	ualarm(0, 0);
	SHOW(lockf(fd, F_TLOCK, 0));
	SHOW(lockf64(fd, F_TEST, 0));
	SHOW(lockf(fd, F_TEST, 5));
	SHOW(lockf(fd, 99, 5));
	SHOW(lockf(-1, F_LOCK, 5));
	SHOW(lockf(reader, F_LOCK, 5));
	SHOW(lockf(fd, F_LOCK, -1));
	SHOW(lockf(fd, F_ULOCK, 0));
	SHOW(lockf(fd, F_LOCK, 5));
	SHOW(lockf(fd, F_ULOCK, 5));
	other_end(&other);

	other_start(&other, take_read);
	SHOW(fcntl(fd, F_SETLKW, range(F_RDLCK, SEEK_SET, 0, 0)));
	SHOW(fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_SET, 0, 0)));
	SHOW(fcntl(fd, F_SETLK, range(F_UNLCK, SEEK_SET, 0, 0)));
	other_end(&other);

	other_start(&other, take_ofd);
	SHOW(fcntl(fd, F_GETLK, l = range(F_WRLCK, SEEK_SET, 0, 0)));
	show_lock(l, other.pid);
	l = range(F_WRLCK, SEEK_SET, 0, 0);
	l->l_pid = 0;
	SHOW(fcntl(fd, F_OFD_SETLK, l));
	ualarm(20000, 20000); /* again and again: the first may come before it waits */
	SHOW(fcntl(fd, F_OFD_SETLKW, l)); /* EINTR */
	ualarm(0, 0);
	show_lock(l, other.pid);
	other_end(&other);
	SHOW(fcntl(fd, F_OFD_SETLKW, l));
	SHOW(close(fd));
	SHOW(fcntl(reader, F_GETLK, l = range(F_RDLCK, SEEK_SET, 0, 0)));
	show_lock(l, other.pid);
	close(reader);
	close(writer);
}

/* Each holds what the other asks for: who asks last is refused. */
static void deadlock(void)
{
	int fd = (int)xs(open(path, O_RDWR)), status;
	pid_t child;

	x(fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_SET, 0, 5)));
	fflush(stdout);
	child = (pid_t)xs(fork());
	if (child == 0) {
		x(fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_SET, 10, 5)));
		SHOW(fcntl(fd, F_SETLKW, range(F_WRLCK, SEEK_SET, 0, 5)));
		fflush(stdout);
		_exit(0);
	}
	truth_until_in_call(child, SYS_fcntl);
	SHOW(fcntl(fd, F_SETLKW, range(F_WRLCK, SEEK_SET, 10, 5))); /* EDEADLK */
	fflush(stdout);
	x(fcntl(fd, F_SETLK, range(F_UNLCK, SEEK_SET, 0, 0)));
	fflush(stdout);
	x_is(child, waitpid(child, &status, 0));
	x(close(fd));
}

static void take_flock(int fd)
{
	x(flock(fd, LOCK_EX));
}

static void take_shared(int fd)
{
	x(flock(fd, LOCK_SH));
}

static void whole_files(void)
{
	int fd = (int)xs(open(path, O_RDONLY)), same = (int)xs(dup(fd));
	int second = (int)xs(open(path, O_RDONLY));
	struct other other;

	SHOW(flock(-1, LOCK_EX));
	SHOW(flock(fd, 0));
	SHOW(flock(fd, 99));
	SHOW(flock(fd, LOCK_SH | LOCK_EX));
	SHOW(flock(fd, LOCK_NB));
	SHOW(flock(fd, LOCK_UN | LOCK_NB));
	SHOW(flock(fd, LOCK_SH));
	SHOW(flock(second, LOCK_SH | LOCK_NB));
	SHOW(flock(fd, LOCK_EX | LOCK_NB)); /* lets its own go */
	SHOW(flock(second, LOCK_EX | LOCK_NB));
	SHOW(flock(same, LOCK_UN));
	SHOW(flock(second, LOCK_UN));
	SHOW(flock(fd, LOCK_EX));
	SHOW(flock(same, LOCK_SH)); /* the same description: no conflict */
	SHOW(close(fd));
	SHOW(flock(second, LOCK_EX | LOCK_NB)); /* still held by the copy */
	SHOW(close(same));
	SHOW(flock(second, LOCK_EX | LOCK_NB));
	SHOW(flock(second, LOCK_UN));

	other_start(&other, take_flock);
	SHOW(flock(second, LOCK_SH | LOCK_NB));
	handle(SIGALRM, 0);
	ualarm(20000, 20000); /* again and again: the first may come before it waits */
	SHOW(flock(second, LOCK_EX)); /* EINTR */
	ualarm(0, 0);
	ualarm(20000, 20000); /* again and again: the first may come before it waits */
	SHOW(flock(second, LOCK_SH));
	ualarm(0, 0);
	other_end(&other);
	SHOW(flock(second, LOCK_EX));
	SHOW(flock(second, LOCK_UN));
	other_start(&other, take_shared);
	SHOW(flock(second, LOCK_SH));
	SHOW(flock(second, LOCK_EX | LOCK_NB));
	other_end(&other);
	x(close(second));
}

/* A thread with a cancellation pending calls it: is it a cancellation point? */
static void *cancel_me(void *argument)
{
	void (*const *call)(void) = argument;
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	(*call)();
	return NULL;
}

static void cancelled(const char *name, void (*call)(void))
{
	pthread_t thread;
	void *result;

	x(pthread_create(&thread, NULL, cancel_me, &call));
	x(pthread_join(thread, &result));
	printf("%s %s\n", name, result == PTHREAD_CANCELED ? "was cancelled" : "went on");
}
#define CANCELLED(function) cancelled(#function, call_##function)

static int locked_fd;

static void call_setlkw(void)
{
	fcntl(locked_fd, F_SETLKW, range(F_WRLCK, SEEK_SET, 0, 1));
}

static void call_ofd_setlkw(void)
{
	struct flock *l = range(F_WRLCK, SEEK_SET, 0, 1);

	l->l_pid = 0;
	fcntl(locked_fd, F_OFD_SETLKW, l);
}

static void call_setlk(void)
{
	fcntl(locked_fd, F_SETLK, range(F_WRLCK, SEEK_SET, 0, 1));
}

static void call_lockf_lock(void)
{
	lockf(locked_fd, F_LOCK, 1);
}

static void call_lockf_tlock(void)
{
	lockf(locked_fd, F_TLOCK, 1);
}

static void call_flock(void)
{
	flock(locked_fd, LOCK_EX);
}

static void cancellation(void)
{
	locked_fd = (int)xs(open(path, O_RDWR));
	CANCELLED(setlkw);
	CANCELLED(setlk);
	CANCELLED(lockf_lock);
	CANCELLED(lockf_tlock);
	CANCELLED(flock);
	x(fcntl(locked_fd, F_SETLK, range(F_UNLCK, SEEK_SET, 0, 0)));
	CANCELLED(ofd_setlkw);
	x(close(locked_fd));
}

/* A blocked call that is cancelled, and leaves no lock. */
static void *wait_to_be_cancelled(void *tid)
{
	*(volatile pid_t *)tid = truth_tid();
	call_setlkw();
	return NULL;
}

static void cancelled_while_waiting(void)
{
	volatile pid_t tid = 0;
	pthread_t thread;
	struct other other;
	void *result;

	locked_fd = (int)xs(open(path, O_RDWR));
	other_start(&other, take_all);
	x(pthread_create(&thread, NULL, wait_to_be_cancelled, (void *)&tid));
	truth_until_at_least(&tid, 1);
	truth_until_in_call(tid, SYS_fcntl);
	x(pthread_cancel(thread));
	x(pthread_join(thread, &result));
	printf("waiting %s\n", result == PTHREAD_CANCELED ? "was cancelled" : "went on");
	other_end(&other);
	SHOW(lockf(locked_fd, F_TEST, 0));
	x(close(locked_fd));
}

enum { ROUNDS = 100 };

/* Takes and releases in turns with another process, whatever interrupts it. */
static void take_turns(int fd)
{
	for (int i = 0; i < ROUNDS; i++) {
		while (fcntl(fd, F_SETLKW, range(F_WRLCK, SEEK_SET, 0, 10)) == -1)
			x_is(EINTR, errno);
		while (flock(fd, LOCK_EX) == -1)
			x_is(EINTR, errno);
		truth_work_ns(50000);
		x(flock(fd, LOCK_UN));
		x(fcntl(fd, F_SETLK, range(F_UNLCK, SEEK_SET, 0, 0)));
	}
}

static void with_signals(int flags)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	int fd = (int)xs(open(path, O_RDWR)), status;
	pid_t child;

	handle(SIGALRM, flags);
	fflush(stdout);
	child = (pid_t)xs(fork());
	if (child == 0)
		fd = (int)xs(open(path, O_RDWR));
	x(setitimer(ITIMER_REAL, &often, NULL));
	take_turns(fd);
	x(setitimer(ITIMER_REAL, &never, NULL));
	if (child == 0)
		_exit(0);
	x_is(child, waitpid(child, &status, 0));
	printf("with signals, flags %#x: status %d\n", flags, status);
	x(close(fd));
}

/* In our memory, but another process: its locks are its own, and gone with it. */
static void in_a_vfork_child(void)
{
	int fd = (int)xs(open(path, O_RDWR)), other = (int)xs(open(path, O_RDWR)), status;
	pid_t child;

	x(fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_SET, 0, 1)));
	child = vfork();
	if (child == 0) {
		int taken = fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_SET, 5, 1));
		int refused = fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_SET, 0, 1));

		flock(other, LOCK_EX | LOCK_NB);
		close(fd);
		_exit(taken == 0 && refused == -1 ? 7 : 8);
	}
	x_is(child, waitpid(child, &status, 0));
	printf("vfork child: status %#x\n", status);
	SHOW(fcntl(fd, F_SETLK, range(F_WRLCK, SEEK_SET, 5, 1)));
	SHOW(flock(fd, LOCK_EX | LOCK_NB)); /* the description has it: ours, too */
	x(close(fd));
	x(close(other));
}

int main(void)
{
	snprintf(path, sizeof(path), "/tmp/waitscope-same-%d", (int)getpid());
	x(close((int)xs(open(path, O_CREAT | O_EXCL | O_RDWR, 0600))));
	record_locks();
	deadlock();
	whole_files();
	cancellation();
	cancelled_while_waiting();
	with_signals(0);
	with_signals(SA_RESTART);
	in_a_vfork_child();
	x(unlink(path));
	return 0;
}
