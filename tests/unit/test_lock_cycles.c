/* SPDX-License-Identifier: MIT */
/* test_lock_cycles: the search for cycles in orders of locks, compared with one that tries all: of
 * thousands of small random sets of orders every cycle that is told is one by the rules of
 * lock_order.h, and every order that is part of one, or of a circle that is none, is told. And what
 * the limits of the search do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analyses/lock_cycles.h"
#include "analyzer/analyses/lock_order.h"
#include "tracepoints/format.h"

enum {
	ROUNDS = 20000,
	THREADS = 4,
	OBJECTS = 11, /* plain locks first, then bytes of files, and one of these as a whole */
	PLAIN = 3,
	STEPS = 8,
	MAX_STEPS = 7000,
};

struct told {
	const struct ws_lock_step *steps[16];
	size_t n;
	enum ws_cycle_why why;
};

static struct ws_object objects[512];
static struct ws_lock_step *steps[MAX_STEPS];
static size_t n_steps;
static struct ws_record orders[6];
static size_t n_orders;
static struct ws_task threads[512];
static struct ws_tables tables = { .threads = threads };
static struct told told[256];
static size_t n_told, gave_up;

static unsigned random_below(unsigned n)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % n;
}

static void make_objects(void)
{
	static const struct {
		uint64_t dev, ino, start, length;
		uint16_t host;
		uint8_t kind;
	} ranges[OBJECTS - PLAIN] = {
		{ 7, 1, 0, 10, 0, WS_KIND_RECORD_LOCK }, { 7, 1, 5, 10, 0, WS_KIND_RECORD_LOCK },
		{ 7, 1, 12, 0, 0, WS_KIND_RECORD_LOCK }, { 7, 1, 10, 2, 0, WS_KIND_RECORD_LOCK },
		{ 7, 2, 0, 10, 0, WS_KIND_RECORD_LOCK }, { 8, 1, 0, 10, 0, WS_KIND_RECORD_LOCK },
		{ 7, 1, 0, 10, 1, WS_KIND_RECORD_LOCK }, { 7, 1, 0, 10, 0, WS_KIND_FLOCK },
	};

	for (uint32_t i = 0; i < 512; i++) {
		objects[i] = (struct ws_object){
			.id = i,
			.init_site = 1,
			.data = WS_UNKNOWN,
			.taken_site = WS_UNKNOWN,
		};
		objects[i].key = (struct ws_object_key){ .kind = WS_KIND_RWLOCK, .offset = i };
	}
	objects[0].init_site = WS_UNKNOWN;
	for (uint32_t i = 0; i < OBJECTS - PLAIN; i++)
		objects[PLAIN + i].key = (struct ws_object_key){
			.kind = ranges[i].kind,
			.host = ranges[i].host,
			.dev = ranges[i].dev,
			.ino = ranges[i].ino,
			.offset = ranges[i].start,
			.length = ranges[i].length,
			.process = WS_UNKNOWN,
		};
}

static struct ws_lock_step *add_step(uint32_t thread, unsigned taken, unsigned held)
{
	struct ws_lock_step *step = calloc(1, sizeof(*step) + 3 * sizeof(step->held[0]));

	assert_non_null(step);
	step->edge.held = step->held;
	step->edge.n_held = 1;
	step->edge.thread = thread;
	step->edge.segment = 1;
	step->edge.at_ns = n_steps;
	step->edge.taken.object = &objects[taken];
	step->held[0].object = &objects[held];
	return steps[n_steps++] = step;
}

static uint8_t random_flags(void)
{
	return (uint8_t)((random_below(3) == 0 ? WS_EDGE_READ : 0) |
			 (random_below(6) == 0 ? WS_EDGE_FILE : 0));
}

/* A thread is created or joined, a process is forked or collected; or it is not known by whom, or
 * when, or it is another step of theirs. */
