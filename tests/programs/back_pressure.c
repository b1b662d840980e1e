/* SPDX-License-Identifier: MIT */
/* back_pressure: a producer and a consumer, of which one makes the other wait.
 * usage: back_pressure pipe|fifo|pair|tcp|mq|sysv_msg full|empty
 *
 * Truth: MESSAGES of SIZE bytes go through. full: the consumer takes nothing before the producer
 * sleeps on what is full; empty: the producer sends each only when the consumer sleeps on what is
 * empty. Their pids are printed as values, and how long the one waited at least. Both call
 * themselves by what they are.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIZE = 4096, SLOTS = 8, MANY = 64, FEW = 3 };

struct message {
	long type;
	char bytes[SIZE];
};

static const char *kind;
static char path[64];
static int reading = -1, writing = -1, id = -1;
static mqd_t queue = -1;
static struct message message = { .type = 1 };
static pid_t producer;
static bool fills;
static int messages;

static bool is(const char *which)
{
	return !strcmp(kind, which);
}

/* The rest of what was taken in part the library waits for in other calls than the program does. */
static bool is_sending(void)
{
	long call = truth_sleeps_in(producer);

	return call == (id >= 0 ? SYS_msgsnd : queue >= 0 ? SYS_mq_timedsend : SYS_write) ||
	       (writing >= 0 && (call == SYS_sendto || call == SYS_poll));
}

static long receiving_call(void)
{
	return id >= 0 ? SYS_msgrcv : queue >= 0 ? SYS_mq_timedreceive : SYS_read;
}

static void send_one(void)
{
	if (id >= 0)
		x(msgsnd(id, &message, SIZE, 0));
	else if (queue >= 0)
		x(mq_send(queue, message.bytes, SIZE, 0));
	else
		x_is(SIZE, write(writing, message.bytes, SIZE));
}

static void receive_one(void)
{
	if (id >= 0)
		x_is(SIZE, msgrcv(id, &message, SIZE, 0, 0));
	else if (queue >= 0)
		x_is(SIZE, mq_receive(queue, message.bytes, SIZE, NULL));
	else
		for (long left = SIZE; left;)
			left -= xs(read(reading, message.bytes, (size_t)left));
}

static void connect_both(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(in);
	int listening = (int)xs(socket(AF_INET, SOCK_STREAM, 0)), small = SIZE;

	x(bind(listening, (struct sockaddr *)&in, size));
	x(setsockopt(listening, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	x(listen(listening, 1));
	x(getsockname(listening, (struct sockaddr *)&in, &size));
	writing = (int)xs(socket(AF_INET, SOCK_STREAM, 0));
	x(setsockopt(writing, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	x(connect(writing, (struct sockaddr *)&in, size));
	reading = (int)xs(accept(listening, NULL, NULL));
	x(close(listening));
}

static void make(void)
{
	struct mq_attr attr = { .mq_maxmsg = SLOTS, .mq_msgsize = SIZE };
	int ends[2];

	snprintf(path, sizeof(path), "/waitscope-pressure-%d", (int)getpid());
	if (is("pipe") || is("pair")) {
		x(is("pipe") ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
		reading = ends[0];
		writing = ends[1];
	} else if (is("fifo")) {
		snprintf(path, sizeof(path), "/tmp/waitscope-pressure-%d", (int)getpid());
		x(mkfifo(path, 0600));
		reading = (int)xs(open(path, O_RDONLY | O_NONBLOCK));
		writing = (int)xs(open(path, O_WRONLY));
		x(fcntl(reading, F_SETFL, 0));
		x(unlink(path));
	} else if (is("tcp")) {
		connect_both();
	} else if (is("mq")) {
		queue = (mqd_t)xs(mq_open(path, O_CREAT | O_EXCL | O_RDWR, 0600, &attr));
		x(mq_unlink(path));
	} else if (is("sysv_msg")) {
		id = (int)xs(msgget(IPC_PRIVATE, 0600));
	} else {
		truth_die("usage: back_pressure pipe|fifo|pair|tcp|mq|sysv_msg full|empty");
	}
}

static void consume(void *unused)
{
	uint64_t seen;

	(void)unused;
	x(prctl(PR_SET_NAME, "consumer"));
	if (writing >= 0)
		x(close(writing));
	if (fills) {
		while (!is_sending())
			truth_sleep_ns(200000);
		seen = truth_now_ns();
		truth_sleep_ns(20000000);
		truth_value("least_ns", (int64_t)(truth_now_ns() - seen));
	}
	for (int i = 0; i < messages; i++)
		receive_one();
	truth_value("consumer", getpid());
}

static void produce(pid_t consumer)
{
	uint64_t seen, least = 0;

	for (int i = 0; i < messages; i++) {
		if (!fills) {
			truth_until_in_call(consumer, receiving_call());
			seen = truth_now_ns();
			truth_sleep_ns(20000000);
			least += truth_now_ns() - seen;
		}
		send_one();
	}
	if (!fills)
		truth_value("least_ns", (int64_t)least);
}

int main(int argc, char **argv)
{
	pid_t consumer;

	kind = argc > 1 ? argv[1] : "";
	fills = argc > 2 && !strcmp(argv[2], "full");
	messages = fills ? MANY : FEW;
	make();
	producer = getpid();
	consumer = truth_child(consume, NULL);
	x(prctl(PR_SET_NAME, "producer"));
	if (reading >= 0)
		x(close(reading));
	produce(consumer);
	truth_reap(consumer);
	if (id >= 0)
		x(msgctl(id, IPC_RMID, NULL));
	truth_value("producer", producer);
	truth_value("bytes", messages * SIZE);
	truth_print();
	return 0;
}
