/* SPDX-License-Identifier: MIT */
/* test_ring.c: the futex-locked ring: order, limits, ends in both directions, and a stress test
 * that shakes it with several threads, capacities, ends and signals. Also run under TSan. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/ring/futex.h"
#include "analyzer/ring/lock.h"
#include "analyzer/ring/ring.h"

static void *ptr(uintptr_t n)
{
	return (void *)n;
}

static void first_in_first_out(void **state)
{
	struct ws_ring *ring = ws_ring_new(3);
	void *batch = NULL;

	(void)state;
	assert_null(ws_ring_new(0));
	assert_null(ws_ring_new(SIZE_MAX));
	assert_int_equal(ws_ring_try_get(ring, &batch), -EAGAIN);
	assert_null(batch);
	for (uintptr_t round = 0; round < 10; round++) {
		for (uintptr_t i = 1; i <= 3; i++)
			assert_int_equal(ws_ring_put(ring, ptr(round * 10 + i)), 0);
		assert_int_equal(ws_ring_try_put(ring, ptr(9)), -EAGAIN);
		for (uintptr_t i = 1; i <= 2; i++) {
			assert_int_equal(ws_ring_get(ring, &batch), 0);
			assert_ptr_equal(batch, ptr(round * 10 + i));
		}
		assert_int_equal(ws_ring_try_get(ring, &batch), 0);
		assert_ptr_equal(batch, ptr(round * 10 + 3));
	}
	ws_ring_free(ring);
	ws_ring_free(NULL);
}

static void close_hands_out_the_rest(void **state)
{
	struct ws_ring *ring = ws_ring_new(4);
	void *batch = NULL;

	(void)state;
	assert_int_equal(ws_ring_put(ring, ptr(1)), 0);
	assert_int_equal(ws_ring_put(ring, ptr(2)), 0);
	ws_ring_close(ring, -EIO);
	ws_ring_close(ring, -ENODATA); /* the first counts */
	assert_int_equal(ws_ring_put(ring, ptr(3)), -EPIPE);
	assert_int_equal(ws_ring_get(ring, &batch), 0);
	assert_int_equal(ws_ring_get(ring, &batch), 0);
	assert_ptr_equal(batch, ptr(2));
	assert_int_equal(ws_ring_get(ring, &batch), -EIO);
	assert_int_equal(ws_ring_try_get(ring, &batch), -EIO);
	assert_ptr_equal(batch, ptr(2));
	ws_ring_free(ring);
}

static void an_end_without_a_status_is_an_error(void **state)
{
	struct ws_ring *ring = ws_ring_new(1);
	void *batch;

	(void)state;
	ws_ring_close(ring, 0);
	assert_int_equal(ws_ring_get(ring, &batch), -EINVAL);
	ws_ring_cancel(ring, 1);
	assert_int_equal(ws_ring_put(ring, ptr(1)), -EINVAL);
	ws_ring_free(ring);
}

static void cancel_is_at_once(void **state)
{
	struct ws_ring *ring = ws_ring_new(4);
	void *batch = NULL;

	(void)state;
	assert_int_equal(ws_ring_put(ring, ptr(1)), 0);
	ws_ring_close(ring, -ENODATA);
	ws_ring_cancel(ring, -ECANCELED);
	ws_ring_cancel(ring, -EIO);
	assert_int_equal(ws_ring_get(ring, &batch), -ECANCELED);
	assert_int_equal(ws_ring_put(ring, ptr(2)), -ECANCELED);
	assert_null(batch);
	assert_ptr_equal(ws_ring_drain(ring), ptr(1));
	assert_null(ws_ring_drain(ring));
	ws_ring_free(ring);
}

/* A thread that makes one call that must block, and what it gave. */
struct blocked {
	struct ws_ring *ring;
	_Atomic int tid;
	int result;
	void *batch;
	bool is_put;
};

