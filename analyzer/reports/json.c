/* SPDX-License-Identifier: MIT */
/* json.c: the report as JSON: the contract that docs/report.schema.json describes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/blame.h"
#include "analyzer/reports/calls.h"
#include "analyzer/reports/classes.h"
#include "analyzer/reports/deadlocks.h"
#include "analyzer/reports/findings.h"
#include "analyzer/reports/graph.h"
#include "analyzer/reports/json_root.h"
#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/patterns.h"
#include "analyzer/reports/report.h"
#include "analyzer/reports/summary.h"

static void set_times(struct ws_json_writer *writer, json_t *object,
		      const struct ws_histogram *waits)
{
	ws_json_set_integer(writer, object, "waits", waits->count);
	ws_json_set_integer(writer, object, "wait_ns", waits->total);
	ws_json_set_integer(writer, object, "min_ns", waits->min);
	ws_json_set_integer(writer, object, "mean_ns", ws_histogram_mean(waits));
	ws_json_set_integer(writer, object, "p50_ns", ws_histogram_quantile(waits, 500));
	ws_json_set_integer(writer, object, "p95_ns", ws_histogram_quantile(waits, 950));
	ws_json_set_integer(writer, object, "p99_ns", ws_histogram_quantile(waits, 990));
	ws_json_set_integer(writer, object, "max_ns", waits->max);
}

static json_t *sum_json(struct ws_json_writer *writer, const struct ws_sum *sum)
{
	json_t *value = json_object();

	ws_json_set_integer(writer, value, "waits", sum->waits);
	ws_json_set_integer(writer, value, "wait_ns", sum->wait_ns);
	return value;
}

static json_t *recordings_json(struct ws_json_writer *writer)
{
	const struct ws_report *report = writer->report;
	json_t *list = json_array();

	for (size_t i = 0; i < report->tables->n_recordings; i++) {
		const struct ws_recording *recording = &report->tables->recordings[i];
		json_t *one = json_object();

		ws_json_set_string(writer, one, "path", report->paths[recording->dir]);
		ws_json_set(writer, one, "host",
			    recording->host[0] ? ws_json_string(recording->host) : json_null());
		ws_json_append(writer, list, one);
	}
	return list;
}

static json_t *trace_json(struct ws_json_writer *writer)
{
	const struct ws_report *report = writer->report;
	const struct ws_tables *tables = report->tables;
	json_t *value = json_object(), *list = json_array();

	ws_json_set_string(writer, value, "path", report->paths[0]);
	for (size_t i = 0; i < report->n_paths; i++)
		ws_json_append(writer, list, ws_json_string(report->paths[i]));
	ws_json_set(writer, value, "paths", list);
	ws_json_set(writer, value, "recordings", recordings_json(writer));
	ws_json_set_integer(writer, value, "begin_ns", tables->begin_ns);
	ws_json_set_integer(writer, value, "duration_ns", tables->end_ns - tables->begin_ns);
	ws_json_set_integer(writer, value, "events", tables->events);
	ws_json_set_integer(writer, value, "lost_events", tables->lost_events);
	ws_json_set_integer(writer, value, "lost_packets", tables->lost_packets);
	ws_json_set_integer(writer, value, "open_waits", report->counts->open_waits);
	ws_json_set_integer(writer, value, "lost_waits", report->counts->lost_waits);
	ws_json_set_integer(writer, value, "uncertain_waits", report->counts->uncertain);
	ws_json_set_integer(writer, value, "frames", report->frames);
	ws_json_set_integer(writer, value, "unresolved_frames", report->unresolved_frames);
	list = json_array();
	for (size_t i = 0; i < report->n_warnings; i++)
		ws_json_append(writer, list, ws_json_string(report->warnings[i]));
	ws_json_set(writer, value, "warnings", list);
	return value;
}

static json_t *filter_json(struct ws_json_writer *writer)
{
	const struct ws_filter *filter = writer->report->filter;
	json_t *value = json_object(), *kinds = json_array(), *objects = json_array();

	ws_json_set_integer(writer, value, "min_wait_ns", filter->min_wait_ns);
	ws_json_set(writer, value, "pid", filter->pid ? json_integer(filter->pid) : json_null());
	ws_json_set(writer, value, "tid", filter->tid ? json_integer(filter->tid) : json_null());
	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++) {
		if (filter->kinds & (1u << kind))
			ws_json_append(writer, kinds, ws_json_string(ws_kind_word(kind)));
	}
	ws_json_set(writer, value, "kinds", kinds);
	for (size_t i = 0; i < filter->n_objects; i++)
		ws_json_append(writer, objects, ws_json_string(filter->objects[i]));
	ws_json_set(writer, value, "objects", objects);
	ws_json_set_integer(writer, value, "from_ns", filter->from_ns);
	ws_json_set(writer, value, "to_ns",
		    filter->to_ns == UINT64_MAX ? json_null() : ws_json_integer(filter->to_ns));
	return value;
}

static json_t *processes_json(struct ws_json_writer *writer)
{
	const struct ws_tables *tables = writer->report->tables;
	json_t *list = json_array();

	for (size_t i = 0; i < tables->n_processes; i++) {
		const struct ws_process *process = &tables->processes[i];
		bool has_status = process->end == WS_END_EXITED || process->end == WS_END_SIGNALED;
		json_t *value = json_object();

		ws_json_set_integer(writer, value, "id", i);
		ws_json_set(writer, value, "pid", json_integer(process->pid));
		if (process->recording < tables->n_recordings)
			ws_json_set_integer(writer, value, "recording", process->recording);
		ws_json_set_string(writer, value, "name", process->name);
		ws_json_set(writer, value, "exe",
			    process->exe && process->exe[0] ? ws_json_string(process->exe)
							    : json_null());
		ws_json_set_integer(writer, value, "begin_ns", process->begin_ns);
		ws_json_set_integer(writer, value, "end_ns", process->end_ns);
		ws_json_set_string(writer, value, "end", ws_process_end_word(process->end));
		ws_json_set(writer, value, "status",
			    has_status ? json_integer(process->status) : json_null());
		ws_json_set(writer, value, "recorded", json_boolean(!process->unrecorded));
		ws_json_append(writer, list, value);
	}
	return list;
}

static json_t *threads_json(struct ws_json_writer *writer)
{
	const struct ws_tables *tables = writer->report->tables;
	const struct ws_contention_result *result = writer->report->results->contention;
	json_t *list = json_array();

	for (size_t i = 0; i < tables->n_threads; i++) {
		const struct ws_task *task = &tables->threads[i];
		json_t *value = json_object();

		ws_json_set_integer(writer, value, "id", i);
		ws_json_set_integer(writer, value, "process", task->process);
		ws_json_set(writer, value, "pid",
			    json_integer(tables->processes[task->process].pid));
		ws_json_set(writer, value, "tid", json_integer(task->tid));
		ws_json_set_string(writer, value, "name", task->name);
		ws_json_set_integer(writer, value, "waits", result->threads[i].waits);
		ws_json_set_integer(writer, value, "wait_ns", result->threads[i].wait_ns);
		ws_json_append(writer, list, value);
	}
	return list;
}

static json_t *totals_json(struct ws_json_writer *writer)
{
	const struct ws_contention_result *result = writer->report->results->contention;
	json_t *value = sum_json(writer, &result->total), *kinds = json_object();

	ws_json_set_integer(writer, value, "unknown_ns", result->unknown_ns);
	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++) {
		if (result->kinds[kind].waits)
			ws_json_set(writer, kinds, ws_kind_word(kind),
				    sum_json(writer, &result->kinds[kind]));
	}
	ws_json_set(writer, value, "by_kind", kinds);
	ws_json_set(writer, value, "by_class", ws_json_classes(writer));
	return value;
}

static json_t *role_json(struct ws_json_writer *writer, const struct ws_role *role)
{
	json_t *list = json_array();

	for (size_t i = 0; i < role->n_shares; i++) {
		json_t *value = json_object();

		ws_json_set_party(writer, value, &role->shares[i].party);
		set_times(writer, value, &role->shares[i].waits);
		ws_json_append(writer, list, value);
	}
	return list;
}

static json_t *outcomes_json(struct ws_json_writer *writer,
			     const struct ws_object_contention *object)
{
	json_t *value = json_object();

	for (uint8_t i = 1; i < WS_OUTCOME_COUNT; i++) {
		if (i != WS_OUTCOME_NO_WAIT)
			ws_json_set_integer(writer, value, ws_outcome_word(i), object->outcomes[i]);
	}
	ws_json_set_integer(writer, value, "open", object->open);
	ws_json_set_integer(writer, value, "unknown", object->lost);
	return value;
}

static uint64_t per_second(uint64_t bytes, uint64_t ns)
{
	return ns ? (uint64_t)((double)bytes * 1e9 / (double)ns) : 0;
}

static void set_flow(struct ws_json_writer *writer, json_t *to, const struct ws_flow *flow)
{
	uint64_t bytes = flow->bytes_in > flow->bytes_out ? flow->bytes_in : flow->bytes_out;

	ws_json_set_integer(writer, to, "bytes_in", flow->bytes_in);
	ws_json_set_integer(writer, to, "bytes_out", flow->bytes_out);
	ws_json_set_integer(writer, to, "calls_in", flow->calls_in);
	ws_json_set_integer(writer, to, "calls_out", flow->calls_out);
	ws_json_set_integer(writer, to, "rate", per_second(bytes, flow->span_ns));
	ws_json_set_integer(writer, to, "empty_ns", flow->empty_ns);
	ws_json_set_integer(writer, to, "full_ns", flow->full_ns);
	if (flow->priority_low) {
		json_t *seen = json_object();

		ws_json_set_integer(writer, seen, "low", flow->priority_low - 1);
		ws_json_set_integer(writer, seen, "high", flow->priority_high - 1);
		ws_json_set(writer, to, "priorities", seen);
	}
}

/* What went through a pipe and the like, in all and by process. */
static json_t *transfer_json(struct ws_json_writer *writer,
			     const struct ws_object_contention *object)
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
		if (flow->priority_low &&
		    (!all.priority_low || flow->priority_low < all.priority_low))
			all.priority_low = flow->priority_low;
		if (flow->priority_high > all.priority_high)
			all.priority_high = flow->priority_high;
		all.span_ns = flow->span_ns > all.span_ns ? flow->span_ns : all.span_ns;
		ws_json_set_integer(writer, one, "process", flow->process);
		ws_json_set_integer(writer, one, "pid",
				    (uint64_t)tables->processes[flow->process].pid);
		set_flow(writer, one, flow);
		ws_json_append(writer, list, one);
	}
	set_flow(writer, value, &all);
	ws_json_set(writer, value, "processes", list);
	if (object->fill) {
		json_t *fill = json_object();
		bool messages = ws_object_polled(object->object)->key.kind == WS_KIND_MQ;

		ws_json_set_integer(writer, fill, "largest", object->fill);
		if (object->room)
			ws_json_set_integer(writer, fill, "capacity", object->room);
		ws_json_set_string(writer, fill, "unit", messages ? "messages" : "bytes");
		ws_json_set(writer, value, "fill", fill);
	}
	return value;
}

