/* SPDX-License-Identifier: MIT */
/* json.c: the report as JSON: the contract that docs/report.schema.json describes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/reports/report.h"
#include "analyzer/reports/words.h"

/* A value that several places show: built once, shared by reference. */
struct shared {
	const void *of; /* the frame or the trail */
	json_t *value;  /* Owned by this */
	UT_hash_handle hh;
};

struct writer {
	const struct ws_report *report;
	struct shared *shared; /* Owned by this */
	bool failed;           /* memory ran out: the value is of no use */
};

/* jansson takes the reference, also on failure; NULL is a failure like any other. */
static void set(struct writer *writer, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		writer->failed = true;
}

static void append(struct writer *writer, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		writer->failed = true;
}

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static void set_integer(struct writer *writer, json_t *object, const char *key, uint64_t value)
{
	set(writer, object, key, integer(value));
}

/* Names come from programs and files, which need not be UTF-8: what is not becomes '?'. */
static json_t *string(const char *text)
{
	json_t *value;
	char *copy, *c;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (c = copy; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	value = json_string(copy);
	free(copy);
	return value;
}

static void set_string(struct writer *writer, json_t *object, const char *key, const char *text)
{
	set(writer, object, key, string(text));
}

static json_t *share(struct writer *writer, const void *of, json_t *value)
{
	struct shared *shared = calloc(1, sizeof(*shared));

	if (!shared || !value) {
		free(shared);
		json_decref(value);
		writer->failed = true;
		return NULL;
	}
	shared->of = of;
	shared->value = value;
	HASH_ADD_PTR(writer->shared, of, shared);
	if (!shared->hh.tbl) {
		free(shared);
		json_decref(value);
		writer->failed = true;
		return NULL;
	}
	return json_incref(value);
}

static json_t *find_shared(struct writer *writer, const void *of)
{
	struct shared *shared;

	HASH_FIND_PTR(writer->shared, &of, shared);
	return shared ? json_incref(shared->value) : NULL;
}

static json_t *frame_json(struct writer *writer, const struct ws_frame *frame)
{
	json_t *value;

	if (!frame)
		return json_null();
	value = find_shared(writer, frame);
	if (value)
		return value;
	value = json_object();
	set_string(writer, value, "function", frame->function);
	set_string(writer, value, "file", frame->file);
	set(writer, value, "line", frame->line ? integer(frame->line) : json_null());
	set_string(writer, value, "module", frame->module);
	set_integer(writer, value, "offset", frame->offset);
	return share(writer, frame, value);
}

static json_t *trail_json(struct writer *writer, const struct ws_party *party)
{
	const struct ws_trail *trail = party->trail;
	json_t *value;

	/* No stack was taken: the site is all that is known of it. */
	if (!trail->n) {
		value = json_array();
		if (party->site)
			append(writer, value, frame_json(writer, party->site));
		return value;
	}
	value = find_shared(writer, trail);
	if (value)
		return value;
	value = json_array();
	for (size_t i = 0; i < trail->n; i++)
		append(writer, value, frame_json(writer, &trail->frames[i]));
	return share(writer, trail, value);
}

static void set_party(struct writer *writer, json_t *object, const struct ws_party *party)
{
	const struct ws_tables *tables = writer->report->tables;
	bool known = party->thread < tables->n_threads;
	const struct ws_task *task = known ? &tables->threads[party->thread] : NULL;

	set(writer, object, "thread", known ? integer(party->thread) : json_null());
	set(writer, object, "pid",
	    known ? json_integer(tables->processes[task->process].pid) : json_null());
	set(writer, object, "tid", known ? json_integer(task->tid) : json_null());
	set(writer, object, "site", frame_json(writer, party->site));
	set(writer, object, "stack", trail_json(writer, party));
}

static void set_times(struct writer *writer, json_t *object, const struct ws_histogram *waits)
{
	set_integer(writer, object, "waits", waits->count);
	set_integer(writer, object, "wait_ns", waits->total);
	set_integer(writer, object, "min_ns", waits->min);
	set_integer(writer, object, "mean_ns", ws_histogram_mean(waits));
	set_integer(writer, object, "p50_ns", ws_histogram_quantile(waits, 500));
	set_integer(writer, object, "p95_ns", ws_histogram_quantile(waits, 950));
	set_integer(writer, object, "p99_ns", ws_histogram_quantile(waits, 990));
	set_integer(writer, object, "max_ns", waits->max);
}

static json_t *sum_json(struct writer *writer, const struct ws_sum *sum)
{
	json_t *value = json_object();

	set_integer(writer, value, "waits", sum->waits);
	set_integer(writer, value, "wait_ns", sum->wait_ns);
	return value;
}

static json_t *trace_json(struct writer *writer)
{
	const struct ws_report *report = writer->report;
	const struct ws_tables *tables = report->tables;
	json_t *value = json_object(), *list = json_array();

	set_string(writer, value, "path", report->paths[0]);
	for (size_t i = 0; i < report->n_paths; i++)
		append(writer, list, string(report->paths[i]));
	set(writer, value, "paths", list);
	set_integer(writer, value, "begin_ns", tables->begin_ns);
	set_integer(writer, value, "duration_ns", tables->end_ns - tables->begin_ns);
	set_integer(writer, value, "events", tables->events);
	set_integer(writer, value, "lost_events", tables->lost_events);
	set_integer(writer, value, "lost_packets", tables->lost_packets);
	set_integer(writer, value, "open_waits", report->counts->open_waits);
	set_integer(writer, value, "lost_waits", report->counts->lost_waits);
	set_integer(writer, value, "uncertain_waits", report->counts->uncertain);
	set_integer(writer, value, "frames", report->frames);
	set_integer(writer, value, "unresolved_frames", report->unresolved_frames);
	list = json_array();
	for (size_t i = 0; i < report->n_warnings; i++)
		append(writer, list, string(report->warnings[i]));
	set(writer, value, "warnings", list);
	return value;
}

static json_t *filter_json(struct writer *writer)
{
	const struct ws_filter *filter = writer->report->filter;
	json_t *value = json_object(), *kinds = json_array();

	set_integer(writer, value, "min_wait_ns", filter->min_wait_ns);
	set(writer, value, "pid", filter->pid ? json_integer(filter->pid) : json_null());
	set(writer, value, "tid", filter->tid ? json_integer(filter->tid) : json_null());
	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++) {
		if (filter->kinds & (1u << kind))
			append(writer, kinds, string(ws_kind_word(kind)));
	}
	set(writer, value, "kinds", kinds);
	set_integer(writer, value, "from_ns", filter->from_ns);
	set(writer, value, "to_ns",
	    filter->to_ns == UINT64_MAX ? json_null() : integer(filter->to_ns));
	return value;
}

