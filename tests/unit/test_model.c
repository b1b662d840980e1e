/* SPDX-License-Identifier: MIT */
/* test_model: what must hold for any records: nothing lost, nothing twice, charges that sum up, and
 * memory that does not grow with events. What single rules give is in tests/records. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/model/model.h"

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 20) % n);
}

static const struct ws_holder nobody = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN };

static const struct ws_tables no_tables = { .end_ns = 1000000000000 };

static struct ws_object_key key_of(enum ws_kind kind, uint64_t address)
{
	struct ws_object_key key;

	memset(&key, 0, sizeof(key));
	key.offset = address;
	key.kind = (uint8_t)kind;
	return key;
}

static struct ws_record begin(uint64_t at_ns, uint32_t thread, uint32_t seq,
			      struct ws_object_key key, struct ws_holder holder)
{
	struct ws_record record = { .at_ns = at_ns,
				    .type = WS_RECORD_WAIT_BEGIN,
				    .thread = thread };

	record.wait_begin.begin_ns = at_ns;
	record.wait_begin.seq = seq;
	record.wait_begin.object = key;
	record.wait_begin.data = WS_UNKNOWN;
	record.wait_begin.site = thread;
	record.wait_begin.stack = WS_UNKNOWN;
	record.wait_begin.holder = holder;
	return record;
}

static struct ws_record end(uint64_t at_ns, uint32_t thread, uint32_t seq, enum ws_outcome outcome)
{
	struct ws_record record = { .at_ns = at_ns, .type = WS_RECORD_WAIT_END, .thread = thread };

	record.wait_end.seq = seq;
	record.wait_end.outcome = (uint8_t)outcome;
	record.wait_end.index = -1;
	record.wait_end.holder = nobody;
	return record;
}

static struct ws_record wake(uint64_t at_ns, uint32_t thread, uint32_t seq, enum ws_wake_op op,
			     struct ws_object_key key)
{
	struct ws_record record = { .at_ns = at_ns, .type = WS_RECORD_WAKE, .thread = thread };

	record.wake.seq = seq;
	record.wake.op = (uint8_t)op;
	record.wake.object = key;
	record.wake.count = 1;
	record.wake.data = WS_UNKNOWN;
	record.wake.site = WS_UNKNOWN;
	record.wake.hold = (struct ws_holder){ thread, thread, WS_UNKNOWN };
	return record;
}

static void feed(struct ws_model *model, struct ws_record record)
{
	assert_int_equal(ws_model_record(model, &record), 0);
}

/* What all waits together come to. */
struct sums {
	uint64_t waits;
	uint64_t charged_ns[16]; /* by thread */
	uint64_t unknown_ns;
	bool exact; /* charges must sum up to the wait */
};

static int add_wait(void *context, const struct ws_wait *wait)
{
	struct sums *sums = context;
	uint64_t total = 0;

	assert_true(wait->end_ns >= wait->begin_ns);
	for (size_t i = 0; i < wait->n_charges; i++) {
		uint32_t thread = wait->charges[i].holder.thread;

		total += wait->charges[i].ns;
		if (thread == WS_UNKNOWN)
			sums->unknown_ns += wait->charges[i].ns;
		else
			sums->charged_ns[thread % 16] += wait->charges[i].ns;
	}
	if (ws_kind_is_owned(wait->object->key.kind)) {
		assert_true(wait->n_charges > 0);
		if (sums->exact)
			assert_int_equal(total, wait->end_ns - wait->begin_ns);
		else
			assert_true(total >= wait->end_ns - wait->begin_ns);
	} else {
		assert_int_equal(wait->n_charges, 0);
	}
	sums->waits++;
	return 0;
}

static struct ws_model *model_for(struct sums *sums)
{
	const struct ws_model_observer observer = { .context = sums, .wait = add_wait };
	struct ws_model *model = NULL;

	assert_int_equal(ws_model_new(&observer, &model), 0);
	return model;
}

