/* SPDX-License-Identifier: MIT */
/* matching.c: programs and lines of two builds, see matching.h; matching_objects.c has the objects.
 */
#include "analyzer/analyses/matching_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_program(const struct ws_side *side, const char *name)
{
	for (size_t i = 0; i < side->n; i++)
		for (size_t k = 0; k < side->runs[i]->n_modules; k++)
			if (side->runs[i]->modules[k].program &&
			    strcmp(side->runs[i]->modules[k].name, name) == 0)
				return true;
	return false;
}

/* The one program that only this side ran; NULL: none, or several. */
static const char *only_here(const struct ws_side *here, const struct ws_side *there)
{
	const char *only = NULL;

	for (size_t i = 0; i < here->n; i++) {
		for (size_t k = 0; k < here->runs[i]->n_modules; k++) {
			const struct ws_digest_module *module = &here->runs[i]->modules[k];

			if (!module->program || is_program(there, module->name) ||
			    (only && strcmp(only, module->name) == 0))
				continue;
			if (only)
				return NULL;
			only = module->name;
		}
	}
	return only;
}

/* The build id that the module has in all runs of the side; NULL: none, or several. */
static const char *build_of(const struct ws_side *side, const char *name)
{
	const char *build = NULL;

	for (size_t i = 0; i < side->n; i++) {
		for (size_t k = 0; k < side->runs[i]->n_modules; k++) {
			const struct ws_digest_module *module = &side->runs[i]->modules[k];

			if (strcmp(module->name, name) != 0)
				continue;
			if (!module->build_id[0] || (build && strcmp(build, module->build_id) != 0))
				return NULL;
			build = module->build_id;
		}
	}
	return build;
}

const char *ws_match_module(const struct matcher *m, int side, const char *module)
{
	const char *const *renamed = m->made->renamed;

	return side == WS_AFTER && renamed[WS_AFTER] && strcmp(module, renamed[WS_AFTER]) == 0
		       ? renamed[WS_BEFORE]
		       : module;
}

static const struct ws_digest_site *site_of(const struct entry *entry)
{
	return &entry->digest->sites[entry->place.index];
}

/* True if the side has the function of the entry in a file of that name. */
static bool has_file(const struct matcher *m, int side, const struct entry *entry, const char *file)
{
	for (size_t i = 0; i < m->sides[side].n; i++) {
		const struct ws_digest *run = m->sides[side].runs[i];

		for (size_t k = 0; k < run->n_sites; k++)
			if (strcmp(run->sites[k].function, site_of(entry)->function) == 0 &&
			    strcmp(ws_match_module(m, side, run->sites[k].module), entry->module) ==
				    0 &&
			    strcmp(ws_base_name(run->sites[k].file), file) == 0)
				return true;
	}
	return false;
}

/* Those of one function of one file are together. */
static int by_function(const struct entry *x, const struct entry *y)
{
	const struct ws_digest_site *a = site_of(x), *b = site_of(y);
	int c = strcmp(x->module, y->module);

	if (!c)
		c = strcmp(a->function, b->function);
	return c ? c : strcmp(x->file, y->file);
}

/* The one file that has the function on this side and not on the other; NULL: none, or several. */
static const char *file_only_here(const struct matcher *m, int here, const struct entry *entry)
{
	const struct ws_side *sides = m->sides;
	const char *only = NULL;

	for (size_t i = 0; i < sides[here].n; i++) {
		const struct ws_digest *run = sides[here].runs[i];

		for (size_t k = 0; k < run->n_sites; k++) {
			const char *file = ws_base_name(run->sites[k].file);

			if (strcmp(run->sites[k].function, site_of(entry)->function) != 0 ||
			    strcmp(ws_match_module(m, here, run->sites[k].module), entry->module) !=
				    0 ||
			    (only && strcmp(only, file) == 0) || has_file(m, !here, entry, file))
				continue;
			if (only)
				return NULL;
			only = file;
		}
	}
	return only;
}

/* The name of the line's file: that before, if the file that has the function was renamed. */
static const char *file_before(const struct matcher *m, int side, const struct entry *entry)
{
	const char *file = ws_base_name(site_of(entry)->file), *before;

	if (side == WS_BEFORE || !site_of(entry)->function[0] ||
	    has_file(m, WS_BEFORE, entry, file))
		return file;
	before = file_only_here(m, WS_BEFORE, entry);
	return before && file_only_here(m, WS_AFTER, entry) ? before : file;
}

static uint64_t line_of(const struct ws_digest_site *site)
{
	return site->line ? site->line : site->offset;
}

static int by_line(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	uint64_t line_x = line_of(site_of(x)), line_y = line_of(site_of(y));
	int c = by_function(x, y);

	if (!c)
		c = (line_x > line_y) - (line_x < line_y);
	if (!c) /* so that the order is certain */
		c = (x->place.run > y->place.run) - (x->place.run < y->place.run);
	return c ? c : (x->place.index > y->place.index) - (x->place.index < y->place.index);
}

