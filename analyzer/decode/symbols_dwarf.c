/* SPDX-License-Identifier: MIT */
/* symbols_dwarf.c: see symbols_dwarf.h.
 *
 * Units are found by the ranges that they state themselves, since clang writes no .debug_aranges,
 * and functions by a table made once per unit, so that a lookup costs the depth of its function.
 */
#include "symbols_dwarf.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#include <elfutils/libdw.h>

#include "analyzer/base/grow.h"
#include "spans.h"
#include "symbols_names.h"

/* Deeper than what compilers inline; what would be above is cut at the outer end. */
#define INLINE_DEPTH_MAX 128

struct unit {
	Dwarf_Die die;  /* has the line table */
	Dwarf_Die code; /* has the functions: another one with split DWARF */
	uint64_t bias;  /* of the debug file, against the main file's addresses */
	bool indexed;
	struct ws_spans spans; /* value: index of the function */
	Dwarf_Die *functions;  /* Owned by this */
	size_t n_functions;
	size_t capacity;
};

struct ws_dwarf {
	struct unit *units; /* Owned by this */
	size_t n_units;
	size_t capacity;
	struct ws_spans spans; /* value: index of the unit */
};

void ws_dwarf_free(struct ws_dwarf *dwarf)
{
	if (!dwarf)
		return;
	for (size_t i = 0; i < dwarf->n_units; i++) {
		ws_spans_clear(&dwarf->units[i].spans);
		free(dwarf->units[i].functions);
	}
	ws_spans_clear(&dwarf->spans);
	free(dwarf->units);
	free(dwarf);
}

/* Adds the DIE's ranges. What the linker dropped keeps a range that begins at 0: no code does. */
static int add_ranges(struct ws_spans *spans, Dwarf_Die *die, uint32_t value)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;
	int r = 0;

	while (!r && (offset = dwarf_ranges(die, offset, &base, &start, &end)) > 0)
		if (start > 1)
			r = ws_spans_add(spans, start, end, value);
	return r;
}

static int add_unit(struct ws_dwarf *dwarf, Dwarf_Die *die, uint64_t bias)
{
	struct unit *unit;
	uint8_t type = 0;

	if (ws_grow(&dwarf->units, &dwarf->capacity, dwarf->n_units + 1))
		return -ENOMEM;
	unit = &dwarf->units[dwarf->n_units];
	*unit = (struct unit){ .die = *die, .code = *die, .bias = bias };
	/* The .dwo or .dwp may not be here: then the unit has lines but no functions. */
	if (!dwarf_cu_info(die->cu, NULL, &type, NULL, NULL, NULL, NULL, NULL) &&
	    type == DW_UT_skeleton) {
		Dwarf_Die split = { 0 };

		if (!dwarf_cu_info(die->cu, NULL, NULL, NULL, &split, NULL, NULL, NULL) &&
		    split.addr)
			unit->code = split;
	}
	dwarf->n_units++;
	return add_ranges(&dwarf->spans, die, (uint32_t)(dwarf->n_units - 1));
}

static int open_dwarf(struct ws_elf *elf, struct ws_dwarf **ret)
{
	struct ws_dwarf **kept = ws_elf_dwarf(elf), *dwarf;
	uint64_t elf_bias;
	Dwfl_Module *module = ws_elf_dwfl(elf, &elf_bias);
	Dwarf_Addr bias;
	Dwarf_Die *die = NULL;
	int r = 0;

	if (!*kept) {
		dwarf = calloc(1, sizeof(*dwarf));
		if (!dwarf)
			return -ENOMEM;
		while (!r && (die = dwfl_module_nextcu(module, die, &bias)))
			r = add_unit(dwarf, die, bias - elf_bias);
		if (r) {
			ws_dwarf_free(dwarf);
			return r;
		}
		ws_spans_sort(&dwarf->spans);
		*kept = dwarf;
	}
	*ret = *kept;
	return 0;
}

static int add_function(struct unit *unit, Dwarf_Die *die)
{
	if (ws_grow(&unit->functions, &unit->capacity, unit->n_functions + 1))
		return -ENOMEM;
	unit->functions[unit->n_functions++] = *die;
	return add_ranges(&unit->spans, die, (uint32_t)(unit->n_functions - 1));
}

/* Collects the functions that have code, wherever the language lets them be written. */
static int add_functions(struct unit *unit, Dwarf_Die *parent)
{
	Dwarf_Die die;
	int r = 0;

	if (dwarf_child(parent, &die))
		return 0;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			if (dwarf_hasattr(&die, DW_AT_low_pc) || dwarf_hasattr(&die, DW_AT_ranges))
				r = add_function(unit, &die);
			if (r)
				break;
			r = add_functions(unit, &die); /* nested functions */
			break;
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
		case DW_TAG_lexical_block:
			r = add_functions(unit, &die);
			break;
		default:
			break;
		}
	} while (!r && !dwarf_siblingof(&die, &die));
	return r;
}