static json_t *processes_json(struct writer *writer)
{
	const struct ws_tables *tables = writer->report->tables;
	json_t *list = json_array();

	for (size_t i = 0; i < tables->n_processes; i++) {
		const struct ws_process *process = &tables->processes[i];
		bool has_status = process->end == WS_END_EXITED || process->end == WS_END_SIGNALED;
		json_t *value = json_object();

		set_integer(writer, value, "id", i);
		set(writer, value, "pid", json_integer(process->pid));
		set_string(writer, value, "name", process->name);
		set(writer, value, "exe",
		    process->exe && process->exe[0] ? string(process->exe) : json_null());
		set_integer(writer, value, "begin_ns", process->begin_ns);
		set_integer(writer, value, "end_ns", process->end_ns);
		set_string(writer, value, "end", ws_process_end_word(process->end));
		set(writer, value, "status",
		    has_status ? json_integer(process->status) : json_null());
		append(writer, list, value);
	}
	return list;
}

static json_t *threads_json(struct writer *writer)
{
	const struct ws_tables *tables = writer->report->tables;
	const struct ws_contention_result *result = writer->report->contention;
	json_t *list = json_array();

	for (size_t i = 0; i < tables->n_threads; i++) {
		const struct ws_task *task = &tables->threads[i];
		json_t *value = json_object();

		set_integer(writer, value, "id", i);
		set_integer(writer, value, "process", task->process);
		set(writer, value, "pid", json_integer(tables->processes[task->process].pid));
		set(writer, value, "tid", json_integer(task->tid));
		set_string(writer, value, "name", task->name);
		set_integer(writer, value, "waits", result->threads[i].waits);
		set_integer(writer, value, "wait_ns", result->threads[i].wait_ns);
		append(writer, list, value);
	}
	return list;
}