/* A mutex, simulated: who held it while whom waited is known for every nanosecond. */
static void charges_agree_with_a_simulated_mutex(void **state)
{
	(void)state;
	for (uint32_t run = 1; run <= 200; run++) {
		const struct ws_object_key key = key_of(WS_KIND_MUTEX, 0x100);
		struct sums sums = { .exact = true };
		struct ws_model *model = model_for(&sums);
		uint64_t truth[16] = { 0 }, now = 1, waits = 0;
		uint32_t owner = WS_UNKNOWN, n = 2 + run % 14, seq[16] = { 0 }, wakes = 0;
		bool waiting[16] = { false };

		random_state = 0x9e3779b97f4a7c15ull * run;
		for (int step = 0; step < 500; step++) {
			uint32_t thread = random_below(n);
			uint64_t passed = 1 + random_below(1000);
			uint32_t n_waiting = 0;

			for (uint32_t i = 0; i < n; i++)
				n_waiting += waiting[i];
			/* The owner is charged by all who wait; between a release and the next
			 * acquisition no time passes in this world. */
			if (owner != WS_UNKNOWN)
				truth[owner] += passed * n_waiting;
			now += passed;
			if (waiting[thread])
				continue;
			if (owner == WS_UNKNOWN) {
				owner = thread;
			} else if (owner != thread) {
				struct ws_holder holder = { owner, owner, WS_UNKNOWN };

				/* What it sees may be nothing; then the releases tell. */
				feed(model, begin(now, thread, ++seq[thread], key,
						  random_below(2) ? holder : nobody));
				waiting[thread] = true;
			} else {
				uint32_t next = random_below(n), barges = random_below(3);

				if (n_waiting)
					feed(model,
					     wake(now, thread, ++wakes, WS_WAKE_UNLOCK, key));
				owner = WS_UNKNOWN;
				if (n_waiting && !barges) {
					while (!waiting[next])
						next = (next + 1) % n;
					feed(model, end(now, next, seq[next], WS_OUTCOME_ACQUIRED));
					waiting[next] = false;
					owner = next;
					waits++;
				} else if (n_waiting) {
					/* Somebody who does not wait takes it first. */
					while (waiting[next])
						next = (next + 1) % n;
					owner = next;
				}
			}
		}
		/* The last owner releases to one after the other. */
		for (uint32_t i = 0; i < n; i++) {
			if (!waiting[i])
				continue;
			feed(model, wake(now, owner, ++wakes, WS_WAKE_UNLOCK, key));
			feed(model, end(now, i, seq[i], WS_OUTCOME_ACQUIRED));
			owner = i;
			waits++;
		}
		assert_int_equal(ws_model_finish(model, &no_tables), 0);
		assert_int_equal(sums.waits, waits);
		assert_int_equal(sums.unknown_ns, 0);
		for (int i = 0; i < 16; i++)
			assert_int_equal(sums.charged_ns[i], truth[i]);
		ws_model_free(model);
	}
}

