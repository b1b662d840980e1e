/* SPDX-License-Identifier: MIT */
/* compare.c: holds a report against a program's truth. The rules are in compare.h. */
#include "tests/support/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a list of calls, or a list of the report, says of one thread at one site. */
struct entry {
	pid_t tid;
	const char *function; /* Weak: in the JSON */
	int line;             /* -1: not known */
	int64_t waits;        /* -1: not known */
	double ns;            /* truth: outer, or the cut of holds with waits; report: wait_ns */
	double low_ns;        /* truth: least value that noise leaves possible */
	double high_ns;       /* truth: greatest such value */
	bool seen;            /* found on the other side */
};

struct entries {
	struct entry *list; /* Owned by this */
	size_t n;
};

struct comparison {
	const struct ws_run *run;
	const char *kind, *name;       /* of the object under comparison */
	json_t *waits, *holds, *wakes; /* the truth's calls of that object; owned by this */
	int pid;                       /* its process; 0: any */
	double unknown_ns;             /* how long it was waited for while nobody held it */
	bool any_frame;
	bool all_wakes;
	bool holders_together, together; /* the second: this list is compared as one sum */
	double placed_ns, misplaced_ns;  /* of such lists: all of it, and what is out of bounds */
	bool loud;
	int differences;
};

static void differ(struct comparison *c, const char *text, ...)
	__attribute__((format(printf, 2, 3)));
static void differ(struct comparison *c, const char *text, ...)
{
	va_list args;

	c->differences++;
	if (!c->loud)
		return;
	fprintf(stderr, "    %s %s: ", c->kind, c->name);
	if (c->pid)
		fprintf(stderr, "process %d: ", c->pid);
	va_start(args, text);
	vfprintf(stderr, text, args);
	va_end(args);
	fputc('\n', stderr);
}

static double number(const json_t *json, const char *member)
{
	return json_number_value(json_object_get(json, member));
}

static const char *word(const json_t *json, const char *member)
{
	const char *text = json_string_value(json_object_get(json, member));

	return text ? text : "";
}

/* Functions of C++ come with their arguments and namespaces in one place and without in another. */
static bool same_function(const char *report, const char *truth)
{
	size_t length = strcspn(report, "(");
	size_t wanted = strlen(truth);

	return length >= wanted && !strncmp(report + length - wanted, truth, wanted) &&
	       (length == wanted || report[length - wanted - 1] == ':');
}

static struct entry *entry_get(struct entries *entries, pid_t tid, const char *function, int line)
{
	struct entry *e;

	for (size_t i = 0; i < entries->n; i++) {
		e = &entries->list[i];
		if (e->tid == tid && e->line == line && !strcmp(e->function, function))
			return e;
	}
	entries->list = realloc(entries->list, (entries->n + 1) * sizeof(*e));
	if (!entries->list)
		abort();
	e = &entries->list[entries->n++];
	*e = (struct entry){ .tid = tid, .function = function, .line = line };
	return e;
}

static struct entry *entry_of_call(struct entries *entries, const json_t *call)
{
	return entry_get(entries, (pid_t)number(call, "tid"), word(call, "function"),
			 (int)number(call, "line"));
}

/* The calls of one list ("waits", "holds", "wakes") of every process that are of this object. */
static json_t *calls_of(const struct comparison *c, const char *list)
{
	json_t *result = json_array();
	size_t p, i;
	json_t *process, *call;

	json_array_foreach(c->run->truth, p, process)
		json_array_foreach(json_object_get(process, list), i, call)
			if (!strcmp(word(call, "kind"), c->kind) &&
			    !strcmp(word(call, "name"), c->name) &&
			    (c->pid == 0 || number(call, "pid") == c->pid))
				json_array_append(result, call);
	return result;
}

static double duration(const json_t *call)
{
	return number(call, "end_ns") - number(call, "begin_ns");
}

/* How much of the clock around a call may not have been its wait. A spinning thread sleeps nothing,
 * so that its `least` says nothing. */