/* The function and the inlined calls in it that cover `pc`, outermost first; how many. */
static size_t find_chain(struct unit *unit, uint64_t pc, Dwarf_Die *chain, size_t room)
{
	const struct ws_span *span = ws_spans_find(&unit->spans, pc);
	Dwarf_Die parent, die;
	size_t n = 0;

	if (!span)
		return 0;
	chain[n++] = parent = unit->functions[span->value];
	while (n < room && !dwarf_child(&parent, &die)) {
		bool deeper = false;

		do {
			int tag = dwarf_tag(&die);

			if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block &&
			    tag != DW_TAG_try_block && tag != DW_TAG_catch_block)
				continue;
			if (dwarf_haspc(&die, pc) <= 0)
				continue;
			if (tag == DW_TAG_inlined_subroutine)
				chain[n++] = die;
			parent = die;
			deeper = true;
			break;
		} while (!dwarf_siblingof(&die, &die));
		if (!deeper)
			break;
	}
	return n;
}

/* NULL: it has none, or no memory. */
static const char *function_name(struct ws_strings *strings, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	if (!name)
		name = dwarf_diename(die);
	return name ? ws_names_symbol(strings, name) : NULL;
}

static const char *source_path(struct ws_strings *strings, Dwarf_Die *unit, const char *path)
{
	Dwarf_Attribute attribute;
	const char *dir = NULL;

	if (!path || !*path)
		return NULL;
	if (dwarf_attr(unit, DW_AT_comp_dir, &attribute))
		dir = dwarf_formstring(&attribute);
	return ws_names_path(strings, dir, path);
}

static void set_line(struct ws_strings *strings, struct unit *unit, uint64_t pc,
		     struct ws_frame *frame)
{
	Dwarf_Line *row = dwarf_getsrc_die(&unit->die, pc);
	int line = 0;

	if (!row)
		return;
	frame->file = source_path(strings, &unit->die, dwarf_linesrc(row, NULL, NULL));
	if (!dwarf_lineno(row, &line) && line > 0)
		frame->line = (uint32_t)line;
}

/* Where the inlined call stands: that is the line of the frame around it. */
static void set_call(struct ws_strings *strings, struct unit *unit, Dwarf_Die *inlined,
		     struct ws_frame *frame)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	Dwarf_Files *files;
	size_t n_files;

	if (dwarf_attr(inlined, DW_AT_call_line, &attribute) &&
	    !dwarf_formudata(&attribute, &value))
		frame->line = (uint32_t)value;
	if (dwarf_attr(inlined, DW_AT_call_file, &attribute) &&
	    !dwarf_formudata(&attribute, &value) &&
	    !dwarf_getsrcfiles(&unit->die, &files, &n_files) && value < n_files)
		frame->file =
			source_path(strings, &unit->die, dwarf_filesrc(files, value, NULL, NULL));
}

int ws_dwarf_frames(struct ws_elf *elf, struct ws_strings *strings, uint64_t address,
		    struct ws_frame **frames, size_t *n_frames)
{
	Dwarf_Die chain[INLINE_DEPTH_MAX];
	struct ws_dwarf *dwarf;
	struct ws_frame *made;
	const struct ws_span *span;
	struct unit *unit;
	size_t n;
	uint64_t pc;
	int r = open_dwarf(elf, &dwarf);

	if (r)
		return r;
	/* The debug file's addresses differ from the main file's only where one was prelinked. */
	span = dwarf->n_units ? ws_spans_find(&dwarf->spans, address - dwarf->units[0].bias) : NULL;
	if (!span)
		return -ENOENT;
	unit = &dwarf->units[span->value];
	pc = address - unit->bias;
	if (!unit->indexed) {
		r = add_functions(unit, &unit->code);
		if (r)
			return r;
		ws_spans_sort(&unit->spans);
		unit->indexed = true;
	}
	n = find_chain(unit, pc, chain, INLINE_DEPTH_MAX);
	made = calloc(n ? n : 1, sizeof(*made));
	if (!made)
		return -ENOMEM;

	set_line(strings, unit, pc, &made[0]);
	for (size_t i = 0; i < n; i++) {
		Dwarf_Die *die = &chain[n - 1 - i];

		made[i].function = function_name(strings, die);
		if (i + 1 < n) {
			made[i].inlined = true;
			set_call(strings, unit, die, &made[i + 1]);
		}
	}
	if (!n && !made[0].file) {
		free(made);
		return -ENOENT;
	}
	*frames = made;
	*n_frames = n ? n : 1;
	return 0;
}
