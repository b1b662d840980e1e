/* SPDX-License-Identifier: MIT */
/* lost: a condition that is signalled before anybody waits on it.
 *
 * Fault: the waiter does not test what the signal is about, and waits for ever; it is killed once it
 * sleeps. Twin: it tests a variable under the mutex. Variants: signal, broadcast.
 */
#include <sys/mman.h>

#include "fault.h"

static bool fault, broadcast;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static bool ready; /* guarded by m */
static volatile int *in_wait;

static void *tell(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&m);
	ready = true;
	if (broadcast)
		pthread_cond_broadcast(&c); /* mark: broadcast */
	else
		pthread_cond_signal(&c); /* mark: signal */
	pthread_mutex_unlock(&m);
	return NULL;
}

static void hang(void)
{
	pthread_t t;

	fault_check(pthread_create(&t, NULL, tell, NULL), "create");
	pthread_join(t, NULL);
	pthread_mutex_lock(&m);
	*in_wait = 1;
	if (fault || !ready)
		pthread_cond_wait(&c, &m); /* mark: wait */
	pthread_mutex_unlock(&m);
}

int main(int argc, char **argv)
{
	fault = fault_is(argc, argv);
	broadcast = !strcmp(fault_variant(argc, argv, 0), "broadcast");
	in_wait = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fault_hang(hang, in_wait);
	fault_done();
	return 0;
}
