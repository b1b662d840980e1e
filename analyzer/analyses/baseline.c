/* SPDX-License-Identifier: MIT */
/* baseline.c: see baseline.h. */
#include "analyzer/analyses/baseline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ws_baseline *ws_baseline_new(void)
{
	struct ws_baseline *baseline = calloc(1, sizeof(*baseline));

	if (!baseline)
		return NULL;
	baseline->tolerances = WS_TOLERANCES_DEFAULT;
	baseline->digest = ws_digest_new();
	if (!baseline->digest) {
		free(baseline);
		return NULL;
	}
	return baseline;
}

void ws_baseline_free(struct ws_baseline *baseline)
{
	if (!baseline)
		return;
	ws_digest_free(baseline->digest);
	free(baseline->allowed);
	free(baseline->accepted);
	free(baseline);
}

struct ws_allowed ws_allowed_of(const struct ws_digest *run, uint64_t acquired, uint64_t waited,
				uint64_t path_ns)
{
	struct ws_allowed allowed = { .contended = -1, .critical_path = -1 };

	if (acquired)
		allowed.contended = fmin((double)waited / (double)acquired, 1);
	if (run->path_known && run->path_ns)
		allowed.critical_path = fmin((double)path_ns / (double)run->path_ns, 1);
	return allowed;
}

/* What an update works with: the old one and the runs, as two sides. */
struct update {
	struct ws_side sides[WS_SIDES];
	const struct ws_digest *before; /* the old one's digest; an array of one */
	const struct ws_baseline *old;
	struct ws_matching *matching; /* Owned by this */
	struct ws_baseline *made;     /* Owned by this until it is handed out */
};

static const char *keep(struct update *update, const char *text)
{
	return ws_arena_strdup(&update->made->digest->strings, text);
}

/* The lines, in the order of the matching's numbers until they are sorted. 0 or -ENOMEM. */
static int copy_sites(struct update *update)
{
	struct ws_digest *to = update->made->digest;

	to->sites = calloc(update->matching->n_sites + 1, sizeof(*to->sites));
	if (!to->sites)
		return -ENOMEM;
	for (uint32_t i = 0; i < update->matching->n_sites; i++) {
		const struct ws_digest_site *from =
			ws_matched_site(update->sides, update->matching, i);
		struct ws_digest_site *site = &to->sites[to->n_sites++];

		*site = *from;
		site->module = keep(update, from->module);
		site->function = keep(update, from->function);
		site->file = keep(update, from->file);
		if (!site->module || !site->function || !site->file)
			return -ENOMEM;
	}
	return 0;
}