/* Any order of any records: each wait comes out once, and nothing breaks. */
static void any_records_give_each_wait_once(void **state)
{
	static const enum ws_kind kinds[] = { WS_KIND_MUTEX,   WS_KIND_RWLOCK, WS_KIND_COND,
					      WS_KIND_BARRIER, WS_KIND_SEM,    WS_KIND_FUTEX,
					      WS_KIND_THREAD };

	(void)state;
	for (uint32_t run = 1; run <= 300; run++) {
		struct sums sums = { .exact = false };
		struct ws_model *model = model_for(&sums);
		uint64_t begins = 0, not_waits = 0, now = 1;
		uint32_t open_seq[8] = { 0 }, depth[8] = { 0 }, seq = 0;

		random_state = 0xd1342543de82ef95ull * run;
		for (int step = 0; step < 2000; step++) {
			uint32_t thread = random_below(8);
			enum ws_kind kind = kinds[random_below(7)];
			struct ws_object_key key = key_of(kind, random_below(8));
			struct ws_record record = { .thread = thread };

			if (kind == WS_KIND_THREAD)
				key.process = WS_UNKNOWN;
			now += random_below(1000);
			record.at_ns = now;
			switch (random_below(12)) {
			case 0:
			case 1:
			case 2:
				feed(model,
				     begin(now, thread, ++seq, key,
					   random_below(2)
						   ? (struct ws_holder){ random_below(8), 1, 2 }
						   : nobody));
				open_seq[thread] = seq;
				depth[thread]++;
				begins++;
				break;
			case 3:
			case 4:
			case 5:
				/* Often one that is not open, or not the innermost. */
				record = end(now, thread, open_seq[thread],
					     (enum ws_outcome)(1 + random_below(7)));
				if (record.wait_end.outcome == WS_OUTCOME_NO_WAIT) {
					uint64_t orphans = ws_model_counts(model)->orphan_ends;

					feed(model, record);
					not_waits += ws_model_counts(model)->orphan_ends == orphans;
				} else {
					feed(model, record);
				}
				break;
			case 6:
			case 7:
				record = wake(now, thread, random_below(50),
					      (enum ws_wake_op)(1 + random_below(13)), key);
				record.wake.count = random_below(4) ? random_below(3) : WS_WAKE_ALL;
				record.wake.flags = random_below(3) ? 0 : WS_WAKE_LATE;
				if (record.wake.op == WS_WAKE_FUTEX_REQUEUE)
					record.wake.target = key_of(WS_KIND_FUTEX, random_below(8));
				feed(model, record);
				break;
			case 8:
				record.type = WS_RECORD_WAKE_STACK;
				record.wake_stack.seq = random_below(50);
				record.wake_stack.stack = random_below(9);
				feed(model, record);
				break;
			case 9:
				record.type = WS_RECORD_HOLDER;
				record.holder.seq = open_seq[thread];
				record.holder.holder = (struct ws_holder){ random_below(8), 3, 4 };
				feed(model, record);
				break;
			case 10:
				record.type = WS_RECORD_OBJECT;
				record.object.op = (uint8_t)(1 + random_below(6));
				record.object.object = key;
				record.object.data = WS_UNKNOWN;
				record.object.site = WS_UNKNOWN;
				record.object.name = "";
				feed(model, record);
				break;
			default:
				if (random_below(20) == 0) {
					record.type = WS_RECORD_LOSS;
					record.thread = record.process = WS_UNKNOWN;
				} else {
					record.type = WS_RECORD_THREAD;
					record.thread_step.op =
						random_below(4) ? WS_THREAD_START : WS_THREAD_EXIT;
				}
				feed(model, record);
			}
		}
		assert_int_equal(ws_model_finish(model, &no_tables), 0);
		assert_int_equal(sums.waits, begins - not_waits);
		assert_int_equal(ws_model_counts(model)->waits, sums.waits);
		ws_model_free(model);
	}
}

/* The same a number of times: waits of every fate, with objects that come and go. */
static void many_events(struct ws_model *model, uint32_t n, uint64_t *now)
{
	static uint32_t seq;

	for (uint32_t i = 0; i < n; i++) {
		const struct ws_object_key mutex = key_of(WS_KIND_MUTEX, 0x100 + i % 8);
		const struct ws_object_key sem = key_of(WS_KIND_SEM, 0x200 + i % 8);
		const struct ws_object_key futex = key_of(WS_KIND_FUTEX, 0x300);
		struct ws_record record;

		*now += 1000;
		/* One that starves while others are served, by wakes whose stacks never come. */
		if (i == 0)
			feed(model, begin(*now, 5, ++seq, sem, nobody));
		feed(model, begin(*now, 1, ++seq, mutex, nobody));
		feed(model, wake(*now + 10, 2, seq, WS_WAKE_UNLOCK, mutex));
		feed(model, end(*now + 20, 1, seq, WS_OUTCOME_ACQUIRED));
		/* Nobody is seen to end this one. */
		feed(model, begin(*now + 30, 1, ++seq, sem, nobody));
		feed(model, end(*now + 40, 1, seq, WS_OUTCOME_ACQUIRED));
		/* Wakes that nobody uses. */
		feed(model, wake(*now + 50, 3, seq, WS_WAKE_POST, sem));
		feed(model, wake(*now + 51, 4, seq, WS_WAKE_FUTEX_WAKE, futex));
		/* An end that is lost. */
		if (i % 7 == 0)
			feed(model, begin(*now + 60, 6, ++seq, futex, nobody));
		/* An object that is made, never waited on, and goes. */
		record =
			(struct ws_record){ .at_ns = *now + 70,
					    .type = WS_RECORD_OBJECT,
					    .object = { .op = WS_OBJECT_INIT,
							.object = key_of(WS_KIND_MUTEX, 0x9000 + i),
							.data = WS_UNKNOWN,
							.site = 1,
							.name = "" } };
		feed(model, record);
		record.object.op = WS_OBJECT_DESTROY;
		feed(model, record);
		/* A thread that lives for one wait. */
		feed(model, begin(*now + 80, 8 + i % 100, ++seq, sem, nobody));
		record = (struct ws_record){ .at_ns = *now + 90,
					     .type = WS_RECORD_THREAD,
					     .thread = 8 + i % 100,
					     .thread_step = { .op = WS_THREAD_EXIT } };
		feed(model, record);
	}
}

