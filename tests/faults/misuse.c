/* SPDX-License-Identifier: MIT */
/* misuse: calls that do what they should not, and what they should have done instead.
 *
 * Each variant is one of the functions below; the twin does the same work rightly.
 */
#include <sys/mman.h>

#include "fault.h"

static bool fault;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, m2 = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static bool ready; /* guarded by m */

static void in_thread(void *(*routine)(void *))
{
	pthread_t t;

	fault_check(pthread_create(&t, NULL, routine, NULL), "create");
	pthread_join(t, NULL);
}

/* Unlocked by another thread. */
static void *unlock_other(void *unused)
{
	(void)unused;
	pthread_mutex_unlock(&m); /* mark: unlock_mutex */
	return NULL;
}

static void unlock_mutex(void)
{
	pthread_mutex_lock(&m); /* mark: lock_mutex */
	if (fault)
		in_thread(unlock_other);
	else
		pthread_mutex_unlock(&m);
}

static void unlock_errorcheck(void)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &a);
	pthread_mutex_lock(&m); /* mark: lock_errorcheck */
	if (fault)
		in_thread(unlock_other);
	pthread_mutex_unlock(&m);
}

static void unlock_free(void)
{
	pthread_mutex_lock(&m);
	pthread_mutex_unlock(&m);
	if (fault)
		pthread_mutex_unlock(&m); /* mark: unlock_free */
}

static void *unlock_other_rwlock(void *unused)
{
	(void)unused;
	pthread_rwlock_unlock(&l); /* mark: unlock_rwlock */
	return NULL;
}

static void unlock_rwlock(void)
{
	pthread_rwlock_wrlock(&l); /* mark: lock_rwlock */
	if (fault)
		in_thread(unlock_other_rwlock);
	else
		pthread_rwlock_unlock(&l);
}

static void *unlock_other_spin(void *unused)
{
	(void)unused;
	pthread_spin_unlock(&spin); /* mark: unlock_spin */
	return NULL;
}

static void unlock_spin(void)
{
	pthread_spin_init(&spin, 0);
	pthread_spin_lock(&spin); /* mark: lock_spin */
	if (fault)
		in_thread(unlock_other_spin);
	else
		pthread_spin_unlock(&spin);
}

/* Destroyed too early. */
static void destroy_mutex(void)
{
	pthread_mutex_lock(&m); /* mark: hold_mutex */
	if (fault)
		pthread_mutex_destroy(&m); /* mark: destroy_mutex */
	pthread_mutex_unlock(&m);
	pthread_mutex_destroy(&m);
}

static void destroy_rwlock(void)
{
	pthread_rwlock_rdlock(&l); /* mark: hold_rwlock */
	if (!fault)
		pthread_rwlock_unlock(&l);
	pthread_rwlock_destroy(&l); /* mark: destroy_rwlock */
}

static void destroy_spin(void)
{
	pthread_spin_init(&spin, 0);
	pthread_spin_lock(&spin); /* mark: hold_spin */
	if (!fault)
		pthread_spin_unlock(&spin);
	pthread_spin_destroy(&spin); /* mark: destroy_spin */
}

static volatile pid_t waiter;

static void *wait_ready(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&m);
	waiter = gettid();
	while (!ready)
		pthread_cond_wait(&c, &m); /* mark: wait_destroyed */
	pthread_mutex_unlock(&m);
	return NULL;
}

static void set_ready(void)
{
	pthread_mutex_lock(&m);
	ready = true;
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
}

static void *set_ready_soon(void *unused)
{
	(void)unused;
	while (!fault_sleeps_at(getpid(), &c, sizeof(c)))
		fault_pause();
	set_ready();
	return NULL;
}

static void destroy_cond(void)
{
	pthread_t t, t2;

	fault_check(pthread_create(&t, NULL, wait_ready, NULL), "create");
	while (!waiter)
		fault_pause();
	while (!fault_sleeps_at(waiter, &c, sizeof(c)))
		fault_pause();
	if (fault)
		/* It waits in there until the waiter goes: somebody has to let it. */
		fault_check(pthread_create(&t2, NULL, set_ready_soon, NULL), "create");
	else
		set_ready();
	if (!fault)
		pthread_join(t, NULL);
	pthread_cond_destroy(&c); /* mark: destroy_cond */
	if (fault)
		pthread_join(t, NULL);
	if (fault)
		pthread_join(t2, NULL);
}

/* A thread ends with a lock. */
static void *end_mutex(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&m); /* mark: end_mutex */
	if (!fault)
		pthread_mutex_unlock(&m);
	return NULL;
}

static void exit_mutex(void)
{
	in_thread(end_mutex);
}

static void *end_rwlock(void *unused)
{
	(void)unused;
	pthread_rwlock_wrlock(&l); /* mark: end_rwlock */
	if (!fault)
		pthread_rwlock_unlock(&l);
	return NULL;
}

static void exit_rwlock(void)
{
	in_thread(end_rwlock);
}

static void *end_spin(void *unused)
{
	(void)unused;
	pthread_spin_lock(&spin); /* mark: end_spin */
	if (!fault)
		pthread_spin_unlock(&spin);
	return NULL;
}

