/* SPDX-License-Identifier: MIT */
/* same_io: every function that reads, writes, opens or moves by number, in success and in failure,
 * at pipes, FIFOs, sockets, eventfds and streams; with bad addresses, in parts, interrupted, and
 * from a vfork child; prints what it gave.
 *
 * Truth: the same text with and without tracing.
 */
#include "tests/support/show.h"
#include "tests/support/truth.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#undef fread_unlocked
#undef fgets_unlocked
#undef fflush_unlocked
#undef fflush_unlocked

enum { CAPACITY = 65536, BIG = 300000 };

/* What fortified programs call. */
ssize_t __read_chk(int fd, void *p, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int f);
ssize_t __recvfrom_chk(int fd, void *p, size_t n, size_t size, int f, struct sockaddr *a,
		       socklen_t *l);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);
int __uflow(FILE *f);
ssize_t __getdelim(char **p, size_t *n, int d, FILE *f);

static char bytes[BIG];
static char *volatile nowhere = (char *)8;
static volatile int signals;
static volatile int none = -1;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

/* Raises SIGALRM in 30 ms, when whatever comes next has blocked. */
static void alarm_soon(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };
	struct itimerval in = { .it_value.tv_usec = 30000 };

	x(sigaction(SIGALRM, &action, NULL));
	x(setitimer(ITIMER_REAL, &in, NULL));
}

static void at_bad_numbers(void)
{
	struct iovec v = { bytes, 4 };

	SHOW(read(-1, bytes, 1));
	SHOW(write(-1, bytes, 1));
	SHOW(readv(99999, &v, 1));
	SHOW(writev(77, &v, 1));
	SHOW(preadv2(-1, &v, 1, -1, 0));
	SHOW(pwritev2(-1, &v, 1, -1, 0));
	SHOW(recv(-1, bytes, 1, 0));
	SHOW(send(-1, bytes, 1, 0));
	SHOW(eventfd_write(-1, 1));
	SHOW(splice(-1, NULL, -1, NULL, 1, 0));
	SHOW(tee(-1, -1, 1, 0));
	SHOW(vmsplice(-1, &v, 1, 0));
	SHOW(sendfile(-1, -1, NULL, 1));
	SHOW(accept(-1, NULL, NULL));
	SHOW(shutdown(-1, SHUT_RD));
	SHOW(connect(-1, NULL, 0));
}

static void at_a_pipe(void)
{
	struct iovec v[3] = { { bytes, 2 }, { bytes + 2, 0 }, { bytes + 2, 3 } };
	struct iovec bad = { nowhere, 4 };
	int p[2], q[2];

	SHOW(pipe(p));
	SHOW(pipe2(q, O_NONBLOCK | O_CLOEXEC));
	SHOW(pipe2(q, -1));
	SHOW(pipe((int *)nowhere));
	SHOW(write(p[1], "hello", 5));
	SHOW(write(p[1], "", 0));
	SHOW(read(p[0], bytes, 0));
	SHOW(read(p[0], nowhere, 1));
	SHOW(write(p[1], nowhere, 1));
	SHOW(readv(p[0], v, 3));
	SHOW(writev(p[1], v, 3));
	SHOW(writev(p[1], &bad, 1));
	SHOW(writev(p[1], (struct iovec *)nowhere, 1));
	SHOW(readv(p[0], v, none));
	SHOW(preadv2(p[0], v, 3, -1, 0));
	SHOW(preadv2(p[0], v, 3, 0, 0));
	SHOW(pwritev2(p[1], v, 3, -1, 0));
	SHOW(pwritev64v2(p[1], v, 1, -1, 0));
	SHOW(preadv64v2(p[0], v, 3, -1, RWF_NOWAIT));
	SHOW(preadv2(p[0], v, 3, -1, RWF_NOWAIT));
	SHOW(preadv2(p[0], v, 3, -1, RWF_NOWAIT));
	SHOW(read(p[1], bytes, 1));
	SHOW(write(p[0], bytes, 1));
	SHOW(__read_chk(p[0], bytes, 0, sizeof(bytes)));
	SHOW(read(q[0], bytes, 1));
	SHOW(write(q[1], bytes, BIG));
	SHOW(write(q[1], bytes, 1));
	SHOW(read(q[0], bytes, BIG));
	x(fcntl(q[0], F_SETFL, 0));
	alarm_soon(0);
	SHOW(read(q[0], bytes, 1));
	x(fcntl(q[0], F_SETFL, O_NONBLOCK));
	SHOW(read(q[0], bytes, 1));
	/* In parts: what was written before the signal counts, whatever the handler's flags. */
	for (int restart = 0; restart < 2; restart++) {
		alarm_soon(restart ? SA_RESTART : 0);
		SHOW(write(p[1], bytes, BIG));
		SHOW(read(p[0], bytes, BIG));
		v[0] = (struct iovec){ bytes, 40000 };
		v[2] = (struct iovec){ bytes, 50000 };
		alarm_soon(restart ? SA_RESTART : 0);
		SHOW(writev(p[1], v, 3));
		SHOW(read(p[0], bytes, BIG));
	}
	x(close(p[0]));
	SHOW(write(p[1], bytes, 1));
	SHOW(writev(p[1], v, 1));
	x(close(p[1]));
	x(close(q[1]));
	SHOW(read(q[0], bytes, 1));
	x(close(q[0]));
	SHOW(close(q[0]));
}