static struct ws_record random_order(unsigned n_threads)
{
	static const uint8_t thread_ops[] = { WS_THREAD_START, WS_THREAD_JOIN, WS_THREAD_EXIT };
	static const uint8_t process_ops[] = { WS_PROCESS_FORK, WS_PROCESS_REAPED,
					       WS_PROCESS_EXIT };
	uint32_t other = random_below(8) ? random_below(n_threads) : WS_UNKNOWN;
	uint32_t segment = random_below(4);
	struct ws_record record = { .type = WS_RECORD_THREAD };

	record.thread = random_below(n_threads);
	record.process = random_below(2);
	if (random_below(2)) {
		record.thread_step.op = thread_ops[random_below(3)];
		record.thread_step.segment = segment;
		record.thread_step.creator = record.thread_step.joined = WS_UNKNOWN;
		if (record.thread_step.op == WS_THREAD_JOIN)
			record.thread_step.joined = other;
		else
			record.thread_step.creator = other;
		return record;
	}
	record.type = WS_RECORD_PROCESS;
	record.process_step.op = process_ops[random_below(3)];
	record.process_step.segment = segment;
	record.process_step.by = other;
	return record;
}

static void make_random(unsigned n_threads)
{
	unsigned n = 2 + random_below(STEPS - 1);
	/* Fewer of them meet more often. */
	unsigned among = random_below(2) ? OBJECTS : OBJECTS / 2;

	for (unsigned i = 0; i < n_threads; i++)
		threads[i].process = random_below(2);
	tables.n_threads = n_threads;
	for (unsigned i = 0; i < n; i++) {
		unsigned taken = random_below(among), n_held = 1 + random_below(3);
		struct ws_lock_step *step = add_step(random_below(n_threads), taken, 0);

		step->edge.n_held = 0;
		for (unsigned k = 0; k < n_held; k++) {
			unsigned held = random_below(among);
			bool there = held == taken;

			for (size_t m = 0; m < step->edge.n_held; m++)
				there |= step->held[m].object == &objects[held];
			if (there)
				continue;
			step->held[step->edge.n_held].flags = random_flags();
			step->held[step->edge.n_held++].object = &objects[held];
		}
		if (!step->edge.n_held)
			step->held[step->edge.n_held++].object = &objects[(taken + 1) % OBJECTS];
		step->edge.segment = 1 + random_below(4);
		step->edge.syncs = random_below(4) == 0;
		step->edge.locks = random_below(4) == 0;
		step->edge.taken.flags =
			(uint8_t)(random_flags() | (random_below(8) == 0 ? WS_EDGE_TRY : 0) |
				  (random_below(8) == 0 ? WS_EDGE_TIMED : 0) |
				  (random_below(3) == 0 ? WS_EDGE_LAST : 0));
	}
	n_orders = random_below(4);
	for (size_t i = 0; i < n_orders; i++)
		orders[i] = random_order(n_threads);
}

/* The rules again, as plainly as can be. */

static bool same(const struct ws_object *a, const struct ws_object *b)
{
	if (a->key.kind != WS_KIND_RECORD_LOCK || b->key.kind != WS_KIND_RECORD_LOCK)
		return a == b;
	if (a->key.ino != b->key.ino || a->key.dev != b->key.dev || a->key.host != b->key.host)
		return false;
	for (uint64_t at = 0; at < 40; at++) {
		bool in_a = at >= a->key.offset &&
			    (!a->key.length || at < a->key.offset + a->key.length);
		bool in_b = at >= b->key.offset &&
			    (!b->key.length || at < b->key.offset + b->key.length);

		if (in_a && in_b)
			return true;
	}
	return false;
}

static bool keeps_out(const struct ws_lock_step *a, const struct ws_lock *x,
		      const struct ws_lock_step *b, const struct ws_lock *y)
{
	bool by_process = x->object->key.kind == WS_KIND_RECORD_LOCK &&
			  !(x->flags & WS_EDGE_FILE) && !(y->flags & WS_EDGE_FILE);

	if (!same(x->object, y->object) || (x->flags & y->flags & WS_EDGE_READ))
		return false;
	return !by_process || threads[a->edge.thread].process != threads[b->edge.thread].process;
}