static double noise(const struct comparison *c, const json_t *call)
{
	return strcmp(c->kind, "spinlock") ? duration(call) - number(call, "least_ns") : 0;
}

/* When a wait that was left by longjmp() must have ended for the report: at the latest when the
 * thread's next wait has, for only then something of it is recorded for certain. */
static double jumped_by(const struct comparison *c, const json_t *call)
{
	double latest = number(call, "end_ns"), next = 0;
	const json_t *process, *other;
	size_t p, i;

	json_array_foreach(c->run->truth, p, process)
		json_array_foreach(json_object_get(process, "waits"), i, other)
			if (number(other, "tid") == number(call, "tid") &&
			    number(other, "begin_ns") > latest &&
			    (next == 0 || number(other, "end_ns") < next))
				next = number(other, "end_ns");
	return next > latest ? next : latest;
}

/* The bounds of `ns` of one wait: 5 %, and below them what noise adds. */
static void add_bounds(const struct comparison *c, struct entry *e, const json_t *call, double ns)
{
	double low = ns - noise(c, call);

	if (low > 0.95 * ns)
		low = 0.95 * ns;
	e->ns += ns;
	e->low_ns += low > 0 ? low : 0;
	e->high_ns += !strcmp(word(call, "outcome"), "jumped")
			      ? jumped_by(c, call) - number(call, "begin_ns")
			      : ns;
}

/* How long of a wait the object was held by anybody, and, if `by` is given, by that hold. */
static double overlap(const json_t *wait, const json_t *hold)
{
	double begin = number(wait, "begin_ns"), end = number(wait, "end_ns");
	double from = number(hold, "begin_ns"), to = number(hold, "end_ns");

	if (to == 0) /* held to the end */
		to = end;
	from = from > begin ? from : begin;
	to = to < end ? to : end;
	return to > from ? to - from : 0;
}

static bool known(const json_t *entry, const char *path)
{
	const json_t *value = ws_at(entry, path);

	return value && !json_is_null(value);
}

/* Whether an entry of a report's list is at that site. */
static bool is_at(const struct comparison *c, const json_t *entry, const struct entry *e)
{
	const json_t *stack = json_object_get(entry, "stack");
	const json_t *site = json_object_get(entry, "site");

	if (number(entry, "tid") != e->tid)
		return false;
	for (size_t i = 0; c->any_frame && i < json_array_size(stack); i++) {
		const json_t *frame = json_array_get(stack, i);

		if (same_function(word(frame, "function"), e->function) &&
		    (e->line == -1 || number(frame, "line") == e->line))
			return true;
	}
	return same_function(word(site, "function"), e->function) &&
	       (e->line == -1 || number(site, "line") == e->line);
}

/* Whether an object of the report is the one under comparison. */
static bool is_the_object(const struct comparison *c, const json_t *object)
{
	const json_t *pid;
	bool in_process = c->pid == 0;
	size_t i;

	json_array_foreach(json_object_get(object, "pids"), i, pid)
		in_process |= json_integer_value(pid) == c->pid;
	return in_process && number(object, "waits") > 0 &&
	       !strcmp(word(object, "kind"), c->kind) &&
	       (!strcmp(c->name, "*") || !*c->name || !strcmp(word(object, "name"), c->name));
}

/* Compares one list of the report's objects with the entries of the truth. `least` is the share of
 * the object's waiting (0 to 1) below which an entry may be missing on either side. */
