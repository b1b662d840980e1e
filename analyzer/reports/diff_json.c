/* SPDX-License-Identifier: MIT */
/* diff_json.c: a comparison as JSON; docs/diff.schema.json describes it. */
#include <errno.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/diff.h"
#include "analyzer/reports/json_writer.h"

static const char *const side_words[WS_SIDES] = { "before", "after" };

const char *ws_diff_verdict(const struct ws_comparison *comparison)
{
	bool worse = comparison->worse || comparison->new_errors;

	if (comparison->better && worse)
		return "mixed";
	return comparison->better ? "better" : worse ? "worse" : "same";
}

struct ws_frame ws_diff_frame(const struct ws_digest_site *site)
{
	return (struct ws_frame){
		.function = site->function[0] ? site->function : NULL,
		.file = site->file[0] ? site->file : NULL,
		.line = site->line,
		.module = site->module[0] ? site->module : NULL,
		.offset = site->offset,
	};
}

static void set_real(struct ws_json_writer *writer, json_t *object, const char *key, double value)
{
	ws_json_set(writer, object, key, json_real(value));
}

/* null where it is not known. */
static void set_known(struct ws_json_writer *writer, json_t *object, const char *key, double value,
		      bool known)
{
	ws_json_set(writer, object, key, known ? json_real(value) : json_null());
}

static json_t *site_json(struct ws_json_writer *writer, const struct ws_digest_site *site)
{
	json_t *value = json_object();

	ws_json_set_string(writer, value, "function", site->function[0] ? site->function : NULL);
	ws_json_set_string(writer, value, "file", site->file[0] ? site->file : NULL);
	ws_json_set(writer, value, "line", site->line ? ws_json_integer(site->line) : json_null());
	ws_json_set_string(writer, value, "module", site->module[0] ? site->module : NULL);
	return value;
}

/* The line on one side; null: it is not there. */
static json_t *line_json(struct ws_json_writer *writer, const struct ws_comparison *c,
			 uint32_t number, int side)
{
	const struct ws_matched_place *place;

	if (number == WS_UNKNOWN)
		return json_null();
	place = &c->matching->sites[number].at[side];
	if (place->run == WS_UNKNOWN)
		return json_null();
	return site_json(writer, &c->sides[side].runs[place->run]->sites[place->index]);
}

static json_t *compared_json(struct ws_json_writer *writer, const struct ws_compared *compared)
{
	json_t *value;

	if (!compared->known)
		return json_null();
	value = json_object();
	ws_json_set_string(writer, value, "change", ws_change_word(compared->change));
	set_real(writer, value, "before", compared->ratio.before);
	set_real(writer, value, "after", compared->ratio.after);
	set_real(writer, value, "ratio", compared->ratio.ratio);
	set_real(writer, value, "low", compared->ratio.low);
	set_real(writer, value, "high", compared->ratio.high);
	return value;
}

static json_t *object_side_json(struct ws_json_writer *writer, const struct ws_comparison *c,
				const struct ws_compared_object *object, int side)
{
	const struct ws_compared_side *from = &object->sides[side];
	const struct ws_matched_place *place = &c->matching->objects[object->number].at[side];
	json_t *value = json_object();

	if (place->run == WS_UNKNOWN)
		ws_json_set(writer, value, "name", json_null());
	else
		ws_json_set_string(writer, value, "name",
				   c->sides[side].runs[place->run]->objects[place->index].name);
	ws_json_set_integer(writer, value, "runs", from->runs);
	set_real(writer, value, "waits", from->waits);
	set_real(writer, value, "wait_ns", from->wait_ns);
	ws_json_set_integer(writer, value, "p50_ns", ws_histogram_quantile(&from->times, 500));
	ws_json_set_integer(writer, value, "p95_ns", ws_histogram_quantile(&from->times, 950));
	ws_json_set_integer(writer, value, "p99_ns", ws_histogram_quantile(&from->times, 990));
	ws_json_set_integer(writer, value, "max_ns", from->times.max);
	ws_json_set(writer, value, "class",
		    from->times.count ? json_string(ws_class_word(from->class)) : json_null());
	ws_json_set_integer(writer, value, "acquired", from->acquired);
	ws_json_set_integer(writer, value, "waited", from->waited);
	set_known(writer, value, "contended", (double)from->waited / (double)from->acquired,
		  from->acquired);
	set_known(writer, value, "contended_low", from->share_low, from->acquired);
	set_known(writer, value, "contended_high", from->share_high, from->acquired);
	set_known(writer, value, "critical_path_share", from->path_share, from->path_share >= 0);
	return value;
}