static void *block(void *arg)
{
	struct blocked *b = arg;

	atomic_store(&b->tid, (int)syscall(SYS_gettid));
	b->result = b->is_put ? ws_ring_put(b->ring, b->batch) : ws_ring_get(b->ring, &b->batch);
	return NULL;
}

/* Starts it and returns once the kernel says that it sleeps. */
static void start_blocked(pthread_t *thread, struct blocked *b)
{
	char path[64], line[256], state = 0;

	assert_int_equal(pthread_create(thread, NULL, block, b), 0);
	while (!atomic_load(&b->tid))
		usleep(100);
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atomic_load(&b->tid));
	for (int i = 0; i < 100000 && state != 'S'; i++) {
		FILE *f = fopen(path, "r");

		assert_non_null(f);
		assert_non_null(fgets(line, sizeof(line), f));
		fclose(f);
		state = *(strrchr(line, ')') + 2);
		usleep(100);
	}
	assert_int_equal(state, 'S');
}

static void ends_wake_the_sleepers(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		bool is_put = way & 1, cancel = way & 2;
		struct ws_ring *ring = ws_ring_new(1);
		struct blocked b[3];
		pthread_t threads[3];

		memset(b, 0, sizeof(b));
		if (is_put)
			assert_int_equal(ws_ring_put(ring, ptr(1)), 0);
		for (int i = 0; i < 3; i++) {
			b[i].ring = ring;
			b[i].is_put = is_put;
			start_blocked(&threads[i], &b[i]);
		}
		if (cancel)
			ws_ring_cancel(ring, -EIO);
		else
			ws_ring_close(ring, -ENODATA);
		for (int i = 0; i < 3; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(b[i].result, cancel ? -EIO : is_put ? -EPIPE : -ENODATA);
		}
		ws_ring_free(ring);
	}
}

static void one_change_wakes_a_sleeper(void **state)
{
	struct ws_ring *ring = ws_ring_new(1);
	struct blocked get = { .ring = ring },
		       put = { .ring = ring, .batch = ptr(8), .is_put = true };
	pthread_t thread;
	void *batch;

	(void)state;
	start_blocked(&thread, &get);
	assert_int_equal(ws_ring_put(ring, ptr(7)), 0);
	pthread_join(thread, NULL);
	assert_int_equal(get.result, 0);
	assert_ptr_equal(get.batch, ptr(7));

	assert_int_equal(ws_ring_put(ring, ptr(7)), 0);
	start_blocked(&thread, &put);
	assert_int_equal(ws_ring_get(ring, &batch), 0);
	pthread_join(thread, NULL);
	assert_int_equal(put.result, 0);
	assert_ptr_equal(ws_ring_drain(ring), ptr(8));

	assert_int_equal(ws_ring_put(ring, ptr(7)), 0);
	atomic_store(&put.tid, 0);
	start_blocked(&thread, &put);
	assert_ptr_equal(ws_ring_drain(ring), ptr(7)); /* drain makes room, too */
	pthread_join(thread, NULL);
	assert_ptr_equal(ws_ring_drain(ring), ptr(8));
	ws_ring_free(ring);
}

/* The lock alone: increments that would be lost if two were ever inside at once. */
struct counted {
	struct ws_lock lock;
	uint64_t value; /* guarded by lock */
};

#define LOCK_ROUNDS 50000
static void *count(void *arg)
{
	struct counted *c = arg;

	for (int i = 0; i < LOCK_ROUNDS; i++) {
		ws_lock_take(&c->lock);
		c->value++;
		ws_lock_give(&c->lock);
	}
	return NULL;
}

static void the_lock_excludes(void **state)
{
	struct counted c = { .value = 0 };
	pthread_t threads[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, &c), 0);
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(c.value, 6 * LOCK_ROUNDS);
	assert_int_equal(atomic_load(&c.lock.word), 0);
}

/* The stress test. Each batch is a heap cell that says who made it and in which turn: it must
 * arrive once, with its content, and in the order of its producer. */
