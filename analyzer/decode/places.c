/* SPDX-License-Identifier: MIT */
/* places.c: addresses into places of modules, and stacks of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Memory that runs out inside uthash leaves the entry out, with `hh.tbl` NULL, instead of ending
 * the program. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/base/grow.h"
#include "analyzer/decode/state.h"

/* A stack in the table of distinct ones; its frames are the key. */
struct ws_stack_node {
	UT_hash_handle hh;
	uint32_t stack; /* index */
	uint32_t frames[];
};

static int new_code(struct ws_decode *d, uint32_t module, uint64_t offset, uint32_t *code)
{
	struct ws_tables *t = &d->store->tables;

	if (ws_grow(&t->codes, &d->store->codes_capacity, t->n_codes + 1))
		return -ENOMEM;
	*code = (uint32_t)t->n_codes++;
	t->codes[*code] = (struct ws_code){ .module = module, .offset = offset };
	return 0;
}

/* The code index of a place. */
static int intern_code(struct ws_decode *d, uint32_t module, uint64_t offset, uint32_t *code)
{
	struct ws_map64 *codes = module == WS_UNKNOWN ? &d->plain_codes : &d->codes[module];
	int r;

	if (ws_map64_get(codes, offset, code))
		return 0;
	r = new_code(d, module, offset, code);
	return r ? r : ws_map64_put(codes, offset, *code);
}

/* The code index of an address where no module is yet. A library that is loaded while the program
 * runs is told when it is there, after its constructors ran: their places are waiting for it. */
static int unplaced_code(struct ws_decode *d, struct ws_process_state *state, uint64_t address,
			 uint32_t *code)
{
	int r;

	if (ws_map64_get(&state->unplaced, address, code))
		return 0;
	r = new_code(d, WS_UNKNOWN, address, code);
	return r ? r : ws_map64_put(&state->unplaced, address, *code);
}

/* Puts what was met before at addresses that are the module's now into it. */
static int place_codes(struct ws_decode *d, struct ws_process_state *state,
		       const struct ws_ev_module *e, uint32_t module)
{
	const struct ws_map64 *unplaced = &state->unplaced;

	for (size_t i = 0; unplaced->slots && i <= unplaced->mask; i++) {
		const struct ws_map64_slot *slot = &unplaced->slots[i];
		struct ws_code *code = &d->store->tables.codes[slot->value];
		uint32_t same;

		if (!slot->used || slot->key < e->base || slot->key - e->base >= e->size ||
		    code->module != WS_UNKNOWN)
			continue;
		*code = (struct ws_code){ .module = module, .offset = slot->key - e->bias };
		if (!ws_map64_get(&d->codes[module], code->offset, &same) &&
		    ws_map64_put(&d->codes[module], code->offset, slot->value))
			return -ENOMEM;
	}
	return 0;
}

int ws_decode_code(struct ws_decode *d, uint32_t process, uint64_t address, uint32_t *code)
{
	struct ws_process_state *state = &d->processes[process];
	const struct ws_range *range;
	int r;

	*code = WS_UNKNOWN;
	if (!address || ws_map64_get(&state->codes, address, code))
		return 0;
	range = ws_ranges_find(&state->modules, address);
	if (range)
		r = intern_code(d, range->thing, range->offset + (address - range->begin), code);
	else if (ws_ranges_find(&state->unloaded, address))
		r = intern_code(d, WS_UNKNOWN, address, code);
	else
		r = unplaced_code(d, state, address, code);
	return r ? r : ws_map64_put(&state->codes, address, *code);
}

int ws_decode_data(struct ws_decode *d, uint32_t process, uint64_t address, uint32_t *code)
{
	*code = WS_UNKNOWN;
	if (!ws_ranges_find(&d->processes[process].modules, address))
		return 0;
	return ws_decode_code(d, process, address, code);
}

/* The module of that file. */
static int intern_module(struct ws_decode *d, const struct ws_ev_module *e, uint32_t *module)
{
	struct ws_store *s = d->store;
	struct ws_tables *t = &s->tables;
	uint32_t id_size = e->build_id_size < WS_BUILD_ID_MAX ? e->build_id_size : WS_BUILD_ID_MAX;
	char *name = malloc(2 * WS_BUILD_ID_MAX + 16 + strlen(e->path));
	const char *key, *path;
	struct ws_module *m;
	size_t n = 0;

	if (!name)
		return -ENOMEM;
	for (uint32_t i = 0; i < id_size; i++)
		n += (size_t)sprintf(name + n, "%02x", e->build_id[i]);
	if (!id_size) /* files of one path on two hosts may be two */
		n += (size_t)sprintf(name, "@%u", d->origin);
	sprintf(name + n, " %s", e->path);
	key = ws_strings_intern(s->strings, name);
	free(name);
	path = ws_strings_intern(s->strings, e->path);
	if (!key || !path)
		return -ENOMEM;
	if (ws_map64_get(&d->by_module_name, (uintptr_t)key, module))
		return 0;
	if (ws_grow(&t->modules, &s->modules_capacity, t->n_modules + 1) ||
	    ws_grow(&d->codes, &d->codes_capacity, t->n_modules + 1) ||
	    ws_map64_put(&d->by_module_name, (uintptr_t)key, (uint32_t)t->n_modules))
		return -ENOMEM;
	*module = (uint32_t)t->n_modules++;
	memset(&d->codes[*module], 0, sizeof(d->codes[*module]));
	m = &t->modules[*module];
	memset(m, 0, sizeof(*m));
	m->path = path;
	m->recording = d->origin;
	m->build_id_size = id_size;
	if (id_size)
		memcpy(m->build_id, e->build_id, id_size);
	return 0;
}

