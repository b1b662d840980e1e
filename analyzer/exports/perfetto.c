/* SPDX-License-Identifier: MIT */
/* perfetto.c: a trace for https://ui.perfetto.dev: a track for each thread, a slice for each wait,
 * arrows from who let it go to where it went on, and how many threads waited for an object at once.
 *
 * The journal gives the waits by their begin; what happens later (their ends, the wakes) is held
 * back in a heap until its time comes, so that no more is kept than waits are open at once.
 * docs/exports.md says what a reader finds where.
 *
 * Slices of one track must nest. Waits of one thread do, but for what was lost or reported late;
 * one that does not goes to a track of its own below the thread's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"
#include "analyzer/base/words.h"
#include "analyzer/exports/export.h"
#include "analyzer/exports/labels.h"
#include "analyzer/exports/perfetto_packets.h"

/* Numbers of tracks, which are unlikely to be others': ours, what it is, which. */
#define TRACK(what, index) (0x5753ull << 48 | (uint64_t)(what) << 40 | (uint64_t)(index))
enum track {
	TRACK_TRACE,
	TRACK_LOSS,
	TRACK_PROCESS,
	TRACK_THREAD,
	TRACK_OBJECT,
	TRACK_LANE,
	TRACK_FILL
};
/* An object with no more than one waiter at a time has no counter: the slices say it all. */
#define COUNTED_FROM 2

/* The slices of a thread that are open, one in the other; the first lane is the thread's own track.
 */
struct lane {
	uint64_t *ends; /* Owned by this: the outermost first */
	size_t n, size;
	uint64_t track;
};
struct lanes {
	struct lane *list; /* Owned by this */
	size_t n, size;
};

enum what { WAKE, END }; /* at the same time in this order */

/* Something whose time has not come. */
struct pending {
	uint64_t at_ns;
	uint64_t id; /* of the wait: its flow's, too */
	enum what what;
	uint32_t thread; /* who wakes; whose wait ends */
	uint32_t lane;
	uint32_t object;
	bool woken;           /* END: somebody let it go */
	uint8_t op;           /* WAKE: enum ws_wake_op */
	struct ws_holder who; /* WAKE: where */
};

/* An object, once it was seen. */
struct object {
	uint64_t label, words; /* texts: the slice's name, and the argument */
	uint32_t waiting;
	bool known, counted;
};

struct writer {
	const struct ws_report *report;
	const struct ws_journal_result *journal;
	struct ws_packets *packets; /* Owned by this, as all that follow */
	struct ws_named_object *names;
	struct object *objects; /* as many */
	size_t n_objects;
	struct lanes *threads; /* by index; the last is that of unknown ones */
	struct pending *heap;
	size_t n_heap, heap_size;
	uint32_t n_lanes;       /* beyond the first of each thread */
	struct ws_map64 sites;  /* address of a frame -> text */
	struct ws_map64 trails; /* address of a stack's frames -> text */
	bool lost;              /* the track of losses is there */
};

static bool comes_before(const struct pending *a, const struct pending *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	if (a->what != b->what)
		return a->what < b->what;
	if (a->what == END)
		return a->id > b->id; /* what began last ends first */
	/* Those of one wake together. */
	if (a->thread != b->thread)
		return a->thread < b->thread;
	if (a->object != b->object)
		return a->object < b->object;
	return a->id < b->id;
}

static int push(struct writer *w, const struct pending *pending)
{
	size_t at = w->n_heap;

	if (ws_grow(&w->heap, &w->heap_size, at + 1))
		return -ENOMEM;
	w->n_heap++;
	for (; at && comes_before(pending, &w->heap[(at - 1) / 2]); at = (at - 1) / 2)
		w->heap[at] = w->heap[(at - 1) / 2];
	w->heap[at] = *pending;
	return 0;
}