static void moving(void)
{
	struct iovec v = { bytes, 6 };
	int p[2], q[2], file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	off_t at = 2;

	x(pipe(p));
	x(pipe(q));
	xs(write(file, "abcdefgh", 8));
	SHOW(sendfile(p[1], file, &at, 4));
	SHOW(sendfile64(p[1], file, NULL, 4));
	SHOW(tee(p[0], q[1], 100, 0));
	SHOW(tee(p[0], q[1], 100, SPLICE_F_NONBLOCK));
	SHOW(splice(q[0], NULL, file, NULL, 100, 0));
	SHOW(splice(q[0], NULL, file, NULL, 100, SPLICE_F_NONBLOCK));
	SHOW(vmsplice(p[1], &v, 1, 0));
	SHOW(read(p[0], bytes, 100));
	SHOW(splice(p[0], NULL, p[1], NULL, 1, 0));
	alarm_soon(0);
	SHOW(splice(q[0], NULL, file, NULL, 100, 0));
	printf("at %d\n", (int)at);
	x(close(file));
	for (int i = 0; i < 2; i++) {
		x(close(p[i]));
		x(close(q[i]));
	}
}

static void at_a_fifo(const char *folder)
{
	char path[64];
	int fd, here = (int)xs(open(folder, O_PATH)), out;

	snprintf(path, sizeof(path), "%s/fifo", folder);
	SHOW(mkfifo(path, 0600) == 0);
	SHOW(mkfifo(path, 0600) == 0);
	SHOW(mkfifoat(here, "second", 0600));
	SHOW(mknodat(here, "third", S_IFIFO | 0600, 0));
	SHOW(mknodat(here, "third", S_IFIFO | 0600, 0));
	SHOW(unlinkat(here, "second", 0));
	SHOW(unlinkat(here, "third", 0));
	SHOW(unlinkat(here, "third", 0));
	SHOW(open(path, O_WRONLY | O_NONBLOCK));
	alarm_soon(0);
	SHOW(open(path, O_WRONLY));
	alarm_soon(0);
	SHOW(openat(here, "fifo", O_RDONLY));
	alarm_soon(0);
	SHOW(creat64(path, 0600));
	SHOW((fd = open64(path, O_RDWR)) >= 0);
	SHOW((out = openat64(here, "fifo", O_WRONLY)) >= 0);
	SHOW(write(out, "hello", 5));
	SHOW(read(fd, bytes, 100));
	alarm_soon(0);
	SHOW(read(fd, bytes, 100));
	alarm_soon(0);
	SHOW(write(out, bytes, BIG));
	x(close(out));
	x(close(fd));
	SHOW(unlink(path) == 0);
	SHOW(unlink(path) == 0);
	SHOW(mknod(path, S_IFIFO | 0600, 0) == 0);
	SHOW((fd = __open_2(path, O_RDONLY | O_NONBLOCK)) >= 0);
	SHOW((out = __openat_2(here, "fifo", O_WRONLY)) >= 0);
	x(close(out));
	SHOW((out = __open64_2(path, O_WRONLY)) >= 0);
	x(close(out));
	SHOW((out = __openat64_2(here, "fifo", O_WRONLY)) >= 0);
	SHOW(read(fd, bytes, 1));
	x(close(out));
	SHOW(read(fd, bytes, 1));
	x(close(fd));
	x(unlink(path));
	SHOW(open(path, O_RDONLY));
	SHOW((fd = creat(path, 0600)) >= 0);
	SHOW(write(fd, "plain", 5));
	x(close(fd));
	x(unlink(path));
	SHOW(open(nowhere, O_RDONLY));
	x(close(here));
}

