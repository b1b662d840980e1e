/* SPDX-License-Identifier: MIT */
/* case_symbols.c: the symbols of case_trace.h: a module's path says what its one code location is,
 * so that tests of analyses and reports need no object files. See case_trace.h, SITE. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/decode/symbols.h"

struct code {
	struct ws_frame *frames;
	size_t n;
	char *text; /* what the frames' strings lie in */
};

struct ws_symbols {
	const struct ws_tables *tables;
	struct code *codes;
	uint64_t asked, unresolved;
};

int ws_symbols_new(const struct ws_tables *tables, const char *dir, struct ws_symbols **ret)
{
	struct ws_symbols *symbols = calloc(1, sizeof(*symbols));

	(void)dir;
	if (!symbols)
		return -ENOMEM;
	symbols->tables = tables;
	symbols->codes = calloc(tables->n_codes + 1, sizeof(*symbols->codes));
	*ret = symbols;
	return 0;
}

int ws_symbols_add(struct ws_symbols *symbols, const char *dir, uint32_t number)
{
	(void)symbols;
	(void)dir;
	(void)number;
	return 0;
}

void ws_symbols_free(struct ws_symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->tables->n_codes; i++) {
		free(symbols->codes[i].frames);
		free(symbols->codes[i].text);
	}
	free(symbols->codes);
	free(symbols);
}

/* function@file:line, where any part may be missing. */
static void parse_frame(char *text, struct ws_frame *frame)
{
	char *at = strchr(text, '@');

	if (at) {
		char *colon = strrchr(at, ':');

		*at = 0;
		if (colon) {
			*colon = 0;
			frame->line = (uint32_t)strtoul(colon + 1, NULL, 10);
		}
		frame->file = at + 1;
	}
	frame->function = *text ? text : NULL;
}

int ws_symbols_code(struct ws_symbols *symbols, uint32_t code, bool is_return,
		    const struct ws_frame **frames, size_t *n_frames)
{
	const struct ws_code *where = &symbols->tables->codes[code];
	const char *path = symbols->tables->modules[where->module].path;
	struct code *known = &symbols->codes[code];

	(void)is_return;
	if (!known->n) {
		char *rest, *part;
		bool preload;

		rest = known->text = strdup(path + (path[0] == '!'));
		preload = strncmp(rest, "ws_", 3) == 0;
		symbols->asked++;
		while ((part = strsep(&rest, "|"))) {
			struct ws_frame frame = { .inlined = rest != NULL };

			parse_frame(part, &frame);
			symbols->unresolved += !frame.function;
			frame.module = preload          ? "/usr/lib/libwaitscope.so"
				       : path[0] == '!' ? "/lib/libc.so.6"
							: "/usr/bin/program";
			frame.offset = where->offset;
			known->frames =
				realloc(known->frames, (known->n + 1) * sizeof(*known->frames));
			known->frames[known->n++] = frame;
		}
	}
	*frames = known->frames;
	*n_frames = known->n;
	return 0;
}

int ws_symbols_data(struct ws_symbols *symbols, uint32_t code, const char **name, uint64_t *offset)
{
	const char *path = symbols->tables->modules[symbols->tables->codes[code].module].path;
	char *plus = strchr(path, '+');
	struct code *known = &symbols->codes[code];

	if (path[0] == '-')
		return -ENOENT; /* stripped */
	*offset = plus ? strtoull(plus + 1, NULL, 16) : 0;
	if (!known->text) {
		known->text = strdup(path);
		if (plus)
			known->text[plus - path] = 0;
	}
	*name = known->text;
	return 0;
}

bool ws_symbols_is_runtime(const struct ws_symbols *symbols, uint32_t module)
{
	return symbols->tables->modules[module].path[0] == '!';
}

void ws_symbols_counts(const struct ws_symbols *symbols, uint64_t *asked, uint64_t *unresolved)
{
	*asked = symbols->asked;
	*unresolved = symbols->unresolved;
}

int ws_symbols_save(struct ws_symbols *symbols, const char *dir)
{
	(void)symbols;
	(void)dir;
	return -ENOTSUP;
}

const char *ws_symbols_warning(const struct ws_symbols *symbols)
{
	(void)symbols;
	return NULL;
}
