/* SPDX-License-Identifier: MIT */
/* sweep.c: see sweep.h. */
#include "analyzer/analyses/sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/origins.h"
#include "analyzer/analyses/sweep_heap.h"
#include "analyzer/base/grow.h"

struct run {
	struct ws_sweep sweep;
	const struct ws_sweep_hooks *hooks;
	size_t n_hooks;
	struct ws_sweep_heap later;  /* taken from the stack, and over before now; by end */
	struct ws_sweep_heap active; /* under way, by next change */
	struct ws_sweep_heap unborn; /* births that are still to come, by time */
	struct ws_sweep_heap births; /* those that have come: in no order, they do not change */
	bool dry;           /* the stack is empty */
	uint64_t latest_ns; /* what is in the stack ended by then */
	struct ws_sweep_wait *spare;
	uint64_t order;
	uint32_t *ends, *begins; /* Owned by this: threads by end and by begin, last first */
	uint64_t *end_ns;        /* Owned by this: by thread */
	size_t n_ends, n_begins; /* of these, done */
};

static struct ws_sweep_wait *wait_new(struct run *run)
{
	struct ws_sweep_wait *wait = run->spare;
	struct ws_past_piece *pieces = NULL;
	size_t size = 0;

	if (wait) {
		run->spare = wait->outer;
		pieces = wait->pieces;
		size = wait->pieces_size;
	} else {
		wait = malloc(sizeof(*wait));
		if (!wait)
			return NULL;
	}
	memset(wait, 0, offsetof(struct ws_sweep_wait, by_waker));
	wait->pieces = pieces;
	wait->pieces_size = size;
	wait->whom = WS_UNKNOWN;
	wait->order = run->order++;
	return wait;
}

static void wait_drop(struct run *run, struct ws_sweep_wait *wait)
{
	wait->outer = run->spare;
	run->spare = wait;
}

void ws_sweep_own_cause(const struct ws_sweep_wait *wait, struct ws_cause *ret)
{
	*ret = (struct ws_cause){
		.what = wait->woken ? WS_CAUSE_SCHEDULER
			: wait->piece ? WS_CAUSE_UNKNOWN : wait->past.cause,
		.thread = wait->past.thread,
		.site = wait->past.site,
		.stack = wait->past.stack,
		.object = wait->birth ? WS_UNKNOWN : wait->past.object,
	};
}

void ws_sweep_followed_by(const struct ws_sweep_wait *wait, struct ws_cause *ret)
{
	const struct ws_holder *whom = &wait->pieces[wait->piece - 1].whom;

	*ret = (struct ws_cause){
		.what = WS_CAUSE_RUNNING,
		.thread = whom->thread,
		.site = whom->site,
		.stack = whom->stack,
		.object = wait->birth ? WS_UNKNOWN : wait->past.object,
	};
}

void ws_sweep_circle(const struct ws_sweep *sweep, uint32_t thread, struct ws_cause *ret)
{
	uint32_t at = thread;

	*ret = (struct ws_cause){ WS_CAUSE_CYCLE, WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN };
	do {
		const struct ws_sweep_wait *top = sweep->threads[at].top;

		/* Who waits for a thread that it made has made it. */
		if (top->birth) {
			ret->what = WS_CAUSE_RUNNING;
			ret->thread = at;
			return;
		}
		at = top->whom;
	} while (at != thread);
}

uint32_t ws_sweep_root(const struct ws_sweep *sweep, uint32_t thread, const struct ws_cause *via,
		       struct ws_cause *ret)
{
	const struct ws_sweep_wait *last = NULL;
	uint32_t start = thread;

	for (size_t steps = 0; steps <= sweep->n_active; steps++) {
		const struct ws_sweep_thread *at = &sweep->threads[thread];

		if (at->top && at->top->whom != WS_UNKNOWN) {
			last = at->top;
			thread = last->whom;
			continue;
		}
		if (at->top) {
			ws_sweep_own_cause(at->top, ret);
			return thread;
		}
		if (last)
			ws_sweep_followed_by(last, ret);
		else
			*ret = *via;
		ret->what = at->gone || at->unborn ? WS_CAUSE_GONE : WS_CAUSE_RUNNING;
		return thread;
	}
	ws_sweep_circle(sweep, thread, ret);
	return start;
}

