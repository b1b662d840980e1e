/* SPDX-License-Identifier: MIT */
/* datagram_turns: a server and a client that send datagrams to each other's addresses, and are
 * never connected.
 *
 * Truth, of two objects that are known by their addresses: the server waits three times for a
 * request, by recvfrom(), recvmsg() and recvmmsg(), and the client as often for the answer; of
 * Unix sockets, the client waits at last for room in the server's queue.
 * usage: datagram_turns unix|udp
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

/* One end: its socket and address, and what it is called. */
struct end {
	int fd;
	struct sockaddr_storage address;
	socklen_t size;
	char name[160];
	struct truth_object object;
};

static struct end server, client;
static char bytes[64];

static void make(struct end *e, bool is_unix, const char *which)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&e->address;
	struct sockaddr_un *un = (struct sockaddr_un *)&e->address;

	e->fd = (int)xs(socket(is_unix ? AF_UNIX : AF_INET, SOCK_DGRAM, 0));
	e->size = is_unix ? sizeof(*un) : sizeof(*in);
	if (is_unix) {
		un->sun_family = AF_UNIX;
		snprintf(un->sun_path, sizeof(un->sun_path), "/tmp/waitscope-%s-%d", which,
			 getpid());
		snprintf(e->name, sizeof(e->name), "unix %s", un->sun_path);
	} else {
		*in = (struct sockaddr_in){ .sin_family = AF_INET,
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	}
	x(bind(e->fd, (struct sockaddr *)&e->address, e->size));
	if (!is_unix) {
		x(getsockname(e->fd, (struct sockaddr *)&e->address, &e->size));
		snprintf(e->name, sizeof(e->name), "udp 127.0.0.1:%d", ntohs(in->sin_port));
	}
	e->object = (struct truth_object){ "socket", e->name, NULL, 0 };
}

/* Waits for one, by a call of each sort in turn. */
static void receive(const struct end *e, int round, long size)
{
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct mmsghdr mm = { .msg_hdr = m };

	if (round == 0) {
		TRUTH_WAIT(&e->object, "acquired",
			   x_is(size, recvfrom(e->fd, bytes, sizeof(bytes), 0, NULL, NULL)));
	} else if (round == 1) {
		TRUTH_WAIT(&e->object, "acquired", x_is(size, recvmsg(e->fd, &m, 0)));
	} else {
		TRUTH_WAIT(&e->object, "acquired", x_is(1, recvmmsg(e->fd, &mm, 1, 0, NULL)));
		x_is(size, mm.msg_len);
	}
}

/* Sends one, which ends the other's wait. */
static void send_to(int fd, const struct end *e, int round, const char *text)
{
	struct sockaddr *to = (struct sockaddr *)(uintptr_t)&e->address;
	size_t size = strlen(text);
	struct iovec iov = { (void *)(uintptr_t)text, size };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_name = to, .msg_namelen = e->size
	};

	if (round % 2)
		TRUTH_RELEASE(&e->object, 1, x_is((long)size, sendmsg(fd, &m, 0)));
	else
		TRUTH_RELEASE(&e->object, 1,
			      x_is((long)size, sendto(fd, text, size, 0, to, e->size)));
}

static long receiving_call(int round)
{
	static const long calls[] = { SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg };

	return calls[round];
}

static void serve(pid_t other, bool fills)
{
	for (int round = 0; round < ROUNDS; round++) {
		receive(&server, round, 4);
		truth_until_in_call(other, receiving_call(round));
		truth_sleep_ns(WAIT_NS);
		send_to(server.fd, &client, round, "roger");
	}
	if (fills) {
		truth_until_in_call(other, SYS_sendto);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&server.object, 1, x_is(4, recv(server.fd, bytes, sizeof(bytes), 0)));
		/* The rest is not read: whoever sent it is not waiting for that. */
	}
	truth_print();
	_exit(0);
}

int main(int argc, char **argv)
{
	bool is_unix = argc > 1 && !strcmp(argv[1], "unix");
	pid_t parent = getpid(), child;

	if (argc < 2 || (!is_unix && strcmp(argv[1], "udp")))
		truth_die("usage: datagram_turns unix|udp");
	make(&server, is_unix, "server");
	make(&client, is_unix, "client");
	child = (pid_t)xs(fork());
	if (child == 0)
		serve(parent, is_unix);
	for (int round = 0; round < ROUNDS; round++) {
		truth_until_in_call(child, receiving_call(round));
		truth_sleep_ns(WAIT_NS);
		send_to(client.fd, &server, round, "over");
		receive(&client, round, 5);
	}
	if (is_unix) {
		/* The server polls /proc meanwhile, and reads nothing. */
		while (sendto(client.fd, "fill", 4, MSG_DONTWAIT,
			      (struct sockaddr *)&server.address, server.size) == 4)
			;
		TRUTH_WAIT(&server.object, "acquired",
			   x_is(4, sendto(client.fd, "last", 4, 0,
					  (struct sockaddr *)&server.address, server.size)));
		x(unlink(((struct sockaddr_un *)&server.address)->sun_path));
		x(unlink(((struct sockaddr_un *)&client.address)->sun_path));
	}
	truth_reap(child);
	truth_print();
	return 0;
}
