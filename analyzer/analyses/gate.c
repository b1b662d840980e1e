/* SPDX-License-Identifier: MIT */
/* gate.c: see gate.h; the rules that need a baseline are in gate_baseline.c. */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/gate_private.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/words.h"

const char *ws_gate_rule_word(enum ws_gate_rule rule)
{
	static const char *const words[] = {
#define WORD(sym, word, doc) #word,
		WS_GATE_RULES(WORD)
#undef WORD
	};

	return words[rule];
}

const char *ws_gate_rule_doc(enum ws_gate_rule rule)
{
	static const char *const docs[] = {
#define DOC(sym, word, doc) doc,
		WS_GATE_RULES(DOC)
#undef DOC
	};

	return docs[rule];
}

const char *ws_gate_status_word(enum ws_gate_status status)
{
	static const char *const words[] = { "pass", "fail", "unknown" };

	return words[status];
}

/* NULL: out of memory. */
static const char *print(struct gate *gate, const char *format, va_list args)
{
	const char *kept;
	char *text;

	if (vasprintf(&text, format, args) < 0)
		return NULL;
	kept = ws_arena_strdup(&gate->result->strings, text);
	free(text);
	return kept;
}

const char *ws_gate_text(struct gate *gate, const char *format, ...)
{
	va_list args;
	const char *text;

	va_start(args, format);
	text = print(gate, format, args);
	va_end(args);
	return text;
}

struct ws_gate_entry *ws_gate_add(struct gate *gate, enum ws_gate_rule rule,
				  enum ws_gate_status status, const char *subject,
				  const char *message, ...)
{
	struct ws_gate_result *result = gate->result;
	struct ws_gate_entry *entry;
	va_list args;

	if (ws_grow(&result->entries, &gate->size, result->n + 1))
		return NULL;
	entry = &result->entries[result->n];
	*entry = (struct ws_gate_entry){ .rule = rule, .status = status, .evidence = "" };
	va_start(args, message);
	entry->message = print(gate, message, args);
	va_end(args);
	entry->subject = ws_arena_strdup(&result->strings, subject);
	if (!entry->message || !entry->subject)
		return NULL;
	result->n++;
	result->failed += status == WS_GATE_FAIL;
	result->unknown += status == WS_GATE_UNKNOWN;
	return entry;
}

const struct ws_digest_site *ws_gate_site(const struct ws_digest *run, uint32_t site)
{
	return site == WS_UNKNOWN ? NULL : &run->sites[site];
}

const char *ws_gate_place(struct gate *gate, const struct ws_digest_site *site)
{
	int n;

	if (!site)
		return "at an unknown place";
	n = (int)ws_function_length(site->function);
	if (site->function[0] && site->line)
		return ws_gate_text(gate, "in %.*s() %s:%" PRIu32, n, site->function,
				    ws_base_name(site->file), site->line);
	if (site->function[0])
		return ws_gate_text(gate, "in %.*s()", n, site->function);
	return ws_gate_text(gate, "at %s+0x%" PRIx64, site->module, site->offset);
}

/* A rule of which nothing was told is kept. 0 or -ENOMEM. */
int ws_gate_kept(struct gate *gate, enum ws_gate_rule rule, const char *message)
{
	for (size_t i = 0; i < gate->result->n; i++)
		if (gate->result->entries[i].rule == rule)
			return 0;
	return ws_gate_add(gate, rule, WS_GATE_PASS, "", "%s", message) ? 0 : -ENOMEM;
}

static int judge_complete(struct gate *gate)
{
	for (size_t i = 0; i < gate->runs->n; i++) {
		const struct ws_digest *run = gate->runs->runs[i];
		struct ws_gate_entry *entry;

		if (!ws_digest_lacks(run))
			continue;
		entry = ws_gate_add(gate, WS_GATE_COMPLETE, WS_GATE_UNKNOWN, run->path,
				    "the recording lost events: what is not in it is unknown");
		if (!entry)
			return -ENOMEM;
		entry->evidence =
			ws_gate_text(gate,
				     "%" PRIu64 " events and %" PRIu64
				     " packets were lost, %" PRIu64 " waits are touched by that",
				     run->lost_events, run->lost_packets, run->uncertain_waits);
		if (!entry->evidence)
			return -ENOMEM;
	}
	return ws_gate_kept(gate, WS_GATE_COMPLETE, "no events were lost");
}

/* The object without what changes from run to run: "mutex log_lock", "mutex of main()". */
static const char *stable_name(struct gate *gate, const struct ws_digest *run, uint32_t object)
{
	const struct ws_digest_object *of = &run->objects[object];

	if (of->label[0])
		return ws_gate_text(gate, "%s %s", ws_kind_word(of->kind), of->label);
	if (of->site != WS_UNKNOWN)
		return ws_gate_text(gate, "%s of %s()", ws_kind_word(of->kind),
				    run->sites[of->site].function);
	return ws_kind_word(of->kind);
}

