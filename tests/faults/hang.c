/* SPDX-License-Identifier: MIT */
/* hang: waits that nobody is left to end, and twins that somebody ends.
 *
 * Each hangs in a process of its own, which is killed when all of it sleeps. */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "fault.h"

struct shared {
	volatile int ready;
	atomic_int step;
	pthread_mutex_t m;
};

static struct shared *shared;
static bool fault;
static const char *variant;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static bool is_set;

#define lock(m)   fault_check(pthread_mutex_lock(m), "lock")
#define unlock(m) fault_check(pthread_mutex_unlock(m), "unlock")

static void start(pthread_t *thread, void *(*function)(void *))
{
	fault_check(pthread_create(thread, NULL, function, NULL), "create");
}

static void meet(int n)
{
	atomic_fetch_add(&shared->step, 1);
	while (atomic_load(&shared->step) < n)
		sched_yield();
}

/* lost_signal: the signal comes before the wait, which does not look whether it did. */
static void *waits(void *unused)
{
	lock(&mutex);
	while (fault || !is_set) {
		pthread_cond_wait(&cond, &mutex); /* mark: waits_cond */
		if (fault)
			break;
	}
	unlock(&mutex);
	return unused;
}

static void lost_signal(void)
{
	pthread_t thread;

	lock(&mutex);
	is_set = true;
	pthread_cond_signal(&cond); /* mark: signals */
	unlock(&mutex);
	shared->ready = 1;
	start(&thread, waits);
	pthread_join(thread, NULL); /* mark: joins_waiter */
}

/* one_cond: a buffer of one place, one condition variable for both sides, and a signal that wakes
 * one who cannot use it. */
static int items, consumed, arrived;

static void *consumes(void *unused)
{
	lock(&mutex);
	arrived++;
	while (!items)
		pthread_cond_wait(&cond, &mutex); /* mark: consumer_waits */
	items--;
	consumed++;
	if (fault)
		pthread_cond_signal(&cond);
	else
		pthread_cond_broadcast(&cond);
	unlock(&mutex);
	return unused;
}

static void one_cond(void)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		start(&threads[i], consumes);
	/* Who has the mutex after all have arrived knows that all wait. */
	for (bool all = false; !all;) {
		lock(&mutex);
		all = arrived == 3;
		unlock(&mutex);
		sched_yield();
	}
	/* One item too few: the last consumer waits for ever. */
	for (int i = 0; i < (fault ? 2 : 3); i++) {
		lock(&mutex);
		items++;
		pthread_cond_broadcast(&cond); /* mark: produces */
		unlock(&mutex);
	}
	shared->ready = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL); /* mark: joins_consumer */
}

/* lost_post: who was to post has ended without. */
static sem_t sem;

static void *posts(void *unused)
{
	if (!fault)
		sem_post(&sem);
	return unused;
}

static void lost_post(void)
{
	pthread_t thread;

	sem_init(&sem, 0, 0);
	start(&thread, posts);
	pthread_join(thread, NULL);
	shared->ready = 1;
	sem_wait(&sem); /* mark: waits_sem */
}

/* barrier: for three, and two come. */
static pthread_barrier_t barrier;

static void *arrives(void *unused)
{
	pthread_barrier_wait(&barrier); /* mark: arrives */
	return unused;
}

static void barriers(void)
{
	pthread_t threads[2];

	pthread_barrier_init(&barrier, NULL, fault ? 3 : 2);
	start(&threads[0], arrives);
	start(&threads[1], arrives);
	shared->ready = 1;
	pthread_join(threads[0], NULL); /* mark: joins_arriver */
	pthread_join(threads[1], NULL);
}

/* nested: waits for a signal with another mutex in its hands, which the signaller needs. */
static void *waits_nested(void *unused)
{
	lock(&other); /* mark: takes_other */
	lock(&mutex);
	while (!is_set)
		pthread_cond_wait(&cond, &mutex); /* mark: waits_nested */
	unlock(&mutex);
	unlock(&other);
	return unused;
}

static void *signals_nested(void *unused)
{
	if (fault)
		lock(&other); /* mark: wants_other */
	lock(&mutex);
	is_set = true;
	pthread_cond_signal(&cond);
	unlock(&mutex);
	if (fault)
		unlock(&other);
	return unused;
}

static void nested(void)
{
	pthread_t one, two;

	start(&one, waits_nested);
	while (!fault_all_asleep(getpid()) && 0)
		;
	/* Until it has them both. */
	for (bool waiting = false; !waiting && fault;) {
		if (pthread_mutex_trylock(&other) == 0) {
			unlock(&other);
			sched_yield();
			continue;
		}
		lock(&mutex);
		waiting = true;
		unlock(&mutex);
	}
	shared->ready = 1;
	start(&two, signals_nested);
	pthread_join(two, NULL); /* mark: joins_signaller */
	pthread_join(one, NULL);
}