static void compare_list(struct comparison *c, const json_t *objects, const char *list,
			 const char *times, struct entries *truth, double total, double least)
{
	const json_t *object, *entry;
	double unknown = 0;
	size_t i, j, k;

	for (k = 0; k < truth->n; k++) {
		struct entry *e = &truth->list[k];
		int64_t waits = 0;
		double ns = 0;
		bool found = false;

		json_array_foreach(objects, i, object)
			json_array_foreach(json_object_get(object, list), j, entry) {
				if (!is_at(c, entry, e))
					continue;
				found = true;
				waits += (int64_t)number(entry, "waits");
				ns += number(entry, "wait_ns");
			}
		if (c->together) {
			c->placed_ns += e->ns;
			c->misplaced_ns += ns < e->low_ns    ? e->low_ns - ns
					   : ns > e->high_ns ? ns - e->high_ns
							     : 0;
			continue;
		}
		if (!found && (e->waits == 0 || e->ns < least * total ||
			       (times && e->waits < 0 && e->low_ns <= 0)))
			continue;
		if (!found) {
			differ(c, "%s lacks %s:%d of thread %d", list, e->function, e->line,
			       e->tid);
			continue;
		}
		if (e->waits >= 0 && waits != e->waits)
			differ(c, "%s %s:%d of thread %d: %" PRId64 " waits instead of %" PRId64,
			       list, e->function, e->line, e->tid, waits, e->waits);
		if (times && (ns < e->low_ns || ns > e->high_ns))
			differ(c,
			       "%s %s:%d of thread %d: wait_ns %.0f instead of %.0f (%.0f to %.0f)",
			       list, e->function, e->line, e->tid, ns, e->ns, e->low_ns,
			       e->high_ns);
	}
	json_array_foreach(objects, i, object)
		json_array_foreach(json_object_get(object, list), j, entry) {
			bool expected = false;

			if (number(entry, "tid") == 0) {
				unknown += number(entry, "wait_ns");
				continue;
			}
			for (k = 0; k < truth->n && !expected; k++)
				expected = is_at(c, entry, &truth->list[k]);
			if (c->together) {
				c->misplaced_ns += expected ? 0 : number(entry, "wait_ns");
				continue;
			}
			if (!expected && number(entry, "wait_ns") > least * total)
				differ(c, "%s has %s:%.0f of thread %.0f, which the truth has not",
				       list, word(json_object_get(entry, "site"), "function"),
				       number(json_object_get(entry, "site"), "line"),
				       number(entry, "tid"));
			if (!known(entry, "site.function") && expected)
				differ(c, "%s: a site without function", list);
		}
	if (c->together)
		c->misplaced_ns += unknown > c->unknown_ns ? unknown - c->unknown_ns : 0;
	else if (unknown > least * total + c->unknown_ns)
		differ(c, "%s: %.0f of wait_ns are nobody's", list, unknown);
}

static void compare_waiters(struct comparison *c, const json_t *objects, bool exact)
{
	struct entries truth = { NULL, 0 };
	const json_t *call;
	double total = 0;
	size_t n;

	json_array_foreach(c->waits, n, call) {
		struct entry *e = entry_of_call(&truth, call);

		e->waits = exact ? e->waits + 1 : -1;
		add_bounds(c, e, call, duration(call));
		total += duration(call);
	}
	compare_list(c, objects, "waiters", "wait_ns", &truth, total, exact ? 0 : 0.02);
	free(truth.list);
}

/* A wait's part that nobody's measured hold covers: between a release and the next one's clock. */
static double uncovered(const struct comparison *c, const json_t *wait)
{
	double at = number(wait, "begin_ns"), end = number(wait, "end_ns"), left = 0;

	while (at < end) {
		double next = end; /* where the next hold begins */
		bool covered = false;
		const json_t *hold;
		size_t h;

		json_array_foreach(c->holds, h, hold) {
			double from = number(hold, "begin_ns"), to = number(hold, "end_ns");

			if (to == 0) /* held to the end */
				to = end;
			if (from <= at && at < to) {
				at = to;
				covered = true;
				break;
			}
			if (from > at && from < next)
				next = from;
		}
		if (!covered) {
			left += next - at;
			at = next;
		}
	}
	return left;
}

