/* SPDX-License-Identifier: MIT */
/* places.c: see places.h. */
#include "analyzer/analyses/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"

/* A name of ours, wherever it is installed. */
#define PRELOAD_NAME "libwaitscope.so"

/* Where compilers and libraries keep code that ends up in programs: the system's headers, those of
 * another C++ library or compiler, and Rust's standard library. */
#define SYSTEM_HEADERS "/usr/include/"
static const char *const library_folders[] = {
	"/include/c++/",
	"/library/std/src/",
	"/library/core/src/",
	"/library/alloc/src/",
};

/* A stack that has been worked out. */
struct known_stack {
	bool known;
	struct ws_trail trail;
	uint32_t site_code;          /* WS_UNKNOWN: nothing in it is outside the runtime */
	const struct ws_frame *site; /* NULL: the same */
};

struct ws_places {
	const struct ws_tables *tables; /* Weak */
	struct ws_symbols *symbols;     /* Weak */
	struct known_stack *stacks;     /* Owned by this; by stack index */
};

static const struct ws_trail no_trail;

int ws_places_new(const struct ws_tables *tables, struct ws_symbols *symbols,
		  struct ws_places **ret)
{
	struct ws_places *places = calloc(1, sizeof(*places));

	if (!places)
		return -ENOMEM;
	places->tables = tables;
	places->symbols = symbols;
	places->stacks = calloc(tables->n_stacks ? tables->n_stacks : 1, sizeof(*places->stacks));
	if (!places->stacks) {
		free(places);
		return -ENOMEM;
	}
	*ret = places;
	return 0;
}

void ws_places_free(struct ws_places *places)
{
	if (!places)
		return;
	for (size_t i = 0; i < places->tables->n_stacks; i++)
		free((void *)places->stacks[i].trail.frames);
	free(places->stacks);
	free(places);
}

const char *ws_base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

size_t ws_function_length(const char *function)
{
	size_t length = strlen(function), i = length;
	int depth = 0;

	/* "f(int) const", "f(int)": the last bracket that closes, back to where it opened. */
	while (i > 0 && function[i - 1] != ')')
		i--;
	if (i == 0 || length - i > strlen(" const volatile &&"))
		return length;
	while (i > 0) {
		char c = function[--i];

		depth += (c == ')') - (c == '(');
		if (depth == 0)
			break;
	}
	/* "operator()" and "(anonymous namespace)" are names. */
	return i == 0 || (i >= 8 && strncmp(function + i - 8, "operator", 8) == 0) ? length : i;
}

static bool is_preload(const struct ws_frame *frame)
{
	const char *name = ws_base_name(frame->module);

	return name && strncmp(name, PRELOAD_NAME, strlen(PRELOAD_NAME)) == 0;
}

bool ws_frame_is_library(const struct ws_frame *frame)
{
	if (!frame->file)
		return false;
	for (size_t i = 0; i < sizeof(library_folders) / sizeof(library_folders[0]); i++) {
		if (strstr(frame->file, library_folders[i]))
			return true;
	}
	return strncmp(frame->file, SYSTEM_HEADERS, strlen(SYSTEM_HEADERS)) == 0;
}

/* The site within one code location. NULL: the runtime, or nothing but libraries. */
static int site_of_code(struct ws_places *places, uint32_t code, const struct ws_frame **ret)
{
	const struct ws_frame *frames;
	size_t n;
	int r;

	*ret = NULL;
	if (code >= places->tables->n_codes)
		return 0;
	if (places->tables->codes[code].module != WS_UNKNOWN &&
	    ws_symbols_is_runtime(places->symbols, places->tables->codes[code].module))
		return 0;
	r = ws_symbols_code(places->symbols, code, true, &frames, &n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (!ws_frame_is_library(&frames[i])) {
			*ret = &frames[i];
			return 0;
		}
	}
	return 0;
}

