/* SPDX-License-Identifier: MIT */
/* sysv_msg_server: a server takes requests from a System V queue and answers each to the type that
 * is its client's pid, as in the textbooks; then every way in which a wait on a queue can end.
 *
 * Truth: the server's waits for requests are ended by the client, the client's for answers by the
 * server, by type on one and the same queue; a full queue is waited on by the sender and ended by
 * the receiver; EINTR interrupts, IPC_RMID removes, and IPC_NOWAIT is no wait at all.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 3, REQUEST = 1, STOP = 2, WAIT_NS = 20000000 };

struct message {
	long type;
	pid_t from;
	char text[1020];
};

static char server_name[128], full_name[32], removed_names[2][32];
static struct truth_object server_object = { "sysv_msg", server_name, NULL, 0 };
static struct truth_object full_object = { "sysv_msg", full_name, NULL, 0 };
static struct truth_object removed_objects[2] = { { "sysv_msg", removed_names[0], NULL, 0 },
						  { "sysv_msg", removed_names[1], NULL, 0 } };
static const struct truth_object *removed_object;

static void serve(int queue)
{
	struct message m;

	for (int round = 0; round < ROUNDS; round++) {
		TRUTH_WAIT(&server_object, "acquired",
			   xs(msgrcv(queue, &m, sizeof(m) - sizeof(long), REQUEST, 0)));
		truth_case("sysv_msg", "turns");
		truth_until_in_call(m.from, SYS_msgrcv);
		truth_sleep_ns(WAIT_NS);
		m.type = m.from;
		TRUTH_RELEASE(&server_object, 1, x(msgsnd(queue, &m, sizeof(m) - sizeof(long), 0)));
	}
	truth_print();
	_exit(0);
}

static void ask(int queue, pid_t server)
{
	struct message m = { .type = REQUEST, .from = getpid() };

	truth_until_in_call(server, SYS_msgrcv);
	truth_sleep_ns(WAIT_NS);
	/* Nobody waits for this type: it ends nobody's wait. */
	m.type = STOP;
	x(msgsnd(queue, &m, sizeof(pid_t), 0));
	m.type = REQUEST;
	TRUTH_RELEASE(&server_object, 1, x(msgsnd(queue, &m, sizeof(pid_t), 0)));
	TRUTH_WAIT(&server_object, "acquired",
		   xs(msgrcv(queue, &m, sizeof(m) - sizeof(long), getpid(), 0)));
	xs(msgrcv(queue, &m, sizeof(m) - sizeof(long), STOP, IPC_NOWAIT));
}

/* Fills the queue until it would block. */
static void fill(int queue)
{
	struct message m = { .type = 1 };

	while (msgsnd(queue, &m, sizeof(m) - sizeof(long), IPC_NOWAIT) == 0)
		;
	if (errno != EAGAIN)
		truth_die("a full queue: %s", strerror(errno));
}

/* The child sends into a full queue; the parent makes room. */
static void full(void)
{
	int queue = (int)xs(msgget(IPC_PRIVATE, 0600)), status;
	struct message m = { .type = 1 };
	pid_t child;

	snprintf(full_name, sizeof(full_name), "%d", queue);
	fill(queue);
	child = (pid_t)xs(fork());
	if (child == 0) {
		TRUTH_WAIT(&full_object, "acquired",
			   x(msgsnd(queue, &m, sizeof(m) - sizeof(long), 0)));
		truth_print();
		_exit(0);
	}
	truth_until_in_call(child, SYS_msgsnd);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&full_object, 1, xs(msgrcv(queue, &m, sizeof(m) - sizeof(long), 0, 0)));
	x_is(child, waitpid(child, &status, 0));
	x_is(0, status);
	x(msgctl(queue, IPC_RMID, NULL));
}

static void on_signal(int number)
{
	(void)number;
}

static void wait_in_vain(int queue, int error, const char *outcome)
{
	struct message m;

	TRUTH_WAIT(removed_object, outcome,
		   x_is(-1, msgrcv(queue, &m, sizeof(m) - sizeof(long), 0, 0)));
	x_is(error, errno);
	truth_case("sysv_msg", outcome);
}

/* A sender into a full queue: the same. */
static void send_in_vain(int queue, int error, const char *outcome)
{
	struct message m = { .type = 1 };

	TRUTH_WAIT(removed_object, outcome,
		   x_is(-1, msgsnd(queue, &m, sizeof(m) - sizeof(long), 0)));
	x_is(error, errno);
	truth_case("sysv_msg", outcome);
}

/* A receiver is interrupted by a signal, then its queue is removed; or, if the queue is full, a
 * sender. */
static void removed(bool sends)
{
	int queue = (int)xs(msgget(IPC_PRIVATE, 0600)), status;
	struct sigaction action = { .sa_handler = on_signal };
	void (*in_vain)(int, int, const char *) = sends ? send_in_vain : wait_in_vain;
	struct message m = { .type = 1 };
	pid_t child;

	snprintf(removed_names[sends], sizeof(removed_names[sends]), "%d", queue);
	removed_object = &removed_objects[sends];
	if (sends)
		fill(queue);
	if (sends)
		TRUTH_TRY(removed_object,
			  x_is(-1, msgsnd(queue, &m, sizeof(m) - sizeof(long), IPC_NOWAIT)));
	else
		TRUTH_TRY(removed_object,
			  x_is(-1, msgrcv(queue, &m, sizeof(m) - sizeof(long), 0, IPC_NOWAIT)));
	x_is(sends ? EAGAIN : ENOMSG, errno);
	truth_case("sysv_msg", "would_block");
	child = (pid_t)xs(fork());
	if (child == 0) {
		x(sigaction(SIGUSR1, &action, NULL));
		in_vain(queue, EINTR, "interrupted");
		in_vain(queue, EIDRM, "removed");
		truth_print();
		_exit(0);
	}
	truth_until_in_call(child, sends ? SYS_msgsnd : SYS_msgrcv);
	truth_sleep_ns(WAIT_NS);
	x(kill(child, SIGUSR1));
	/* Blocked again, not still: it has the signal's handler behind it. */
	truth_sleep_ns(WAIT_NS);
	truth_until_in_call(child, sends ? SYS_msgsnd : SYS_msgrcv);
	TRUTH_RELEASE(removed_object, 1, x(msgctl(queue, IPC_RMID, NULL)));
	x_is(child, waitpid(child, &status, 0));
	x_is(0, status);
}

int main(int argc, char **argv)
{
	key_t key = (key_t)xs(ftok(argv[0], 'w'));
	int queue = (int)xs(msgget(key, IPC_CREAT | 0600)), status;
	pid_t server;

	(void)argc;
	snprintf(server_name, sizeof(server_name), "%d (key 0x%08x, %s id %d)", queue,
		 (unsigned)key, argv[0], 'w');
	server = (pid_t)xs(fork());
	if (server == 0)
		serve(queue);
	for (int round = 0; round < ROUNDS; round++)
		ask(queue, server);
	x_is(server, waitpid(server, &status, 0));
	x_is(0, status);
	x(msgctl(queue, IPC_RMID, NULL));
	full();
	removed(false);
	removed(true);
	truth_print();
	return 0;
}