static void memory_does_not_grow_with_events(void **state)
{
	struct sums sums = { .exact = true };
	struct ws_model *model = model_for(&sums);
	uint64_t now = 1;
	size_t before, after;

	(void)state;
	many_events(model, 2000, &now);
	before = mallinfo2().uordblks;
	many_events(model, 200000, &now);
	after = mallinfo2().uordblks;
	if (after > before + 4096)
		fail_msg("%zu bytes became %zu", before, after);
	assert_int_equal(ws_model_finish(model, &no_tables), 0);
	assert_true(ws_model_counts(model)->nest_given_up > 0);
	ws_model_free(model);
}

static int keep_object(void *context, const struct ws_wait *wait)
{
	const struct ws_object **objects = context;

	objects[wait->thread] = wait->object;
	return 0;
}

/* A place in shared memory is one object to all processes of a host, and another on each host. */
static void shared_memory_is_of_its_host(void **state)
{
	const struct ws_object *objects[4] = { NULL }; /* by thread */
	const struct ws_model_observer observer = { .context = objects, .wait = keep_object };
	struct ws_object_key key = key_of(WS_KIND_SEM, 0x100);
	struct ws_model *model = NULL;

	(void)state;
	assert_int_equal(ws_model_new(&observer, &model), 0);
	key.process = WS_UNKNOWN;
	key.ino = 7;
	for (uint32_t thread = 0; thread < 4; thread++) {
		key.host = (uint16_t)(thread / 2);
		feed(model, begin(1 + thread, thread, 1, key, nobody));
	}
	assert_int_equal(ws_model_finish(model, &no_tables), 0);
	assert_non_null(objects[0]);
	assert_ptr_equal(objects[1], objects[0]);
	assert_ptr_not_equal(objects[2], objects[0]);
	assert_ptr_equal(objects[3], objects[2]);
	ws_model_free(model);
}

static int refuse(void *context, const struct ws_wait *wait)
{
	(void)wait;
	return *(int *)context;
}

/* What the observer says reaches the caller, and the model can be freed in any state. */
static void an_error_of_the_observer_is_returned(void **state)
{
	int error = -28;
	const struct ws_model_observer observer = { .context = &error, .wait = refuse };
	const struct ws_object_key key = key_of(WS_KIND_SEM, 0x100);
	struct ws_model *model = NULL;
	struct ws_record record;

	(void)state;
	assert_int_equal(ws_model_new(&observer, &model), 0);
	feed(model, begin(1, 1, 1, key, nobody));
	feed(model, begin(1, 2, 1, key, nobody));
	record = end(2, 1, 1, WS_OUTCOME_TIMEOUT);
	assert_int_equal(ws_model_record(model, &record), -28);
	ws_model_free(model);
	ws_model_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(charges_agree_with_a_simulated_mutex),
		cmocka_unit_test(any_records_give_each_wait_once),
		cmocka_unit_test(memory_does_not_grow_with_events),
		cmocka_unit_test(shared_memory_is_of_its_host),
		cmocka_unit_test(an_error_of_the_observer_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