#define STRESS_MAX 8

struct cell {
	uint32_t producer;
	uint32_t turn;
	uint64_t check;
};

struct stress {
	struct ws_ring *ring;
	uint32_t n_producers, n_consumers;
	uint32_t turns;     /* per producer */
	uint32_t cancel_at; /* a consumer cancels after so many batches; 0: none does */
	uint32_t close_at; /* a consumer closes, as if a producer had failed, after so many; 0: none
			    */
	_Atomic uint32_t producers_left;
	_Atomic uint64_t put, got;
	_Atomic uint32_t bad;
	_Atomic bool ended; /* for the thread that sends signals */
};

struct worker {
	struct stress *s;
	uint32_t id;
	uint64_t random;
};

static uint32_t roll(struct worker *w, uint32_t below)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->random >> 33) % below;
}

static void *produce(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;

	for (uint32_t turn = 0; turn < s->turns; turn++) {
		struct cell *cell = malloc(sizeof(*cell));
		int r;

		*cell = (struct cell){ w->id, turn, (uint64_t)w->id << 32 ^ turn ^ 0x5a5a };
		r = roll(w, 4) ? -EAGAIN : ws_ring_try_put(s->ring, cell);
		if (r == -EAGAIN)
			r = ws_ring_put(s->ring, cell);
		if (r) {
			if (r != (s->cancel_at ? -ECANCELED : s->close_at ? -EPIPE : 0))
				atomic_fetch_add(&s->bad, 1);
			free(cell);
			break;
		}
		atomic_fetch_add(&s->put, 1);
		if (!roll(w, 200))
			sched_yield();
	}
	if (atomic_fetch_sub(&s->producers_left, 1) == 1)
		ws_ring_close(s->ring, -ENODATA);
	return NULL;
}

static void *consume(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	int64_t last[STRESS_MAX];
	void *batch;
	int r;

	memset(last, -1, sizeof(last));
	for (;;) {
		struct cell *cell;
		uint64_t got;

		r = roll(w, 4) ? -EAGAIN : ws_ring_try_get(s->ring, &batch);
		if (r == -EAGAIN)
			r = ws_ring_get(s->ring, &batch);
		if (r)
			break;
		cell = batch;
		if (cell->producer >= s->n_producers || cell->turn <= last[cell->producer] ||
		    cell->check != ((uint64_t)cell->producer << 32 ^ cell->turn ^ 0x5a5a))
			atomic_fetch_add(&s->bad, 1);
		else
			last[cell->producer] = cell->turn;
		free(cell);
		got = atomic_fetch_add(&s->got, 1) + 1;
		if (got == s->cancel_at)
			ws_ring_cancel(s->ring, -ECANCELED);
		if (got == s->close_at)
			ws_ring_close(s->ring, -EIO);
		if (!roll(w, 200))
			sched_yield();
	}
	/* The last producer may have closed before, if the end came late. */
	if (r != (s->cancel_at ? -ECANCELED : s->close_at ? -EIO : -ENODATA) && r != -ENODATA)
		atomic_fetch_add(&s->bad, 1);
	return NULL;
}

static void nothing(int signal)
{
	(void)signal;
}

struct shaker {
	struct stress *s;
	pthread_t *threads;
	uint32_t n;
};

static void *shake(void *arg)
{
	struct shaker *k = arg;

	for (uint32_t i = 0; !atomic_load(&k->s->ended); i++) {
		pthread_kill(k->threads[i % k->n], SIGUSR1);
		usleep(50);
	}
	return NULL;
}

