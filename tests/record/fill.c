/* SPDX-License-Identifier: MIT */
/* fill: puts known amounts into a pipe and two message queues, after a first wait for each.
 * Truth: at most 1000 bytes lie in the pipe, 5 messages in the POSIX queue, 3 in the System V one;
 * in the end 750, 4 and 2. */
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/truth.h"

struct message {
	long type;
	char text[8];
};

static int ends[2], msgs;
static volatile int waiter; /* its tid */
static mqd_t mq;

/* Ends the program where a call did not do what it should. */
static void check(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

static void *wait_for_each(void *unused)
{
	struct message message;
	char text[16];

	(void)unused;
	waiter = truth_tid();
	check(read(ends[0], text, 1) == 1, "read");
	check(mq_receive(mq, text, sizeof(text), NULL) == 1, "mq_receive");
	check(msgrcv(msgs, &message, sizeof(message.text), 0, 0) == 8, "msgrcv");
	return NULL;
}

int main(void)
{
	struct mq_attr attr = { .mq_maxmsg = 8, .mq_msgsize = 16 };
	struct message message = { .type = 1 };
	char name[32], bytes[300] = { 0 };
	pthread_t thread;

	snprintf(name, sizeof(name), "/waitscope-fill-%d", getpid());
	check(pipe(ends) == 0, "pipe");
	mq = mq_open(name, O_CREAT | O_RDWR, 0600, &attr);
	check(mq >= 0, "mq_open");
	msgs = msgget(IPC_PRIVATE, 0600);
	check(msgs >= 0, "msgget");
	check(pthread_create(&thread, NULL, wait_for_each, NULL) == 0, "pthread_create");
	truth_until_at_least(&waiter, 1);
	truth_until_in_call(waiter, SYS_read);
	check(write(ends[1], bytes, 1) == 1, "write");
	truth_until_in_call(waiter, SYS_mq_timedreceive);
	check(mq_send(mq, bytes, 1, 0) == 0, "mq_send");
	truth_until_in_call(waiter, SYS_msgrcv);
	check(msgsnd(msgs, &message, sizeof(message.text), 0) == 0, "msgsnd");
	pthread_join(thread, NULL);

	for (int i = 0; i < 10; i++)
		check(write(ends[1], bytes, 100) == 100, "write");
	for (int i = 0; i < 5; i++)
		check(mq_send(mq, bytes, 1, 0) == 0, "mq_send");
	for (int i = 0; i < 3; i++)
		check(msgsnd(msgs, &message, sizeof(message.text), 0) == 0, "msgsnd");
	check(read(ends[0], bytes, 300) == 300, "read");
	check(mq_receive(mq, bytes, sizeof(bytes), NULL) == 1, "mq_receive");
	check(msgrcv(msgs, &message, sizeof(message.text), 0, 0) == 8, "msgrcv");
	check(write(ends[1], bytes, 50) == 50, "write");
	msgctl(msgs, IPC_RMID, NULL);
	mq_unlink(name);
	return 0;
}