static void compare_holders(struct comparison *c, const json_t *objects)
{
	struct entries truth = { NULL, 0 };
	const json_t *wait, *hold;
	double total = 0;
	size_t w, h;

	json_array_foreach(c->holds, h, hold)
		entry_of_call(&truth, hold)->waits = -1;
	json_array_foreach(c->waits, w, wait) {
		double gap = uncovered(c, wait);

		total += duration(wait);
		c->unknown_ns += gap;
		for (size_t k = 0; k < truth.n; k++) {
			struct entry *e = &truth.list[k];
			double ns = 0;

			json_array_foreach(c->holds, h, hold)
				if (number(hold, "tid") == e->tid &&
				    e->line == number(hold, "line"))
					ns += overlap(wait, hold);
			add_bounds(c, e, wait, ns);
			/* While it does not sleep yet, nobody tells it whose turn it is. */
			e->high_ns += 0.05 * ns + gap + noise(c, wait);
		}
	}
	c->together = c->holders_together;
	if (truth.n)
		compare_list(c, objects, "holders", "wait_ns", &truth, total, 0.02);
	c->together = false;
	c->unknown_ns = 0;
	free(truth.list);
}

static void compare_wakers(struct comparison *c, const json_t *objects)
{
	struct entries truth = { NULL, 0 };
	const json_t *wake;
	size_t w;

	json_array_foreach(c->wakes, w, wake) {
		struct entry *e = entry_of_call(&truth, wake);
		int64_t count = (int64_t)number(wake, "count");

		e->waits = count < 0 || e->waits < 0 ? -1 : e->waits + count;
		e->ns = 0;
	}
	if (truth.n || c->all_wakes)
		compare_list(c, objects, "wakers", NULL, &truth, 0, 0);
	free(truth.list);
}

static void compare_outcomes(struct comparison *c, const json_t *objects, bool exact)
{
	static const char *const outcomes[] = { "acquired", "timeout", "interrupted", "cancelled",
						"removed",  "error",   "open" };
	const json_t *object, *call;
	size_t i, n;

	for (size_t k = 0; k < sizeof(outcomes) / sizeof(outcomes[0]); k++) {
		int64_t truth = 0, report = 0;

		json_array_foreach(c->waits, n, call) {
			if (!strcmp(word(call, "outcome"), "jumped"))
				return;
			truth += !strcmp(word(call, "outcome"), outcomes[k]);
		}
		json_array_foreach(objects, i, object)
			report += (int64_t)number(json_object_get(object, "outcomes"), outcomes[k]);
		if (report != truth && (exact || strcmp(outcomes[k], "acquired")))
			differ(c, "%" PRId64 " waits %s instead of %" PRId64, report, outcomes[k],
			       truth);
	}
}

static void compare_object(struct comparison *c)
{
	json_t *objects = json_array();
	const json_t *object, *call;
	int64_t waits = 0, report_waits = 0, sure = 0;
	struct entry bounds = { 0 };
	double report_ns = 0;
	bool exact = true;
	size_t i, n;

	c->waits = calls_of(c, "waits");
	c->holds = calls_of(c, "holds");
	c->wakes = calls_of(c, "wakes");
	json_array_foreach(ws_at(c->run->report, "objects"), i, object) {
		if (!is_the_object(c, object))
			continue;
		json_array_append(objects, (json_t *)object);
		report_waits += (int64_t)number(object, "waits");
		report_ns += number(object, "wait_ns");
	}
	json_array_foreach(c->waits, n, call) {
		bool maybe = !strcmp(word(call, "outcome"), "maybe");

		waits++;
		exact = exact && !maybe;
		sure += number(call, "least_ns") > 1e6;
		add_bounds(c, &bounds, call, duration(call));
	}
	if (strcmp(c->name, "*") &&
	    (exact ? json_array_size(objects) != (waits > 0) : json_array_size(objects) > 1))
		differ(c, "%zu objects instead of %d", json_array_size(objects), waits > 0);
	if (exact ? report_waits != waits : report_waits > waits || report_waits < sure)
		differ(c, "%" PRId64 " waits instead of %" PRId64 " (%" PRId64 " for sure)",
		       report_waits, waits, sure);
	if (report_ns < bounds.low_ns || report_ns > bounds.high_ns)
		differ(c, "wait_ns %.0f instead of %.0f (%.0f to %.0f)", report_ns, bounds.ns,
		       bounds.low_ns, bounds.high_ns);
	compare_outcomes(c, objects, exact);
	compare_waiters(c, objects, exact);
	compare_holders(c, objects);
	compare_wakers(c, objects);
	json_decref(objects);
	json_decref(c->waits);
	json_decref(c->holds);
	json_decref(c->wakes);
}