static void at_a_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX }, from;
	struct timeval short_time = { .tv_usec = 20000 };
	struct iovec v = { bytes, 3 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	socklen_t size = sizeof(from);
	int s[2], listener, client, server;

	x(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	SHOW(send(s[0], "hello", 5, 0));
	SHOW(recv(s[1], bytes, 2, MSG_PEEK));
	SHOW(recv(s[1], bytes, 5, MSG_WAITALL));
	SHOW(recv(s[1], bytes, 5, MSG_DONTWAIT));
	SHOW(sendto(s[0], "hello", 5, 0, NULL, 0));
	SHOW(recvfrom(s[1], bytes, 2, 0, NULL, NULL));
	SHOW(__recv_chk(s[1], bytes, 1, sizeof(bytes), 0));
	SHOW(__recvfrom_chk(s[1], bytes, 9, sizeof(bytes), 0, NULL, NULL));
	SHOW(sendmsg(s[0], &m, 0));
	SHOW(recvmsg(s[1], &m, 0));
	SHOW(sendmsg(s[0], (struct msghdr *)nowhere, 0));
	SHOW(send(s[0], nowhere, 3, 0));
	x(setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof(short_time)));
	SHOW(recv(s[1], bytes, 1, 0));
	SHOW(read(s[1], bytes, 1));
	SHOW(recvmsg(s[1], &m, 0));
	alarm_soon(0);
	SHOW(read(s[0], bytes, 1));
	SHOW(shutdown(s[0], SHUT_WR));
	SHOW(recv(s[1], bytes, 1, 0));
	SHOW(send(s[0], bytes, 1, MSG_NOSIGNAL));
	x(close(s[0]));
	SHOW(send(s[1], bytes, 1, 0));
	SHOW(write(s[1], bytes, 1));
	x(close(s[1]));
	x(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	SHOW(send(s[0], "one", 3, 0));
	SHOW(write(s[0], "", 0));
	SHOW(write(s[0], "three", 5));
	SHOW(recv(s[1], bytes, 2, 0));
	SHOW(read(s[1], bytes, 9));
	SHOW(read(s[1], bytes, 9));
	x(close(s[0]));
	x(close(s[1]));
	listener = (int)xs(socket(AF_UNIX, SOCK_STREAM, 0));
	client = (int)xs(socket(AF_UNIX, SOCK_STREAM, 0));
	snprintf(address.sun_path + 1, 64, "waitscope-same-%d", (int)getpid());
	SHOW(connect(client, (struct sockaddr *)&address, sizeof(address)));
	SHOW(accept(listener, NULL, NULL));
	x(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	x(listen(listener, 2));
	SHOW(recv(client, bytes, 1, 0));
	alarm_soon(0);
	SHOW(accept(listener, NULL, NULL));
	SHOW(connect(client, (struct sockaddr *)&address, sizeof(address)));
	SHOW((server = accept(listener, (struct sockaddr *)&from, &size)) >= 0);
	SHOW(size);
	SHOW(connect(client, (struct sockaddr *)&address, sizeof(address)));
	SHOW(send(client, "x", 1, 0));
	SHOW(recv(server, bytes, 9, 0));
	x(close(server));
	SHOW(read(client, bytes, 1));
	x(close(client));
	client = (int)xs(socket(AF_UNIX, SOCK_STREAM, 0));
	x(connect(client, (struct sockaddr *)&address, sizeof(address)));
	SHOW((server = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0);
	SHOW(accept4(listener, NULL, NULL, -1));
	x(close(server));
	x(close(client));
	x(close(listener));
}

static void at_events(void)
{
	uint64_t value = 7;
	sigset_t mask;
	int fd;

	SHOW(eventfd(0, -1));
	SHOW((fd = eventfd(3, 0)) >= 0);
	SHOW(read(fd, bytes, 4));
	SHOW(read(fd, &value, 8));
	printf("%d\n", (int)value);
	SHOW(eventfd_write(fd, 2));
	SHOW(eventfd_read(fd, &value));
	alarm_soon(0);
	SHOW(eventfd_read(fd, &value));
	SHOW(eventfd_write(fd, UINT64_MAX));
	SHOW(eventfd_write(fd, UINT64_MAX - 1));
	alarm_soon(0);
	SHOW(eventfd_write(fd, 1));
	SHOW(write(fd, nowhere, 8));
	x(close(fd));
	SHOW((fd = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0);
	alarm_soon(0);
	SHOW(read(fd, &value, 8));
	x(timerfd_settime(fd, 0, &(struct itimerspec){ .it_value.tv_nsec = 20000000 }, NULL));
	SHOW(read(fd, &value, 8));
	x(close(fd));
	SHOW(timerfd_create(99, 0));
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	x(sigprocmask(SIG_BLOCK, &mask, NULL));
	SHOW((fd = signalfd(-1, &mask, 0)) >= 0);
	SHOW(signalfd(fd, &mask, 0) == fd);
	x(raise(SIGUSR2));
	SHOW(read(fd, bytes, sizeof(struct signalfd_siginfo)));
	SHOW(read(fd, bytes, 1));
	alarm_soon(0);
	SHOW(read(fd, bytes, sizeof(struct signalfd_siginfo)));
	x(close(fd));
}

static void in_streams(void)
{
	char *line = NULL;
	size_t size = 0;
	int p[2];
	FILE *f;
	DIR *d;

	x(pipe(p));
	f = fdopen(p[0], "r");
	xs(write(p[1], "first\nsecond\nthird;fourth\nabcdefgh", 34));
	SHOW(fgets(bytes, 10, f) == bytes);
	SHOW(getline(&line, &size, f));
	SHOW(getdelim(&line, &size, ';', f));
	SHOW(__getdelim(&line, &size, '\n', f));
	SHOW(fgetc(f));
	SHOW(getc(f));
	SHOW(fread(bytes, 1, 2, f));
	SHOW(fread_unlocked(bytes, 1, 2, f));
	SHOW(fgets_unlocked(bytes, 3, f) == bytes);
	xs(write(p[1], "xy", 2));
	SHOW(__uflow(f));
	alarm_soon(SA_RESTART);
	xs(write(p[1], "z", 1));
	SHOW(fread(bytes, 1, 2, f));
	alarm_soon(0);
	SHOW(fgetc(f));
	SHOW(ferror(f) != 0);
	clearerr(f);
	x(close(p[1]));
	SHOW(fgetc(f));
	SHOW(feof(f) != 0);
	SHOW(fclose(f));
	SHOW(read(p[0], bytes, 1));
	free(line);
	f = popen("echo out; exit 3", "r");
	SHOW(fgets(bytes, 10, f) == bytes);
	SHOW(fgets(bytes, 10, f) == bytes);
	SHOW(pclose(f));
	f = fopen("/dev/null", "r");
	SHOW((f = freopen("/etc/passwd", "r", f)) != NULL);
	SHOW((f = freopen64("/dev/null", "r", f)) != NULL);
	SHOW(fgetc(f));
	SHOW(fclose(f));
	x(pipe(p));
	f = fdopen(p[1], "w");
	xs(fputs("abc", f));
	SHOW(fflush(f));
	SHOW(fflush(f));
	xs(fputs("def", f));
	SHOW(fflush_unlocked(f));
	SHOW(read(p[0], bytes, 9));
	x(close(p[0]));
	xs(fputs("ghi", f));
	SHOW(fflush(f));
	SHOW(fclose(f));
	d = opendir("/");
	SHOW(closedir(d));
}

/* Its numbers are a copy: what it closes is open in the parent. */
static void from_a_vfork_child(void)
{
	int p[2], status;
	pid_t child;

	x(pipe(p));
	xs(write(p[1], "ab", 2));
	child = vfork();
	if (child == 0) {
		close(p[1]);
		_exit((int)read(p[0], bytes, 1));
	}
	x_is(child, waitpid(child, &status, 0));
	SHOW(WEXITSTATUS(status));
	SHOW(read(p[0], bytes, 9));
	SHOW(write(p[1], "c", 1));
	x(close(p[0]));
	x(close(p[1]));
}

int main(void)
{
	char folder[] = "/tmp/waitscope-same-XXXXXX";

	x(signal(SIGPIPE, on_signal) == SIG_ERR);
	if (!mkdtemp(folder))
		truth_die("mkdtemp");
	at_bad_numbers();
	at_a_pipe();
	moving();
	at_a_fifo(folder);
	at_a_socket();
	at_events();
	in_streams();
	from_a_vfork_child();
	printf("%d signals\n", signals);
	x(rmdir(folder));
	return 0;
}