static json_t *totals_json(struct writer *writer)
{
	const struct ws_contention_result *result = writer->report->contention;
	json_t *value = sum_json(writer, &result->total), *kinds = json_object();

	set_integer(writer, value, "unknown_ns", result->unknown_ns);
	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++) {
		if (result->kinds[kind].waits)
			set(writer, kinds, ws_kind_word(kind),
			    sum_json(writer, &result->kinds[kind]));
	}
	set(writer, value, "by_kind", kinds);
	return value;
}

static json_t *role_json(struct writer *writer, const struct ws_role *role)
{
	json_t *list = json_array();

	for (size_t i = 0; i < role->n_shares; i++) {
		json_t *value = json_object();

		set_party(writer, value, &role->shares[i].party);
		set_times(writer, value, &role->shares[i].waits);
		append(writer, list, value);
	}
	return list;
}

static json_t *outcomes_json(struct writer *writer, const struct ws_object_contention *object)
{
	json_t *value = json_object();

	for (uint8_t i = 1; i < WS_OUTCOME_COUNT; i++) {
		if (i != WS_OUTCOME_NO_WAIT)
			set_integer(writer, value, ws_outcome_word(i), object->outcomes[i]);
	}
	set_integer(writer, value, "open", object->open);
	set_integer(writer, value, "unknown", object->lost);
	return value;
}

static uint64_t per_second(uint64_t bytes, uint64_t ns)
{
	return ns ? (uint64_t)((double)bytes * 1e9 / (double)ns) : 0;
}

static void set_flow(struct writer *writer, json_t *to, const struct ws_flow *flow)
{
	uint64_t bytes = flow->bytes_in > flow->bytes_out ? flow->bytes_in : flow->bytes_out;

	set_integer(writer, to, "bytes_in", flow->bytes_in);
	set_integer(writer, to, "bytes_out", flow->bytes_out);
	set_integer(writer, to, "calls_in", flow->calls_in);
	set_integer(writer, to, "calls_out", flow->calls_out);
	set_integer(writer, to, "rate", per_second(bytes, flow->span_ns));
	set_integer(writer, to, "empty_ns", flow->empty_ns);
	set_integer(writer, to, "full_ns", flow->full_ns);
}

/* What went through a pipe and the like, in all and by process. */
static json_t *transfer_json(struct writer *writer, const struct ws_object_contention *object)
{
	const struct ws_tables *tables = writer->report->tables;
	json_t *value = json_object(), *list = json_array();
	struct ws_flow all = { .empty_ns = object->empty_ns, .full_ns = object->full_ns };

	for (size_t i = 0; i < object->n_flows; i++) {
		const struct ws_flow *flow = &object->flows[i];
		json_t *one = json_object();

		all.bytes_in += flow->bytes_in;
		all.bytes_out += flow->bytes_out;
		all.calls_in += flow->calls_in;
		all.calls_out += flow->calls_out;
		all.span_ns = flow->span_ns > all.span_ns ? flow->span_ns : all.span_ns;
		set_integer(writer, one, "process", flow->process);
		set_integer(writer, one, "pid", (uint64_t)tables->processes[flow->process].pid);
		set_flow(writer, one, flow);
		append(writer, list, one);
	}
	set_flow(writer, value, &all);
	set(writer, value, "processes", list);
	return value;
}

static json_t *object_json(struct writer *writer, const struct ws_object_contention *object)
{
	const struct ws_tables *tables = writer->report->tables;
	json_t *value = json_object(), *pids = json_array();

	set_integer(writer, value, "id", object->object->id);
	set_string(writer, value, "kind", ws_kind_word(object->object->key.kind));
	set_string(writer, value, "name", object->name);
	set_string(writer, value, "scope", ws_object_is_shared(&object->object->key) ? "shared" : "private");
	for (size_t i = 0; i < object->n_processes; i++) {
		int32_t pid = tables->processes[object->processes[i]].pid;

		/* The images of one process have one pid. */
		if (i && tables->processes[object->processes[i - 1]].pid == pid)
			continue;
		append(writer, pids, json_integer(pid));
	}
	set(writer, value, "pids", pids);
	set_times(writer, value, &object->waits);
	set_integer(writer, value, "unknown_ns", object->unknown_ns);
	set(writer, value, "outcomes", outcomes_json(writer, object));
	if (ws_kind_carries(ws_object_polled(object->object)->key.kind))
		set(writer, value, "transfer", transfer_json(writer, object));
	if (object->object->key.kind == WS_KIND_MQ && object->object->value) {
		json_t *limits = json_object();

		set_integer(writer, limits, "messages", object->object->value >> 32);
		set_integer(writer, limits, "message_bytes", object->object->value & UINT32_MAX);
		set(writer, value, "limits", limits);
	}
	set(writer, value, "holders", role_json(writer, &object->holders));
	set(writer, value, "waiters", role_json(writer, &object->waiters));
	set(writer, value, "wakers", role_json(writer, &object->wakers));
	return value;
}