static int work_out_stack(struct ws_places *places, uint32_t index, const struct known_stack **ret)
{
	const struct ws_stack *stack = &places->tables->stacks[index];
	struct known_stack *known = &places->stacks[index];
	struct ws_frame *trail = NULL;
	size_t n = 0, size = 0;

	*ret = known;
	if (known->known)
		return 0;
	known->site_code = WS_UNKNOWN;
	for (uint32_t i = 0; stack->frames && i < stack->depth; i++) {
		const struct ws_frame *frames;
		size_t n_frames;
		int r = 0;

		if (!known->site) {
			r = site_of_code(places, stack->frames[i], &known->site);
			if (r == 0 && known->site)
				known->site_code = stack->frames[i];
		}
		if (r == 0)
			r = ws_symbols_code(places->symbols, stack->frames[i], true, &frames,
					    &n_frames);
		if (r == 0 && ws_grow(&trail, &size, n + n_frames))
			r = -ENOMEM;
		if (r < 0) {
			free(trail);
			known->site = NULL;
			return r;
		}
		for (size_t j = 0; j < n_frames; j++) {
			if (n || !is_preload(&frames[j]))
				trail[n++] = frames[j];
		}
	}
	known->trail.frames = trail;
	known->trail.n = n;
	known->known = true;
	return 0;
}

int ws_places_party(struct ws_places *places, uint32_t thread, uint32_t code, uint32_t stack,
		    struct ws_party *ret)
{
	const struct known_stack *known = NULL;
	struct ws_party party = { thread, code, stack, NULL, &no_trail };
	const struct ws_frame *frames;
	size_t n;
	int r;

	if (stack < places->tables->n_stacks) {
		r = work_out_stack(places, stack, &known);
		if (r < 0)
			return r;
		party.trail = &known->trail;
	}
	r = site_of_code(places, code, &party.site);
	if (r < 0)
		return r;
	if (!party.site && known && known->site) {
		party.site = known->site;
		party.code = known->site_code;
	}
	if (!party.site && code < places->tables->n_codes) {
		/* Nothing but the runtime: better than nothing. The outermost of what was
		 * inlined says most. */
		r = ws_symbols_code(places->symbols, code, true, &frames, &n);
		if (r < 0)
			return r;
		party.site = &frames[n - 1];
	}
	if (!party.site && known && known->trail.n)
		party.site = &known->trail.frames[0];
	*ret = party;
	return 0;
}

static int compare_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_i32(int32_t a, int32_t b)
{
	return (a > b) - (a < b);
}

int ws_party_compare(const struct ws_tables *tables, const struct ws_party *a,
		     const struct ws_party *b)
{
	int c = 0;

	if (a->thread < tables->n_threads && b->thread < tables->n_threads) {
		const struct ws_task *x = &tables->threads[a->thread];
		const struct ws_task *y = &tables->threads[b->thread];

		c = compare_i32(tables->processes[x->process].pid,
				tables->processes[y->process].pid);
		if (!c)
			c = compare_i32(x->tid, y->tid);
	}
	if (!c)
		c = compare_u32(a->thread, b->thread);
	if (!c)
		c = compare_u32(a->code, b->code);
	return c ? c : compare_u32(a->stack, b->stack);
}

static int compare_text(const char *a, const char *b)
{
	if (a && b)
		return strcmp(a, b);
	return (a == NULL) - (b == NULL);
}

int ws_site_compare(const struct ws_frame *a, const struct ws_frame *b)
{
	int c;

	if (!a || !b)
		return (a == NULL) - (b == NULL);
	c = compare_text(a->function, b->function);
	if (!c)
		c = compare_text(a->file, b->file);
	if (!c)
		c = compare_u32(a->line, b->line);
	if (!c)
		c = compare_text(a->module, b->module);
	if (c || a->line)
		return c; /* one line of code is one place to the reader */
	return (a->offset > b->offset) - (a->offset < b->offset);
}
