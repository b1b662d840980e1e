/* SPDX-License-Identifier: MIT */
/* blame.c: the JSON of blame, critical path and what-ifs; see blame.h. */
#include "analyzer/reports/blame.h"

static json_t *object_id(const struct ws_object *object)
{
	return object ? ws_json_integer(object->id) : json_null();
}

static json_t *causes_json(struct ws_json_writer *writer, const uint64_t *causes)
{
	json_t *value = json_object();

	for (uint32_t i = 0; i < WS_CAUSE_COUNT; i++)
		ws_json_set_integer(writer, value, ws_cause_word(i), causes[i]);
	return value;
}

static json_t *part_json(struct ws_json_writer *writer, uint32_t what, const struct ws_party *party,
			 const struct ws_object *object, uint64_t ns)
{
	json_t *value = json_object();

	ws_json_set_string(writer, value, "cause", ws_cause_word(what));
	ws_json_set_party(writer, value, party);
	ws_json_set(writer, value, "object", object_id(object));
	ws_json_set_integer(writer, value, "ns", ns);
	return value;
}

static json_t *blamed_json(struct ws_json_writer *writer, const struct ws_object_blame *blame)
{
	json_t *value = json_object(), *parties = json_array();

	ws_json_set(writer, value, "object", object_id(blame->object));
	ws_json_set_integer(writer, value, "wait_ns", blame->wait_ns);
	ws_json_set(writer, value, "causes", causes_json(writer, blame->causes));
	for (size_t i = 0; i < blame->n_parties; i++) {
		const struct ws_blamed *party = &blame->parties[i];

		ws_json_append(writer, parties, part_json(writer, party->what, &party->party,
							  party->object, party->ns));
	}
	ws_json_set(writer, value, "parties", parties);
	return value;
}

json_t *ws_json_blame(struct ws_json_writer *writer)
{
	const struct ws_blame_result *blame = writer->report->results->blame;
	const size_t *order = writer->report->results->groupings->order;
	json_t *value, *objects;

	if (!blame->known)
		return json_null();
	value = json_object();
	objects = json_array();
	ws_json_set(writer, value, "total", blamed_json(writer, &blame->total));
	for (size_t i = 0; i < blame->n_objects; i++)
		ws_json_append(writer, objects, blamed_json(writer, &blame->objects[order[i]]));
	ws_json_set(writer, value, "objects", objects);
	ws_json_set_integer(writer, value, "cut_waits", blame->cut_waits);
	return value;
}

static const char *meanwhile_word(uint32_t what)
{
	return what == WS_CAUSE_RUNNING ? "ran" : what == WS_MEANWHILE_WAITED ? "waited" : ws_cause_word(what);
}

json_t *ws_json_meanwhile(struct ws_json_writer *writer, const struct ws_object *object)
{
	const struct ws_object_blame *blame = ws_blame_of(writer->report->results->blame, object);
	json_t *value, *parts;

	if (!blame)
		return json_null();
	value = json_object();
	parts = json_array();
	ws_json_set_integer(writer, value, "ns", blame->for_thread_ns);
	ws_json_set_integer(writer, value, "measured_ns", blame->measured_ns);
	for (size_t i = 0; i < blame->n_meanwhile; i++) {
		const struct ws_meanwhile *one = &blame->meanwhile[i];
		json_t *part = json_object();

		ws_json_set(writer, part, "site", ws_json_frame(writer, one->site));
		ws_json_set_string(writer, part, "did", meanwhile_word(one->what));
		ws_json_set(writer, part, "object", object_id(one->object));
		ws_json_set(writer, part, "at", ws_json_frame(writer, one->at));
		ws_json_set(writer, part, "reads", json_boolean(one->reads));
		ws_json_set_integer(writer, part, "ns", one->ns);
		ws_json_append(writer, parts, part);
	}
	ws_json_set(writer, value, "parts", parts);
	return value;
}

json_t *ws_json_critical_path(struct ws_json_writer *writer)
{
	const struct ws_report *report = writer->report;
	const struct ws_path_result *path = report->results->blame->path;
	const struct ws_task *task;
	json_t *value, *parts, *objects;

	if (!path || !path->known)
		return json_null();
	task = &report->tables->threads[path->thread];
	value = json_object();
	parts = json_array();
	objects = json_array();
	ws_json_set_integer(writer, value, "thread", path->thread);
	ws_json_set(writer, value, "pid",
		    json_integer(report->tables->processes[task->process].pid));
	ws_json_set(writer, value, "tid", json_integer(task->tid));
	ws_json_set_integer(writer, value, "begin_ns", path->begin_ns);
	ws_json_set_integer(writer, value, "end_ns", path->end_ns);
	ws_json_set_integer(writer, value, "duration_ns", path->end_ns - path->begin_ns);
	ws_json_set_integer(writer, value, "steps", path->steps);
	ws_json_set(writer, value, "causes", causes_json(writer, path->causes));
	for (size_t i = 0; i < path->n_parts; i++) {
		const struct ws_path_part *part = &path->parts[i];

		ws_json_append(writer, parts, part_json(writer, part->what, &part->party,
							part->object, part->ns));
	}
	ws_json_set(writer, value, "parts", parts);
	for (size_t i = 0; i < path->n_objects; i++) {
		const struct ws_path_object *one = &path->objects[i];
		json_t *object = json_object();

		ws_json_set(writer, object, "object", object_id(one->object));
		ws_json_set_integer(writer, object, "waits", one->waits);
		ws_json_set_integer(writer, object, "bound_ns", one->bound_ns);
		ws_json_set_integer(writer, object, "longest_ns", one->longest_ns);
		ws_json_append(writer, objects, object);
	}
	ws_json_set(writer, value, "objects", objects);
	return value;
}

json_t *ws_json_what_if(struct ws_json_writer *writer)
{
	const struct ws_what_if_result *what_ifs = writer->report->results->blame->what_ifs;
	json_t *list = json_array();

	for (size_t i = 0; what_ifs && i < what_ifs->n; i++) {
		const struct ws_what_if *one = &what_ifs->list[i];
		json_t *value = json_object();

		ws_json_set(writer, value, "object", object_id(one->object));
		ws_json_set_string(writer, value, "waits", one->half ? "half" : "none");
		ws_json_set(writer, value, "asked", json_boolean(one->asked));
		ws_json_set_integer(writer, value, "duration_ns", one->duration_ns);
		ws_json_set_integer(writer, value, "predicted_ns", one->predicted_ns);
		ws_json_append(writer, list, value);
	}
	return list;
}