static bool precedes(uint32_t from, uint32_t until, uint32_t to, uint32_t segment, int depth);

/* All of `by` up to `upto` is over. */
static bool is_over(uint32_t from, uint32_t until, uint32_t by, uint32_t upto, int depth)
{
	return by != WS_UNKNOWN &&
	       ((by == from && upto >= until) || precedes(from, until, by, upto, depth + 1));
}

/* True if all of `from` up to `until` is before `to` from `segment` on. */
static bool precedes(uint32_t from, uint32_t until, uint32_t to, uint32_t segment, int depth)
{
	for (size_t i = 0; i < n_orders && depth < 8; i++) {
		const struct ws_record *order = &orders[i];
		bool is_thread = order->type == WS_RECORD_THREAD;
		uint8_t op = is_thread ? order->thread_step.op : order->process_step.op;
		uint32_t at = is_thread ? order->thread_step.segment : order->process_step.segment;

		if (!at)
			continue;
		if (is_thread && op == WS_THREAD_START && order->thread == to &&
		    is_over(from, until, order->thread_step.creator, at, depth))
			return true;
		if (is_thread && op == WS_THREAD_JOIN && order->thread == to && segment > at &&
		    is_over(from, until, order->thread_step.joined, WS_SEGMENT_LAST, depth))
			return true;
		if (!is_thread && op == WS_PROCESS_FORK && order->thread == to &&
		    is_over(from, until, order->process_step.by, at, depth))
			return true;
		for (uint32_t t = 0; t < tables.n_threads; t++)
			if (!is_thread && op == WS_PROCESS_REAPED && order->process_step.by == to &&
			    segment > at && threads[t].process == order->process &&
			    is_over(from, until, t, WS_SEGMENT_LAST, depth))
				return true;
	}
	return false;
}

static bool are_apart(const struct ws_lock_step *a, const struct ws_lock_step *b)
{
	uint32_t a_until = a->edge.taken.flags & WS_EDGE_LAST ? WS_SEGMENT_LAST : a->edge.segment;
	uint32_t b_until = b->edge.taken.flags & WS_EDGE_LAST ? WS_SEGMENT_LAST : b->edge.segment;

	if (a->edge.thread == b->edge.thread)
		return true;
	for (size_t i = 0; i < a->edge.n_held; i++)
		for (size_t k = 0; k < b->edge.n_held; k++)
			if (keeps_out(a, &a->held[i], b, &b->held[k]))
				return true;
	return precedes(a->edge.thread, a_until, b->edge.thread, b->edge.segment, 0) ||
	       precedes(b->edge.thread, b_until, a->edge.thread, a->edge.segment, 0);
}

static bool wait_for(const struct ws_lock_step *a, const struct ws_lock_step *b)
{
	for (size_t i = 0; i < b->edge.n_held; i++)
		if (keeps_out(a, &a->edge.taken, b, &b->held[i]))
			return true;
	return false;
}

static bool is_cycle(const struct ws_lock_step *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i]->edge.taken.flags & (WS_EDGE_TRY | WS_EDGE_TIMED) ||
		    !wait_for(list[i], list[(i + 1) % n]))
			return false;
		for (size_t k = 0; k < i; k++)
			if (are_apart(list[i], list[k]) ||
			    list[i]->edge.taken.object == list[k]->edge.taken.object)
				return false;
	}
	return n > 1;
}

static enum ws_cycle_why tier(const struct ws_lock_step *const *list, size_t n)
{
	enum ws_cycle_why why = WS_CYCLE_PREDICTABLE;

	for (size_t i = 0; i < n; i++)
		if (list[i]->edge.syncs || list[i]->edge.locks)
			why = WS_CYCLE_SYNCED;
	for (size_t i = 0; i < n; i++)
		if (list[i]->edge.taken.object == &objects[0])
			why = WS_CYCLE_REUSED;
	return why;
}

