/* SPDX-License-Identifier: MIT */
/* sqlite_fill.c: see sqlite_fill.h. */
#include "analyzer/exports/sqlite_fill.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/json_writer.h"

/* "mutex,rwlock", of those that --kind chose; NULL: all. */
static const char *kinds_text(uint32_t kinds, char *text, size_t size)
{
	size_t n = 0;

	text[0] = 0;
	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++) {
		if (kinds & (1u << kind) && n < size)
			n += (size_t)snprintf(text + n, size - n, "%s%s", n ? "," : "",
					      ws_kind_word(kind));
	}
	return kinds ? text : NULL;
}

/* What --object chose, a line each; NULL: all. */
static const char *objects_text(const struct ws_filter *filter, char *text, size_t size)
{
	size_t n = 0;

	text[0] = 0;
	for (size_t i = 0; i < filter->n_objects && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%s", n ? "\n" : "",
				      filter->objects[i]);
	return filter->n_objects ? text : NULL;
}

static void put_trace(struct ws_sqlite *db, const struct ws_report *report)
{
	const struct ws_tables *tables = report->tables;
	const struct ws_contention_result *contention = report->results->contention;
	const struct ws_filter *filter = report->filter;
	char kinds[512], objects[4096];

	ws_sqlite_put(db, WS_SQLITE_TRACE, "utuuuuuuuuuuuuuuzzttzz",
		      (uint64_t)WS_REPORT_FORMAT_VERSION, report->paths[0], tables->begin_ns,
		      tables->end_ns - tables->begin_ns, tables->events, tables->lost_events,
		      tables->lost_packets, report->frames, report->unresolved_frames,
		      contention->total.waits, contention->total.wait_ns, contention->unknown_ns,
		      report->counts->open_waits, report->counts->lost_waits,
		      report->counts->uncertain, filter->min_wait_ns, (uint64_t)filter->pid,
		      (uint64_t)filter->tid, kinds_text(filter->kinds, kinds, sizeof(kinds)),
		      objects_text(filter, objects, sizeof(objects)), filter->from_ns,
		      filter->to_ns == UINT64_MAX ? 0 : filter->to_ns);
	for (size_t i = 0; i < report->n_warnings; i++)
		ws_sqlite_put(db, WS_SQLITE_WARNINGS, "ut", (uint64_t)i, report->warnings[i]);
	for (size_t i = 0; i < tables->n_recordings; i++) {
		const struct ws_recording *recording = &tables->recordings[i];

		ws_sqlite_put(db, WS_SQLITE_RECORDINGS, "utt", (uint64_t)i,
			      report->paths[recording->dir],
			      recording->host[0] ? recording->host : NULL);
	}
}

static void put_tasks(struct ws_sqlite *db, const struct ws_report *report)
{
	const struct ws_tables *tables = report->tables;
	const struct ws_contention_result *contention = report->results->contention;

	for (size_t i = 0; i < tables->n_processes; i++) {
		const struct ws_process *process = &tables->processes[i];
		bool has_status = process->end == WS_END_EXITED || process->end == WS_END_SIGNALED;
		char status[16];

		/* As text, which the column makes a number of: NULL is not 0. */
		snprintf(status, sizeof(status), "%d", process->status);
		ws_sqlite_put(db, WS_SQLITE_PROCESSES, "uixxttuutt", (uint64_t)i, process->pid,
			      process->recording < tables->n_recordings ? process->recording
									: WS_UNKNOWN,
			      process->parent, process->name,
			      process->exe && process->exe[0] ? process->exe : NULL,
			      process->begin_ns, process->end_ns, ws_process_end_word(process->end),
			      has_status ? status : NULL);
	}
	for (size_t i = 0; i < tables->n_threads; i++) {
		const struct ws_task *task = &tables->threads[i];

		ws_sqlite_put(db, WS_SQLITE_THREADS, "uxituzuu", (uint64_t)i, task->process,
			      task->tid, task->name, task->begin_ns, task->end_ns,
			      contention->threads[i].waits, contention->threads[i].wait_ns);
	}
}

static void put_parties(struct ws_sqlite *db, const struct ws_object *object, const char *role,
			const struct ws_role *of)
{
	for (size_t i = 0; i < of->n_shares; i++) {
		const struct ws_histogram *waits = &of->shares[i].waits;

		ws_sqlite_put(db, WS_SQLITE_OBJECT_PARTIES, "xtpuuuuuuu", object->id, role,
			      &of->shares[i].party, waits->count, waits->total, waits->min,
			      ws_histogram_quantile(waits, 500), ws_histogram_quantile(waits, 950),
			      ws_histogram_quantile(waits, 990), waits->max);
	}
}