static bool is_accepted(const struct gate *gate, const char *key)
{
	const struct ws_baseline *baseline = gate->options->baseline;

	for (size_t i = 0; baseline && i < baseline->n_accepted; i++)
		if (fnmatch(baseline->accepted[i], key, 0) == 0 ||
		    strcmp(baseline->accepted[i], key) == 0)
			return true;
	return false;
}

/* True if an earlier run had it, too. */
static bool is_told(const struct gate *gate, enum ws_gate_rule rule, const char *key)
{
	for (size_t i = 0; i < gate->result->n; i++) {
		const struct ws_gate_entry *entry = &gate->result->entries[i];

		if (entry->rule == rule && entry->key && strcmp(entry->key, key) == 0)
			return true;
	}
	return false;
}

static int judge_deadlock(struct gate *gate, const struct ws_digest *run,
			  const struct ws_digest_deadlock *deadlock)
{
	const char *word = ws_verdict_word(deadlock->verdict);
	const char *key = ws_gate_text(gate, "deadlock %s", word), *story = "";
	const struct ws_digest_site *site = NULL;
	struct ws_gate_entry *entry;

	for (size_t i = 0; i < deadlock->n_cycle && key && story; i++) {
		const struct ws_digest_step *step = &deadlock->cycle[i];
		const struct ws_digest_site *at = ws_gate_site(run, step->want_site);
		const char *name = stable_name(gate, run, step->wants);
		const char *place = ws_gate_place(gate, at);

		if (!name || !place)
			return -ENOMEM;
		site = site ? site : at;
		key = ws_gate_text(gate, "%s %s", key, name);
		story = ws_gate_text(gate, "%s%swho holds %s wants %s %s", story, i ? "; " : "",
				     run->objects[step->holds].name, run->objects[step->wants].name,
				     place);
	}
	if (!key || !story)
		return -ENOMEM;
	if (is_accepted(gate, key) || is_told(gate, WS_GATE_DEADLOCK, key))
		return 0;
	entry = ws_gate_add(gate, WS_GATE_DEADLOCK, WS_GATE_FAIL,
			    deadlock->n_cycle ? run->objects[deadlock->cycle[0].wants].name : "",
			    deadlock->verdict == WS_VERDICT_OCCURRED
				    ? "a deadlock occurred: %s"
				    : "a deadlock is predictable: %s",
			    deadlock->reason);
	if (!entry)
		return -ENOMEM;
	entry->evidence = story;
	entry->key = key;
	entry->site = site;
	return 0;
}

static int judge_deadlocks(struct gate *gate)
{
	for (size_t i = 0; i < gate->runs->n; i++) {
		const struct ws_digest *run = gate->runs->runs[i];

		for (size_t k = 0; k < run->n_deadlocks; k++) {
			enum ws_verdict verdict = run->deadlocks[k].verdict;
			int r = 0;

			if (verdict == WS_VERDICT_OCCURRED || verdict == WS_VERDICT_PREDICTABLE)
				r = judge_deadlock(gate, run, &run->deadlocks[k]);
			if (r < 0)
				return r;
		}
	}
	return ws_gate_kept(gate, WS_GATE_DEADLOCK, "none occurred, and none is predictable");
}

static int judge_finding(struct gate *gate, const struct ws_digest *run,
			 const struct ws_digest_finding *finding)
{
	const char *key = ws_rule_word(finding->rule);
	struct ws_gate_entry *entry;

	for (size_t i = 0; i < finding->n_objects && key; i++) {
		const char *name = stable_name(gate, run, finding->objects[i]);

		key = name ? ws_gate_text(gate, "%s %s", key, name) : NULL;
	}
	if (key && finding->site != WS_UNKNOWN)
		key = ws_gate_text(gate, "%s in %s()", key, run->sites[finding->site].function);
	if (!key)
		return -ENOMEM;
	if (is_accepted(gate, key) || is_told(gate, WS_GATE_FINDING, key))
		return 0;
	entry = ws_gate_add(gate, WS_GATE_FINDING, WS_GATE_FAIL,
			    finding->n_objects ? run->objects[finding->objects[0]].name : "",
			    "%s: %s", ws_rule_word(finding->rule), finding->title);
	if (!entry)
		return -ENOMEM;
	entry->evidence = finding->evidence;
	entry->key = key;
	entry->site = ws_gate_site(run, finding->site);
	return 0;
}

static bool has_deadlock(const struct ws_digest *run)
{
	for (size_t i = 0; i < run->n_deadlocks; i++)
		if (run->deadlocks[i].verdict == WS_VERDICT_OCCURRED)
			return true;
	return false;
}

