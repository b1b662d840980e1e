/* SPDX-License-Identifier: MIT */
/* same_sockets: sockets that are paired, bound, connected, and several messages by one call: with
 * something there, late, in part, with a time limit, interrupted and in failure; and the calls of
 * other families that no other program of these makes.
 *
 * Truth: what it prints without recording.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

int bsd_sigpause(int mask) __asm__("sigpause");
int both_sigpause(int mask, int is_signal) __asm__("__sigpause");
int xpg_sigpause(int s) __asm__("__xpg_sigpause");
int ftruncate_64(int fd, off_t n) __asm__("ftruncate64");

enum { MESSAGES = 4 };

static void result(const char *what, long r)
{
	int error = errno;

	printf("%s: %ld %s\n", what, r, r == -1 ? strerrorname_np(error) : "");
	fflush(stdout);
	errno = 0;
}

static void nothing(int signal)
{
	(void)signal;
}

/* Receives and sends MESSAGES at once. */
static char texts[MESSAGES][8];
static struct iovec iovs[MESSAGES];
static struct mmsghdr many[MESSAGES];

static struct mmsghdr *fresh(void)
{
	for (int i = 0; i < MESSAGES; i++) {
		memset(texts[i], 'a' + i, sizeof(texts[i]));
		iovs[i] = (struct iovec){ texts[i], (size_t)i + 1 };
		many[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iovs[i], .msg_iovlen = 1 } };
	}
	return many;
}

static void received(const char *what, int r)
{
	result(what, r);
	for (int i = 0; i < MESSAGES; i++)
		printf("  %u %.8s flags %x\n", many[i].msg_len, texts[i],
		       many[i].msg_hdr.msg_flags);
}

/* A child that sends `first` messages, and `rest` later. */
static pid_t sender(int fd, int first, int rest)
{
	pid_t pid = (pid_t)xs(fork());

	if (pid)
		return pid;
	for (int i = 0; i < first + rest; i++) {
		if (i == first)
			usleep(20000);
		x_is(3, send(fd, "msg", 3, 0));
	}
	_exit(0);
}

static void ended(pid_t pid)
{
	int status;

	x_is(pid, waitpid(pid, &status, 0));
	printf("child: %d\n", status);
}

static void messages(int type)
{
	struct timespec limit = { 10, 0 }, bad = { 0, 2000000000 };
	int v[2];
	pid_t pid;

	printf("type %d\n", type);
	result("socketpair", socketpair(AF_UNIX, type, 0, v));
	printf("%d %d\n", v[0], v[1]);
	received("sendmmsg", sendmmsg(v[0], fresh(), MESSAGES, 0));
	received("recvmmsg", recvmmsg(v[1], fresh(), type == SOCK_STREAM ? 1 : MESSAGES, 0, NULL));
	if (type != SOCK_STREAM) {
		pid = sender(v[0], MESSAGES, 0);
		ended(pid);
		received("recvmmsg of all", recvmmsg(v[1], fresh(), MESSAGES, 0, NULL));
		pid = sender(v[0], 0, MESSAGES);
		received("recvmmsg, late", recvmmsg(v[1], fresh(), MESSAGES, 0, NULL));
		ended(pid);
		pid = sender(v[0], 2, 2);
		received("recvmmsg, in part", recvmmsg(v[1], fresh(), MESSAGES, 0, NULL));
		ended(pid);
		pid = sender(v[0], 2, 0);
		ended(pid);
		received("MSG_WAITFORONE", recvmmsg(v[1], fresh(), MESSAGES, MSG_WAITFORONE, NULL));
		pid = sender(v[0], 2, 0);
		ended(pid);
		received("MSG_DONTWAIT", recvmmsg(v[1], fresh(), MESSAGES, MSG_DONTWAIT, NULL));
		pid = sender(v[0], 1, 1);
		received("with a limit", recvmmsg(v[1], fresh(), 2, 0, &limit));
		printf("  left: %d\n", limit.tv_sec > 0 && limit.tv_sec < 10);
		ended(pid);
		received("MSG_PEEK", (x_is(1, send(v[0], "p", 1, 0)),
				      recvmmsg(v[1], fresh(), 1, MSG_PEEK, NULL)));
		received("after it", recvmmsg(v[1], fresh(), 1, 0, NULL));
	}
	received("nothing there", recvmmsg(v[1], fresh(), MESSAGES, MSG_DONTWAIT, NULL));
	received("a bad limit", recvmmsg(v[1], fresh(), MESSAGES, 0, &bad));
	received("no messages", recvmmsg(v[1], fresh(), 0, MSG_DONTWAIT, NULL));
	received("none to send", sendmmsg(v[1], fresh(), 0, 0));
	xs(ualarm(10000, 10000));
	int r = recvmmsg(v[1], fresh(), MESSAGES, 0, NULL);
	int error = errno;
	xs(ualarm(0, 0));
	errno = error;
	received("interrupted", r);

	/* Full: what there was room for is sent. */
	r = 0;
	while (send(v[0], texts, sizeof(texts), MSG_DONTWAIT) > 0)
		r++;
	printf("filled: %d\n", r > 0);
	received("full, MSG_DONTWAIT", sendmmsg(v[0], fresh(), MESSAGES, MSG_DONTWAIT));
	xs(ualarm(10000, 10000));
	r = sendmmsg(v[0], fresh(), MESSAGES, 0);
	error = errno;
	xs(ualarm(0, 0));
	errno = error;
	received("full, interrupted", r);
	pid = (pid_t)xs(fork());
	if (pid == 0) {
		static char sink[65536];
		long n = 0;

		xs(close(v[0]));
		usleep(20000);
		while (recv(v[1], sink, sizeof(sink), 0) > 0)
			n++;
		_exit(n > 0 ? 0 : 1);
	}
	xs(close(v[1]));
	received("full, with a reader", sendmmsg(v[0], fresh(), MESSAGES, 0));
	xs(close(v[0]));
	if (type != SOCK_DGRAM)
		ended(pid);
	else
		x(kill(pid, SIGKILL));
	if (type == SOCK_DGRAM)
		ended(pid);
	received("to no file", sendmmsg(v[0], fresh(), MESSAGES, 0));
	received("from no file", recvmmsg(v[0], fresh(), MESSAGES, 0, NULL));
}