/* dead_thread: a thread ends with a mutex in its hands. */
static void *ends_with_it(void *unused)
{
	lock(&mutex); /* mark: dies_with */
	if (!fault)
		unlock(&mutex);
	return unused;
}

static void dead_thread(void)
{
	pthread_t thread;

	start(&thread, ends_with_it);
	pthread_join(thread, NULL);
	shared->ready = 1;
	lock(&mutex); /* mark: wants_of_dead */
	unlock(&mutex);
}

/* woken_join: threads that were woken from a condition want its mutex back from who joins them. */
static bool came; /* guarded by `mutex` */

static void *waits_for_stop(void *unused)
{
	lock(&mutex);
	came = true;
	while (!is_set)
		pthread_cond_wait(&cond, &mutex); /* mark: waits_woken */
	unlock(&mutex);
	return unused;
}

static void woken_join(void)
{
	pthread_t thread;

	start(&thread, waits_for_stop);
	for (;;) {
		pthread_mutex_lock(&mutex); /* mark: takes_to_stop */
		if (came)
			break;
		unlock(&mutex);
		fault_pause();
	}
	is_set = true;
	pthread_cond_broadcast(&cond);
	shared->ready = 1;
	if (!fault)
		unlock(&mutex);
	pthread_join(thread, NULL); /* mark: joins_woken */
}

/* dead_reader: the same with an rwlock, as a reader, of whom the lock keeps a number only. */
static void *ends_reading(void *unused)
{
	pthread_rwlock_rdlock(&rwlock); /* mark: reads_to_its_end */
	if (!fault)
		pthread_rwlock_unlock(&rwlock);
	return unused;
}

static void dead_reader(void)
{
	pthread_t thread;

	start(&thread, ends_reading);
	pthread_join(thread, NULL);
	shared->ready = 1;
	pthread_rwlock_wrlock(&rwlock); /* mark: writes_after */
	pthread_rwlock_unlock(&rwlock);
}

/* dead_process: a process is killed with a mutex in shared memory in its hands. */
static void dead_process(void)
{
	pthread_mutexattr_t attr;
	pid_t child;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->m, &attr);
	child = fork();
	if (child == 0) {
		lock(&shared->m); /* mark: killed_with */
		if (!fault)
			unlock(&shared->m);
		shared->step = 1;
		raise(SIGKILL);
	}
	while (shared->step != 1)
		sched_yield();
	waitpid(child, NULL, 0);
	shared->ready = 1;
	lock(&shared->m); /* mark: wants_of_killed */
	unlock(&shared->m);
}

/* pipe_own: a reader has the writing end open itself. */
static int ends[2], back[2];

static void pipe_own(void)
{
	char byte;

	fault_check(pipe(ends), "pipe");
	if (!fault)
		close(ends[1]);
	shared->ready = 1;
	if (read(ends[0], &byte, 1) > 0) /* mark: reads_own */
		exit(3);
}

/* pipe_parent: the parent waits for a child that reads to the end, with the writing end open. */
static void pipe_parent(void)
{
	pid_t child;
	char byte;

	fault_check(pipe(ends), "pipe");
	child = fork();
	if (child == 0) {
		close(ends[1]);
		while (read(ends[0], &byte, 1) > 0) /* mark: reads_to_end */
			;
		_exit(0);
	}
	close(ends[0]);
	if (write(ends[1], "x", 1) != 1)
		exit(3);
	if (!fault)
		close(ends[1]);
	shared->ready = 1;
	waitpid(child, NULL, 0); /* mark: waits_child */
}

/* pipe_sibling: two children, and the first one's pipe stays open in the second. */
static void pipe_sibling(void)
{
	pid_t first, second;
	char byte;

	fault_check(pipe(ends), "pipe");
	fault_check(pipe(back), "pipe");
	first = fork();
	if (first == 0) {
		close(ends[1]);
		close(back[0]);
		while (read(ends[0], &byte, 1) > 0) /* mark: first_reads */
			;
		_exit(0); /* closes back[1] */
	}
	close(back[1]);
	second = fork();
	if (second == 0) {
		close(ends[0]);
		if (!fault)
			close(ends[1]);
		while (read(back[0], &byte, 1) > 0) /* mark: second_reads */
			;
		_exit(0);
	}
	close(back[0]);
	close(ends[0]);
	close(ends[1]);
	shared->ready = 1;
	waitpid(first, NULL, 0); /* mark: waits_first */
	waitpid(second, NULL, 0);
}

