/* SPDX-License-Identifier: MIT */
/* compare.c: see compare.h. */
#include "analyzer/analyses/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/one_sided.h"

/* Nothing shorter is worth telling, however short the run. */
#define FLOOR_NS 1e6
/* Starting and ending a process differs by that, when the machine is busy. */
#define FLOOR_DURATION_NS 50e6
/* A part of the acquisitions that is not worth telling. */
#define FLOOR_SHARE 0.01
/* Fewer waits have no percentiles. */
#define PERCENTILE_WAITS 20

static const char *const metric_words[] = {
#define WORD(sym, word) #word,
	WS_METRICS(WORD)
#undef WORD
};

const char *ws_metric_word(enum ws_metric metric)
{
	return metric_words[metric];
}

const char *ws_change_word(enum ws_change change)
{
	static const char *const words[] = { "unknown", "same", "better", "worse" };

	return words[change];
}

bool ws_compares_class(enum ws_class class)
{
	return class == WS_CLASS_CONTENTION || class == WS_CLASS_HANDOVER ||
	       class == WS_CLASS_PACING;
}

/* What all steps need. */
struct comparer {
	const struct ws_side *sides;         /* Weak */
	struct ws_comparison *made;          /* Owned by this until it is handed out */
	struct ws_sample *samples[WS_SIDES]; /* Owned by this: one a run */
};

/* By what figures of the run are multiplied. */
static double scale_of(const struct comparer *c, const struct ws_digest *run)
{
	if (!c->made->options.per_second || !run->duration_ns)
		return 1;
	return 1e9 / (double)run->duration_ns;
}

/* The samples have their values and variances: compares them. */
static void test(struct comparer *c, double floor, struct ws_compared *to)
{
	to->known = true;
	to->ratio =
		ws_noise_ratio(c->samples[WS_BEFORE], c->sides[WS_BEFORE].n, c->samples[WS_AFTER],
			       c->sides[WS_AFTER].n, floor, c->made->tests ? c->made->tests : 1);
	to->change = WS_CHANGE_NONE;
	if (fabs(to->ratio.after - to->ratio.before) < floor)
		return;
	if (to->ratio.high < 1)
		to->change = WS_CHANGE_BETTER;
	else if (to->ratio.low > 1)
		to->change = WS_CHANGE_WORSE;
}

/* What of a run belongs to one object, or to one line that waits for it. */
struct sum {
	struct ws_histogram times; /* Owned by this */
	uint64_t acquired, waited, path_ns;
	uint64_t running_ns, scheduler_ns,
		all_ns; /* of the object, also where the sum is of a line */
	uint64_t by_class[WS_CLASS_COUNT];
	double variance; /* that slices tell */
	bool any;
};

static void sum_free(struct sum *sum)
{
	ws_histogram_free(&sum->times);
}

