/* SPDX-License-Identifier: MIT */
/* starved: a writer waits for an rwlock that two readers take by turns.
 *
 * Fault: each takes it before the other lets it go, so that it is never free. Twin: the writer gets it
 * as soon as the reader that was there first is done.
 */
#include <semaphore.h>

#include "sleeper.h"

enum { ROUNDS = 25 };

static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static volatile pid_t tid;
static sem_t mine, its;

static void read_it(void)
{
	fault_check(pthread_rwlock_rdlock(&table), "rdlock"); /* mark: read */
}

static void *write_it(void *arg)
{
	(void)arg;
	tid = sleeper_tid();
	fault_check(pthread_rwlock_wrlock(&table), "wrlock"); /* mark: write */
	pthread_rwlock_unlock(&table);
	return NULL;
}

static void *read_by_turns(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		sem_wait(&its);
		read_it();
		sem_post(&mine);
		sem_wait(&its);
		pthread_rwlock_unlock(&table);
		sem_post(&mine);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	bool fault = fault_is(argc, argv);
	pthread_t writer, reader;

	sem_init(&mine, 0, 0);
	sem_init(&its, 0, 0);
	read_it();
	fault_check(pthread_create(&writer, NULL, write_it, NULL), "pthread_create");
	sleeper_until(&tid, 0);
	if (!fault) {
		pthread_rwlock_unlock(&table);
		fault_check(pthread_join(writer, NULL), "pthread_join");
		read_it();
	}
	fault_check(pthread_create(&reader, NULL, read_by_turns, NULL), "pthread_create");
	for (int i = 0; i < ROUNDS; i++) {
		sem_post(&its); /* it takes it, too */
		sem_wait(&mine);
		pthread_rwlock_unlock(&table);
		read_it();
		sem_post(&its); /* it lets it go */
		sem_wait(&mine);
	}
	pthread_rwlock_unlock(&table);
	fault_check(pthread_join(reader, NULL), "pthread_join");
	if (fault)
		fault_check(pthread_join(writer, NULL), "pthread_join");
	fault_done();
	return 0;
}
