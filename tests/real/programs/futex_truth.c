/* SPDX-License-Identifier: MIT */
/* futex_truth: four threads wait, seconds in all, by all of libpthread that sleeps in futex(2).
 *
 * Prints one line for each object: its kind and the addresses on which the kernel may see it waited
 * for. Every wait of the program is one of a call that can be intercepted; the rest of it sleeps in
 * nanosleep(2).
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS = 4, ROUNDS = 25, HOLD_NS = 2000000 };

/* Where glibc keeps the word of a thread that others join lies in here, from its pthread_t on. */
#define THREAD_BYTES 0x400

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t sem;
static int turn; /* under `gate`: the thread that may go */

static void must(int result)
{
	if (result != 0) {
		fprintf(stderr, "futex_truth: a call failed\n");
		_Exit(1);
	}
}

static void hold(int times)
{
	const struct timespec time = {0, times * HOLD_NS};

	nanosleep(&time, NULL);
}

static void *work(void *argument)
{
	int me = (int)(long)argument;

	for (int i = 0; i < ROUNDS; i++) {
		/* Each is held longer than the one before, or nobody would have to wait for it. */
		must(pthread_mutex_lock(&mutex));
		hold(1);
		must(pthread_mutex_unlock(&mutex));

		must(sem_wait(&sem));
		hold(2);
		must(sem_post(&sem));

		must(me % 2 ? pthread_rwlock_rdlock(&rwlock) : pthread_rwlock_wrlock(&rwlock));
		hold(4);
		must(pthread_rwlock_unlock(&rwlock));

		must(pthread_mutex_lock(&gate));
		while (turn != me)
			must(pthread_cond_wait(&turned, &gate));
		must(pthread_mutex_unlock(&gate));
		hold(2);
		must(pthread_mutex_lock(&gate));
		turn = (turn + 1) % THREADS;
		must(pthread_cond_broadcast(&turned));
		must(pthread_mutex_unlock(&gate));

		/* Each time another one is late. */
		if (i % THREADS == me)
			hold(2);
		int last = pthread_barrier_wait(&barrier);

		must(last == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : last);
	}
	return NULL;
}

static void print(const char *kind, const volatile void *object, size_t size)
{
	printf("%s %#lx %#lx\n", kind, (unsigned long)object, (unsigned long)object + size);
}

int main(void)
{
	pthread_t threads[THREADS];

	must(sem_init(&sem, 0, 1));
	must(pthread_barrier_init(&barrier, NULL, THREADS));
	print("mutex", &mutex, sizeof(mutex));
	print("mutex", &gate, sizeof(gate));
	print("cond", &turned, sizeof(turned));
	print("rwlock", &rwlock, sizeof(rwlock));
	print("barrier", &barrier, sizeof(barrier));
	print("sem", &sem, sizeof(sem));
	for (long i = 0; i < THREADS; i++) {
		must(pthread_create(&threads[i], NULL, work, (void *)i));
		print("thread", (void *)threads[i], THREAD_BYTES);
	}
	for (int i = 0; i < THREADS; i++)
		must(pthread_join(threads[i], NULL));
	return 0;
}