int ws_decode_module_event(struct ws_decode *d, uint32_t process, const struct ws_ev_module *e)
{
	struct ws_process_state *state = &d->processes[process];
	const struct ws_range *range;
	uint32_t module;
	int r;

	if (!e->size) { /* unloaded */
		range = ws_ranges_find(&state->modules, e->base);
		if (!range || range->begin != e->base)
			return 0;
		ws_map64_clear(&state->codes);
		r = ws_ranges_set(&state->unloaded, range->begin, range->end - range->begin, 0, 0);
		if (r)
			return r;
		return ws_ranges_clear(&state->modules, range->begin, range->end - range->begin);
	}
	r = intern_module(d, e, &module);
	if (r)
		return r;
	range = ws_ranges_find(&state->modules, e->base);
	if (range && range->begin == e->base && range->end == e->base + e->size &&
	    range->thing == module && range->offset == e->base - e->bias)
		return 0; /* said again */
	ws_map64_clear(&state->codes);
	r = ws_ranges_set(&state->modules, e->base, e->size, e->base - e->bias, module);
	return r ? r : place_codes(d, state, e, module);
}

static int new_stack(struct ws_decode *d, uint32_t *stack)
{
	struct ws_tables *t = &d->store->tables;

	if (ws_grow(&t->stacks, &d->store->stacks_capacity, t->n_stacks + 1))
		return -ENOMEM;
	*stack = (uint32_t)t->n_stacks++;
	t->stacks[*stack] = (struct ws_stack){ 0 };
	return 0;
}

int ws_decode_stack(struct ws_decode *d, uint32_t process, uint32_t id, uint32_t *stack)
{
	int r;

	*stack = WS_UNKNOWN;
	if (!id || ws_map64_get(&d->processes[process].stacks, id, stack))
		return 0;
	r = new_stack(d, stack); /* its definition is to come */
	return r ? r : ws_map64_put(&d->processes[process].stacks, id, *stack);
}

/* Gives the stack its frames. */
static int fill_stack(struct ws_decode *d, uint32_t stack, const uint32_t *frames, uint32_t depth)
{
	struct ws_stack *s = &d->store->tables.stacks[stack];

	s->frames = malloc(depth ? depth * sizeof(*frames) : 1);
	if (!s->frames)
		return -ENOMEM;
	memcpy(s->frames, frames, depth * sizeof(*frames));
	s->depth = depth;
	return 0;
}

/* Makes `stack` the one that its frames stand for. */
static int add_node(struct ws_decode *d, uint32_t stack, const uint32_t *frames, uint32_t depth)
{
	size_t size = depth * sizeof(*frames);
	struct ws_stack_node *node = ws_arena_alloc(&d->stack_nodes, sizeof(*node) + size);

	if (!node)
		return -ENOMEM;
	memset(node, 0, sizeof(*node));
	node->stack = stack;
	memcpy(node->frames, frames, size);
	HASH_ADD(hh, d->stacks, frames[0], size, node);
	return node->hh.tbl ? 0 : -ENOMEM;
}

int ws_decode_stack_event(struct ws_decode *d, uint32_t process, const struct ws_ev_stack *e)
{
	struct ws_map64 *ids = &d->processes[process].stacks;
	uint32_t frames[WS_STACK_DEPTH_MAX], stack;
	uint32_t depth = e->depth < WS_STACK_DEPTH_MAX ? e->depth : WS_STACK_DEPTH_MAX;
	size_t size = depth * sizeof(*frames);
	struct ws_stack_node *node;
	int r;

	if (!e->id)
		return 0;
	for (uint32_t i = 0; i < depth; i++) {
		r = ws_decode_code(d, process, e->frames[i], &frames[i]);
		if (r)
			return r;
	}
	HASH_FIND(hh, d->stacks, frames, size, node);
	if (ws_map64_get(ids, e->id, &stack) && !d->store->tables.stacks[stack].frames) {
		/* Used before; its number must stay, even if an equal stack has one already. */
		r = fill_stack(d, stack, frames, depth);
		return r || node ? r : add_node(d, stack, frames, depth);
	}
	/* Also where the id is known: a forked child goes on counting from its parent's last id,
	 * and means its own stack by it, not the one that its parent defined meanwhile. */
	if (!node) {
		r = new_stack(d, &stack);
		if (!r)
			r = fill_stack(d, stack, frames, depth);
		if (!r)
			r = add_node(d, stack, frames, depth);
		if (r)
			return r;
	} else {
		stack = node->stack;
	}
	return ws_map64_put(ids, e->id, stack);
}

void ws_decode_free_places(struct ws_decode *d)
{
	for (size_t i = 0; i < d->store->tables.n_modules; i++)
		ws_map64_free(&d->codes[i]);
	free(d->codes);
	HASH_CLEAR(hh, d->stacks);
	ws_arena_free(&d->stack_nodes);
	ws_map64_free(&d->plain_codes);
	ws_map64_free(&d->by_module_name);
}
