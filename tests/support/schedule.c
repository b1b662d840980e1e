/* SPDX-License-Identifier: MIT */
/* schedule.c: see schedule.h. */
#include "tests/support/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct lock {
	int holder;
	char site[16];
	bool by_wait;     /* the holder had waited */
	uint64_t taken;
	uint64_t released; /* last release that was recorded */
};

struct wake {
	uint64_t at;
	int thread;
	char site[16];
	bool used;
};

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 20) % n);
}

struct thread threads[THREADS_MAX];
static struct lock locks[LOCKS];
static int tokens[SEMS];
static struct wake wakes[SEMS][WAITS_MAX];
static int n_wakes[SEMS];
struct truth waits[WAITS_MAX];
int n_waits, n_threads;
static uint64_t now, last;
struct case_trace *trace;

static void emit(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void emit(const char *format, ...)
{
	char line[256];
	const char *error;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	error = case_trace_line(trace, line);
	if (error)
		fail_msg("%s: %s", error, line);
	last = now;
	if (getenv("WS_SHOW"))
		printf("%s\n", line);
}

char thread_letter(int thread)
{
	return (char)('A' + thread);
}

static struct truth *wait_new(int t, const char *site)
{
	struct truth *wait = &waits[n_waits++];

	assert_true(n_waits < WAITS_MAX);
	memset(wait, 0, sizeof(*wait));
	wait->thread = t;
	wait->begin = now;
	wait->end = wait->woken = NEVER;
	snprintf(wait->site, sizeof(wait->site), "%s", site);
	threads[t].wait = wait;
	return wait;
}

static void add_span(struct truth *wait, uint64_t to, int whom, const char *site)
{
	struct span *span = &wait->spans[wait->n_spans++];

	assert_true(wait->n_spans < RELEASES_MAX);
	span->to = to;
	span->whom = whom;
	snprintf(span->site, sizeof(span->site), "%s", site);
}

static void run(int t, uint32_t most)
{
	threads[t].state = READY;
	threads[t].at = now + 1 + below(most);
}

static void take(int t, int l, const char *site, bool by_wait)
{
	struct lock *lock = &locks[l];

	lock->holder = t;
	lock->by_wait = by_wait;
	lock->taken = now;
	snprintf(lock->site, sizeof(lock->site), "%s", site);
	threads[t].held[threads[t].n_held++] = l;
	run(t, 60);
}

static void lock(int t, int l, bool timed)
{
	struct lock *lock = &locks[l];
	struct truth *wait;
	char site[16];

	snprintf(site, sizeof(site), "l%d%c", l, thread_letter(t));
	if (lock->holder == NOBODY) {
		take(t, l, site, false);
		return;
	}
	emit("%llu %c begin mutex:m%d site=%s held=%c/%s", (unsigned long long)now, thread_letter(t), l, site,
	     thread_letter(lock->holder), lock->site);
	wait = wait_new(t, site);
	snprintf(wait->object, sizeof(wait->object), "mutex:m%d", l);
	wait->measured = lock->holder;
	/* Who holds it now is whom it is for until something else is seen. */
	threads[t].by.whom = lock->holder;
	strcpy(threads[t].by.site, lock->site);
	threads[t].on = l;
	threads[t].state = LOCKING;
	threads[t].deadline = timed ? now + 5 + below(80) : NEVER;
	threads[t].at = threads[t].deadline;
}

static void unlock(int t)
{
	int l = threads[t].held[--threads[t].n_held], chosen = NOBODY;
	struct lock *lock = &locks[l];
	bool any = false;

	for (int i = 0; i < n_threads; i++) {
		if ((threads[i].state != LOCKING && threads[i].state != LOCK_WOKEN) ||
		    threads[i].on != l)
			continue;
		any = true;
		add_span(threads[i].wait, now, t, lock->site);
		if (threads[i].state == LOCKING && chosen == NOBODY)
			chosen = i;
	}
	if (any) {
		emit("%llu %c wake unlock mutex:m%d site=u%d%c hold=%s", (unsigned long long)now,
		     thread_letter(t), l, l, thread_letter(t), lock->site);
		lock->released = now;
	}
	if (chosen != NOBODY) {
		threads[chosen].state = LOCK_WOKEN;
		threads[chosen].at = now + 1 + below(15);
	}
	lock->holder = NOBODY;
	run(t, 30);
}

/* A wait for a lock is over; of some the library has measured what the holder used. */
static void lock_end(int t, const char *how)
{
	struct truth *wait = threads[t].wait;
	char ran[32] = "";

	wait->end = now;
	if (below(2)) {
		wait->ran = below((uint32_t)(now - wait->begin) + 1) + 1;
		snprintf(ran, sizeof(ran), " ran=%llu", (unsigned long long)wait->ran - 1);
	}
	emit("%llu %c end %s%s", (unsigned long long)now, thread_letter(t), how, ran);
}

static void lock_woken(int t)
{
	struct truth *wait = threads[t].wait;
	int l = threads[t].on;

	if (locks[l].holder != NOBODY) { /* somebody was faster */
		threads[t].state = LOCKING;
		threads[t].at = threads[t].deadline;
		return;
	}
	lock_end(t, "acquired");
	wait->woken = wait->spans[wait->n_spans - 1].to;
	take(t, l, wait->site, true);
}

static void lock_timeout(int t)
{
	struct truth *wait = threads[t].wait;
	struct lock *lock = &locks[threads[t].on];

	char how[64] = "timeout error=110";

	if (lock->holder != NOBODY)
		snprintf(how, sizeof(how), "timeout error=110 held=%c/%s",
			 thread_letter(lock->holder), lock->site);
	lock_end(t, how);
	wait->by_itself = true;
	if (!wait->n_spans)
		add_span(wait, now, threads[t].by.whom, threads[t].by.site);
	else if (lock->holder != NOBODY)
		add_span(wait, now, lock->holder, lock->site);
	else
		add_span(wait, now, NOBODY, "?");
	run(t, 30);
}

static void sem_wait(int t, int s, bool timed)
{
	struct truth *wait;
	char site[16];

	snprintf(site, sizeof(site), "w%d%c", s, thread_letter(t));
	if (tokens[s]) {
		tokens[s]--;
		run(t, 30);
		return;
	}
	emit("%llu %c begin sem:s%d site=%s", (unsigned long long)now, thread_letter(t), s, site);
	wait = wait_new(t, site);
	snprintf(wait->object, sizeof(wait->object), "sem:s%d", s);
	wait->cause = "unknown";
	threads[t].on = s;
	threads[t].state = WAITING;
	threads[t].at = timed ? now + 5 + below(100) : NEVER;
}

static void post(int t, int s)
{
	int chosen = NOBODY;

	for (int i = 0; i < n_threads && chosen == NOBODY; i++) {
		if (threads[i].state == WAITING && threads[i].on == s)
			chosen = i;
	}
	if (chosen == NOBODY) {
		tokens[s]++;
	} else {
		struct wake *wake = &wakes[s][n_wakes[s]++];

		wake->at = now;
		wake->thread = t;
		wake->used = false;
		snprintf(wake->site, sizeof(wake->site), "p%d%c", s, thread_letter(t));
		emit("%llu %c wake post sem:s%d site=%s count=1", (unsigned long long)now, thread_letter(t), s,
		     wake->site);
		threads[chosen].state = SEM_WOKEN;
		threads[chosen].at = now + 1 + below(25);
	}
	run(t, 30);
}

/* The newest that is not used up: the rule of the model. */
static void sem_woken(int t)
{
	struct truth *wait = threads[t].wait;
	int s = threads[t].on;

	emit("%llu %c end acquired", (unsigned long long)now, thread_letter(t));
	wait->end = now;
	/* Within the wait, else right before it; neither: another wait has used up its own. */
	for (int early = 0; early < 2 && !wait->n_spans; early++) {
		for (int i = n_wakes[s] - 1; i >= 0 && !wait->n_spans; i--) {
			struct wake *wake = &wakes[s][i];

			if (wake->used || (wake->at < wait->begin) != (early == 1) ||
			    (early && wake->thread == t))
				continue;
			wake->used = true;
			wait->woken = early ? wait->begin : wake->at;
			add_span(wait, wait->woken, wake->thread, wake->site);
		}
	}
	run(t, 30);
}

static void nap(int t)
{
	struct truth *wait;

	emit("%llu %c begin sleep:z%c site=z%c", (unsigned long long)now, thread_letter(t), thread_letter(t), thread_letter(t));
	wait = wait_new(t, (const char[]){ 'z', thread_letter(t), 0 });
	snprintf(wait->object, sizeof(wait->object), "sleep:z%c", thread_letter(t));
	wait->cause = "time";
	threads[t].state = SLEEPING;
	threads[t].at = now + 1 + below(80);
}

static void end_by_time(int t)
{
	emit("%llu %c end timeout", (unsigned long long)now, thread_letter(t));
	threads[t].wait->end = now;
	threads[t].wait->cause = "time";
	run(t, 30);
}

/* The next thing that a thread does. */
static void act(int t)
{
	struct thread *self = &threads[t];
	int highest = -1;
	uint32_t what;

	for (int i = 0; i < self->n_held; i++)
		highest = self->held[i] > highest ? self->held[i] : highest;
	if (self->budget-- <= 0) {
		if (self->n_held) {
			unlock(t);
			return;
		}
		for (int i = 1; i < n_threads && t == 0; i++) {
			if (threads[i].state == DONE)
				continue;
			emit("%llu A begin thread:%c site=join", (unsigned long long)now, thread_letter(i));
			wait_new(t, "join");
			snprintf(self->wait->object, sizeof(self->wait->object), "thread:%c",
				 thread_letter(i));
			self->state = JOINING;
			self->on = i;
			self->at = NEVER;
			return;
		}
		emit("%llu %c exit", (unsigned long long)now, thread_letter(t));
		self->state = DONE;
		self->end = now;
		self->at = NEVER;
		if (threads[0].state == JOINING && threads[0].on == t) {
			threads[0].state = JOIN_WOKEN;
			threads[0].at = now + 1 + below(20);
			threads[0].wait->woken = now;
		}
		return;
	}
	what = below(10);
	if (what < 3 && highest + 1 < LOCKS) {
		lock(t, highest + 1 + (int)below((uint32_t)(LOCKS - highest - 1)), below(4) == 0);
	} else if (what < 4) {
		int l = (int)below(LOCKS);
		bool has = false;

		for (int i = 0; i < self->n_held; i++)
			has |= self->held[i] == l;
		if (has)
			run(t, 40);
		else
			lock(t, l, true); /* against the order: it may wait in a circle, for a time */
	} else if (what < 6 && self->n_held) {
		unlock(t);
	} else if (what == 6) {
		sem_wait(t, (int)below(SEMS), below(3) == 0);
	} else if (what == 7) {
		post(t, (int)below(SEMS));
	} else if (what == 8) {
		nap(t);
	} else {
		run(t, 60);
	}
}

static void step(int t)
{
	struct thread *self = &threads[t];

	if (!self->start) { /* it begins */
		self->start = now;
		emit("%llu %c start", (unsigned long long)now, thread_letter(t));
		run(t, 20);
		return;
	}
	switch (self->state) {
	case READY:
		act(t);
		break;
	case LOCKING:
		lock_timeout(t);
		break;
	case LOCK_WOKEN:
		lock_woken(t);
		break;
	case WAITING:
	case SLEEPING:
		end_by_time(t);
		break;
	case SEM_WOKEN:
		sem_woken(t);
		break;
	case JOIN_WOKEN:
		emit("%llu A end acquired", (unsigned long long)now);
		self->wait->end = now;
		add_span(self->wait, self->wait->woken, self->on, "?");
		run(t, 20);
		break;
	default:
		fail();
	}
}

/* What never ended lasted until the trace's last record. */
static void close_waits(void)
{
	for (int i = 0; i < n_waits; i++) {
		struct truth *wait = &waits[i];
		struct lock *lock;

		if (wait->end != NEVER)
			continue;
		wait->end = last;
		if (strncmp(wait->object, "thread", 6) == 0) {
			add_span(wait, last, threads[wait->thread].on, "?");
		} else if (strncmp(wait->object, "mutex", 5) == 0) {
			lock = &locks[wait->object[7] - '0'];
			if (!wait->n_spans)
				add_span(wait, last, threads[wait->thread].by.whom,
					 threads[wait->thread].by.site);
			else if (lock->holder != NOBODY && lock->by_wait &&
				 lock->taken > wait->spans[wait->n_spans - 1].to)
				add_span(wait, last, lock->holder, lock->site);
			else
				add_span(wait, last, NOBODY, "?");
		}
	}
	for (int t = 0; t < n_threads; t++) {
		if (threads[t].state != DONE)
			threads[t].end = last;
	}
}

void simulate(uint64_t seed)
{
	random_state = seed * 0x9e3779b97f4a7c15u + 1;
	for (int i = 0; i < 5; i++)
		below(2);
	trace = case_trace_new();
	memset(threads, 0, sizeof(threads));
	memset(tokens, 0, sizeof(tokens));
	memset(n_wakes, 0, sizeof(n_wakes));
	n_waits = 0;
	now = last = 0;
	n_threads = 2 + (int)below(THREADS_MAX - 1);
	for (int l = 0; l < LOCKS; l++)
		locks[l] = (struct lock){ .holder = NOBODY };
	for (int t = 0; t < n_threads; t++) {
		threads[t].budget = 3 + (int)below(14);
		threads[t].at = t ? 5 + below(100) : 1;
	}
	for (;;) {
		int next = 0;

		for (int t = 1; t < n_threads; t++) {
			if (threads[t].at < threads[next].at)
				next = t;
		}
		if (threads[next].at == NEVER)
			break;
		now = threads[next].at > now ? threads[next].at : now + 1; /* each time is one's */
		step(next);
	}
	close_waits();
}