static void exit_spin(void)
{
	pthread_spin_init(&spin, 0);
	in_thread(end_spin);
}

static pthread_mutex_t *shared_mutex(bool robust)
{
	pthread_mutex_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	if (robust)
		pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(shared, &a);
	return shared;
}

static void exit_process(void)
{
	pthread_mutex_t *shared = shared_mutex(false);
	pid_t pid = fork();

	if (pid == 0) {
		pthread_mutex_lock(shared); /* mark: end_process */
		if (!fault)
			pthread_mutex_unlock(shared);
		_exit(0); /* mark: exit_process */
	}
	waitpid(pid, NULL, 0);
}

static void robust(void)
{
	pthread_mutex_t *shared = shared_mutex(true);
	pid_t pid = fork();

	if (pid == 0) {
		pthread_mutex_lock(shared);
		if (!fault)
			pthread_mutex_unlock(shared);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, NULL, 0);
	if (pthread_mutex_lock(shared) == EOWNERDEAD) /* mark: owner_died */
		pthread_mutex_consistent(shared);
	pthread_mutex_unlock(shared);
}

static void *end_robust(void *arg)
{
	pthread_mutex_lock(arg); /* mark: end_robust */
	if (!fault)
		pthread_mutex_unlock(arg);
	return NULL;
}

static void robust_thread(void)
{
	pthread_mutex_t *shared = shared_mutex(true);
	pthread_t t;

	fault_check(pthread_create(&t, NULL, end_robust, shared), "create");
	pthread_join(t, NULL);
	if (pthread_mutex_lock(shared) == EOWNERDEAD) /* mark: found_robust */
		pthread_mutex_consistent(shared);
	pthread_mutex_unlock(shared);
}

/* Conditions. */
static void without_mutex(void)
{
	struct timespec soon;

	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec = (soon.tv_nsec + 1000000) % 1000000000;
	if (!fault)
		pthread_mutex_lock(&m);
	pthread_cond_timedwait(&c, &m, &soon); /* mark: wait_without */
	if (!fault)
		pthread_mutex_unlock(&m);
}

static volatile int waiting;

static void *wait_first(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&m);
	waiting++;
	while (!ready)
		pthread_cond_wait(&c, &m); /* mark: wait_first */
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *wait_second(void *arg)
{
	pthread_mutex_lock(arg);
	waiting++;
	while (!ready)
		pthread_cond_wait(&c, arg); /* mark: wait_second */
	pthread_mutex_unlock(arg);
	return NULL;
}

static void two_mutexes(void)
{
	pthread_t a, b;

	fault_check(pthread_create(&a, NULL, wait_first, NULL), "create");
	while (waiting < 1)
		fault_pause();
	pthread_mutex_lock(&m); /* it waits: it has let it go */
	pthread_mutex_unlock(&m);
	fault_check(pthread_create(&b, NULL, wait_second, fault ? &m2 : &m), "create");
	while (waiting < 2)
		fault_pause();
	pthread_mutex_lock(&m2);
	pthread_mutex_unlock(&m2);
	pthread_mutex_lock(&m);
	ready = true;
	pthread_mutex_unlock(&m);
	pthread_cond_broadcast(&c);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

/* A fork with threads. */
static volatile int held, go;

static void *hold(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&m); /* mark: hold_fork */
	held = 1;
	while (!go)
		fault_pause();
	pthread_mutex_unlock(&m);
	return NULL;
}

static void fork_held(void)
{
	struct timespec soon;
	pthread_t t;
	pid_t pid;

	fault_check(pthread_create(&t, NULL, hold, NULL), "create");
	while (!held)
		fault_pause();
	if (!fault) {
		go = 1;
		pthread_join(t, NULL);
	}
	pid = fork(); /* mark: fork */
	if (pid == 0) {
		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_sec++;
		if (pthread_mutex_timedlock(&m, &soon) == 0) /* mark: wait_fork */
			pthread_mutex_unlock(&m);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	if (fault) {
		go = 1;
		pthread_join(t, NULL);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} variants[] = {
		{ "unlock_mutex", unlock_mutex },   { "unlock_errorcheck", unlock_errorcheck },
		{ "unlock_free", unlock_free },	    { "unlock_rwlock", unlock_rwlock },
		{ "unlock_spin", unlock_spin },	    { "destroy_mutex", destroy_mutex },
		{ "destroy_rwlock", destroy_rwlock }, { "destroy_spin", destroy_spin },
		{ "destroy_cond", destroy_cond },   { "exit_mutex", exit_mutex },
		{ "exit_rwlock", exit_rwlock },	    { "exit_spin", exit_spin },
		{ "exit_process", exit_process },   { "robust", robust },
		{ "robust_thread", robust_thread }, { "without_mutex", without_mutex },
		{ "two_mutexes", two_mutexes },	    { "fork_held", fork_held },
	};
	const char *name = fault_variant(argc, argv, 0);

	fault = fault_is(argc, argv);
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		if (strcmp(variants[i].name, name) != 0)
			continue;
		variants[i].run();
		fault_done();
		return 0;
	}
	return 2;
}