/* The locks of a kind that the truth does not list were never waited for. */
static void compare_kinds(struct comparison *c)
{
	static const char *const kinds[] = { "mutex",    "rwlock",   "cond",     "barrier",
					     "spinlock", "once",     "sem",      "futex",
					     "mq",       "sysv_msg", "sysv_sem", "record_lock",
					     "flock",    "poll" };

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		char path[64];
		int64_t truth = 0, report = 0;
		bool maybe = false;

		for (size_t p = 0; p < json_array_size(c->run->truth); p++) {
			const json_t *waits = ws_at(json_array_get(c->run->truth, p), "waits"),
				     *call;
			size_t i;

			json_array_foreach(waits, i, call) {
				truth += !strcmp(word(call, "kind"), kinds[k]);
				maybe |= !strcmp(word(call, "outcome"), "maybe");
			}
		}
		snprintf(path, sizeof(path), "totals.by_kind.%s.waits", kinds[k]);
		report = (int64_t)json_number_value(ws_at(c->run->report, path));
		if (maybe ? report > truth : report != truth) {
			c->kind = "all of kind";
			c->name = kinds[k];
			differ(c, "%" PRId64 " waits instead of %" PRId64, report, truth);
		}
	}
}

static double value_or_0(const struct ws_run *run, const char *name)
{
	double value = 0;

	for (size_t p = 0; p < json_array_size(run->truth); p++)
		value += number(json_object_get(json_array_get(run->truth, p), "values"), name);
	return value;
}

int ws_truth_differences(const struct ws_run *run, bool loud)
{
	struct comparison c = { .run = run, .loud = loud, .kind = "", .name = "" };
	static const char *const lists[] = { "waits", "holds", "wakes", "tries" };
	bool by_process = value_or_0(run, "by_process") > 0;
	json_t *done = json_object();

	c.holders_together = value_or_0(run, "holders_together") > 0;
	c.any_frame = value_or_0(run, "any_frame") > 0;
	c.all_wakes = value_or_0(run, "all_wakes") > 0;
	for (size_t p = 0; p < json_array_size(run->truth); p++)
		for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
			const json_t *calls = ws_at(json_array_get(run->truth, p), lists[l]), *call;
			size_t i;

			json_array_foreach(calls, i, call) {
				char key[256];

				c.kind = word(call, "kind");
				c.name = word(call, "name");
				c.pid = by_process ? (int)number(call, "pid") : 0;
				snprintf(key, sizeof(key), "%s %s %d", c.kind, c.name, c.pid);
				if (json_object_get(done, key))
					continue;
				json_object_set_new(done, key, json_true());
				compare_object(&c);
			}
		}
	json_decref(done);
	c.pid = 0;
	if (value_or_0(run, "others") == 0)
		compare_kinds(&c);
	c.kind = "trace";
	c.name = "";
	if (c.misplaced_ns > 0.05 * c.placed_ns)
		differ(&c, "of the holders' %.0f ns %.0f are at others", c.placed_ns,
		       c.misplaced_ns);
	if (number(json_object_get(run->report, "trace"), "open_waits") !=
	    value_or_0(run, "open_waits"))
		differ(&c, "%.0f open waits instead of %.0f",
		       number(json_object_get(run->report, "trace"), "open_waits"),
		       value_or_0(run, "open_waits"));
	return c.differences;
}

void ws_assert_truth(const struct ws_run *run)
{
	int differences;

	if (json_array_size(run->truth) == 0)
		ws_fail(run, "the program printed no truth");
	differences = ws_truth_differences(run, true);
	if (differences)
		ws_fail(run, "the report differs from the truth in %d places", differences);
}
