/* SPDX-License-Identifier: MIT */
/* lock_counts.c: see lock_counts.h. */
#include "preload/lock_counts.h"

#include <string.h>

#include "preload/emit.h"
#include "preload/lifecycle.h"
#include "preload/limits.h"
#include "preload/lock_order.h"
#include "preload/select.h"

/* A lock gives its place up after so many acquisitions of others that would have had it: a thread
 * that goes round many locks costs an event for so many of them. */
#define OTHERS_MAX 64

/* Places that one lock can have. */
#define WAYS 4

static void record(struct ws_thread *by, int32_t tid, const struct ws_ev_lock_stats *stats)
{
	struct ws_ev_lock_stats event = *stats;

	if (!ws_wanted(lock_stats) || ws_is_tracer_code(stats->object) ||
	    ws_is_tracer_code(stats->site))
		return;
	if (ws_unlikely(ws_select_on) && !ws_select_object(stats->kind, stats->object, 0))
		return;

	WS_SECTION(by);
	ws_definitions();
	ws_emit_for(lock_stats, &event, tid);
}

/* LTTng's and libunwind's own locks, taken on a thread of the program. */
static bool is_tracers(const struct ws_lock_count *count)
{
	return ws_is_tracer_code(count->object);
}

static void record_count(struct ws_thread *by, struct ws_thread *of, struct ws_lock_count *count)
{
	record(by, of->tid,
	       &(struct ws_ev_lock_stats){
		       .kind = count->kind, .object = count->object, .acquired = count->n });
	if (!is_tracers(count))
		of->told += count->n;
	count->n = 0;
}

static void record_fail(struct ws_thread *by, struct ws_thread *of, struct ws_lock_fail *fail)
{
	record(by, of->tid,
	       &(struct ws_ev_lock_stats){ .kind = fail->kind,
					   .object = fail->object,
					   .site = fail->site,
					   .failed = fail->n });
	fail->n = 0;
}

static size_t place_of(uintptr_t object, size_t n)
{
	return (object * UINT64_C(0x9e3779b97f4a7c15) >> 40) % n;
}

/* Where the lock is counted, or could be: one of WAYS places. NULL: all are others'. */
static struct ws_lock_count *count_place(struct ws_thread *of, uintptr_t object,
					 struct ws_lock_count **first)
{
	struct ws_lock_count *free = NULL;

	*first = &of->counts[place_of(object, WS_LOCK_COUNTS / WAYS) * WAYS];
	for (size_t i = 0; i < WAYS; i++) {
		struct ws_lock_count *count = *first + i;

		if (count->n && count->object == object)
			return count;
		if (!count->n && !free)
			free = count;
	}
	return free;
}

/* `by` is the calling thread. */
static void add(struct ws_thread *by, struct ws_thread *of, uintptr_t object, uint8_t kind,
		uint32_t n)
{
	struct ws_lock_count *first, *count = count_place(of, object, &first);

	if (ws_lock_is_mark(object)) { /* a lock on a file: it has another mark each time */
		of->told += n;
		return;
	}
	if (!count) {
		if (first->others + n < OTHERS_MAX) {
			first->others = (uint8_t)(first->others + n);
			of->told += n;
			ws_limit_reached(WS_LIMIT_lock_counts);
			return;
		}
		count = first;
		record_count(by, of, count);
	} else if (count->n > UINT32_MAX - n) {
		record_count(by, of, count);
	}
	if (!count->n) {
		count->object = object;
		count->kind = kind;
		count->others = 0;
		of->counted = true;
	}
	count->n += n;
}

void ws_lock_count(struct ws_thread *self, struct ws_held *entry)
{
	uint16_t n = entry->count;

	/* Before the table is touched: recording may come back here by a handler. */
	entry->count = 1;
	if (n)
		add(self, self, entry->object, entry->kind, n);
}

void ws_lock_failed(struct ws_thread *self, uintptr_t object, uint8_t kind, uintptr_t site)
{
	struct ws_lock_fail *fail = &self->fails[place_of(object ^ site, WS_LOCK_FAILS)];

	if (fail->n && (fail->object != object || fail->site != site)) {
		if (++fail->others < OTHERS_MAX) {
			ws_limit_reached(WS_LIMIT_lock_counts);
			return;
		}
		record_fail(self, self, fail);
	}
	if (!fail->n) {
		fail->object = object;
		fail->site = site;
		fail->kind = kind;
		fail->others = 0;
		self->counted = true;
	}
	fail->n++;
}

/* What its places for held locks have counted. */
static void gather(struct ws_thread *by, struct ws_thread *of)
{
	for (size_t i = 0; i < WS_HELD_MAX; i++) {
		struct ws_held *entry = &of->held[i];
		uint16_t n = entry->count;

		if (!entry->object)
			break; /* no place above it was ever used */
		entry->count = 0;
		if (n)
			add(by, of, entry->object, entry->kind, n);
	}
}

uint64_t ws_lock_counts_sum(const struct ws_thread *self)
{
	uint64_t sum = self->told;

	for (size_t i = 0; i < WS_HELD_MAX && self->held[i].object; i++)
		if (!ws_is_tracer_code(self->held[i].object))
			sum += self->held[i].count;
	for (size_t i = 0; self->counted && i < WS_LOCK_COUNTS; i++)
		if (self->counts[i].n && !is_tracers(&self->counts[i]))
			sum += self->counts[i].n;
	return sum;
}

static void flush(struct ws_thread *by, struct ws_thread *of)
{
	gather(by, of);
	if (!of->counted)
		return;
	of->counted = false;
	for (size_t i = 0; i < WS_LOCK_COUNTS; i++)
		if (of->counts[i].n)
			record_count(by, of, &of->counts[i]);
	for (size_t i = 0; i < WS_LOCK_FAILS; i++)
		if (of->fails[i].n)
			record_fail(by, of, &of->fails[i]);
}

void ws_lock_counts_flush(struct ws_thread *self)
{
	flush(self, self);
}

static __thread struct ws_thread *flusher __attribute__((tls_model("initial-exec")));

/* The others may be running: what they count meanwhile is lost. */
static void flush_one(struct ws_thread *of)
{
	flush(flusher, of);
}

void ws_lock_counts_flush_all(struct ws_thread *self)
{
	flusher = self;
	ws_threads_each(flush_one);
}

void ws_lock_counts_forget(struct ws_thread *self)
{
	for (size_t i = 0; i < WS_HELD_MAX && self->held[i].object; i++)
		self->held[i].count = 0;
	if (self->counted) {
		memset(self->counts, 0, sizeof(self->counts));
		memset(self->fails, 0, sizeof(self->fails));
	}
	self->counted = false;
	self->told = 0;
}
