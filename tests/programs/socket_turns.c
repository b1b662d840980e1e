/* SPDX-License-Identifier: MIT */
/* socket_turns: a server and a client at each sort of socket that has both ends on this machine.
 *
 * Truth, of one object for both ends of each: the server waits three times for a request and the
 * client as often for its answer; the server waits for a connection, which the client's connect()
 * brings, and at last for the end. usage: socket_turns pair|unix|tcp
 */
#include "tests/support/truth.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { ROUNDS = 3, WAIT_NS = 20000000 };

static char name[160] = "socket socket_turns";
static struct truth_object both = { "socket", name, NULL, 0 };
static char listener_name[192];
static struct truth_object listener = { "socket", listener_name, NULL, 0 };
static char bytes[64];

static void serve(int fd, pid_t client)
{
	for (int round = 0; round < ROUNDS; round++) {
		TRUTH_WAIT(&both, "acquired", x_is(4, read(fd, bytes, sizeof(bytes))));
		truth_case(name[0] == 't' ? "tcp" : "unix", "turns");
		truth_until_in_call(client, SYS_recvfrom);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&both, 1, x_is(5, send(fd, "roger", 5, 0)));
	}
	TRUTH_WAIT(&both, "acquired", x_is(0, read(fd, bytes, sizeof(bytes))));
	truth_print();
	_exit(0);
}

static void ask(int fd, pid_t server)
{
	for (int round = 0; round < ROUNDS; round++) {
		truth_until_in_call(server, SYS_read);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&both, 1, x_is(4, write(fd, "over", 4)));
		TRUTH_WAIT(&both, "acquired", x_is(5, recv(fd, bytes, sizeof(bytes), 0)));
	}
	truth_until_in_call(server, SYS_read);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&both, 1, x(close(fd)));
}

static pid_t pair(void)
{
	pid_t client = getpid(), server;
	int fds[2];

	x(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	server = (pid_t)xs(fork());
	if (server == 0) {
		x(close(fds[0]));
		serve(fds[1], client);
	}
	x(close(fds[1]));
	ask(fds[0], server);
	return server;
}

static pid_t connection(struct sockaddr *address, socklen_t size)
{
	int listening = (int)xs(socket(address->sa_family, SOCK_STREAM, 0)), fd = -1;
	pid_t client = getpid(), server;

	x(bind(listening, address, size));
	x(listen(listening, 1));
	x(getsockname(listening, address, &size));
	if (address->sa_family == AF_INET)
		snprintf(name, sizeof(name), "tcp 127.0.0.1:%d",
			 ntohs(((struct sockaddr_in *)address)->sin_port));
	snprintf(listener_name, sizeof(listener_name), "%s (listening)", name);
	server = (pid_t)xs(fork());
	if (server == 0) {
		TRUTH_WAIT(&listener, "acquired", fd = (int)xs(accept(listening, NULL, NULL)));
		x(close(listening));
		serve(fd, client);
	}
	truth_until_in_call(server, SYS_accept);
	truth_sleep_ns(WAIT_NS);
	fd = (int)xs(socket(address->sa_family, SOCK_STREAM, 0));
	TRUTH_RELEASE(&listener, 1, x(connect(fd, address, size)));
	ask(fd, server);
	x(close(listening));
	return server;
}

int main(int argc, char **argv)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *sort = argc > 1 ? argv[1] : "";
	pid_t server;

	if (!strcmp(sort, "pair")) {
		server = pair();
	} else if (!strcmp(sort, "unix")) {
		snprintf(un.sun_path, sizeof(un.sun_path), "/tmp/waitscope-socket-%d", getpid());
		snprintf(name, sizeof(name), "unix %s", un.sun_path);
		server = connection((struct sockaddr *)&un, sizeof(un));
		x(unlink(un.sun_path));
	} else if (!strcmp(sort, "tcp")) {
		server = connection((struct sockaddr *)&in, sizeof(in));
	} else {
		truth_die("usage: socket_turns pair|unix|tcp");
	}
	truth_reap(server);
	truth_print();
	return 0;
}