static int judge_findings(struct gate *gate)
{
	for (size_t i = 0; i < gate->runs->n; i++) {
		const struct ws_digest *run = gate->runs->runs[i];

		for (size_t k = 0; k < run->n_findings; k++) {
			enum ws_rule rule = run->findings[k].rule;
			int r;

			/* The rule before has told of it. */
			if (ws_rule_severity(rule) != WS_SEVERITY_ERROR ||
			    (rule == WS_RULE_DEADLOCK && has_deadlock(run)))
				continue;
			r = judge_finding(gate, run, &run->findings[k]);
			if (r < 0)
				return r;
		}
	}
	return ws_gate_kept(gate, WS_GATE_FINDING, "there is none");
}

/* "2.04 ms" or a number. */
static const char *value_text(struct gate *gate, enum ws_limit limit, uint64_t value)
{
	if (limit == WS_LIMIT_WAITS)
		return ws_gate_text(gate, "%" PRIu64, value);
	if (value >= 1000000000)
		return ws_gate_text(gate, "%.3g s", (double)value / 1e9);
	if (value >= 1000000)
		return ws_gate_text(gate, "%.3g ms", (double)value / 1e6);
	if (value >= 1000)
		return ws_gate_text(gate, "%.3g us", (double)value / 1e3);
	return ws_gate_text(gate, "%" PRIu64 " ns", value);
}

/* One rule, in the run that breaks it most. */
static int judge_limit(struct gate *gate, const struct ws_wait_rule *rule, enum ws_limit limit)
{
	struct ws_wait_seen worst = { .longest_site = WS_UNKNOWN };
	const struct ws_digest *where = NULL;
	struct ws_gate_entry *entry = NULL;
	uint64_t most = 0, waits = 0;
	int r = 0;

	for (size_t i = 0; i < gate->runs->n && r == 0; i++) {
		const struct ws_digest *run = gate->runs->runs[i];
		struct ws_wait_seen seen;
		uint64_t value;

		r = ws_wait_rule_see(rule, run, &seen);
		value = ws_limit_value(limit, &seen.waits);
		waits += seen.waits.count;
		if (!where || value > most) {
			most = value;
			where = run;
			worst = seen;
		}
		ws_histogram_free(&seen.waits);
	}
	if (r < 0)
		return r;
	if (most < rule->limits[limit] || !where) {
		entry = ws_gate_add(gate, WS_GATE_MAX_WAIT, WS_GATE_PASS, rule->text,
				    waits ? "%s is %s" : "%s: there are no such waits",
				    ws_limit_word(limit), value_text(gate, limit, most));
		return entry ? 0 : -ENOMEM;
	}
	entry = ws_gate_add(gate, WS_GATE_MAX_WAIT, WS_GATE_FAIL, rule->text,
			    "%s is %s, not below %s", ws_limit_word(limit),
			    value_text(gate, limit, most),
			    value_text(gate, limit, rule->limits[limit]));
	if (!entry)
		return -ENOMEM;
	entry->site = ws_gate_site(where, worst.longest_site);
	if (worst.longest_object != WS_UNKNOWN && worst.waits.count)
		entry->evidence = ws_gate_text(
			gate, "%" PRIu64 " waits in %s; the longest was for %s, %s",
			worst.waits.count, where->path, where->objects[worst.longest_object].name,
			ws_gate_place(gate, entry->site));
	return entry->evidence ? 0 : -ENOMEM;
}

static int judge_limits(struct gate *gate)
{
	for (size_t i = 0; i < gate->options->n_limits; i++) {
		const struct ws_wait_rule *rule = &gate->options->limits[i];

		for (enum ws_limit limit = 0; limit < WS_LIMIT_COUNT; limit++) {
			int r = rule->limited[limit] ? judge_limit(gate, rule, limit) : 0;

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int ws_gate_judge(const struct ws_side *runs, const struct ws_gate_options *options,
		  struct ws_gate_result **ret)
{
	struct gate gate = { .runs = runs,
			     .options = options,
			     .result = calloc(1, sizeof(*gate.result)) };
	int r = gate.result ? judge_complete(&gate) : -ENOMEM;

	if (r == 0)
		r = judge_deadlocks(&gate);
	if (r == 0)
		r = judge_findings(&gate);
	if (r == 0 && options->baseline)
		r = ws_gate_judge_baseline(&gate);
	if (r == 0)
		r = judge_limits(&gate);
	if (r < 0) {
		ws_gate_free(gate.result);
		return r;
	}
	gate.result->pass =
		!gate.result->failed && (options->allow_unknown || !gate.result->unknown);
	*ret = gate.result;
	return 0;
}

void ws_gate_free(struct ws_gate_result *result)
{
	if (!result)
		return;
	ws_arena_free(&result->strings);
	free(result->entries);
	free(result);
}