/* The wait is told of the time since it last was. */
static int spend(struct run *run, struct ws_sweep_wait *wait, const struct ws_cause *cause,
		 const struct ws_sweep_wait *blocker)
{
	uint64_t ns = wait->since_ns - run->sweep.at_ns;
	int r = 0;

	wait->since_ns = run->sweep.at_ns;
	for (size_t i = 0; i < run->n_hooks && r == 0 && !wait->birth; i++) {
		if (run->hooks[i].spent)
			r = run->hooks[i].spent(run->hooks[i].context, &run->sweep, wait, cause,
						blocker, ns);
	}
	return r;
}

/* All who follow the thread, and who follow them. `cause`: of its own wait; NULL: it has none. */
static int settle_followers(struct run *run, uint32_t thread, const struct ws_cause *cause)
{
	struct ws_sweep_thread *at = &run->sweep.threads[thread];

	for (struct ws_sweep_wait *wait = at->followers; wait; wait = wait->next) {
		struct ws_cause own;
		int r;

		/* So is then everybody behind it. */
		if (wait->since_ns == run->sweep.at_ns)
			continue;
		if (cause) {
			own = *cause;
		} else {
			ws_sweep_followed_by(wait, &own);
			if (at->gone || at->unborn)
				own.what = WS_CAUSE_GONE;
		}
		r = spend(run, wait, &own, at->top);
		if (r == 0 && wait->top)
			r = settle_followers(run, wait->past.thread, &own);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The thread is about to change: its tree is told of the time until now. */
static int settle_thread(struct run *run, uint32_t thread)
{
	struct ws_sweep_thread *at = &run->sweep.threads[thread];
	struct ws_cause cause;

	if (!at->followers)
		return 0;
	if (!at->top)
		return settle_followers(run, thread, NULL);
	ws_sweep_root(&run->sweep, thread, NULL, &cause);
	return settle_followers(run, thread, &cause);
}

/* The wait is about to change. */
static int settle_wait(struct run *run, struct ws_sweep_wait *wait)
{
	const struct ws_sweep_wait *blocker = NULL;
	struct ws_cause cause, via;
	int r;

	if (wait->since_ns == run->sweep.at_ns)
		return 0;
	if (wait->whom == WS_UNKNOWN) {
		ws_sweep_own_cause(wait, &cause);
	} else {
		ws_sweep_followed_by(wait, &via);
		blocker = run->sweep.threads[wait->whom].top;
		ws_sweep_root(&run->sweep, wait->whom, &via, &cause);
	}
	r = spend(run, wait, &cause, blocker);
	return r == 0 && wait->top ? settle_followers(run, wait->past.thread, &cause) : r;
}

static void unfollow(struct run *run, struct ws_sweep_wait *wait)
{
	struct ws_sweep_thread *whom;

	if (wait->whom == WS_UNKNOWN)
		return;
	whom = &run->sweep.threads[wait->whom];
	if (wait->prev)
		wait->prev->next = wait->next;
	else
		whom->followers = wait->next;
	if (wait->next)
		wait->next->prev = wait->prev;
	wait->prev = wait->next = NULL;
	wait->whom = WS_UNKNOWN;
}

static void follow(struct run *run, struct ws_sweep_wait *wait, uint32_t thread)
{
	struct ws_sweep_thread *whom;

	if (thread >= run->sweep.tables->n_threads)
		return;
	whom = &run->sweep.threads[thread];
	wait->whom = thread;
	wait->next = whom->followers;
	if (wait->next)
		wait->next->prev = wait;
	whom->followers = wait;
}

#define TELL(run, hook, wait)                                                                      \
	({                                                                                         \
		int told = 0;                                                                      \
                                                                                                   \
		for (size_t i = 0; i < (run)->n_hooks && told == 0; i++) {                         \
			if ((run)->hooks[i].hook)                                                  \
				told = (run)->hooks[i].hook((run)->hooks[i].context,               \
							    &(run)->sweep, (wait));                \
		}                                                                                  \
		told;                                                                              \
	})

/* The wait goes on to what it was before: its piece `piece`, or its begin. */
static void set_piece(struct run *run, struct ws_sweep_wait *wait, size_t piece)
{
	unfollow(run, wait);
	wait->piece = piece;
	wait->woken = false;
	if (piece) {
		follow(run, wait, wait->pieces[piece - 1].whom.thread);
		wait->change_ns = piece > 1 ? wait->pieces[piece - 2].to_ns : wait->past.begin_ns;
	} else {
		wait->change_ns = wait->past.begin_ns;
	}
}

/* Puts the wait, whose past is set, on top of what its thread does. */
static int enter(struct run *run, struct ws_sweep_wait *wait)
{
	struct ws_sweep_thread *thread = &run->sweep.threads[wait->past.thread];
	int r;

	r = settle_thread(run, wait->past.thread);
	if (r < 0)
		return r;
	if (thread->top)
		thread->top->top = false;
	wait->outer = thread->top;
	wait->top = true;
	wait->since_ns = run->sweep.at_ns;
	thread->top = wait;
	run->sweep.n_active++;
	if (wait->past.n_pieces && wait->past.woken_ns < wait->past.end_ns) {
		wait->woken = true;
		wait->piece = wait->past.n_pieces;
		wait->change_ns = wait->past.woken_ns;
		r = TELL(run, enter, wait);
	} else {
		/* It follows from the start; its waker is told right away, too. */
		wait->woken = wait->past.n_pieces > 0;
		wait->piece = wait->past.n_pieces;
		r = TELL(run, enter, wait);
		if (r == 0 && wait->woken)
			r = TELL(run, woken, wait);
		set_piece(run, wait, wait->past.n_pieces);
	}
	return r;
}

static int leave(struct run *run, struct ws_sweep_wait *wait)
{
	struct ws_sweep_thread *thread = &run->sweep.threads[wait->past.thread];
	struct ws_sweep_wait **link = &thread->top;
	int r = TELL(run, leave, wait);

	unfollow(run, wait);
	while (*link != wait)
		link = &(*link)->outer;
	*link = wait->outer;
	if (thread->top)
		thread->top->top = true;
	run->sweep.n_active--;
	wait_drop(run, wait);
	return r;
}

/* The wait that changes next changes now. */
static int change(struct run *run)
{
	struct ws_sweep_wait *wait = run->active.waits[0];
	int r = settle_wait(run, wait);

	if (r == 0 && wait->change_ns == wait->past.begin_ns) {
		ws_sweep_heap_pop(&run->active);
		return leave(run, wait);
	}
	if (r == 0 && wait->woken)
		r = TELL(run, woken, wait);
	if (r == 0) {
		set_piece(run, wait, wait->woken ? wait->piece : wait->piece - 1);
		ws_sweep_heap_sift(&run->active, 0);
	}
	return r;
}

/* Who waits for the end of a process or thread is let go by that, though it may be told only when the
 * call has returned. */
static void cut_at_exit(const struct run *run, struct ws_sweep_wait *wait)
{
	const struct ws_object *object = ws_past_object(run->sweep.past, wait->past.object);
	uint32_t whom;

	if (wait->past.n_pieces != 1 ||
	    (object->key.kind != WS_KIND_PROCESS && object->key.kind != WS_KIND_THREAD))
		return;
	whom = wait->pieces[0].whom.thread;
	if (whom >= run->sweep.tables->n_threads || run->end_ns[whom] >= wait->past.woken_ns)
		return;
	wait->past.woken_ns = run->end_ns[whom] > wait->past.begin_ns ? run->end_ns[whom]
								     : wait->past.begin_ns;
	wait->pieces[0].to_ns = wait->past.woken_ns;
}

/* Takes waits from the stack until none is left in it that ended at `at_ns` or later. */
static int load(struct run *run, uint64_t at_ns)
{
	while (!run->dry && run->latest_ns >= at_ns) {
		const struct ws_past_wait *past;
		const struct ws_past_piece *pieces;
		struct ws_sweep_wait *wait;
		int r = ws_past_pop(run->sweep.past, &past, &pieces);

		if (r < 0)
			return r;
		if (r == 0) {
			run->dry = true;
			break;
		}
		run->latest_ns = past->latest_ns;
		if (past->thread >= run->sweep.tables->n_threads)
			continue;
		wait = wait_new(run);
		if (!wait || ws_grow(&wait->pieces, &wait->pieces_size, past->n_pieces)) {
			free(wait);
			return -ENOMEM;
		}
		wait->past = *past;
		if (past->n_pieces)
			memcpy(wait->pieces, pieces, past->n_pieces * sizeof(*pieces));
		cut_at_exit(run, wait);
		wait->change_ns = past->end_ns;
		r = ws_sweep_heap_push(&run->later, wait);
		if (r < 0) {
			wait_drop(run, wait);
			return r;
		}
	}
	return 0;
}

/* The thread's first event: it was there by then. */
static int plan_birth(struct run *run, uint32_t thread)
{
	uint32_t origin = run->sweep.origins[thread];
	struct ws_sweep_wait *wait = wait_new(run);

	if (!wait || ws_grow(&wait->pieces, &wait->pieces_size, 1)) {
		free(wait);
		return -ENOMEM;
	}
	wait->past = (struct ws_past_wait){
		.thread = thread,
		.object = WS_UNKNOWN,
		.site = WS_UNKNOWN,
		.stack = WS_UNKNOWN,
		.cause = WS_CAUSE_GONE,
		.n_pieces = origin != WS_UNKNOWN,
	};
	wait->birth = true;
	wait->pieces[0] = (struct ws_past_piece){ 0, { origin, WS_UNKNOWN, WS_UNKNOWN }, 0 };
	wait->change_ns = run->sweep.at_ns;
	return ws_sweep_heap_push(&run->unborn, wait);
}

/* The thread had not begun before now: it follows who made it. That one did not wait when it did so: if
 * it waits now, it was before that, and the thread was there without an event of its own. */
static int unbear(struct run *run)
{
	struct ws_sweep_wait *wait = ws_sweep_heap_pop(&run->unborn), *made_in = NULL;
	uint32_t thread = wait->past.thread;
	int r;

	if (wait->past.n_pieces)
		made_in = run->sweep.threads[wait->pieces[0].whom.thread].top;
	while (made_in && made_in->outer && !made_in->birth)
		made_in = made_in->outer;
	if (made_in && !made_in->birth && made_in->past.begin_ns < run->sweep.at_ns) {
		wait->change_ns = made_in->past.begin_ns;
		return ws_sweep_heap_push(&run->unborn, wait);
	}
	wait->past.end_ns = wait->past.woken_ns = wait->pieces[0].to_ns = run->sweep.at_ns;
	r = settle_thread(run, thread);
	run->sweep.threads[thread].unborn = true;
	if (r == 0)
		r = enter(run, wait);
	if (ws_grow(&run->births.waits, &run->births.size, run->births.n + 1))
		return -ENOMEM;
	run->births.waits[run->births.n++] = wait;
	return r;
}

enum step { NOTHING, ALIVE, CHANGE, ENTER, FIRST, UNBEAR };

/* What comes next, going backwards, and when. Of one time: threads that end, waits that change, waits
 * that enter, threads that begin. */
static enum step next_step(const struct run *run, uint64_t *at_ns)
{
	enum step step = NOTHING;

	*at_ns = 0;
	if (run->n_ends < run->sweep.tables->n_threads) {
		step = ALIVE;
		*at_ns = run->end_ns[run->ends[run->n_ends]];
	}
	if (run->active.n && (step == NOTHING || run->active.waits[0]->change_ns > *at_ns)) {
		step = CHANGE;
		*at_ns = run->active.waits[0]->change_ns;
	}
	if (run->later.n && (step == NOTHING || run->later.waits[0]->change_ns > *at_ns)) {
		step = ENTER;
		*at_ns = run->later.waits[0]->change_ns;
	}
	if (run->n_begins < run->sweep.tables->n_threads) {
		uint64_t begin_ns =
			run->sweep.tables->threads[run->begins[run->n_begins]].begin_ns;

		if (step == NOTHING || begin_ns > *at_ns) {
			step = FIRST;
			*at_ns = begin_ns;
		}
	}
	if (run->unborn.n && (step == NOTHING || run->unborn.waits[0]->change_ns > *at_ns)) {
		step = UNBEAR;
		*at_ns = run->unborn.waits[0]->change_ns;
	}
	return step;
}

static int take_step(struct run *run, enum step step)
{
	struct ws_sweep_wait *wait;
	uint32_t thread;
	int r;

	switch (step) {
	case ALIVE:
		thread = run->ends[run->n_ends++];
		r = settle_thread(run, thread);
		run->sweep.threads[thread].gone = false;
		return r;
	case CHANGE:
		return change(run);
	case ENTER:
		wait = ws_sweep_heap_pop(&run->later);
		r = enter(run, wait);
		return r < 0 ? r : ws_sweep_heap_push(&run->active, wait);
	case FIRST:
		return plan_birth(run, run->begins[run->n_begins++]);
	default:
		return unbear(run);
	}
}

/* Orders threads by time, last first. */
struct timed {
	uint64_t ns;
	uint32_t thread;
};

static int by_time(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return (x->thread > y->thread) - (x->thread < y->thread);
}

static void sort_threads(uint32_t *to, struct timed *by, size_t n)
{
	qsort(by, n, sizeof(*by), by_time);
	for (size_t i = 0; i < n; i++)
		to[i] = by[i].thread;
}

static int prepare(struct run *run)
{
	const struct ws_tables *tables = run->sweep.tables;
	size_t n = tables->n_threads;
	struct timed *by = malloc((n + 1) * sizeof(*by));
	int r;

	run->sweep.threads = calloc(n + 1, sizeof(*run->sweep.threads));
	run->ends = malloc((n + 1) * sizeof(*run->ends));
	run->begins = malloc((n + 1) * sizeof(*run->begins));
	run->end_ns = malloc((n + 1) * sizeof(*run->end_ns));
	r = by && run->sweep.threads && run->ends && run->begins && run->end_ns
		    ? ws_origins_find(tables, &run->sweep.origins)
		    : -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++) {
		run->sweep.threads[i].gone = true;
		for (size_t k = 0; k < WS_WHAT_IF_MAX; k++)
			run->sweep.threads[i].reaches[k] = INT64_MIN / 2;
		run->end_ns[i] = ws_thread_end(tables, (uint32_t)i);
		by[i] = (struct timed){ run->end_ns[i], (uint32_t)i };
	}
	if (r == 0)
		sort_threads(run->ends, by, n);
	for (size_t i = 0; i < n && r == 0; i++)
		by[i] = (struct timed){ tables->threads[i].begin_ns, (uint32_t)i };
	if (r == 0)
		sort_threads(run->begins, by, n);
	free(by);
	return r;
}

static void free_waits(struct ws_sweep_heap *heap)
{
	for (size_t i = 0; i < heap->n; i++) {
		free(heap->waits[i]->pieces);
		free(heap->waits[i]);
	}
	free(heap->waits);
}

static int reach(struct run *run, uint64_t at_ns)
{
	int r = 0;

	for (size_t i = 0; i < run->n_hooks && r == 0; i++) {
		if (run->hooks[i].reach)
			r = run->hooks[i].reach(run->hooks[i].context, &run->sweep, at_ns);
	}
	return r;
}

static int go(struct run *run)
{
	for (;;) {
		uint64_t at_ns;
		enum step step;
		int r;

		/* What is in the stack may come before all else. */
		do {
			step = next_step(run, &at_ns);
			r = load(run, step == NOTHING ? 0 : at_ns);
			if (r < 0)
				return r;
		} while (next_step(run, &at_ns) != step ||
			 (!run->dry && run->latest_ns >= at_ns));
		if (step == NOTHING)
			return reach(run, 0);
		if (at_ns < run->sweep.at_ns)
			r = reach(run, at_ns);
		if (r < 0)
			return r;
		run->sweep.at_ns = at_ns;
		r = take_step(run, step);
		if (r == 0)
			for (size_t i = 0; i < run->n_hooks && r == 0; i++)
				if (run->hooks[i].changed)
					r = run->hooks[i].changed(run->hooks[i].context,
								  &run->sweep);
		if (r < 0)
			return r;
	}
}

int ws_sweep_run(struct ws_past *past, const struct ws_tables *tables,
		 const struct ws_sweep_hooks *hooks, size_t n_hooks)
{
	struct run run = {
		.sweep = { .past = past, .tables = tables, .at_ns = UINT64_MAX },
		.hooks = hooks,
		.n_hooks = n_hooks,
		.latest_ns = UINT64_MAX,
	};
	struct ws_sweep_wait *wait;
	int r = prepare(&run);

	if (r == 0)
		r = go(&run);
	free_waits(&run.later);
	free_waits(&run.active);
	free_waits(&run.births);
	free_waits(&run.unborn);
	while ((wait = run.spare)) {
		run.spare = wait->outer;
		free(wait->pieces);
		free(wait);
	}
	free(run.sweep.origins);
	free(run.sweep.threads);
	free(run.ends);
	free(run.begins);
	free(run.end_ns);
	return r;
}