static json_t *waiters_json(struct ws_json_writer *writer, const struct ws_comparison *c,
			    const struct ws_compared_object *object)
{
	json_t *list = json_array();

	for (size_t i = 0; i < object->n_waiters; i++) {
		const struct ws_compared_site *site = &object->waiters[i];
		json_t *value = json_object();

		for (int side = 0; side < WS_SIDES; side++) {
			json_t *of_side = json_object();

			ws_json_set(writer, of_side, "site",
				    line_json(writer, c, site->site, side));
			set_real(writer, of_side, "waits", site->waits[side]);
			set_real(writer, of_side, "wait_ns", site->wait_ns[side]);
			ws_json_set(writer, value, side_words[side], of_side);
		}
		ws_json_set(writer, value, "wait_ns", compared_json(writer, &site->time));
		ws_json_append(writer, list, value);
	}
	return list;
}

static json_t *object_json(struct ws_json_writer *writer, const struct ws_comparison *c,
			   const struct ws_compared_object *object)
{
	const struct ws_digest_object *described =
		ws_matched_object(c->sides, c->matching, object->number);
	json_t *value = json_object(), *metrics = json_object();

	ws_json_set_string(writer, value, "name", described->name);
	ws_json_set_string(writer, value, "kind", ws_kind_word(described->kind));
	ws_json_set_string(writer, value, "identified_by",
			   c->matching->objects[object->number].by_use
				   ? ws_identity_word(WS_IDENTITY_USE)
				   : ws_identity_word(described->how));
	ws_json_set_string(writer, value, "change", ws_change_word(object->change));
	for (int side = 0; side < WS_SIDES; side++)
		ws_json_set(writer, value, side_words[side],
			    object_side_json(writer, c, object, side));
	for (enum ws_metric metric = 0; metric < WS_METRIC_COUNT; metric++)
		ws_json_set(writer, metrics, ws_metric_word(metric),
			    compared_json(writer, &object->metrics[metric]));
	ws_json_set(writer, value, "metrics", metrics);
	set_known(writer, value, "shorter", object->shorter, object->shorter >= 0);
	ws_json_set(writer, value, "waiters", waiters_json(writer, c, object));
	return value;
}

static json_t *names_json(struct ws_json_writer *writer, const struct ws_digest *run,
			  const uint32_t *objects, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		ws_json_append(writer, list, ws_json_string(run->objects[objects[i]].name));
	return list;
}

static json_t *known_site_json(struct ws_json_writer *writer, const struct ws_digest *run,
			       uint32_t site)
{
	return site == WS_UNKNOWN ? json_null() : site_json(writer, &run->sites[site]);
}

static json_t *one_sided_json(struct ws_json_writer *writer, const struct ws_one_sided *one)
{
	json_t *value = json_object();

	ws_json_set_string(writer, value, "side", side_words[one->side]);
	ws_json_set_integer(writer, value, "runs", one->runs);
	ws_json_set(writer, value, "by_chance", json_boolean(one->by_chance));
	return value;
}

static json_t *findings_json(struct ws_json_writer *writer, const struct ws_comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->findings.n; i++) {
		const struct ws_one_sided *one = &c->findings.list[i];
		const struct ws_digest *run = c->sides[one->side].runs[one->run];
		const struct ws_digest_finding *finding = &run->findings[one->index];
		json_t *value = one_sided_json(writer, one);

		ws_json_set_string(writer, value, "rule", ws_rule_word(finding->rule));
		ws_json_set_string(writer, value, "severity",
				   ws_severity_word(ws_rule_severity(finding->rule)));
		ws_json_set_string(writer, value, "title", finding->title);
		ws_json_set(writer, value, "objects",
			    names_json(writer, run, finding->objects, finding->n_objects));
		ws_json_set(writer, value, "site", known_site_json(writer, run, finding->site));
		ws_json_set_string(writer, value, "evidence", finding->evidence);
		ws_json_append(writer, list, value);
	}
	return list;
}

static json_t *deadlocks_json(struct ws_json_writer *writer, const struct ws_comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->deadlocks.n; i++) {
		const struct ws_one_sided *one = &c->deadlocks.list[i];
		const struct ws_digest *run = c->sides[one->side].runs[one->run];
		const struct ws_digest_deadlock *deadlock = &run->deadlocks[one->index];
		json_t *value = one_sided_json(writer, one), *cycle = json_array();

		ws_json_set_string(writer, value, "verdict", ws_verdict_word(deadlock->verdict));
		ws_json_set_string(writer, value, "reason", deadlock->reason);
		for (size_t k = 0; k < deadlock->n_cycle; k++) {
			const struct ws_digest_step *step = &deadlock->cycle[k];
			json_t *of_step = json_object();

			ws_json_set_string(writer, of_step, "holds",
					   run->objects[step->holds].name);
			ws_json_set(writer, of_step, "hold_site",
				    known_site_json(writer, run, step->hold_site));
			ws_json_set_string(writer, of_step, "wants",
					   run->objects[step->wants].name);
			ws_json_set(writer, of_step, "want_site",
				    known_site_json(writer, run, step->want_site));
			ws_json_append(writer, cycle, of_step);
		}
		ws_json_set(writer, value, "cycle", cycle);
		ws_json_append(writer, list, value);
	}
	return list;
}

