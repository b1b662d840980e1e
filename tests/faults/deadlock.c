/* SPDX-License-Identifier: MIT */
/* deadlock: threads and processes that wait for each other, and twins that take the same things in
 * an order that cannot.
 *
 * Each hangs in a process of its own, which is killed when all of it sleeps. The threads pass their
 * first step one after the other, by a count that they spin on, so that the fault is certain. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>

#include "fault.h"

/* Of both processes, if there are two. */
struct shared {
	volatile int ready;
	atomic_int step;
	pthread_mutex_t a, b, c;
	pthread_rwlock_t rw;
	int set; /* of semaphores, to be removed */
};

static struct shared *shared;
static bool fault;
static const char *variant;

/* Waits until `n` have come here, which come first in any case. */
static void meet(int n)
{
	atomic_fetch_add(&shared->step, 1);
	while (fault && atomic_load(&shared->step) < n)
		sched_yield();
}

#define lock(m)   fault_check(pthread_mutex_lock(m), "lock")
#define unlock(m) fault_check(pthread_mutex_unlock(m), "unlock")

static void start(pthread_t *thread, void *(*function)(void *))
{
	fault_check(pthread_create(thread, NULL, function, NULL), "create");
}

static void init_shared(pthread_mutex_t *m)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	fault_check(pthread_mutex_init(m, &attr), "init");
}

/* abba: two mutexes, two threads. */
static void *take_ab(void *unused)
{
	lock(&shared->a); /* mark: take_a */
	meet(2);
	lock(&shared->b); /* mark: want_b */
	unlock(&shared->b);
	unlock(&shared->a);
	return unused;
}

static void *take_ba(void *unused)
{
	if (!fault)
		return take_ab(unused);
	lock(&shared->b); /* mark: take_b */
	meet(2);
	lock(&shared->a); /* mark: want_a */
	unlock(&shared->a);
	unlock(&shared->b);
	return unused;
}

static void abba(void)
{
	pthread_t one, two;

	shared->ready = 1;
	start(&one, take_ab);
	if (!fault)
		pthread_join(one, NULL);
	start(&two, take_ba);
	pthread_join(two, NULL);
	if (fault)
		pthread_join(one, NULL);
}

/* abba_shared: the same over two processes. */
static void abba_shared(void)
{
	pid_t child;

	init_shared(&shared->a);
	init_shared(&shared->b);
	shared->ready = 1;
	child = fork();
	if (child == 0) {
		take_ab(NULL);
		_exit(0);
	}
	if (!fault)
		waitpid(child, NULL, 0);
	take_ba(NULL);
	if (fault)
		waitpid(child, NULL, 0);
}

/* three: a circle of three mutexes. */
static void *take_bc(void *unused)
{
	lock(&shared->b); /* mark: take_b3 */
	meet(3);
	lock(&shared->c); /* mark: want_c3 */
	unlock(&shared->c);
	unlock(&shared->b);
	return unused;
}

static void *take_ab3(void *unused)
{
	lock(&shared->a); /* mark: take_a3 */
	meet(3);
	lock(&shared->b); /* mark: want_b3 */
	unlock(&shared->b);
	unlock(&shared->a);
	return unused;
}

static void *take_ca(void *unused)
{
	lock(fault ? &shared->c : &shared->a); /* mark: take_c3 */
	meet(3);
	lock(fault ? &shared->a : &shared->c); /* mark: want_a3 */
	unlock(&shared->a);
	unlock(&shared->c);
	return unused;
}

static void three(void)
{
	void *(*const all[])(void *) = { take_ab3, take_bc, take_ca };
	pthread_t threads[3];

	shared->ready = 1;
	for (int i = 0; i < 3; i++) {
		start(&threads[i], all[i]);
		if (!fault)
			pthread_join(threads[i], NULL);
	}
	for (int i = 0; i < 3 && fault; i++)
		pthread_join(threads[i], NULL);
}

/* self: a thread locks twice. */
static void self(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, fault ? PTHREAD_MUTEX_NORMAL : PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&shared->a, &attr);
	shared->ready = 1;
	lock(&shared->a); /* mark: take_self */
	lock(&shared->a); /* mark: want_self */
	unlock(&shared->a);
	unlock(&shared->a);
}

/* join_lock: the joined thread needs a mutex that the joiner holds. */
static void *needs_a(void *unused)
{
	meet(1);
	lock(&shared->a); /* mark: want_join_a */
	unlock(&shared->a);
	return unused;
}

static void join_lock(void)
{
	pthread_t thread;

	lock(&shared->a); /* mark: take_join_a */
	shared->ready = 1;
	start(&thread, needs_a);
	if (!fault)
		unlock(&shared->a);
	pthread_join(thread, NULL); /* mark: joins */
	if (fault)
		unlock(&shared->a);
}