/* That `step` takes what it takes while it holds what was wanted is told. */
static bool is_told(const struct ws_object *wanted, const struct ws_lock_step *step,
		    bool suppressed)
{
	for (size_t i = 0; i < n_told; i++)
		for (size_t k = 0; k < told[i].n; k++) {
			const struct ws_lock_step *other = told[i].steps[k];
			const struct ws_lock_step *before =
				told[i].steps[(k + told[i].n - 1) % told[i].n];

			if (other->edge.taken.object == step->edge.taken.object &&
			    (suppressed || told[i].why < WS_CYCLE_ONE_THREAD) &&
			    same(ws_lock_held_by(other, &before->edge.taken)->object, wanted))
				return true;
		}
	return false;
}

/* Every cycle that begins with `list`. */
static void expect_cycles(const struct ws_lock_step **list, size_t n)
{
	if (is_cycle(list, n))
		for (size_t i = 0; i < n; i++)
			assert_true(is_told(list[i]->edge.taken.object, list[(i + 1) % n], false));
	for (size_t i = 0; i < n_steps && n < THREADS; i++) {
		if (n && !wait_for(list[n - 1], steps[i]))
			continue;
		list[n] = steps[i];
		expect_cycles(list, n + 1);
	}
}

/* True if who waits for `from` may wait for `to` in the end, whoever they are. */
static bool leads(const struct ws_object *from, const struct ws_object *to)
{
	bool seen[STEPS] = { false };

	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < n_steps; i++)
			for (size_t k = 0; k < steps[i]->edge.n_held && !seen[i]; k++) {
				bool here = same(steps[i]->held[k].object, from);

				for (size_t m = 0; m < n_steps; m++)
					here |= seen[m] && same(steps[i]->held[k].object,
								steps[m]->edge.taken.object);
				if (!here)
					continue;
				seen[i] = more = true;
				if (steps[i]->edge.taken.object == to)
					return true;
			}
	}
	return false;
}

static int take(void *unused, const struct ws_lock_cycle *cycle)
{
	struct told *to = &told[n_told++];

	(void)unused;
	assert_true(n_told < 256 && cycle->n <= 16);
	memcpy(to->steps, cycle->steps, cycle->n * sizeof(to->steps[0]));
	to->n = cycle->n;
	to->why = cycle->why;
	assert_int_equal(cycle->gate != NULL, cycle->why == WS_CYCLE_GATE);
	return 0;
}

static void find(void)
{
	struct ws_before *before;

	n_told = gave_up = 0;
	assert_int_equal(ws_before_new(&before), 0);
	for (size_t i = 0; i < n_orders; i++)
		assert_int_equal(ws_before_record(before, &orders[i]), 0);
	assert_int_equal(ws_before_finish(before, &tables), 0);
	assert_int_equal(ws_lock_cycles_find(steps, n_steps, &tables, before, take, NULL, &gave_up),
			 0);
	ws_before_free(before);
}

static void forget(void)
{
	while (n_steps) {
		free(steps[--n_steps]->reach);
		free(steps[n_steps]);
	}
	n_orders = 0;
}

static void agrees(void **unused)
{
	size_t n_counted = 0, n_suppressed = 0;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		const struct ws_lock_step *list[THREADS];

		make_random(2 + random_below(THREADS - 1));
		find();
		for (size_t i = 0; i < n_told; i++) {
			bool counts = told[i].why < WS_CYCLE_ONE_THREAD;

			assert_int_equal(is_cycle(told[i].steps, told[i].n), counts);
			if (counts)
				assert_int_equal(told[i].why, tier(told[i].steps, told[i].n));
			n_counted += counts;
			n_suppressed += !counts;
		}
		expect_cycles(list, 0);
		for (size_t i = 0; i < n_steps; i++)
			for (size_t k = 0; k < n_steps; k++) {
				const struct ws_object *wanted = steps[k]->edge.taken.object;

				if (wanted != steps[i]->edge.taken.object &&
				    ws_lock_held_by(steps[i], &steps[k]->edge.taken) &&
				    leads(steps[i]->edge.taken.object, wanted))
					assert_true(is_told(wanted, steps[i], true));
			}
		assert_int_equal(gave_up, 0);
		forget();
	}
	/* The rounds are not empty. */
	assert_true(n_counted > ROUNDS / 10 && n_suppressed > ROUNDS / 10);
}