/* All lines of the side in order, equal ones once; each run's numbers are indexes in that list. */
static int collect_lines(struct matcher *m, int side)
{
	const struct ws_side *from = &m->sides[side];
	struct lines *to = &m->lines[side];
	struct entry *all;
	size_t n = 0;

	for (size_t i = 0; i < from->n; i++)
		n += from->runs[i]->n_sites;
	all = calloc(n + 1, sizeof(*all));
	to->list = calloc(n + 1, sizeof(*to->list));
	to->at = calloc(n + 1, sizeof(*to->at));
	if (!all || !to->list || !to->at) {
		free(all);
		return -ENOMEM;
	}
	n = 0;
	for (uint32_t i = 0; i < from->n; i++) {
		for (uint32_t k = 0; k < from->runs[i]->n_sites; k++) {
			all[n] = (struct entry){
				.digest = from->runs[i],
				.module = ws_match_module(m, side, from->runs[i]->sites[k].module),
				.place = { i, k },
				.number = WS_UNKNOWN,
			};
			all[n].file = file_before(m, side, &all[n]);
			n++;
		}
	}
	qsort(all, n, sizeof(*all), by_line);
	for (size_t i = 0; i < n; i++) {
		const struct ws_digest_site *site = site_of(&all[i]);

		if (!to->n || by_function(&to->list[to->n - 1], &all[i]) != 0 ||
		    to->at[to->n - 1] != line_of(site)) {
			to->at[to->n] = line_of(site);
			to->list[to->n++] = all[i];
		}
		m->made->runs[side][all[i].place.run].sites[all[i].place.index] =
			(uint32_t)to->n - 1;
	}
	free(all);
	return 0;
}

/* So many from `i` on are of its function. */
static size_t function_size(const struct lines *lines, size_t i)
{
	size_t n = 1;

	while (i + n < lines->n && by_function(&lines->list[i], &lines->list[i + n]) == 0)
		n++;
	return n;
}

/* Calls `each` for the functions that both sides have: their first lines, and how many. */
static void each_function(struct matcher *m,
			  void (*each)(struct matcher *m, size_t before, size_t n_before,
				       size_t after, size_t n_after, void *user),
			  void *user)
{
	const struct lines *a = &m->lines[WS_BEFORE], *b = &m->lines[WS_AFTER];
	size_t i = 0, k = 0;

	while (i < a->n && k < b->n) {
		int c = by_function(&a->list[i], &b->list[k]);
		size_t n_before = function_size(a, i), n_after = function_size(b, k);

		if (c == 0)
			each(m, i, n_before, k, n_after, user);
		i += c <= 0 ? n_before : 0;
		k += c >= 0 ? n_after : 0;
	}
}

/* The move of most functions of a file. */
struct move {
	const char *module, *file; /* whose is looked for */
	int64_t moves[64]; /* of functions with one line on either side; the first so many */
	size_t n;
};

static void note_move(struct matcher *m, size_t before, size_t n_before, size_t after,
		      size_t n_after, void *user)
{
	struct move *move = user;
	const struct entry *entry = &m->lines[WS_BEFORE].list[before];

	if (n_before == n_after && move->n < sizeof(move->moves) / sizeof(move->moves[0]) &&
	    strcmp(entry->module, move->module) == 0 && strcmp(entry->file, move->file) == 0)
		move->moves[move->n++] =
			(int64_t)(m->lines[WS_AFTER].at[after] - m->lines[WS_BEFORE].at[before]);
}

static int64_t move_of_file(struct matcher *m, const struct entry *entry)
{
	struct move move = { .module = entry->module, .file = entry->file };
	int64_t best = 0;
	size_t most = 0;

	each_function(m, note_move, &move);
	for (size_t i = 0; i < move.n; i++) {
		size_t n = 0;

		for (size_t k = 0; k < move.n; k++)
			n += move.moves[k] == move.moves[i];
		if (n > most || (n == most && llabs(move.moves[i]) < llabs(best))) {
			most = n;
			best = move.moves[i];
		}
	}
	return best;
}

/* The lines of one function: those after get the numbers of those before. */
static void pair_function(struct matcher *m, size_t before, size_t n_before, size_t after,
			  size_t n_after, void *user)
{
	struct lines *a = &m->lines[WS_BEFORE], *b = &m->lines[WS_AFTER];
	const struct entry *entry = &a->list[before];
	const char *old = build_of(&m->sides[WS_BEFORE], site_of(entry)->module);
	const char *new = build_of(&m->sides[WS_AFTER], site_of(&b->list[after])->module);
	bool same_code = old && new &&strcmp(old, new) == 0;
	uint32_t *to = user;

	/* Without a function, there is nothing within which a line could move. */
	if (same_code || !site_of(entry)->function[0]) {
		for (size_t k = 0; k < n_after; k++) {
			to[k] = WS_UNKNOWN;
			for (size_t i = 0; i < n_before; i++)
				if (a->at[before + i] == b->at[after + k])
					to[k] = (uint32_t)i;
		}
	} else {
		ws_lines_align(a->at + before, n_before, b->at + after, n_after,
			       move_of_file(m, entry), to);
	}
	for (size_t k = 0; k < n_after; k++)
		if (to[k] != WS_UNKNOWN)
			b->list[after + k].number = (uint32_t)before + to[k];
}

