/* SPDX-License-Identifier: MIT */
/* same_vfork_signals: vfork() in three threads and in a signal handler that comes all the time,
 * also between a call and what it does; each child calls vfork() itself.
 *
 * Truth: every child ends with the status that it was given, and each call returns to where it was
 * made.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 1000, THREADS = 2, EVERY_US = 400, INNER = 3, OF_HANDLER = 200 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int handled, wrong;

static void once(int status)
{
	pid_t pid = vfork();
	int got = -1;

	if (pid == 0) {
		pid = vfork();
		if (pid == 0)
			_exit(INNER);
		waitpid(pid, NULL, 0);
		_exit(status);
	}
	while (pid > 0 && waitpid(pid, &got, 0) < 0 && errno == EINTR)
		;
	wrong += !WIFEXITED(got) || WEXITSTATUS(got) != status;
}

static void on_alarm(int number)
{
	int saved = errno;

	(void)number;
	handled++;
	once(OF_HANDLER);
	errno = saved;
}

static void *rounds(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		once(i & 127);
		x(pthread_mutex_lock(&mutex));
		x(pthread_mutex_unlock(&mutex));
	}
	return unused;
}

int main(void)
{
	struct itimerval every = { { 0, EVERY_US }, { 0, EVERY_US } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	pthread_t threads[THREADS];

	x(sigaction(SIGALRM, &action, NULL));
	x(setitimer(ITIMER_REAL, &every, NULL));
	for (int t = 0; t < THREADS; t++)
		x(pthread_create(&threads[t], NULL, rounds, NULL));
	rounds(NULL);
	for (int t = 0; t < THREADS; t++)
		x(pthread_join(threads[t], NULL));
	x(setitimer(ITIMER_REAL, &never, NULL));
	printf("%d wrong, %s\n", wrong, handled > 10 ? "handled" : "no signal came");
	return 0;
}
