/* SPDX-License-Identifier: MIT */
/* socket_backlog: clients that connect to a listener whose backlog is full.
 *
 * Truth: one client waits in connect() for the listener, and goes on as the server accepts another.
 * A second one is interrupted in it. usage: socket_backlog
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_NS = 20000000 };

static char name[192];
static struct truth_object listener = { "socket", name, NULL, 0 };
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static int new_client(void)
{
	return (int)xs(socket(AF_UNIX, SOCK_STREAM, 0));
}

#define CONNECT(fd) connect((fd), (struct sockaddr *)&address, sizeof(address))

static void nothing(int signal)
{
	(void)signal;
}

int main(void)
{
	const struct sigaction action = { .sa_handler = nothing };
	int server = (int)xs(socket(AF_UNIX, SOCK_STREAM, 0));
	pid_t client, interrupted;

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/waitscope-backlog-%d", getpid());
	snprintf(name, sizeof(name), "unix %s (listening)", address.sun_path);
	xs(sigaction(SIGUSR1, &action, NULL));
	x(bind(server, (struct sockaddr *)&address, sizeof(address)));
	x(listen(server, 0));
	x(CONNECT(new_client())); /* the backlog has room for one */

	client = (pid_t)xs(fork());
	if (client == 0) {
		x(close(server));
		TRUTH_WAIT(&listener, "acquired", x(CONNECT(new_client())));
		truth_print();
		_exit(0);
	}
	truth_until_in_call(client, SYS_connect);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&listener, 1, xs(accept(server, NULL, NULL)));
	truth_reap(client);

	interrupted = (pid_t)xs(fork());
	if (interrupted == 0) {
		x(close(server));
		TRUTH_WAIT(&listener, "interrupted", x_is(-1, CONNECT(new_client())));
		x_is(EINTR, errno);
		truth_case("unix", "interrupted");
		truth_print();
		_exit(0);
	}
	truth_until_in_call(interrupted, SYS_connect);
	truth_sleep_ns(WAIT_NS);
	x(kill(interrupted, SIGUSR1));
	truth_reap(interrupted);
	x(unlink(address.sun_path));
	truth_print();
	return 0;
}
