/* SPDX-License-Identifier: MIT */
/* epoll_server [edge]: a server waits for its two clients by epoll_wait(), as in the textbooks, and
 * answers each; the clients are processes of their own. With `edge`, by EPOLLET and no more than
 * one request read each time it is told.
 *
 * Truth: each of the server's waits is ended by the request of one client; each client's wait for
 * the answer by the server.
 */
#include "tests/support/truth.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 2, ROUNDS = 3, WAIT_NS = 20000000 };

static const struct truth_object requests = { "poll", "*", NULL, 0 };
static const struct truth_object answers = { "socket", "*", NULL, 0 };

struct connection {
	int fd;
	char answer;
};

static pid_t server;

static void ask_first(int fd)
{
	TRUTH_RELEASE(&requests, 1, x_is(1, write(fd, "a", 1)));
}

static void ask_second(int fd)
{
	TRUTH_RELEASE(&requests, 1, x_is(1, send(fd, "b", 1, 0)));
}

static void await_answer(int fd)
{
	char c;

	TRUTH_WAIT(&answers, "acquired", x_is(1, read(fd, &c, 1)));
}

/* The clients take turns, by the server's answers. */
static void be_client(int number, int fd, int turn)
{
	char c;

	for (int round = 0; round < ROUNDS; round++) {
		x_is(1, read(turn, &c, 1));
		truth_until_in_call(server, SYS_epoll_wait);
		truth_sleep_ns(WAIT_NS);
		if (number == 0)
			ask_first(fd);
		else
			ask_second(fd);
		await_answer(fd);
	}
	x_is(1, read(turn, &c, 1)); /* to hang up would be told as well */
	truth_print();
	_exit(0);
}

static int await_requests(int epfd, struct epoll_event *events)
{
	int n = 0;

	TRUTH_WAIT(&requests, "acquired", n = (int)xs(epoll_wait(epfd, events, CLIENTS, -1)));
	return n;
}

static void answer(const struct connection *c)
{
	char request;

	x_is(1, read(c->fd, &request, 1));
	truth_sleep_ns(WAIT_NS); /* the client blocks meanwhile */
	TRUTH_RELEASE(&answers, 1, x_is(1, write(c->fd, &c->answer, 1)));
}

int main(int argc, char **argv)
{
	struct connection connections[CLIENTS];
	bool edge = argc == 2 && !strcmp(argv[1], "edge");
	int epfd = (int)xs(epoll_create1(EPOLL_CLOEXEC)), turns[CLIENTS][2], pair[2], status;
	struct epoll_event events[CLIENTS];
	pid_t clients[CLIENTS];

	server = getpid();
	for (int i = 0; i < CLIENTS; i++) {
		struct epoll_event event = { .events = EPOLLIN | (edge ? EPOLLET : 0),
					     .data.ptr = &connections[i] };

		x(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		x(pipe(turns[i]));
		clients[i] = (pid_t)xs(fork());
		if (clients[i] == 0)
			be_client(i, pair[1], turns[i][0]);
		connections[i] = (struct connection){ pair[0], (char)('0' + i) };
		x(epoll_ctl(epfd, EPOLL_CTL_ADD, pair[0], &event));
		x(close(pair[1]));
	}
	for (int i = 0; i < CLIENTS * ROUNDS; i++) {
		x_is(1, write(turns[i % CLIENTS][1], "", 1));
		x_is(1, await_requests(epfd, events));
		answer(events[0].data.ptr);
	}
	for (int i = 0; i < CLIENTS; i++) {
		x_is(1, write(turns[i][1], "", 1));
		x_is(clients[i], waitpid(clients[i], &status, 0));
		x_is(0, status);
	}
	truth_print();
	return 0;
}