static json_t *object_json(struct ws_json_writer *writer, const struct ws_object_contention *object)
{
	const struct ws_tables *tables = writer->report->tables;
	json_t *value = json_object(), *pids = json_array();

	ws_json_set_integer(writer, value, "id", object->object->id);
	ws_json_set_string(writer, value, "kind", ws_kind_word(object->object->key.kind));
	ws_json_set_string(writer, value, "name", object->name);
	ws_json_set_string(writer, value, "scope",
			   ws_object_is_shared(&object->object->key) ? "shared" : "private");
	for (size_t i = 0; i < object->n_processes; i++) {
		int32_t pid = tables->processes[object->processes[i]].pid;

		/* The images of one process have one pid. */
		if (i && tables->processes[object->processes[i - 1]].pid == pid)
			continue;
		ws_json_append(writer, pids, json_integer(pid));
	}
	ws_json_set(writer, value, "pids", pids);
	set_times(writer, value, &object->waits);
	ws_json_set_integer(writer, value, "unknown_ns", object->unknown_ns);
	ws_json_set(writer, value, "outcomes", outcomes_json(writer, object));
	ws_json_set_class(writer, value, object->object);
	ws_json_set_patterns(writer, value, object->object);
	if (ws_kind_carries(ws_object_polled(object->object)->key.kind))
		ws_json_set(writer, value, "transfer", transfer_json(writer, object));
	if (object->object->key.kind == WS_KIND_MQ && object->object->value) {
		json_t *limits = json_object();

		ws_json_set_integer(writer, limits, "messages", object->object->value >> 32);
		ws_json_set_integer(writer, limits, "message_bytes",
				    object->object->value & UINT32_MAX);
		ws_json_set(writer, value, "limits", limits);
	}
	ws_json_set(writer, value, "meanwhile", ws_json_meanwhile(writer, object->object));
	ws_json_set(writer, value, "holders", role_json(writer, &object->holders));
	ws_json_set(writer, value, "waiters", role_json(writer, &object->waiters));
	ws_json_set(writer, value, "wakers", role_json(writer, &object->wakers));
	if (object->last.n_shares)
		ws_json_set(writer, value, "last_operators", role_json(writer, &object->last));
	return value;
}