static int sum_up(const struct comparer *c, int side, size_t i, uint32_t number, struct sum *to)
{
	const struct ws_digest *run = c->sides[side].runs[i];

	*to = (struct sum){ 0 };
	for (size_t k = 0; k < run->n_objects; k++) {
		const struct ws_digest_object *object = &run->objects[k];

		if (c->made->matching->runs[side][i].objects[k] != number)
			continue;
		if (ws_histogram_merge(&to->times, &object->waits) < 0)
			return -ENOMEM;
		to->any = true;
		to->acquired += object->acquired;
		to->waited += object->waited;
		to->path_ns += object->path_ns;
		to->running_ns += object->running_ns;
		to->scheduler_ns += object->scheduler_ns;
		to->all_ns += object->waits.total;
		for (size_t class = 0; class < WS_CLASS_COUNT; class ++)
			to->by_class[class] += object->by_class[class];
		if (object->variance > to->variance)
			to->variance = object->variance;
	}
	return 0;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static struct ws_sample figure_of(const struct comparer *c, int side, size_t i,
				  const struct sum *sum, enum ws_metric metric)
{
	static const unsigned permille[WS_METRIC_COUNT] = {
		[WS_METRIC_P50] = 500, [WS_METRIC_P95] = 950, [WS_METRIC_P99] = 990
	};
	double scale = scale_of(c, c->sides[side].runs[i]);
	double chance = sum->times.count ? 1 / (double)sum->times.count : 0;

	switch (metric) {
	case WS_METRIC_TIME:
		return (struct ws_sample){
			.value = (double)sum->times.total * scale,
			.variance = larger(sum->variance, ws_noise_chance(&sum->times)),
		};
	case WS_METRIC_WAITS:
		return (struct ws_sample){ .value = (double)sum->times.count * scale,
					   .variance = larger(sum->variance, chance) };
	case WS_METRIC_SHARE:
		return (struct ws_sample){
			.value = sum->acquired ? (double)sum->waited / (double)sum->acquired : 0,
			.variance = sum->waited ? 1 / (double)sum->waited : 0,
		};
	default:
		return (struct ws_sample){ .value = (double)ws_histogram_quantile(&sum->times,
										  permille[metric]),
					   .variance = 4 * chance };
	}
}

/* What is assumed of a figure of the run: `running` of it somebody ran, `kept` of it was kept from
 * it. */
static void assume(const struct comparer *c, const struct ws_digest *run, double running,
		   double kept, struct ws_sample *sample)
{
	sample->run_noise = ws_noise_run(run->busy, c->made->options.run_noise, running, kept);
	sample->load = ws_noise_load(run->busy, fmin(running + kept, 1));
}

static struct ws_sample sample_of(const struct comparer *c, int side, size_t i,
				  const struct sum *sum, enum ws_metric metric)
{
	struct ws_sample sample = figure_of(c, side, i, sum, metric);
	double all = sum->all_ns ? (double)sum->all_ns : 1;

	assume(c, c->sides[side].runs[i], (double)sum->running_ns / all,
	       (double)sum->scheduler_ns / all, &sample);
	return sample;
}

/* True if every run can say that figure. */
static bool is_known(const struct comparer *c, struct sum *const sums[WS_SIDES],
		     enum ws_metric metric)
{
	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; i < c->sides[side].n; i++) {
			const struct sum *sum = &sums[side][i];

			if (metric == WS_METRIC_SHARE && !sum->acquired)
				return false;
			if ((metric == WS_METRIC_P50 || metric == WS_METRIC_P95 ||
			     metric == WS_METRIC_P99) &&
			    sum->times.count < PERCENTILE_WAITS)
				return false;
		}
	}
	return true;
}

static bool has_several_runs(const struct comparer *c)
{
	return c->sides[WS_BEFORE].n > 1 && c->sides[WS_AFTER].n > 1;
}

/* One run cannot tell how much else varies. */
static bool is_tested(const struct comparer *c, struct sum *const sums[WS_SIDES],
		      enum ws_metric metric)
{
	return metric == WS_METRIC_TIME || (has_several_runs(c) && is_known(c, sums, metric));
}

static double floor_of(const struct comparer *c, enum ws_metric metric)
{
	switch (metric) {
	case WS_METRIC_TIME:
		return c->made->floor_ns;
	case WS_METRIC_SHARE:
		return FLOOR_SHARE;
	case WS_METRIC_WAITS:
		return 1;
	default:
		return 1000; /* ns */
	}
}

static enum ws_class class_of(const uint64_t by_class[WS_CLASS_COUNT])
{
	enum ws_class most = 0;

	for (enum ws_class class = 1; class < WS_CLASS_COUNT; class ++)
		if (by_class[class] > by_class[most])
			most = class;
	return most;
}

static int fill_side(const struct comparer *c, int side, const struct sum *sums,
		     struct ws_compared_side *to)
{
	uint64_t by_class[WS_CLASS_COUNT] = { 0 };
	size_t n = c->sides[side].n;
	bool path = true, locks = true;

	for (size_t i = 0; i < n; i++) {
		const struct ws_digest *run = c->sides[side].runs[i];
		double scale = scale_of(c, run) / (double)n;

		to->runs += sums[i].any;
		to->waits += (double)sums[i].times.count * scale;
		to->wait_ns += (double)sums[i].times.total * scale;
		to->acquired += sums[i].acquired;
		to->waited += sums[i].waited;
		locks &= sums[i].acquired || !sums[i].any;
		path &= run->path_known && run->path_ns;
		/* Waits of several threads at once are each on the path. */
		if (path)
			to->path_share +=
				fmin((double)sums[i].path_ns / (double)run->path_ns, 1) / (double)n;
		for (size_t class = 0; class < WS_CLASS_COUNT; class ++)
			by_class[class] += sums[i].by_class[class];
		if (ws_histogram_merge(&to->times, &sums[i].times) < 0)
			return -ENOMEM;
	}
	if (!locks)
		to->acquired = to->waited = 0;
	if (!path)
		to->path_share = -1;
	to->class = class_of(by_class);
	if (to->acquired)
		ws_noise_share(to->waited < to->acquired ? to->waited : to->acquired, to->acquired,
			       WS_NOISE_ALPHA, &to->share_low, &to->share_high);
	return 0;
}

