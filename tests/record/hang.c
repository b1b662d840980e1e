/* SPDX-License-Identifier: MIT */
/* hang.c: a thread waits for a mutex that main never gives back.
 * Truth: one wait of kind mutex, begun by the thread whose tid is printed, never ended. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *waiter(void *unused)
{
	printf("%d\n", (int)gettid());
	fflush(stdout);
	pthread_mutex_lock(&gate);
	return unused;
}

int main(void)
{
	pthread_t thread;

	if (pthread_mutex_lock(&gate) != 0 || pthread_create(&thread, NULL, waiter, NULL) != 0)
		return 1;
	for (;;)
		pause();
}
