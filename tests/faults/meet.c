/* SPDX-License-Identifier: MIT */
/* meet: contradicting orders of two locks, in threads that can meet, and in such that cannot.
 *
 * Fault: nothing keeps them apart. Twin: as the variant says. Both take the locks one after the other,
 * by turns that no lock knows of.
 */
#include "fault.h"

static bool fault;
static const char *variant;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER, s = PTHREAD_RWLOCK_INITIALIZER;
static volatile int turn;

static bool is(const char *name)
{
	return !strcmp(variant, name);
}

static void await_turn(int n)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != n)
		fault_pause();
}

static void next_turn(void)
{
	__atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
}

static void a_then_b(void)
{
	pthread_mutex_lock(&a); /* mark: a_first */
	pthread_mutex_lock(&b); /* mark: b_second */
	pthread_mutex_unlock(&b);
	pthread_mutex_unlock(&a);
}

static void b_then_a(void)
{
	struct timespec soon;

	pthread_mutex_lock(&b); /* mark: b_first */
	if (!fault && is("try")) {
		if (pthread_mutex_trylock(&a) != 0)
			abort();
	} else if (!fault && is("timed")) {
		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_sec += 10;
		if (pthread_mutex_timedlock(&a, &soon) != 0)
			abort();
	} else {
		pthread_mutex_lock(&a); /* mark: a_second */
	}
	pthread_mutex_unlock(&a);
	pthread_mutex_unlock(&b);
}

static void *first(void *unused)
{
	bool gated = !fault && is("gate");

	(void)unused;
	await_turn(0);
	if (gated)
		pthread_mutex_lock(&gate);
	a_then_b();
	if (!fault && is("one_thread"))
		b_then_a();
	if (gated)
		pthread_mutex_unlock(&gate);
	next_turn();
	return NULL;
}

static void *second(void *unused)
{
	bool gated = !fault && is("gate");

	(void)unused;
	await_turn(1);
	if (gated)
		pthread_mutex_lock(&gate);
	if (fault || !is("one_thread"))
		b_then_a();
	if (gated)
		pthread_mutex_unlock(&gate);
	next_turn();
	return NULL;
}

static void *read_first(void *unused)
{
	(void)unused;
	await_turn(0);
	pthread_rwlock_rdlock(&r); /* mark: r_read */
	if (fault)
		pthread_rwlock_wrlock(&s); /* mark: s_write */
	else
		pthread_rwlock_rdlock(&s);
	pthread_rwlock_unlock(&s);
	pthread_rwlock_unlock(&r);
	next_turn();
	return NULL;
}

static void *read_second(void *unused)
{
	(void)unused;
	await_turn(1);
	pthread_rwlock_rdlock(&s); /* mark: s_read */
	if (fault)
		pthread_rwlock_wrlock(&r); /* mark: r_write */
	else
		pthread_rwlock_rdlock(&r);
	pthread_rwlock_unlock(&r);
	pthread_rwlock_unlock(&s);
	next_turn();
	return NULL;
}

static void run(void *(*one)(void *), void *(*two)(void *))
{
	bool one_after_the_other = !fault && is("join");
	pthread_t t, u;

	fault_check(pthread_create(&t, NULL, one, NULL), "create");
	if (one_after_the_other)
		pthread_join(t, NULL);
	fault_check(pthread_create(&u, NULL, two, NULL), "create");
	if (!one_after_the_other)
		pthread_join(t, NULL);
	pthread_join(u, NULL);
}

/* The main thread takes them before or after it makes the other one. */
static void run_create(void)
{
	pthread_t u;

	if (!fault)
		a_then_b();
	turn = 1;
	fault_check(pthread_create(&u, NULL, second, NULL), "create");
	await_turn(2);
	if (fault)
		a_then_b();
	pthread_join(u, NULL);
}

int main(int argc, char **argv)
{
	fault = fault_is(argc, argv);
	variant = fault_variant(argc, argv, 0);
	if (is("create"))
		run_create();
	else if (is("readers"))
		run(read_first, read_second);
	else
		run(first, second);
	fault_done();
	return 0;
}