static json_t *objects_json(struct ws_json_writer *writer)
{
	const struct ws_contention_result *result = writer->report->results->contention;
	json_t *list = json_array();

	for (size_t i = 0; i < result->n_objects; i++) {
		size_t at = writer->report->results->groupings->order[i];

		ws_json_append(writer, list, object_json(writer, &result->objects[at]));
	}
	return list;
}

/* What the waits were summed by; null: nobody asked. */
static json_t *groups_json(struct ws_json_writer *writer)
{
	const struct ws_report *report = writer->report;
	const struct ws_groupings_result *groupings = report->results->groupings;
	const struct ws_contention_result *contention = report->results->contention;
	const struct ws_tables *tables = report->tables;
	json_t *value, *list;

	if (!groupings->is_grouped)
		return json_null();
	value = json_object();
	list = json_array();
	for (size_t i = 0; i < groupings->n; i++) {
		const struct ws_group *group = &groupings->groups[i];
		json_t *one = json_object(), *most = json_object();

		ws_json_set_string(writer, one, "name", group->name);
		if (groupings->by == WS_GROUPED_SITE)
			ws_json_set(writer, one, "site", ws_json_frame(writer, group->site));
		if (group->kind)
			ws_json_set_string(writer, one, "kind", ws_kind_word(group->kind));
		if (group->object)
			ws_json_set_integer(writer, one, "object", group->object->id);
		if (group->process < tables->n_processes) {
			ws_json_set_integer(writer, one, "process", group->process);
			ws_json_set(writer, one, "pid",
				    json_integer(tables->processes[group->process].pid));
		}
		if (group->thread < tables->n_threads) {
			ws_json_set_integer(writer, one, "thread", group->thread);
			ws_json_set(writer, one, "tid",
				    json_integer(tables->threads[group->thread].tid));
		}
		set_times(writer, one, &group->waits);
		ws_json_set_integer(writer, one, "threads", group->n_threads);
		ws_json_set_integer(writer, most, "object",
				    contention->objects[group->most].object->id);
		ws_json_set_integer(writer, most, "wait_ns", group->most_ns);
		ws_json_set(writer, one, "most", most);
		ws_json_append(writer, list, one);
	}
	ws_json_set_string(writer, value, "by", ws_group_by_word(groupings->by));
	ws_json_set(writer, value, "list", list);
	return value;
}