static void to_addresses(int domain)
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)domain };
	socklen_t size = domain == AF_UNIX ? sizeof(sa_family_t) : sizeof(struct sockaddr_in);
	int a = (int)xs(socket(domain, SOCK_DGRAM, 0)), b = (int)xs(socket(domain, SOCK_DGRAM, 0));
	struct msghdr m = { .msg_name = &address, .msg_iov = iovs, .msg_iovlen = 1 };
	struct sockaddr *to = (struct sockaddr *)&address;
	char text[16] = "";

	if (domain == AF_INET)
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	result("sendto nobody", sendto(b, "x", 1, 0, to, size));
	result("bind", bind(a, to, size));
	size = sizeof(address);
	xs(getsockname(a, to, &size));
	result("bind again", bind(a, to, size) == -1 ? -1 : 0);
	result("sendto", sendto(b, "word", 4, 0, to, size));
	result("recv", recv(a, text, sizeof(text), 0));
	fresh();
	m.msg_namelen = size;
	result("sendmsg", sendmsg(b, &m, 0));
	result("recv", recv(a, text, sizeof(text), 0));
	fresh();
	many[0].msg_hdr.msg_name = to;
	many[0].msg_hdr.msg_namelen = size;
	result("sendmmsg", sendmmsg(b, many, 1, 0));

	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		usleep(20000);
		x_is(4, sendto(b, "late", 4, 0, to, size));
		_exit(0);
	}
	result("recv", recv(a, text, sizeof(text), 0));
	result("recv, late", recv(a, text, sizeof(text), 0));
	ended(pid);
	printf("%s\n", text);
	result("connect", connect(b, to, size));
	result("send", send(b, "sent", 4, 0));
	result("recv", recv(a, text, sizeof(text), 0));
	result("sendto a bad address", sendto(b, "x", 1, 0, (void *)8, sizeof(sa_family_t)));
	result("sendto an address too long", sendto(b, "x", 1, 0, to, 4000));
	xs(close(a));
	xs(close(b));
	result("bind of no file", bind(b, to, size));
}

/* An address that the compiler does not know to be bad. */
static int *volatile nowhere = (int *)8;

static void connections(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sockaddr *to = (struct sockaddr *)&address;
	socklen_t size = sizeof(sa_family_t);
	int server = (int)xs(socket(AF_UNIX, SOCK_STREAM, 0));
	int clients[4];

	for (int i = 0; i < 4; i++)
		clients[i] = (int)xs(socket(AF_UNIX, SOCK_STREAM, 0));
	xs(bind(server, to, size));
	size = sizeof(address);
	xs(getsockname(server, to, &size));
	result("connect to one that does not listen", connect(clients[0], to, size));
	xs(listen(server, 0));
	result("connect", connect(clients[0], to, size));
	xs(fcntl(clients[1], F_SETFL, O_NONBLOCK));
	result("connect, full", connect(clients[1], to, size));
	xs(ualarm(10000, 10000));
	int r = connect(clients[2], to, size);
	int error = errno;
	xs(ualarm(0, 0));
	errno = error;
	result("connect, full, interrupted", r);

	struct timeval limit = { 0, 20000 };

	xs(setsockopt(clients[2], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)));
	result("connect, full, with a limit", connect(clients[2], to, size));

	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		usleep(20000);
		xs(accept(server, NULL, NULL));
		usleep(20000);
		xs(accept(server, NULL, NULL));
		_exit(0);
	}
	result("connect, late", connect(clients[3], to, size));
	ended(pid);
	result("connect to a bad address", connect(clients[2], (void *)8, size));
	result("connect to one too short", connect(clients[2], to, 1));
	result("connect to one too long", connect(clients[2], to, 4000));
	result("connect of no file", connect(-1, to, size));
	result("socketpair of no domain", socketpair(AF_INET, SOCK_STREAM, 0, clients));
	result("socketpair of a bad address", socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere));
	result("accept of one that is not a listener", accept(clients[3], NULL, NULL));
}