static json_t *objects_json(struct writer *writer)
{
	const struct ws_contention_result *result = writer->report->contention;
	json_t *list = json_array();

	for (size_t i = 0; i < result->n_objects; i++)
		append(writer, list, object_json(writer, &result->objects[i]));
	return list;
}

static json_t *edges_json(struct writer *writer)
{
	const struct ws_contention_result *result = writer->report->contention;
	json_t *list = json_array();

	for (size_t i = 0; i < result->n_edges; i++) {
		const struct ws_edge *edge = &result->edges[i];
		json_t *value = json_object(), *party = json_object();

		set_party(writer, party, &edge->waiter);
		set(writer, value, "waiter", party);
		party = json_object();
		set_party(writer, party, &edge->blocker);
		set(writer, value, "blocker", party);
		set_integer(writer, value, "object", result->objects[edge->object].object->id);
		set_string(writer, value, "relation", edge->needs_all ? "and" : "or");
		set_integer(writer, value, "waits", edge->waits);
		set_integer(writer, value, "wait_ns", edge->wait_ns);
		append(writer, list, value);
	}
	return list;
}

static json_t *leftovers_json(struct writer *writer)
{
	const struct ws_report *report = writer->report;
	json_t *list = json_array();

	for (size_t i = 0; i < report->n_leftovers; i++) {
		const struct ws_leftover *leftover = &report->leftovers[i];
		json_t *value = json_object(), *creator = json_object();
		bool known = ws_kind_naming(leftover->kind) == WS_NAMED_BY_ID || leftover->id;

		set_string(writer, value, "kind", ws_kind_word(leftover->kind));
		set_string(writer, value, "name", leftover->name);
		set(writer, value, "id", known ? integer(leftover->id) : json_null());
		set_party(writer, creator, &leftover->creator);
		set(writer, value, "creator", creator);
		set_integer(writer, value, "bytes", leftover->bytes);
		set_integer(writer, value, "created_ns", leftover->created_ns);
		append(writer, list, value);
	}
	return list;
}

static int write_file(const char *buffer, size_t size, void *file)
{
	return fwrite(buffer, 1, size, file) == size ? 0 : -1;
}

int ws_report_json(const struct ws_report *report, FILE *to)
{
	struct writer writer = { .report = report };
	struct shared *shared, *next;
	json_t *root = json_object();

	set_integer(&writer, root, "format_version", WS_REPORT_FORMAT_VERSION);
	set(&writer, root, "trace", trace_json(&writer));
	set(&writer, root, "filter", filter_json(&writer));
	set(&writer, root, "processes", processes_json(&writer));
	set(&writer, root, "threads", threads_json(&writer));
	set(&writer, root, "totals", totals_json(&writer));
	set(&writer, root, "objects", objects_json(&writer));
	set(&writer, root, "waits_for", edges_json(&writer));
	set(&writer, root, "deadlocks", json_array());
	set(&writer, root, "findings", json_array());
	set(&writer, root, "leftovers", leftovers_json(&writer));
	if (!writer.failed) {
		/* A failed write is the caller's to find, in the file. */
		(void)json_dump_callback(root, write_file, to, JSON_INDENT(1));
		fputc('\n', to);
	}
	json_decref(root);
	HASH_ITER(hh, writer.shared, shared, next) {
		HASH_DEL(writer.shared, shared);
		json_decref(shared->value);
		free(shared);
	}
	return writer.failed ? -ENOMEM : 0;
}