/* What ids refer to that are not in objects[]. */
static json_t *other_objects_json(struct ws_json_writer *writer)
{
	const struct ws_results *results = writer->report->results;
	json_t *list = json_array();

	for (size_t i = 0; i < results->n_mentions; i++) {
		const struct ws_object *object = results->mentions[i].object;
		json_t *value = json_object();

		ws_json_set_integer(writer, value, "id", object->id);
		ws_json_set_string(writer, value, "kind", ws_kind_word(object->key.kind));
		ws_json_set_string(writer, value, "name", results->mentions[i].name);
		ws_json_set_string(writer, value, "scope",
				   ws_object_is_shared(&object->key) ? "shared" : "private");
		ws_json_append(writer, list, value);
	}
	return list;
}

static json_t *edges_json(struct ws_json_writer *writer)
{
	const struct ws_contention_result *result = writer->report->results->contention;
	json_t *list = json_array();

	for (size_t i = 0; i < result->n_edges; i++) {
		const struct ws_edge *edge = &result->edges[i];
		json_t *value = json_object(), *party = json_object();

		ws_json_set_party(writer, party, &edge->waiter);
		ws_json_set(writer, value, "waiter", party);
		party = json_object();
		ws_json_set_party(writer, party, &edge->blocker);
		ws_json_set(writer, value, "blocker", party);
		ws_json_set_integer(writer, value, "object",
				    result->objects[edge->object].object->id);
		ws_json_set_string(writer, value, "relation", edge->needs_all ? "and" : "or");
		ws_json_set_integer(writer, value, "waits", edge->waits);
		ws_json_set_integer(writer, value, "wait_ns", edge->wait_ns);
		ws_json_append(writer, list, value);
	}
	return list;
}