/* The object's waits are of a class that is compared, where it has any. */
static bool is_compared(const struct ws_compared_object *object)
{
	for (int side = 0; side < WS_SIDES; side++)
		if (object->sides[side].times.count &&
		    !ws_compares_class(object->sides[side].class))
			return false;
	return true;
}

/* There is enough of it for a difference to be worth telling. */
static bool is_material(const struct comparer *c, const struct ws_compared_object *object)
{
	return object->sides[WS_BEFORE].wait_ns >= c->made->floor_ns ||
	       object->sides[WS_AFTER].wait_ns >= c->made->floor_ns;
}

static struct ws_compared_site *site_get(struct ws_compared_object *object, uint32_t site)
{
	struct ws_compared_site *grown;

	for (size_t i = 0; i < object->n_waiters; i++)
		if (object->waiters[i].site == site)
			return &object->waiters[i];
	grown = realloc(object->waiters, (object->n_waiters + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	object->waiters = grown;
	grown[object->n_waiters] = (struct ws_compared_site){ .site = site };
	return &grown[object->n_waiters++];
}

/* What one run says of one line that waits for the object. */
static int site_sum(const struct comparer *c, int side, size_t i, uint32_t number, uint32_t site,
		    struct sum *to)
{
	const struct ws_digest *run = c->sides[side].runs[i];
	const struct ws_matched_run *numbers = &c->made->matching->runs[side][i];

	*to = (struct sum){ 0 };
	for (size_t k = 0; k < run->n_objects; k++) {
		const struct ws_digest_object *object = &run->objects[k];

		for (size_t m = 0; numbers->objects[k] == number && m < object->n_waiters; m++) {
			if (ws_matched_number(numbers->sites, object->waiters[m].site) != site)
				continue;
			if (ws_histogram_merge(&to->times, &object->waiters[m].waits) < 0)
				return -ENOMEM;
			if (object->variance > to->variance)
				to->variance = object->variance;
			to->running_ns += object->running_ns;
			to->scheduler_ns += object->scheduler_ns;
			to->all_ns += object->waits.total;
		}
	}
	return 0;
}

/* The lines that wait for the object, and their means. */
static int list_sites(const struct comparer *c, struct ws_compared_object *object)
{
	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; i < c->sides[side].n; i++) {
			const struct ws_digest *run = c->sides[side].runs[i];
			const struct ws_matched_run *numbers = &c->made->matching->runs[side][i];
			double scale = scale_of(c, run) / (double)c->sides[side].n;

			for (size_t k = 0; k < run->n_objects; k++) {
				const struct ws_digest_object *from = &run->objects[k];

				if (numbers->objects[k] != object->number)
					continue;
				for (size_t m = 0; m < from->n_waiters; m++) {
					struct ws_compared_site *site = site_get(
						object, ws_matched_number(numbers->sites,
									  from->waiters[m].site));

					if (!site)
						return -ENOMEM;
					site->waits[side] +=
						(double)from->waiters[m].waits.count * scale;
					site->wait_ns[side] +=
						(double)from->waiters[m].waits.total * scale;
				}
			}
		}
	}
	return 0;
}

static int test_sites(struct comparer *c, struct ws_compared_object *object)
{
	for (size_t k = 0; k < object->n_waiters; k++) {
		struct ws_compared_site *site = &object->waiters[k];

		for (int side = 0; side < WS_SIDES; side++) {
			for (size_t i = 0; i < c->sides[side].n; i++) {
				struct sum sum;
				int r = site_sum(c, side, i, object->number, site->site, &sum);

				if (r == 0)
					c->samples[side][i] =
						sample_of(c, side, i, &sum, WS_METRIC_TIME);
				sum_free(&sum);
				if (r < 0)
					return r;
			}
		}
		test(c, c->made->floor_ns, &site->time);
	}
	return 0;
}

/* The sums of all runs; freed by free_sums in any case. */
static int make_sums(const struct comparer *c, uint32_t number, struct sum *sums[WS_SIDES])
{
	for (int side = 0; side < WS_SIDES; side++) {
		sums[side] = calloc(c->sides[side].n + 1, sizeof(*sums[side]));
		if (!sums[side])
			return -ENOMEM;
		for (size_t i = 0; i < c->sides[side].n; i++)
			if (sum_up(c, side, i, number, &sums[side][i]) < 0)
				return -ENOMEM;
	}
	return 0;
}