static void sigpauses(void)
{
	pid_t parent = getpid();
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	for (int i = 0; i < 4; i++) {
		pid_t pid = (pid_t)xs(fork());

		if (pid == 0) {
			truth_until_in_call(parent, SYS_rt_sigsuspend);
			x(kill(parent, SIGUSR1));
			_exit(0);
		}
		xs(sigprocmask(i % 2 ? SIG_BLOCK : SIG_UNBLOCK, &usr1, NULL));
		result("sigpause", i == 0   ? bsd_sigpause(0)
				   : i == 1 ? xpg_sigpause(SIGUSR1)
				   : i == 2 ? both_sigpause(0, 0)
					    : both_sigpause(SIGUSR1, 1));
		ended(pid);
	}
	xs(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
	result("sigpause of no signal", xpg_sigpause(1000));
	result("killpg of nobody", killpg(0x3fffffff, SIGUSR1));
	result("killpg of a bad group", killpg(-1, SIGUSR1));
	result("killpg of nothing", killpg(getpgrp(), 0));
	result("kill of a group of nobody", kill(-0x3fffffff, SIGUSR1));
	result("kill of a bad signal", kill(0, 1000));

	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		xs(setpgid(0, 0));
		result("killpg", killpg(0, SIGUSR1));
		result("kill of the group", kill(0, SIGUSR1));
		_exit(0);
	}
	ended(pid);
}

/* Out of a handler that runs in a wait, by all names of longjmp(). */
void plain_longjmp(jmp_buf to, int value) __asm__("longjmp") __attribute__((noreturn));
void low_longjmp(jmp_buf to, int value) __asm__("_longjmp") __attribute__((noreturn));
void checked_longjmp(jmp_buf to, int value) __asm__("__longjmp_chk") __attribute__((noreturn));

static jmp_buf back;
static volatile int way;

static void jump(int signal)
{
	(void)signal;
	if (way == 0)
		plain_longjmp(back, 1);
	if (way == 1)
		low_longjmp(back, 0);
	checked_longjmp(back, 7);
}

static void jumps(void)
{
	const struct sigaction action = { .sa_handler = jump, .sa_flags = SA_NODEFER };
	int v[2];
	char byte;

	xs(socketpair(AF_UNIX, SOCK_STREAM, 0, v));
	xs(sigaction(SIGALRM, &action, NULL));
	for (way = 0; way < 3; way++) {
		int r = _setjmp(back);

		if (r == 0) {
			xs(ualarm(20000, 0));
			result("read", read(v[1], &byte, 1));
		}
		result("jumped", r);
	}
	result("write", write(v[0], "x", 1));
	result("read", read(v[1], &byte, 1));
	xs(close(v[0]));
	xs(close(v[1]));
}

static cnd_t cond;
static mtx_t mutex;
static int turn;

static int waiter(void *unused)
{
	(void)unused;
	mtx_lock(&mutex);
	while (!turn)
		result("cnd_wait", cnd_wait(&cond, &mutex));
	mtx_unlock(&mutex);
	return 3;
}

static void others(void)
{
	int fd = (int)xs(memfd_create("same", 0)), r;
	thrd_t thread;

	result("ftruncate64", ftruncate_64(fd, 5000));
	result("its size", lseek(fd, 0, SEEK_END));
	result("ftruncate64 of a bad size", ftruncate_64(fd, -1));
	xs(close(fd));
	result("ftruncate64 of no file", ftruncate_64(fd, 1));
	x(cnd_init(&cond));
	x(mtx_init(&mutex, mtx_plain));
	x(thrd_create(&thread, waiter, NULL));
	usleep(20000);
	mtx_lock(&mutex);
	turn = 1;
	result("cnd_signal", cnd_signal(&cond));
	mtx_unlock(&mutex);
	x(thrd_join(thread, &r));
	result("thrd_join", r);
}

int main(void)
{
	const struct sigaction action = { .sa_handler = nothing };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	setvbuf(stdout, NULL, _IOLBF, 0);
	xs(sigaction(SIGALRM, &action, NULL));
	xs(sigaction(SIGUSR1, &action, NULL));
	xs(sigaction(SIGPIPE, &ignore, NULL));
	messages(SOCK_DGRAM);
	messages(SOCK_SEQPACKET);
	messages(SOCK_STREAM);
	to_addresses(AF_UNIX);
	to_addresses(AF_INET);
	connections();
	sigpauses();
	others();
	jumps();
	return 5;
}