static void stress(uint32_t producers, uint32_t consumers, size_t capacity, uint32_t cancel_at,
		   uint32_t close_at)
{
	struct stress s = { .ring = ws_ring_new(capacity),
			    .n_producers = producers,
			    .n_consumers = consumers,
			    .turns = 6000 / producers,
			    .cancel_at = cancel_at,
			    .close_at = close_at,
			    .producers_left = producers };
	struct worker workers[2 * STRESS_MAX];
	pthread_t threads[2 * STRESS_MAX], shaker_thread;
	struct shaker shaker = { &s, threads, producers + consumers };
	uint64_t left = 0;
	struct cell *cell;

	for (uint32_t i = 0; i < producers + consumers; i++) {
		bool is_producer = i < producers;

		workers[i] =
			(struct worker){ &s, is_producer ? i : i - producers, i * 7919 + capacity };
		assert_int_equal(pthread_create(&threads[i], NULL, is_producer ? produce : consume,
						&workers[i]),
				 0);
	}
	assert_int_equal(pthread_create(&shaker_thread, NULL, shake, &shaker), 0);
	/* The handles stay valid for pthread_kill until the join below. */
	while (atomic_load(&s.producers_left))
		usleep(200);
	atomic_store(&s.ended, true);
	pthread_join(shaker_thread, NULL);
	for (uint32_t i = 0; i < producers + consumers; i++)
		pthread_join(threads[i], NULL);
	for (; (cell = ws_ring_drain(s.ring)); left++)
		free(cell);
	assert_int_equal(s.bad, 0);
	assert_int_equal(s.put, s.got + left);
	if (!cancel_at) /* closed or not, all that was put is handed out */
		assert_int_equal(left, 0);
	if (!cancel_at && !close_at)
		assert_int_equal(s.put, (uint64_t)s.turns * producers);
	else
		assert_true(s.got >= cancel_at && s.got >= close_at);
	ws_ring_free(s.ring);
}

static void nothing_is_lost_under_stress(void **state)
{
	static const uint32_t sides[] = { 1, 2, 3, 5, 8 };
	static const size_t capacities[] = { 1, 2, 64 };
	struct sigaction action = { .sa_handler = nothing }; /* no SA_RESTART: futex calls end */

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	for (size_t p = 0; p < 5; p++) {
		for (size_t c = 0; c < 5; c++) {
			for (size_t k = 0; k < 3; k++) {
				uint32_t at = 1 + (uint32_t)(p * 131 + c * 17 + k) * 11 % 2000;

				stress(sides[p], sides[c], capacities[k], 0, 0);
				stress(sides[p], sides[c], capacities[k], at, 0);
				stress(sides[p], sides[c], capacities[k], 0, at);
			}
		}
	}
}

/* Runs 1000 hand-overs in a child in which a futex call is death; with `call`, one such call
 * too. The child's wait status. */
static int without_futex(bool call)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	struct ws_ring *ring = ws_ring_new(2);
	pid_t pid = fork();
	int status;
	void *batch;

	assert_true(pid >= 0);
	if (!pid) {
		_Atomic uint32_t word = 0;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
			_exit(2);
		for (int i = 0; i < 1000; i++) {
			if (ws_ring_put(ring, ptr(1)) || ws_ring_get(ring, &batch))
				_exit(3);
		}
		ws_ring_close(ring, -ENODATA);
		if (call)
			ws_futex_wake(&word, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ws_ring_free(ring);
	return status;
}

static void no_system_call_when_nobody_sleeps(void **state)
{
	(void)state;
	assert_int_equal(without_futex(false), 0);
	assert_true(WIFSIGNALED(without_futex(true))); /* the trap works */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_in_first_out),
		cmocka_unit_test(close_hands_out_the_rest),
		cmocka_unit_test(an_end_without_a_status_is_an_error),
		cmocka_unit_test(cancel_is_at_once),
		cmocka_unit_test(ends_wake_the_sleepers),
		cmocka_unit_test(one_change_wakes_a_sleeper),
		cmocka_unit_test(the_lock_excludes),
		cmocka_unit_test(nothing_is_lost_under_stress),
		cmocka_unit_test(no_system_call_when_nobody_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