/* pipes_full: each writes more than a pipe holds before it reads what the other one wrote. */
static void write_then_read(int to, int from)
{
	static char much[300000];
	size_t n = fault ? sizeof(much) : 1000;

	meet(2);
	if (write(to, much, n) < 0) /* mark: writes_much */
		exit(3);
	for (size_t got = 0; got < n;) {
		ssize_t more = read(from, much, sizeof(much));

		if (more <= 0)
			exit(3);
		got += (size_t)more;
	}
}

static void pipes_full(void)
{
	pid_t child;

	fault_check(pipe(ends), "pipe");
	fault_check(pipe(back), "pipe");
	child = fork();
	if (child == 0) {
		close(ends[1]);
		close(back[0]);
		write_then_read(back[1], ends[0]);
		_exit(0);
	}
	close(ends[0]);
	close(back[1]);
	shared->ready = 1;
	write_then_read(ends[1], back[0]);
	waitpid(child, NULL, 0);
}

/* timed: two mutexes in two orders, one of them with a time limit. */
static void *timed_ab(void *unused)
{
	struct timespec limit;

	lock(&mutex); /* mark: timed_takes_m */
	meet(2);
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += fault ? 0 : 60;
	limit.tv_nsec =
		limit.tv_nsec + 300000000 < 1000000000 ? limit.tv_nsec + 300000000 : 999999999;
	if (pthread_mutex_timedlock(&other, &limit) == 0) /* mark: timed_wants_o */
		unlock(&other);
	unlock(&mutex);
	return unused;
}

static void *plain_ba(void *unused)
{
	if (!fault)
		meet(2);
	lock(&other); /* mark: timed_takes_o */
	if (fault) {
		meet(2);
		lock(&mutex); /* mark: timed_wants_m */
		unlock(&mutex);
	}
	unlock(&other);
	return unused;
}

static void timed(void)
{
	pthread_t one, two;

	start(&one, timed_ab);
	start(&two, plain_ba);
	pthread_join(one, NULL);
	pthread_join(two, NULL);
	shared->ready = 1;
}

/* edeadlk: record locks in two orders; the kernel refuses the one who would close the circle. */
static void lock_bytes(int fd, short type, off_t start)
{
	struct flock range = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 10
	};

	if (fcntl(fd, F_SETLKW, &range) != 0 && errno != EDEADLK) /* mark: locks_bytes */
		exit(3);
}

static void both_ranges(int fd, off_t first, off_t second)
{
	lock_bytes(fd, F_WRLCK, first); /* mark: first_range */
	if (fault)
		meet(2);
	lock_bytes(fd, F_WRLCK, second); /* mark: second_range */
	lock_bytes(fd, F_UNLCK, second);
	lock_bytes(fd, F_UNLCK, first);
}

static void edeadlk(void)
{
	char name[] = "/tmp/fault-XXXXXX";
	int fd = mkstemp(name);
	pid_t child;

	fault_check(fd < 0 ? -1 : 0, "mkstemp");
	unlink(name);
	child = fork();
	if (child == 0) {
		both_ranges(fd, 0, 100);
		_exit(0);
	}
	if (!fault)
		waitpid(child, NULL, 0);
	both_ranges(fd, fault ? 100 : 0, fault ? 0 : 100);
	if (fault)
		waitpid(child, NULL, 0);
	shared->ready = 1;
}

/* flocks: two files, locked as wholes, in two orders. */
static void both_files(const char *first, const char *second)
{
	int one = open(first, O_RDWR), two = open(second, O_RDWR);

	flock(one, LOCK_EX); /* mark: flock_first */
	if (fault)
		meet(2);
	flock(two, LOCK_EX); /* mark: flock_second */
	flock(two, LOCK_UN);
	flock(one, LOCK_UN);
}

static void flocks(void)
{
	char a[] = "/tmp/fault-XXXXXX", b[] = "/tmp/fault-XXXXXX";
	pid_t child;

	close(mkstemp(a));
	close(mkstemp(b));
	child = fork();
	if (child == 0) {
		both_files(a, b);
		_exit(0);
	}
	if (!fault)
		waitpid(child, NULL, 0);
	shared->ready = 1;
	both_files(fault ? b : a, fault ? a : b);
	if (fault)
		waitpid(child, NULL, 0);
	unlink(a);
	unlink(b);
}

static void hang(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} variants[] = {
		{ "lost_signal", lost_signal },
		{ "one_cond", one_cond },
		{ "lost_post", lost_post },
		{ "barriers", barriers },
		{ "nested", nested },
		{ "dead_thread", dead_thread },
		{ "dead_reader", dead_reader },
		{ "woken_join", woken_join },
		{ "dead_process", dead_process },
		{ "pipe_own", pipe_own },
		{ "pipe_parent", pipe_parent },
		{ "pipe_sibling", pipe_sibling },
		{ "pipes_full", pipes_full },
		{ "timed", timed },
		{ "edeadlk", edeadlk },
		{ "flocks", flocks },
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
	fault_done();
	return 0;
}