static json_t *edges_json(struct ws_json_writer *writer, const struct ws_comparison *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->edges.n; i++) {
		const struct ws_one_sided *one = &c->edges.list[i];
		const struct ws_digest *run = c->sides[one->side].runs[one->run];
		const struct ws_digest_edge *edge = &run->edges[one->index];
		json_t *value = one_sided_json(writer, one);

		ws_json_set_string(writer, value, "held", run->objects[edge->held].name);
		ws_json_set(writer, value, "held_site",
			    known_site_json(writer, run, edge->held_site));
		ws_json_set_string(writer, value, "taken", run->objects[edge->taken].name);
		ws_json_set(writer, value, "taken_site",
			    known_site_json(writer, run, edge->taken_site));
		ws_json_append(writer, list, value);
	}
	return list;
}

static json_t *side_json(struct ws_json_writer *writer, const struct ws_comparison *c, int side)
{
	json_t *value = json_object(), *runs = json_array();

	for (size_t i = 0; i < c->sides[side].n; i++) {
		const struct ws_digest *run = c->sides[side].runs[i];
		json_t *of_run = json_object();

		ws_json_set_string(writer, of_run, "path", run->path);
		ws_json_set_integer(writer, of_run, "duration_ns", run->duration_ns);
		ws_json_set_integer(writer, of_run, "events", run->events);
		ws_json_set_integer(writer, of_run, "lost_events", run->lost_events);
		ws_json_set_integer(writer, of_run, "lost_packets", run->lost_packets);
		ws_json_set_integer(writer, of_run, "uncertain_waits", run->uncertain_waits);
		ws_json_set_integer(writer, of_run, "frames", run->frames);
		ws_json_set_integer(writer, of_run, "unresolved_frames", run->unresolved_frames);
		set_known(writer, of_run, "busy", run->busy, run->busy >= 0);
		ws_json_append(writer, runs, of_run);
	}
	ws_json_set(writer, value, "runs", runs);
	ws_json_set(writer, value, "lacks", json_boolean(c->lacks[side]));
	ws_json_set_string(writer, value, "renamed_program", c->matching->renamed[side]);
	return value;
}

int ws_diff_json(const struct ws_comparison *c, FILE *to)
{
	struct ws_json_writer writer = { 0 };
	json_t *root = json_object(), *objects = json_array(), *noise = json_object();
	bool failed;

	ws_json_set_integer(&writer, root, "format_version", WS_DIFF_FORMAT_VERSION);
	ws_json_set_string(&writer, root, "verdict", ws_diff_verdict(c));
	for (int side = 0; side < WS_SIDES; side++)
		ws_json_set(&writer, root, side_words[side], side_json(&writer, c, side));
	ws_json_set_integer(&writer, root, "new_errors", c->new_errors);
	ws_json_set_string(&writer, root, "per", c->options.per_second ? "second" : "run");
	set_real(&writer, noise, "alpha", WS_NOISE_ALPHA);
	ws_json_set_integer(&writer, noise, "comparisons", c->tests);
	set_real(&writer, noise, "run_noise", c->options.run_noise);
	set_real(&writer, noise, "least", c->options.least);
	set_real(&writer, noise, "floor_ns", c->floor_ns);
	ws_json_set(&writer, root, "noise", noise);
	ws_json_set(&writer, root, "duration_ns", compared_json(&writer, &c->duration));
	ws_json_set(&writer, root, "wait_ns", compared_json(&writer, &c->time));
	for (size_t i = 0; i < c->n_objects; i++)
		ws_json_append(&writer, objects, object_json(&writer, c, &c->objects[i]));
	ws_json_set(&writer, root, "objects", objects);
	ws_json_set(&writer, root, "findings", findings_json(&writer, c));
	ws_json_set(&writer, root, "deadlocks", deadlocks_json(&writer, c));
	ws_json_set(&writer, root, "lock_orders", edges_json(&writer, c));
	failed = writer.failed;
	/* A full disk is found out by who closes the file. */
	if (!failed && json_dumpf(root, to, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) == 0)
		fputc('\n', to);
	json_decref(root);
	ws_json_writer_free(&writer);
	return failed ? -ENOMEM : 0;
}