static json_t *leftovers_json(struct ws_json_writer *writer)
{
	const struct ws_report *report = writer->report;
	json_t *list = json_array();

	for (size_t i = 0; i < report->results->leftovers->n; i++) {
		const struct ws_leftover *leftover = &report->results->leftovers->list[i];
		json_t *value = json_object(), *creator = json_object();
		bool known = ws_kind_naming(leftover->kind) == WS_NAMED_BY_ID || leftover->id;

		ws_json_set_string(writer, value, "kind", ws_kind_word(leftover->kind));
		ws_json_set_string(writer, value, "name", leftover->name);
		ws_json_set(writer, value, "id",
			    known ? ws_json_integer(leftover->id) : json_null());
		ws_json_set_party(writer, creator, &leftover->creator);
		ws_json_set(writer, value, "creator", creator);
		ws_json_set_integer(writer, value, "bytes", leftover->bytes);
		ws_json_set_integer(writer, value, "created_ns", leftover->created_ns);
		ws_json_append(writer, list, value);
	}
	return list;
}

static int write_file(const char *buffer, size_t size, void *file)
{
	return fwrite(buffer, 1, size, file) == size ? 0 : -1;
}

static json_t *pair_json(struct ws_json_writer *writer, const struct ws_lock_pair *pair)
{
	json_t *value = json_object();

	ws_json_set_integer(writer, value, "held", pair->held.object->id);
	ws_json_set_integer(writer, value, "taken", pair->taken.object->id);
	ws_json_set_integer(writer, value, "times", pair->times);
	ws_json_set(writer, value, "thread",
		    pair->take.thread == WS_UNKNOWN ? json_null()
						    : ws_json_integer(pair->take.thread));
	ws_json_set(writer, value, "hold_site", ws_json_frame(writer, pair->hold.site));
	ws_json_set(writer, value, "take_site", ws_json_frame(writer, pair->take.site));
	return value;
}

/* Which locks were taken while which were held, and how far the search for contradicting orders
 * went. */
static json_t *lock_order_json(struct ws_json_writer *writer)
{
	const struct ws_lock_order_result *order = writer->report->results->lock_order;
	json_t *value = json_object(), *pairs = json_array();

	for (size_t i = 0; i < order->n_pairs; i++)
		ws_json_append(writer, pairs, pair_json(writer, &order->pairs[i]));
	ws_json_set(writer, value, "pairs", pairs);

	ws_json_set(writer, value, "orders", ws_json_integer(order->edges));
	ws_json_set(writer, value, "gave_up", ws_json_integer(order->gave_up));
	return value;
}

json_t *ws_json_root(struct ws_json_writer *writer)
{
	json_t *root = json_object();

	ws_json_set_integer(writer, root, "format_version", WS_REPORT_FORMAT_VERSION);
	ws_json_set(writer, root, "trace", trace_json(writer));
	ws_json_set(writer, root, "filter", filter_json(writer));
	ws_json_set(writer, root, "processes", processes_json(writer));
	ws_json_set(writer, root, "threads", threads_json(writer));
	ws_json_set(writer, root, "totals", totals_json(writer));
	ws_json_set(writer, root, "objects", objects_json(writer));
	ws_json_set(writer, root, "groups", groups_json(writer));
	ws_json_set(writer, root, "verdict", ws_json_summary(writer));
	ws_json_set(writer, root, "waits_for", edges_json(writer));
	ws_json_set(writer, root, "blame", ws_json_blame(writer));
	ws_json_set(writer, root, "critical_path", ws_json_critical_path(writer));
	ws_json_set(writer, root, "what_if", ws_json_what_if(writer));
	ws_json_set(writer, root, "deadlocks", ws_json_deadlocks(writer));
	ws_json_set(writer, root, "lock_order", lock_order_json(writer));
	ws_json_set(writer, root, "wait_graph", ws_json_graph(writer));
	ws_json_set(writer, root, "findings", ws_json_findings(writer));
	ws_json_set(writer, root, "leftovers", leftovers_json(writer));
	ws_json_set(writer, root, "calls", ws_json_calls(writer));
	ws_json_set(writer, root, "other_objects", other_objects_json(writer));
	return root;
}

int ws_report_json(const struct ws_report *report, FILE *to)
{
	struct ws_json_writer writer = { .report = report };
	json_t *root = ws_json_root(&writer);

	if (!writer.failed) {
		/* A failed write is the caller's to find, in the file. */
		(void)json_dump_callback(root, write_file, to, JSON_INDENT(1));
		fputc('\n', to);
	}
	json_decref(root);
	ws_json_writer_free(&writer);
	return writer.failed ? -ENOMEM : 0;
}