static void put_outcomes(struct ws_sqlite *db, const struct ws_object_contention *object)
{
	uint32_t id = object->object->id;

	for (uint8_t i = 1; i < WS_OUTCOME_COUNT; i++) {
		if (object->outcomes[i])
			ws_sqlite_put(db, WS_SQLITE_OBJECT_OUTCOMES, "xtu", id, ws_outcome_word(i),
				      object->outcomes[i]);
	}
	if (object->open)
		ws_sqlite_put(db, WS_SQLITE_OBJECT_OUTCOMES, "xtu", id,
			      ws_journal_end_word(WS_JOURNAL_OPEN), object->open);
	if (object->lost)
		ws_sqlite_put(db, WS_SQLITE_OBJECT_OUTCOMES, "xtu", id,
			      ws_journal_end_word(WS_JOURNAL_LOST), object->lost);
}

/* How long it was waited for in each span of the trace. */
static void put_spans(struct ws_sqlite *db, const struct ws_report *report,
		      const struct ws_queue *queue)
{
	const struct ws_queues_result *queues = report->results->queues;
	uint64_t from_ns = report->tables->begin_ns;

	for (size_t i = 0; i < queues->n_spans; i++, from_ns += queues->span_ns)
		ws_sqlite_put(db, WS_SQLITE_QUEUE_SPANS, "xuuu", queue->object->id, from_ns,
			      from_ns + queues->span_ns, queue->spans[i]);
}

/* How much lay in it in each span of the trace. */
static void put_fill(struct ws_sqlite *db, const struct ws_report *report,
		     const struct ws_object *object, const struct ws_fill *fill)
{
	const struct ws_fills_result *fills = report->results->fills;
	uint64_t from_ns = report->tables->begin_ns;

	for (size_t i = 0; i < fills->n_spans; i++, from_ns += fills->span_ns)
		ws_sqlite_put(db, WS_SQLITE_FILL_SPANS, "xuuut", object->id, from_ns,
			      from_ns + fills->span_ns, fill->spans[i],
			      fill->in_messages ? "messages" : "bytes");
}

/* All but the object's own row. */
static void put_details(struct ws_sqlite *db, const struct ws_object_contention *object)
{
	uint32_t id = object->object->id;

	put_outcomes(db, object);
	for (size_t i = 0; i < object->n_processes; i++)
		ws_sqlite_put(db, WS_SQLITE_OBJECT_PROCESSES, "xx", id, object->processes[i]);
	for (size_t i = 0; i < object->n_flows; i++) {
		const struct ws_flow *flow = &object->flows[i];

		ws_sqlite_put(db, WS_SQLITE_TRANSFERS, "xxuuuuuuu", id, flow->process,
			      flow->bytes_in, flow->bytes_out, flow->calls_in, flow->calls_out,
			      flow->empty_ns, flow->full_ns, flow->span_ns);
	}
	put_parties(db, object->object, "waiter", &object->waiters);
	put_parties(db, object->object, "holder", &object->holders);
	put_parties(db, object->object, "waker", &object->wakers);
}

static const char *scope_word(const struct ws_object *object)
{
	return ws_object_is_shared(&object->key) ? "shared" : "private";
}

static void put_objects(struct ws_sqlite *db, const struct ws_report *report)
{
	const struct ws_results *results = report->results;

	for (size_t i = 0; i < results->contention->n_objects; i++) {
		const struct ws_object_contention *object = &results->contention->objects[i];
		const struct ws_histogram *waits = &object->waits;
		const struct ws_queue *queue = ws_queue_of(results->queues, object->object);
		const struct ws_fill *fill = ws_fill_of(results->fills, object->object);
		const struct ws_classed *classed = ws_classed_of(results->classes, object->object);

		ws_sqlite_put(db, WS_SQLITE_OBJECTS, "xttttuuuuuuuuuz", object->object->id,
			      ws_kind_word(object->object->key.kind), object->name,
			      scope_word(object->object),
			      classed ? ws_class_word(classed->most) : NULL, waits->count,
			      waits->total, object->unknown_ns, waits->min,
			      ws_histogram_mean(waits), ws_histogram_quantile(waits, 500),
			      ws_histogram_quantile(waits, 950), ws_histogram_quantile(waits, 990),
			      waits->max, (uint64_t)(queue ? queue->longest : 0));
		put_details(db, object);
		if (queue)
			put_spans(db, report, queue);
		if (fill)
			put_fill(db, report, object->object, fill);
	}
	for (size_t i = 0; i < results->n_mentions; i++) {
		const struct ws_mention *mention = &results->mentions[i];
		const uint64_t none = 0;

		ws_sqlite_put(db, WS_SQLITE_OBJECTS, "xttttuuuzzzzzzz", mention->object->id,
			      ws_kind_word(mention->object->key.kind), mention->name,
			      scope_word(mention->object), NULL, none, none, none, none, none, none,
			      none, none, none, none);
	}
}