static int add_line(struct ws_digest_object *object, uint32_t site)
{
	struct ws_digest_use *grown;

	for (size_t i = 0; i < object->n_waiters; i++)
		if (object->waiters[i].site == site)
			return 0;
	grown = realloc(object->waiters, (object->n_waiters + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	object->waiters = grown;
	grown[object->n_waiters++] = (struct ws_digest_use){ .site = site };
	return 0;
}

static int copy_objects(struct update *update)
{
	struct ws_digest *to = update->made->digest;
	size_t n = update->matching->n_objects;

	to->objects = calloc(n + 1, sizeof(*to->objects));
	update->made->allowed = calloc(n + 1, sizeof(*update->made->allowed));
	if (!to->objects || !update->made->allowed)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const struct ws_digest_object *from =
			ws_matched_object(update->sides, update->matching, i);
		struct ws_digest_object *object = &to->objects[to->n_objects++];
		const struct ws_matched *matched = &update->matching->objects[i];
		int side = matched->at[WS_AFTER].run != WS_UNKNOWN ? WS_AFTER : WS_BEFORE;
		const struct ws_matched_run *numbers =
			&update->matching->runs[side][matched->at[side].run];

		update->made->allowed[i] = (struct ws_allowed){ -1, -1 };
		*object = (struct ws_digest_object){
			.kind = from->kind,
			.how = from->how,
			.module = keep(update, from->module),
			.label = keep(update, from->label),
			.name = keep(update, from->name),
			.site = ws_matched_number(numbers->sites, from->site),
			.members = 1,
		};
		if (!object->module || !object->label || !object->name)
			return -ENOMEM;
	}
	return 0;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* What one digest, of a run or the old one, says of lines and orders. */
static int add_structure(struct update *update, int side, size_t run, size_t *edges_size)
{
	const struct ws_digest *from = update->sides[side].runs[run];
	const struct ws_matched_run *numbers = &update->matching->runs[side][run];
	struct ws_digest *to = update->made->digest;
	int r = 0;

	for (size_t i = 0; i < from->n_objects; i++) {
		const struct ws_digest_object *object = &from->objects[i];

		for (size_t k = 0; k < object->n_waiters && r == 0; k++)
			r = add_line(&to->objects[numbers->objects[i]],
				     ws_matched_number(numbers->sites, object->waiters[k].site));
	}
	for (size_t i = 0; i < from->n_edges && r == 0; i++) {
		const struct ws_digest_edge edge = {
			.held = numbers->objects[from->edges[i].held],
			.taken = numbers->objects[from->edges[i].taken],
			.held_site = ws_matched_number(numbers->sites, from->edges[i].held_site),
			.taken_site = ws_matched_number(numbers->sites, from->edges[i].taken_site),
		};
		size_t k = 0;

		while (k < to->n_edges &&
		       (to->edges[k].held != edge.held || to->edges[k].taken != edge.taken))
			k++;
		if (k < to->n_edges)
			continue;
		if (to->n_edges == *edges_size) {
			size_t size = 2 * *edges_size + 16;
			struct ws_digest_edge *grown =
				realloc(to->edges, size * sizeof(*to->edges));

			if (!grown)
				return -ENOMEM;
			to->edges = grown;
			*edges_size = size;
		}
		to->edges[to->n_edges++] = edge;
	}
	return r;
}

/* The figures of a run: those of a group are of all its members together. */
static void add_figures(struct update *update, size_t run)
{
	const struct ws_digest *from = update->sides[WS_AFTER].runs[run];
	const uint32_t *numbers = update->matching->runs[WS_AFTER][run].objects;

	for (size_t i = 0; i < from->n_objects; i++) {
		uint64_t acquired = 0, waited = 0, path_ns = 0;
		struct ws_allowed *to = &update->made->allowed[numbers[i]], seen;

		for (size_t k = 0; k < from->n_objects; k++) {
			if (numbers[k] != numbers[i])
				continue;
			acquired += from->objects[k].acquired;
			waited += from->objects[k].waited;
			path_ns += from->objects[k].path_ns;
		}
		seen = ws_allowed_of(from, acquired, waited, path_ns);
		to->contended = larger(to->contended, seen.contended);
		to->critical_path = larger(to->critical_path, seen.critical_path);
	}
}

static int copy_rest(struct update *update)
{
	const struct ws_baseline *old = update->old;
	struct ws_baseline *made = update->made;
	const struct ws_digest *names = update->sides[WS_AFTER].runs[0];
	size_t n = 0;

	made->tolerances = old->tolerances;
	made->accepted = calloc(old->n_accepted + 1, sizeof(*made->accepted));
	made->digest->modules = calloc(names->n_modules + 1, sizeof(*made->digest->modules));
	if (!made->accepted || !made->digest->modules)
		return -ENOMEM;
	for (size_t i = 0; i < old->n_accepted; i++) {
		made->accepted[i] = keep(update, old->accepted[i]);
		if (!made->accepted[i])
			return -ENOMEM;
		made->n_accepted++;
	}
	for (size_t i = 0; i < names->n_modules; i++) {
		if (!names->modules[i].program ||
		    (n && strcmp(made->digest->modules[n - 1].name, names->modules[i].name) == 0))
			continue;
		made->digest->modules[n].name = keep(update, names->modules[i].name);
		made->digest->modules[n].build_id = "";
		made->digest->modules[n].program = true;
		if (!made->digest->modules[n].name)
			return -ENOMEM;
		made->digest->n_modules = ++n;
	}
	return 0;
}

static int make(struct update *update)
{
	size_t edges_size = 0;
	int r = ws_matching_make(update->sides, false, &update->matching);

	if (r == 0)
		r = copy_sites(update);
	if (r == 0)
		r = copy_objects(update);
	for (int side = 0; side < WS_SIDES; side++)
		for (size_t i = 0; i < update->sides[side].n && r == 0; i++)
			r = add_structure(update, side, i, &edges_size);
	for (size_t i = 0; i < update->old->digest->n_objects && r == 0; i++) {
		uint32_t number = update->matching->runs[WS_BEFORE][0].objects[i];

		update->made->allowed[number].contended = larger(
			update->made->allowed[number].contended, update->old->allowed[i].contended);
		update->made->allowed[number].critical_path =
			larger(update->made->allowed[number].critical_path,
			       update->old->allowed[i].critical_path);
	}
	for (size_t i = 0; i < update->sides[WS_AFTER].n && r == 0; i++)
		add_figures(update, i);
	return r < 0 ? r : copy_rest(update);
}

int ws_baseline_update(const struct ws_baseline *old, const struct ws_side *runs,
		       struct ws_baseline **ret)
{
	struct update update = { .before = old->digest, .old = old, .made = ws_baseline_new() };
	int r = -ENOMEM;

	update.sides[WS_BEFORE] = (struct ws_side){ &update.before, 1 };
	update.sides[WS_AFTER] = *runs;
	if (update.made)
		r = make(&update);
	ws_matching_free(update.matching);
	if (r < 0) {
		ws_baseline_free(update.made);
		return r;
	}
	*ret = update.made;
	return 0;
}