/* A ring of `n` threads: each takes what the next one holds. */
static void make_ring(uint32_t n)
{
	tables.n_threads = n;
	for (uint32_t i = 0; i < n; i++)
		add_step(i, 16 + (i + 1) % n, 16 + i);
}

/* The shortest way round is one of two threads that have a gate. Another way is `more` longer. */
static void ring_beside_gate(uint32_t more)
{
	make_ring(2 + more);
	for (uint32_t i = 0; i < 2; i++) {
		struct ws_lock_step *step = steps[i];

		step->held[1].object = &objects[300];
		step->edge.n_held = i == 0 ? 2 : 1;
	}
	/* Thread 0 holds 16 and takes 17; this one holds 17 and takes 16, under the same gate. */
	add_step(400, 16, 17)->held[1].object = &objects[300];
	steps[n_steps - 1]->edge.n_held = 2;
	tables.n_threads = 401;
}

static void detours(void **unused)
{
	(void)unused;
	ring_beside_gate(3);
	find();
	/* The ring, and the order that is part of the short one only. */
	assert_int_equal(n_told, 2);
	assert_int_equal(told[0].n, 5);
	assert_int_equal(told[0].steps[0]->edge.thread, 0);
	assert_int_equal(told[0].why, WS_CYCLE_PREDICTABLE);
	assert_int_equal(told[1].n, 2);
	assert_int_equal(told[1].why, WS_CYCLE_GATE);
	assert_ptr_equal(told[1].steps[0]->edge.taken.object, &objects[16]);
	forget();
	make_ring(14);
	find();
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].n, 14);
	forget();
}

/* Two locks each, by one thread: none of them is a deadlock. */
static void many_suppressed(void **unused)
{
	(void)unused;
	tables.n_threads = 1;
	for (unsigned i = 0; i < WS_LOCK_ORDER_SUPPRESSED_MAX + 8; i++) {
		add_step(0, 20, 21 + i);
		add_step(0, 21 + i, 20);
	}
	find();
	assert_int_equal(n_told, WS_LOCK_ORDER_SUPPRESSED_MAX);
	for (size_t i = 0; i < n_told; i++)
		assert_int_equal(told[i].why, WS_CYCLE_ONE_THREAD);
	assert_int_equal(gave_up, 0);
	forget();
}

/* Layers of locks that are taken one after the other by all threads but one, which closes the
 * circle with a lock that every thread has: too many ways to try, none of them a cycle. */
static void gives_up(void **unused)
{
	enum { LAYERS = 5, WIDTH = 40 };

	(void)unused;
	tables.n_threads = LAYERS * WIDTH + 1;
	for (unsigned layer = 0; layer < LAYERS; layer++)
		for (unsigned i = 0; i < WIDTH; i++)
			for (unsigned k = 0; k < (layer + 1 < LAYERS ? WIDTH : 1); k++) {
				unsigned to =
					layer + 1 < LAYERS ? 16 + (layer + 1) * WIDTH + k : 15;
				add_step(layer * WIDTH + i, to, 16 + layer * WIDTH + i);
			}
	for (unsigned i = 0; i < WIDTH; i++)
		add_step(LAYERS * WIDTH, 16 + i, 15)->edge.taken.flags = WS_EDGE_TRY;
	assert_true(n_steps < MAX_STEPS);
	find();
	assert_int_equal(gave_up, 1);
	forget();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees),
		cmocka_unit_test(detours),
		cmocka_unit_test(many_suppressed),
		cmocka_unit_test(gives_up),
	};

	make_objects();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