/* joins: three threads, each joins the next. */
static pthread_t ring[3];

static void *joins_next(void *number)
{
	int i = (int)(long)number;

	atomic_fetch_add(&shared->step, 1);
	while (atomic_load(&shared->step) < 4)
		sched_yield();
	if (fault || i < 2)
		pthread_join(ring[(i + 1) % 3], NULL); /* mark: join_next */
	return NULL;
}

static void joins(void)
{
	for (long i = 0; i < 3; i++)
		fault_check(pthread_create(&ring[i], NULL, joins_next, (void *)i), "create");
	shared->ready = 1;
	atomic_fetch_add(&shared->step, 1);
	if (fault)
		pthread_exit(NULL);
	pthread_join(ring[0], NULL);
}

/* rwlock: two writers' order. */
static void *write_then_lock(void *unused)
{
	fault_check(pthread_rwlock_wrlock(&shared->rw), "wrlock"); /* mark: take_rw */
	meet(2);
	lock(&shared->a); /* mark: want_rw_a */
	unlock(&shared->a);
	pthread_rwlock_unlock(&shared->rw);
	return unused;
}

static void *lock_then_read(void *unused)
{
	if (!fault) {
		pthread_rwlock_rdlock(&shared->rw);
		pthread_rwlock_unlock(&shared->rw);
	}
	lock(&shared->a); /* mark: take_rw_a */
	meet(2);
	if (fault)
		pthread_rwlock_rdlock(&shared->rw); /* mark: want_rw */
	unlock(&shared->a);
	return unused;
}

static void rwlock(void)
{
	pthread_t one, two;

	pthread_rwlock_init(&shared->rw, NULL);
	shared->ready = 1;
	start(&one, write_then_lock);
	if (!fault)
		pthread_join(one, NULL);
	start(&two, lock_then_read);
	pthread_join(two, NULL);
	if (fault)
		pthread_join(one, NULL);
}

/* sems: two semaphores used as locks, by one thread each way. They are not in the memory of the one
 * who watches, since that one could post them. */
static sem_t up, down;

static void *down_st(void *unused)
{
	sem_wait(&up); /* mark: take_s */
	meet(2);
	sem_wait(&down); /* mark: want_t */
	sem_post(&down);
	sem_post(&up);
	return unused;
}

static void *down_ts(void *unused)
{
	if (!fault)
		return down_st(unused);
	sem_wait(&down); /* mark: take_t */
	meet(2);
	sem_wait(&up); /* mark: want_s */
	sem_post(&up);
	sem_post(&down);
	return unused;
}

static void sems(void)
{
	pthread_t one, two;

	sem_init(&up, 0, 1);
	sem_init(&down, 0, 1);
	shared->ready = 1;
	start(&one, down_st);
	if (!fault)
		pthread_join(one, NULL);
	start(&two, down_ts);
	pthread_join(two, NULL);
	if (fault)
		pthread_join(one, NULL);
}

/* sysv: the same with System V semaphores, over two processes. */

#define operate(number, by)                                                                        \
	fault_check(semop(shared->set, &(struct sembuf){ (number), (by), 0 }, 1), "semop")

static void down_both(unsigned short first, unsigned short second)
{
	operate(first, -1); /* mark: take_first */
	meet(2);
	operate(second, -1); /* mark: want_second */
	operate(second, 1);
	operate(first, 1);
}

static void sysv(void)
{
	pid_t child;

	shared->set = semget(IPC_PRIVATE, 2, 0600);
	fault_check(shared->set < 0 ? -1 : 0, "semget");
	operate(0, 1);
	operate(1, 1);
	shared->ready = 1;
	child = fork();
	if (child == 0) {
		down_both(0, 1);
		_exit(0);
	}
	if (!fault)
		waitpid(child, NULL, 0);
	down_both(fault ? 1 : 0, fault ? 0 : 1);
	if (fault)
		waitpid(child, NULL, 0);
}

static void hang(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} variants[] = {
		{ "abba", abba },           { "abba_shared", abba_shared },
		{ "three", three },         { "self", self },
		{ "join_lock", join_lock }, { "joins", joins },
		{ "rwlock", rwlock },       { "sems", sems },
		{ "sysv", sysv },
	};
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		if (strcmp(variants[i].name, variant) == 0)
			variants[i].run();
	}
}

int main(int argc, char **argv)
{
	fault = fault_is(argc, argv);
	variant = fault_variant(argc, argv, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	fault_check(shared == MAP_FAILED ? -1 : 0, "mmap");
	fault_hang(hang, &shared->ready);
	if (strcmp(variant, "sysv") == 0)
		semctl(shared->set, 0, IPC_RMID);
	fault_done();
	return 0;
}