static void free_sums(const struct comparer *c, struct sum *sums[WS_SIDES])
{
	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; sums[side] && i < c->sides[side].n; i++)
			sum_free(&sums[side][i]);
		free(sums[side]);
	}
}

/* The object's figures, and how many comparisons it is good for. */
static int describe(struct comparer *c, struct ws_compared_object *object)
{
	struct sum *sums[WS_SIDES] = { NULL, NULL };
	int r = make_sums(c, object->number, sums);

	for (int side = 0; side < WS_SIDES && r == 0; side++)
		r = fill_side(c, side, sums[side], &object->sides[side]);
	if (r == 0)
		r = list_sites(c, object);
	if (r == 0 && is_compared(object) && is_material(c, object)) {
		for (enum ws_metric metric = 0; metric < WS_METRIC_COUNT; metric++)
			c->made->tests += is_tested(c, sums, metric);
		c->made->tests += object->n_waiters;
	}
	object->shorter =
		ws_noise_shorter(&object->sides[WS_BEFORE].times, &object->sides[WS_AFTER].times);
	free_sums(c, sums);
	return r;
}

static int by_time(const void *a, const void *b)
{
	const struct ws_compared_site *x = a, *y = b;
	double off_x = fabs(x->wait_ns[WS_AFTER] - x->wait_ns[WS_BEFORE]);
	double off_y = fabs(y->wait_ns[WS_AFTER] - y->wait_ns[WS_BEFORE]);

	if (off_x != off_y)
		return off_x < off_y ? 1 : -1;
	return (x->site > y->site) - (x->site < y->site);
}

/* Compares what `describe` has counted. */
static int judge(struct comparer *c, struct ws_compared_object *object)
{
	struct sum *sums[WS_SIDES] = { NULL, NULL };
	int r;

	if (!is_compared(object))
		return 0;
	object->change = WS_CHANGE_NONE;
	if (!is_material(c, object))
		return 0;
	r = make_sums(c, object->number, sums);
	for (enum ws_metric metric = 0; metric < WS_METRIC_COUNT && r == 0; metric++) {
		struct ws_compared *to = &object->metrics[metric];

		if (!is_tested(c, sums, metric))
			continue;
		for (int side = 0; side < WS_SIDES; side++)
			for (size_t i = 0; i < c->sides[side].n; i++)
				c->samples[side][i] = sample_of(c, side, i, &sums[side][i], metric);
		test(c, floor_of(c, metric), to);
		if (object->change == WS_CHANGE_NONE && metric != WS_METRIC_WAITS)
			object->change = to->change;
	}
	free_sums(c, sums);
	if (r == 0)
		r = test_sites(c, object);
	if (r == 0 && object->n_waiters)
		qsort(object->waiters, object->n_waiters, sizeof(*object->waiters), by_time);
	return r;
}

/* What part of the threads' time is not worth telling. */
static double floor_ns(const struct comparer *c)
{
	double active = 0;
	size_t n = 0;

	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; i < c->sides[side].n; i++, n++)
			active += (double)c->sides[side].runs[i]->active_ns *
				  scale_of(c, c->sides[side].runs[i]);
	}
	return larger(c->made->options.least * active / (double)n,
		      c->made->options.per_second ? FLOOR_NS / 10 : FLOOR_NS);
}

/* How long runs take, and all waiting that is compared. */
static void judge_runs(struct comparer *c)
{
	struct ws_comparison *made = c->made;

	for (int side = 0; side < WS_SIDES; side++)
		for (size_t i = 0; i < c->sides[side].n; i++) {
			const struct ws_digest *run = c->sides[side].runs[i];
			struct ws_sample sample = { .value = (double)run->duration_ns };

			assume(c, run, 1, 0, &sample);
			c->samples[side][i] = sample;
		}
	test(c, FLOOR_DURATION_NS, &made->duration);
	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; i < c->sides[side].n; i++) {
			const struct ws_digest *run = c->sides[side].runs[i];
			struct ws_sample sample = { 0 };
			double squares = 0;

			for (size_t k = 0; k < run->n_objects; k++) {
				const struct ws_digest_object *object = &run->objects[k];
				double ns = (double)object->waits.total;

				if (!ws_compares_class(ws_digest_class(object)))
					continue;
				sample.value += ns;
				squares +=
					ns * ns *
					larger(object->variance, ws_noise_chance(&object->waits));
			}
			sample.variance =
				sample.value > 0 ? squares / (sample.value * sample.value) : 0;
			sample.value *= scale_of(c, run);
			assume(c, run, 1, 0, &sample);
			c->samples[side][i] = sample;
		}
	}
	test(c, made->floor_ns, &made->time);
}