/* Who reads the journal. */
struct reader {
	struct ws_sqlite *db;
	const struct ws_journal_result *journal;
	uint64_t losses;
};

static int put_wait(void *user, uint64_t id, const struct ws_journal_wait *wait,
		    const struct ws_charge *charges, const struct ws_piece *pieces)
{
	struct reader *reader = user;
	const struct ws_holder who = { wait->thread, wait->site, wait->stack };
	struct ws_party waiter, other;
	uint64_t from_ns = wait->begin_ns;
	bool woken = wait->wake_op != WS_WAKE_NONE;
	int r = ws_journal_party(reader->journal, &who, &waiter);

	if (r == 0)
		r = ws_journal_party(reader->journal, &wait->waker, &other);
	if (r < 0)
		return r;
	ws_sqlite_put(reader->db, WS_SQLITE_WAITS, "uxpuuutzbbbutzp", id, wait->object->id, &waiter,
		      wait->begin_ns, wait->end_ns, wait->end_ns - wait->begin_ns,
		      ws_journal_end_word(wait->end), (uint64_t)wait->error,
		      !!(wait->flags & WS_WAIT_TIMED), !!(wait->flags & WS_WAIT_READ),
		      wait->uncertain, (uint64_t)wait->overtaken,
		      woken ? ws_wake_op_word(wait->wake_op) : NULL, wait->woken_ns, &other);
	for (uint32_t i = 0; i < wait->n_charges && r == 0; i++) {
		r = ws_journal_party(reader->journal, &charges[i].holder, &other);
		if (r == 0)
			ws_sqlite_put(reader->db, WS_SQLITE_WAIT_HOLDERS, "uxpu", id, i, &other,
				      charges[i].ns);
	}
	for (uint32_t i = 0; i < wait->n_pieces && r == 0; i++) {
		r = ws_journal_party(reader->journal, &pieces[i].holder, &other);
		if (r == 0)
			ws_sqlite_put(reader->db, WS_SQLITE_WAIT_PIECES, "uxpuu", id, i, &other,
				      from_ns, pieces[i].to_ns);
		from_ns = pieces[i].to_ns;
	}
	return r < 0 ? r : ws_sqlite_error(reader->db);
}

static int put_loss(void *user, const struct ws_journal_loss *loss)
{
	struct reader *reader = user;

	ws_sqlite_put(reader->db, WS_SQLITE_LOSSES, "uuuu", reader->losses++, loss->at_ns,
		      loss->events, loss->packets);
	return ws_sqlite_error(reader->db);
}

void ws_sqlite_fill(struct ws_sqlite *db, const struct ws_report *report)
{
	struct reader reader = { .db = db, .journal = report->results->journal };
	const struct ws_journal_reader all = { &reader, put_wait, put_loss };
	int r;

	put_trace(db, report);
	put_tasks(db, report);
	put_objects(db, report);
	ws_sqlite_fill_answers(db, report);
	r = ws_journal_each(reader.journal, &all);
	if (r < 0)
		ws_sqlite_fail(db, r);
}

int ws_sqlite_make(const struct ws_report *report, const char *path, struct ws_sqlite **ret,
		   struct ws_error *error)
{
	struct ws_sqlite *db;
	int r = ws_sqlite_open(path, &db, error);

	if (r < 0)
		return r;
	ws_sqlite_fill(db, report);
	r = ws_sqlite_finish(db, error);
	if (r < 0) {
		ws_sqlite_close(db);
		return r;
	}
	*ret = db;
	return 0;
}