static struct pending pop(struct writer *w)
{
	struct pending first = w->heap[0], last = w->heap[--w->n_heap];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < w->n_heap) {
		if (child + 1 < w->n_heap && comes_before(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (!comes_before(&w->heap[child], &last))
			break;
		w->heap[at] = w->heap[child];
		at = child;
	}
	w->heap[at] = last;
	return first;
}

/* Index of the thread in the lanes. */
static uint32_t lanes_of(const struct writer *w, uint32_t thread)
{
	uint32_t n = (uint32_t)w->report->tables->n_threads;

	return thread < n ? thread : n;
}

/* A text that is made once for an address. */
static uint64_t site_text(struct writer *w, const struct ws_frame *frame)
{
	char text[WS_LABEL_SIZE];
	uint32_t id;

	if (ws_map64_get(&w->sites, (uint64_t)(uintptr_t)frame, &id))
		return id;
	ws_frame_place(frame, text, sizeof(text));
	id = (uint32_t)ws_packets_text(w->packets, WS_PACKETS_VALUE, text);
	/* Without memory it is only made again. */
	(void)!ws_map64_put(&w->sites, (uint64_t)(uintptr_t)frame, id);
	return id;
}

/* The same of a stack: a line for each frame, the innermost first. 0: there is none. */
static uint64_t trail_text(struct writer *w, const struct ws_trail *trail)
{
	char place[WS_LABEL_SIZE], *text = NULL;
	size_t size;
	uint32_t id;
	FILE *to;

	if (!trail->n)
		return 0;
	if (ws_map64_get(&w->trails, (uint64_t)(uintptr_t)trail->frames, &id))
		return id;
	to = open_memstream(&text, &size);
	if (!to)
		return 0;
	for (size_t i = 0; i < trail->n; i++) {
		ws_frame_place(&trail->frames[i], place, sizeof(place));
		fprintf(to, "%s%s", i ? "\n" : "", place);
	}
	if (fclose(to) != 0) {
		free(text);
		return 0;
	}
	id = (uint32_t)ws_packets_text(w->packets, WS_PACKETS_VALUE, text);
	free(text);
	(void)!ws_map64_put(&w->trails, (uint64_t)(uintptr_t)trail->frames, id);
	return id;
}

/* Where somebody was: site and stack as arguments of these names. */
static int put_place(struct writer *w, const struct ws_holder *who, const char *site,
		     const char *stack)
{
	struct ws_party party;
	int r = ws_journal_party(w->journal, who, &party);
	uint64_t text;

	if (r < 0)
		return r;
	ws_packets_arg_text(w->packets, site, site_text(w, party.site));
	text = trail_text(w, party.trail);
	if (text)
		ws_packets_arg_text(w->packets, stack, text);
	return 0;
}

static uint64_t thread_text(struct writer *w, uint32_t thread)
{
	char text[WS_LABEL_SIZE];

	ws_thread_name(w->report, thread, text, sizeof(text));
	return ws_packets_text(w->packets, WS_PACKETS_VALUE, text);
}

static struct object *object_of(struct writer *w, uint32_t id)
{
	struct object *object = &w->objects[id];
	const struct ws_named_object *named = &w->names[id];
	const struct ws_queue *queue;
	char text[WS_LABEL_SIZE], track[WS_LABEL_SIZE + 16];

	if (object->known)
		return object;
	object->known = true;
	ws_object_label(named->object, named->name, text, sizeof(text));
	object->label = ws_packets_text(w->packets, WS_PACKETS_NAME, text);
	object->words = ws_packets_text(w->packets, WS_PACKETS_VALUE, named->name);
	queue = ws_queue_of(w->report->results->queues, named->object);
	object->counted = queue && queue->longest >= COUNTED_FROM;
	snprintf(track, sizeof(track), "waiting for %s", text);
	if (object->counted)
		ws_packets_track(w->packets, TRACK(TRACK_OBJECT, id), 0, track, WS_PACKETS_NUMBER);
	return object;
}

static void count(struct writer *w, uint32_t id, uint64_t at_ns, int by)
{
	struct object *object = object_of(w, id);

	if (!object->counted)
		return;
	object->waiting += (uint32_t)by;
	ws_packets_event(w->packets, WS_PACKETS_COUNTER, at_ns, TRACK(TRACK_OBJECT, id), 0, 0);
	ws_packets_count(w->packets, object->waiting);
	ws_packets_write(w->packets);
}

/* The lane in which the wait nests: a new one where there is none. 0 or -ENOMEM. */
static int find_lane(struct writer *w, uint32_t thread, uint64_t end_ns, uint32_t *ret)
{
	struct lanes *lanes = &w->threads[lanes_of(w, thread)];
	struct lane *lane;
	uint32_t i;

	for (i = 0; i < lanes->n; i++) {
		lane = &lanes->list[i];
		if (!lane->n || lane->ends[lane->n - 1] >= end_ns)
			break;
	}
	if (i == lanes->n) {
		uint64_t own = TRACK(TRACK_THREAD, lanes_of(w, thread));

		if (ws_grow(&lanes->list, &lanes->size, lanes->n + 1))
			return -ENOMEM;
		lanes->list[i].track = own;
		if (i) {
			lanes->list[i].track = TRACK(TRACK_LANE, w->n_lanes++);
			ws_packets_track(w->packets, lanes->list[i].track, own,
					 "waits that overlap others of the thread",
					 WS_PACKETS_NO_COUNTER);
		}
		lanes->n++;
	}
	lane = &lanes->list[i];
	if (ws_grow(&lane->ends, &lane->size, lane->n + 1))
		return -ENOMEM;
	lane->ends[lane->n++] = end_ns;
	*ret = i;
	return 0;
}

/* The wakes of one operation: an arrow from it to each that it let go. */
static int put_wake(struct writer *w, const struct pending *wake)
{
	struct object *object = object_of(w, wake->object);
	uint64_t name = ws_packets_text(w->packets, WS_PACKETS_NAME, ws_wake_op_word(wake->op));
	int r;

	ws_packets_event(w->packets, WS_PACKETS_INSTANT, wake->at_ns,
			 TRACK(TRACK_THREAD, lanes_of(w, wake->thread)),
			 ws_packets_text(w->packets, WS_PACKETS_CATEGORY, "wake"), name);
	ws_packets_flow(w->packets, wake->id, false);
	while (w->n_heap && w->heap[0].what == WAKE && w->heap[0].at_ns == wake->at_ns &&
	       w->heap[0].thread == wake->thread && w->heap[0].object == wake->object)
		ws_packets_flow(w->packets, pop(w).id, false);
	ws_packets_arg_text(w->packets, "object", object->words);
	r = put_place(w, &wake->who, "site", "stack");
	ws_packets_write(w->packets);
	return r;
}

static void put_end(struct writer *w, const struct pending *end)
{
	struct lane *lane = &w->threads[lanes_of(w, end->thread)].list[end->lane];

	lane->n--;
	ws_packets_event(w->packets, WS_PACKETS_END, end->at_ns, lane->track, 0, 0);
	ws_packets_write(w->packets);
	if (end->woken) {
		ws_packets_event(w->packets, WS_PACKETS_INSTANT, end->at_ns, lane->track,
				 ws_packets_text(w->packets, WS_PACKETS_CATEGORY, "wake"),
				 ws_packets_text(w->packets, WS_PACKETS_NAME, "goes on"));
		ws_packets_flow(w->packets, end->id, true);
		ws_packets_write(w->packets);
	}
	count(w, end->object, end->at_ns, -1);
}

/* What comes up to this time, and at it. */
static int drain(struct writer *w, uint64_t until_ns)
{
	int r = 0;

	while (r == 0 && w->n_heap && w->heap[0].at_ns <= until_ns) {
		struct pending next = pop(w);

		if (next.what == WAKE)
			r = put_wake(w, &next);
		else
			put_end(w, &next);
	}
	return r;
}

/* The slice's name: that of the object, and what is odd about its end. */
static uint64_t slice_name(struct writer *w, const struct ws_journal_wait *wait)
{
	const struct ws_named_object *named = &w->names[wait->object->id];
	char label[WS_LABEL_SIZE], text[WS_LABEL_SIZE + 64];

	if (wait->end != WS_JOURNAL_OPEN && wait->end != WS_JOURNAL_LOST)
		return object_of(w, wait->object->id)->label;
	ws_object_label(named->object, named->name, label, sizeof(label));
	snprintf(text, sizeof(text), "%s (%s)", label,
		 wait->end == WS_JOURNAL_OPEN ? "open at the end" : "its end was lost");
	return ws_packets_text(w->packets, WS_PACKETS_NAME, text);
}

static int put_holders(struct writer *w, const struct ws_journal_wait *wait,
		       const struct ws_charge *charges)
{
	int r = 0;

	for (uint32_t i = 0; i < wait->n_charges && r == 0; i++) {
		ws_packets_arg_open(w->packets, "holders");
		ws_packets_arg_text(w->packets, "thread", thread_text(w, charges[i].holder.thread));
		ws_packets_arg_number(w->packets, "wait_ns", charges[i].ns);
		r = put_place(w, &charges[i].holder, "site", "stack");
		ws_packets_arg_close(w->packets);
	}
	return r;
}

static int put_begin(struct writer *w, uint64_t id, const struct ws_journal_wait *wait,
		     const struct ws_charge *charges, uint64_t track)
{
	const char *kind = ws_kind_word(wait->object->key.kind);
	const struct ws_holder waiter = { wait->thread, wait->site, wait->stack };
	struct ws_packets *p = w->packets;
	int r;

	ws_packets_event(p, WS_PACKETS_BEGIN, wait->begin_ns, track,
			 ws_packets_text(p, WS_PACKETS_CATEGORY, kind), slice_name(w, wait));
	ws_packets_arg_number(p, "wait", id);
	ws_packets_arg_text(p, "kind", ws_packets_text(p, WS_PACKETS_VALUE, kind));
	ws_packets_arg_text(p, "object", object_of(w, wait->object->id)->words);
	ws_packets_arg_number(p, "object_id", wait->object->id);
	ws_packets_arg_text(p, "outcome",
			    ws_packets_text(p, WS_PACKETS_VALUE, ws_journal_end_word(wait->end)));
	if (wait->error)
		ws_packets_arg_number(p, "errno", (uint64_t)wait->error);
	if (wait->uncertain)
		ws_packets_arg_true(p, "events_lost_meanwhile");
	r = put_place(w, &waiter, "site", "stack");
	if (r == 0)
		r = put_holders(w, wait, charges);
	if (r == 0 && wait->wake_op != WS_WAKE_NONE) {
		ws_packets_arg_text(p, "waker", thread_text(w, wait->waker.thread));
		ws_packets_arg_text(
			p, "wake",
			ws_packets_text(p, WS_PACKETS_VALUE, ws_wake_op_word(wait->wake_op)));
		r = put_place(w, &wait->waker, "waker_site", "waker_stack");
	}
	ws_packets_write(p);
	return r;
}

static int take_wait(void *user, uint64_t id, const struct ws_journal_wait *wait,
		     const struct ws_charge *charges, const struct ws_piece *pieces)
{
	struct writer *w = user;
	struct pending pending = {
		.at_ns = wait->end_ns,
		.id = id + 1, /* 0 is no flow */
		.what = END,
		.thread = wait->thread,
		.object = wait->object->id,
		.woken = wait->waker.thread < w->report->tables->n_threads,
	};
	int r = drain(w, wait->begin_ns);

	(void)pieces;
	/* What the journal has, the report counts. */
	if (pending.object >= w->n_objects || !w->names[pending.object].object)
		return -EPROTO;
	if (r == 0)
		r = find_lane(w, wait->thread, wait->end_ns, &pending.lane);
	if (r < 0)
		return r;
	r = put_begin(w, id, wait, charges,
		      w->threads[lanes_of(w, wait->thread)].list[pending.lane].track);
	count(w, wait->object->id, wait->begin_ns, 1);
	if (r == 0)
		r = push(w, &pending);
	if (r < 0 || !pending.woken)
		return r;
	/* A wake that was recorded late came before the end all the same. */
	pending.at_ns = wait->woken_ns < wait->end_ns ? wait->woken_ns : wait->end_ns;
	pending.what = WAKE;
	pending.thread = wait->waker.thread;
	pending.op = wait->wake_op;
	pending.who = wait->waker;
	return push(w, &pending);
}

static int take_loss(void *user, const struct ws_journal_loss *loss)
{
	struct writer *w = user;

	if (!w->lost)
		ws_packets_track(w->packets, TRACK(TRACK_LOSS, 0), 0, "events were lost",
				 WS_PACKETS_NO_COUNTER);
	w->lost = true;
	ws_packets_event(w->packets, WS_PACKETS_INSTANT, loss->at_ns, TRACK(TRACK_LOSS, 0),
			 ws_packets_text(w->packets, WS_PACKETS_CATEGORY, "lost"),
			 ws_packets_text(w->packets, WS_PACKETS_NAME, "events lost"));
	ws_packets_arg_number(w->packets, "events", loss->events);
	ws_packets_arg_number(w->packets, "packets", loss->packets);
	ws_packets_write(w->packets);
	return 0;
}

/* What a reader must know of the trace: arguments of an event at its begin. */
static void put_trace(struct writer *w)
{
	const struct ws_report *report = w->report;
	const struct ws_tables *tables = report->tables;
	struct ws_packets *p = w->packets;

	ws_packets_track(p, TRACK(TRACK_TRACE, 1), 0, "waitscope", WS_PACKETS_NO_COUNTER);
	ws_packets_event(p, WS_PACKETS_INSTANT, tables->begin_ns, TRACK(TRACK_TRACE, 1),
			 ws_packets_text(p, WS_PACKETS_CATEGORY, "trace"),
			 ws_packets_text(p, WS_PACKETS_NAME, "trace"));
	for (size_t i = 0; i < report->n_paths; i++)
		ws_packets_arg_item(p, "paths",
				    ws_packets_text(p, WS_PACKETS_VALUE, report->paths[i]));
	ws_packets_arg_number(p, "duration_ns", tables->end_ns - tables->begin_ns);
	ws_packets_arg_number(p, "events", tables->events);
	ws_packets_arg_number(p, "lost_events", tables->lost_events);
	ws_packets_arg_number(p, "lost_packets", tables->lost_packets);
	ws_packets_arg_number(p, "waits", report->results->contention->total.waits);
	ws_packets_arg_number(p, "wait_ns", report->results->contention->total.wait_ns);
	ws_packets_arg_number(p, "open_waits", report->counts->open_waits);
	ws_packets_arg_number(p, "lost_waits", report->counts->lost_waits);
	for (size_t i = 0; i < report->n_warnings; i++)
		ws_packets_arg_item(p, "warnings",
				    ws_packets_text(p, WS_PACKETS_VALUE, report->warnings[i]));
	ws_packets_write(p);
}

static void put_fill(struct writer *w, uint32_t id, uint64_t at_ns, uint64_t value)
{
	ws_packets_event(w->packets, WS_PACKETS_COUNTER, at_ns, TRACK(TRACK_FILL, id), 0, 0);
	ws_packets_count(w->packets, (int64_t)value);
	ws_packets_write(w->packets);
}

/* How much lay in pipes and queues, where it is known: the most in each span of the trace. */
static void put_fills(struct writer *w)
{
	const struct ws_contention_result *contention = w->report->results->contention;
	const struct ws_fills_result *fills = w->report->results->fills;
	const struct ws_tables *tables = w->report->tables;
	char label[WS_LABEL_SIZE], track[WS_LABEL_SIZE + 64];

	for (size_t i = 0; i < contention->n_objects; i++) {
		const struct ws_object *object = contention->objects[i].object;
		const struct ws_fill *fill = ws_fill_of(fills, object);

		if (!fill)
			continue;
		ws_object_label(object, contention->objects[i].name, label, sizeof(label));
		snprintf(track, sizeof(track), "most %s in %s",
			 fill->in_messages ? "messages" : "bytes", label);
		ws_packets_track(w->packets, TRACK(TRACK_FILL, object->id), 0, track,
				 fill->in_messages ? WS_PACKETS_NUMBER : WS_PACKETS_BYTES);
		for (size_t k = 0; k < fills->n_spans; k++)
			put_fill(w, object->id, tables->begin_ns + k * fills->span_ns,
				 fill->spans[k]);
		put_fill(w, object->id, tables->end_ns, fill->last);
	}
}

/* All processes and threads, whether they waited or not. */
static void put_tasks(struct writer *w)
{
	const struct ws_tables *tables = w->report->tables;

	for (size_t i = 0; i < tables->n_processes; i++) {
		const struct ws_process *process = &tables->processes[i];

		ws_packets_process(w->packets, TRACK(TRACK_PROCESS, i), process->pid, process->name,
				   process->begin_ns);
	}
	for (size_t i = 0; i < tables->n_threads; i++) {
		const struct ws_task *task = &tables->threads[i];

		ws_packets_thread(w->packets, TRACK(TRACK_THREAD, i),
				  tables->processes[task->process].pid, task->tid, task->name);
	}
	ws_packets_track(w->packets, TRACK(TRACK_THREAD, tables->n_threads), 0, "unknown threads",
			 false);
}

static int write_trace(struct writer *w, FILE *to, struct ws_error *error)
{
	const struct ws_tables *tables = w->report->tables;
	const struct ws_journal_reader reader = { w, take_wait, take_loss };
	int r;

	w->packets = ws_packets_new(to, tables->begin_ns);
	w->threads = calloc(tables->n_threads + 1, sizeof(*w->threads));
	if (!w->packets || !w->threads)
		return -ENOMEM;
	r = ws_named_objects(w->report, &w->names, &w->n_objects);
	if (r < 0)
		return r;
	w->objects = calloc(w->n_objects ? w->n_objects : 1, sizeof(*w->objects));
	if (!w->objects)
		return -ENOMEM;
	put_trace(w);
	put_tasks(w);
	put_fills(w);
	r = ws_journal_each(w->journal, &reader);
	if (r < 0 && r != -ENOMEM)
		ws_error_set(error, r, "the waits could not be kept in TMPDIR: %s", strerror(-r));
	return r == 0 ? drain(w, UINT64_MAX) : r;
}

int ws_export_perfetto(const struct ws_report *report, const struct ws_export_wish *wish, FILE *to,
		       struct ws_error *error)
{
	struct writer w = { .report = report, .journal = report->results->journal };
	int r = write_trace(&w, to, error), lost = ws_packets_free(w.packets);

	(void)wish;
	for (size_t i = 0; w.threads && i <= report->tables->n_threads; i++) {
		for (size_t k = 0; k < w.threads[i].n; k++)
			free(w.threads[i].list[k].ends);
		free(w.threads[i].list);
	}
	free(w.threads);
	free(w.names);
	free(w.objects);
	free(w.heap);
	ws_map64_free(&w.sites);
	ws_map64_free(&w.trails);
	return r < 0 ? r : lost;
}