static int match_lines(struct matcher *m)
{
	struct ws_matching *made = m->made;
	struct lines *a = &m->lines[WS_BEFORE], *b = &m->lines[WS_AFTER];
	uint32_t *to;
	int r = collect_lines(m, WS_BEFORE);

	if (r == 0)
		r = collect_lines(m, WS_AFTER);
	if (r < 0)
		return r;
	to = calloc(b->n + 1, sizeof(*to));
	made->sites = calloc(a->n + b->n + 1, sizeof(*made->sites));
	if (!to || !made->sites) {
		free(to);
		return -ENOMEM;
	}
	each_function(m, pair_function, to);
	free(to);
	for (size_t i = 0; i < a->n; i++)
		made->sites[made->n_sites++] =
			(struct ws_matched){ .at = { a->list[i].place,
						     { WS_UNKNOWN, WS_UNKNOWN } } };
	for (size_t i = 0; i < b->n; i++) {
		if (b->list[i].number == WS_UNKNOWN) {
			b->list[i].number = (uint32_t)made->n_sites;
			made->sites[made->n_sites++] =
				(struct ws_matched){ .at = { { WS_UNKNOWN, WS_UNKNOWN } } };
		}
		made->sites[b->list[i].number].at[WS_AFTER] = b->list[i].place;
	}
	for (size_t i = 0; i < m->sides[WS_AFTER].n; i++)
		for (size_t k = 0; k < m->sides[WS_AFTER].runs[i]->n_sites; k++)
			made->runs[WS_AFTER][i].sites[k] =
				b->list[made->runs[WS_AFTER][i].sites[k]].number;
	return 0;
}

static int make(struct matcher *m)
{
	struct ws_matching *made = m->made;

	for (int side = 0; side < WS_SIDES; side++) {
		made->runs[side] = calloc(m->sides[side].n + 1, sizeof(*made->runs[side]));
		if (!made->runs[side])
			return -ENOMEM;
		for (size_t i = 0; i < m->sides[side].n; i++) {
			const struct ws_digest *digest = m->sides[side].runs[i];
			struct ws_matched_run *run = &made->runs[side][i];

			run->sites = calloc(digest->n_sites + 1, sizeof(*run->sites));
			run->objects = calloc(digest->n_objects + 1, sizeof(*run->objects));
			if (!run->sites || !run->objects)
				return -ENOMEM;
		}
	}
	made->renamed[WS_BEFORE] = only_here(&m->sides[WS_BEFORE], &m->sides[WS_AFTER]);
	made->renamed[WS_AFTER] = only_here(&m->sides[WS_AFTER], &m->sides[WS_BEFORE]);
	if (!made->renamed[WS_BEFORE] || !made->renamed[WS_AFTER])
		made->renamed[WS_BEFORE] = made->renamed[WS_AFTER] = NULL;
	int r = match_lines(m);
	return r < 0 ? r : ws_match_objects(m);
}

int ws_matching_make(const struct ws_side sides[WS_SIDES], bool by_use, struct ws_matching **ret)
{
	struct matcher m = { .sides = sides, .by_use = by_use, .made = calloc(1, sizeof(*m.made)) };
	int r = -ENOMEM;

	if (m.made) {
		for (int side = 0; side < WS_SIDES; side++)
			m.made->n_runs[side] = sides[side].n;
		r = make(&m);
	}
	for (int side = 0; side < WS_SIDES; side++) {
		free(m.lines[side].list);
		free(m.lines[side].at);
		free(m.objects[side]);
	}
	if (r < 0) {
		ws_matching_free(m.made);
		return r;
	}
	*ret = m.made;
	return 0;
}

void ws_matching_free(struct ws_matching *matching)
{
	if (!matching)
		return;
	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; matching->runs[side] && i < matching->n_runs[side]; i++) {
			free(matching->runs[side][i].sites);
			free(matching->runs[side][i].objects);
		}
		free(matching->runs[side]);
	}
	free(matching->sites);
	free(matching->objects);
	free(matching);
}

/* The side that describes it. */
static int side_of(const struct ws_matched *matched)
{
	return matched->at[WS_AFTER].run != WS_UNKNOWN ? WS_AFTER : WS_BEFORE;
}

const struct ws_digest_site *ws_matched_site(const struct ws_side sides[WS_SIDES],
					     const struct ws_matching *matching, uint32_t number)
{
	static const struct ws_digest_site unknown = { .module = "", .function = "", .file = "" };
	const struct ws_matched *matched;
	int side;

	if (number == WS_UNKNOWN)
		return &unknown;
	matched = &matching->sites[number];
	side = side_of(matched);
	return &sides[side].runs[matched->at[side].run]->sites[matched->at[side].index];
}

const struct ws_digest_object *ws_matched_object(const struct ws_side sides[WS_SIDES],
						 const struct ws_matching *matching,
						 uint32_t number)
{
	const struct ws_matched *matched = &matching->objects[number];
	int side = side_of(matched);

	return &sides[side].runs[matched->at[side].run]->objects[matched->at[side].index];
}
