/* SPDX-License-Identifier: MIT */
/* mq_server: a server takes requests from its POSIX message queue and answers each in the queue of
 * its client, as in the textbooks; then every way in which a wait on a queue can end.
 *
 * Truth: the server waits on its queue and is ended by the client, the client on its own and is
 * ended by the server; a full queue is waited on by the sender. A time limit and a signal end
 * others; a queue that was unlinked while open is the same object still; O_NONBLOCK is no wait at
 * all.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 3, SIZE = 64, SLOTS = 2, WAIT_NS = 20000000 };

static char request_name[64], answer_name[64], full_name[64];
static struct truth_object request_object = { "mq", request_name, NULL, 0 };
static struct truth_object answer_object = { "mq", answer_name, NULL, 0 };
static struct truth_object full_object = { "mq", full_name, NULL, 0 };

static mqd_t make(char name[static 64], const char *what)
{
	struct mq_attr attr = { .mq_maxmsg = SLOTS, .mq_msgsize = SIZE };

	snprintf(name, 64, "/waitscope-test-%d-%s", (int)getpid(), what);
	return (mqd_t)xs(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr));
}

static void until_blocked(pid_t pid, long call)
{
	truth_until_in_call(pid, call);
	truth_sleep_ns(WAIT_NS);
}

static void serve(pid_t client)
{
	mqd_t requests = (mqd_t)xs(mq_open(request_name, O_RDONLY));
	mqd_t answers = (mqd_t)xs(mq_open(answer_name, O_WRONLY));
	unsigned int priority;
	char text[SIZE];

	for (int round = 0; round < ROUNDS; round++) {
		TRUTH_WAIT(&request_object, "acquired",
			   x_is(5, mq_receive(requests, text, SIZE, &priority)));
		truth_case("mq", "turns");
		x_is(7, priority);
		until_blocked(client, SYS_mq_timedreceive);
		TRUTH_RELEASE(&answer_object, 1, x(mq_send(answers, text, 5, 0)));
	}
	truth_print();
	_exit(0);
}

static void ask(mqd_t requests, mqd_t answers, pid_t server)
{
	struct timespec limit = truth_after_ns(CLOCK_REALTIME, 20000000000);
	char text[SIZE];

	until_blocked(server, SYS_mq_timedreceive);
	TRUTH_RELEASE(&request_object, 1, x(mq_send(requests, "hello", 5, 7)));
	TRUTH_WAIT(&answer_object, "acquired",
		   x_is(5, mq_timedreceive(answers, text, SIZE, NULL, &limit)));
}

/* The child, which inherits the queue and never opens it, sends when it is full, already unlinked.
 */
static void full(void)
{
	mqd_t queue = make(full_name, "full"), same;
	char text[SIZE] = "";
	int status;
	pid_t child;

	same = (mqd_t)xs(mq_open(full_name, O_RDWR | O_NONBLOCK));
	for (int i = 0; i < SLOTS; i++)
		x(mq_send(queue, text, 1, 0));
	TRUTH_TRY(&full_object, x_is(-1, mq_send(same, text, 1, 0)));
	x_is(EAGAIN, errno);
	truth_case("mq", "would_block");
	x(mq_unlink(full_name));
	child = (pid_t)xs(fork());
	if (child == 0) {
		TRUTH_WAIT(&full_object, "acquired", x(mq_send(queue, text, 1, 0)));
		truth_case("mq", "unlinked");
		truth_print();
		_exit(0);
	}
	until_blocked(child, SYS_mq_timedsend);
	TRUTH_RELEASE(&full_object, 1, x_is(1, mq_receive(same, text, SIZE, NULL)));
	x_is(child, waitpid(child, &status, 0));
	x_is(0, status);
	x(mq_close(queue));
	x(mq_close(same));
}

static void on_signal(int number)
{
	(void)number;
}

/* A time limit that passes, a signal, and one that has passed before. */
static void in_vain(mqd_t queue)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct timespec limit = { 0, 0 };
	char text[SIZE];
	int status;
	pid_t child;

	TRUTH_TRY(&answer_object, x_is(-1, mq_timedreceive(queue, text, SIZE, NULL, &limit)));
	x_is(ETIMEDOUT, errno);
	limit = truth_after_ns(CLOCK_REALTIME, WAIT_NS);
	TRUTH_WAIT(&answer_object, "timeout",
		   x_is(-1, mq_timedreceive(queue, text, SIZE, NULL, &limit)));
	x_is(ETIMEDOUT, errno);
	truth_case("mq", "timeout");
	x(sigaction(SIGUSR1, &action, NULL));
	child = (pid_t)xs(fork());
	if (child == 0) {
		TRUTH_WAIT(&answer_object, "interrupted",
			   x_is(-1, mq_receive(queue, text, SIZE, NULL)));
		x_is(EINTR, errno);
		truth_case("mq", "interrupted");
		truth_print();
		_exit(0);
	}
	until_blocked(child, SYS_mq_timedreceive);
	x(kill(child, SIGUSR1));
	x_is(child, waitpid(child, &status, 0));
	x_is(0, status);
}

int main(void)
{
	mqd_t requests = make(request_name, "requests"), answers = make(answer_name, "answers");
	pid_t client = getpid(), server;
	int status;

	server = (pid_t)xs(fork());
	if (server == 0)
		serve(client);
	for (int round = 0; round < ROUNDS; round++)
		ask(requests, answers, server);
	x_is(server, waitpid(server, &status, 0));
	x_is(0, status);
	full();
	in_vain(answers);
	x(mq_unlink(request_name));
	x(mq_unlink(answer_name));
	truth_print();
	return 0;
}