static int by_difference(const void *a, const void *b)
{
	const struct ws_compared_object *x = a, *y = b;
	double off_x = fabs(x->sides[WS_AFTER].wait_ns - x->sides[WS_BEFORE].wait_ns);
	double off_y = fabs(y->sides[WS_AFTER].wait_ns - y->sides[WS_BEFORE].wait_ns);
	bool changed_x = x->change >= WS_CHANGE_BETTER, changed_y = y->change >= WS_CHANGE_BETTER;

	if (changed_x != changed_y)
		return changed_x ? -1 : 1;
	if ((x->change == WS_CHANGE_UNTESTED) != (y->change == WS_CHANGE_UNTESTED))
		return x->change == WS_CHANGE_UNTESTED ? 1 : -1;
	if (off_x != off_y)
		return off_x < off_y ? 1 : -1;
	return (x->number > y->number) - (x->number < y->number);
}

static int compare(struct comparer *c)
{
	struct ws_comparison *made = c->made;
	int r = ws_matching_make(c->sides, true, &made->matching);

	for (int side = 0; side < WS_SIDES; side++) {
		c->samples[side] = calloc(c->sides[side].n + 1, sizeof(*c->samples[side]));
		if (!c->samples[side])
			return -ENOMEM;
		for (size_t i = 0; i < c->sides[side].n; i++)
			made->lacks[side] |= ws_digest_lacks(c->sides[side].runs[i]);
	}
	if (r < 0)
		return r;
	made->floor_ns = floor_ns(c);
	made->tests = 2; /* of the whole run */
	made->objects = calloc(made->matching->n_objects + 1, sizeof(*made->objects));
	if (!made->objects)
		return -ENOMEM;
	made->n_objects = made->matching->n_objects;
	for (uint32_t i = 0; i < made->n_objects && r == 0; i++) {
		made->objects[i].number = i;
		r = describe(c, &made->objects[i]);
	}
	for (size_t i = 0; i < made->n_objects && r == 0; i++) {
		r = judge(c, &made->objects[i]);
		made->better += made->objects[i].change == WS_CHANGE_BETTER;
		made->worse += made->objects[i].change == WS_CHANGE_WORSE;
		made->untested += made->objects[i].change == WS_CHANGE_UNTESTED;
	}
	if (r < 0)
		return r;
	judge_runs(c);
	qsort(made->objects, made->n_objects, sizeof(*made->objects), by_difference);
	r = ws_one_sided_findings(c->sides, made->matching, &made->findings);
	if (r == 0)
		r = ws_one_sided_deadlocks(c->sides, made->matching, &made->deadlocks);
	if (r == 0)
		r = ws_one_sided_edges(c->sides, made->matching, &made->edges);
	if (r == 0)
		made->new_errors = ws_one_sided_errors(made);
	return r;
}

int ws_compare(const struct ws_side sides[WS_SIDES], const struct ws_compare_options *options,
	       struct ws_comparison **ret)
{
	struct comparer c = { .sides = sides, .made = calloc(1, sizeof(*c.made)) };
	int r = -ENOMEM;

	if (c.made) {
		memcpy(c.made->sides, sides, sizeof(c.made->sides));
		c.made->options = *options;
		r = compare(&c);
	}
	for (int side = 0; side < WS_SIDES; side++)
		free(c.samples[side]);
	if (r < 0) {
		ws_comparison_free(c.made);
		return r;
	}
	*ret = c.made;
	return 0;
}

void ws_comparison_free(struct ws_comparison *comparison)
{
	if (!comparison)
		return;
	for (size_t i = 0; comparison->objects && i < comparison->n_objects; i++) {
		free(comparison->objects[i].waiters);
		for (int side = 0; side < WS_SIDES; side++)
			ws_histogram_free(&comparison->objects[i].sides[side].times);
	}
	free(comparison->objects);
	free(comparison->findings.list);
	free(comparison->deadlocks.list);
	free(comparison->edges.list);
	ws_matching_free(comparison->matching);
	free(comparison);
}
