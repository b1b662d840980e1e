/* SPDX-License-Identifier: MIT */
/* symbols.c: see symbols.h. */
#include "symbols.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/base/strings.h"
#include "record.h"
#include "symbols_dwarf.h"
#include "symbols_elf.h"
#include "symbols_store.h"

/* By name of the file: what stands between a program and the call that blocks, or calls it back.
 * Debian's are libNAME.so.N; before glibc 2.34 they were libNAME-2.NN.so. */
static const char *const runtime_modules[] = {
	"libwaitscope.so*", "libc.so*",        "libc-*.so",     "ld-linux*.so*", "ld-*.so",
	"libpthread.so*",   "libpthread-*.so", "librt.so*",     "librt-*.so",    "linux-vdso.so*",
	"libstdc++.so*",    "libc++.so*",      "libc++abi.so*", "libgcc_s.so*",  "liblttng-*.so*",
	"libunwind*.so*",   "libasan.so*",     "libtsan.so*",   "libubsan.so*",
};

struct module {
	struct ws_elf *elf; /* Owned by this; NULL: not to be had */
	bool tried;
};

struct ws_symbols {
	const struct ws_tables *tables; /* Weak */
	struct ws_strings *strings;     /* Owned by this */
	struct ws_store store;
	struct module *modules; /* Owned by this; by module index */
	size_t n_modules;
	size_t capacity;
	uint64_t asked;
	uint64_t unresolved;
	const char *warning; /* static text, or NULL */
};

int ws_symbols_new(const struct ws_tables *tables, const char *dir, struct ws_symbols **ret)
{
	struct ws_symbols *symbols = calloc(1, sizeof(*symbols));
	int r = 0;

	if (!symbols)
		return -ENOMEM;
	symbols->tables = tables;
	symbols->strings = ws_strings_new();
	if (!symbols->strings)
		r = -ENOMEM;
	if (!r && dir)
		r = ws_symbols_add(symbols, dir, 0);
	if (r) {
		ws_symbols_free(symbols);
		return r;
	}
	*ret = symbols;
	return 0;
}

int ws_symbols_add(struct ws_symbols *symbols, const char *dir, uint32_t number)
{
	int r = ws_store_load(&symbols->store, symbols->strings, symbols->tables, dir, number);

	if (r == -ENOMEM)
		return r;
	if (r == -EPROTO)
		symbols->warning = WS_SYMBOLS_FILE " was written by a newer waitscope and is not "
						   "used: names come from this machine's files";
	else if (r && r != -ENOENT)
		symbols->warning = WS_SYMBOLS_FILE " is damaged and not used: names come from this "
						   "machine's files";
	return 0;
}

void ws_symbols_free(struct ws_symbols *symbols)
{
	if (!symbols)
		return;
	ws_store_clear(&symbols->store);
	for (size_t i = 0; i < symbols->n_modules; i++)
		ws_elf_close(symbols->modules[i].elf);
	free(symbols->modules);
	ws_strings_free(symbols->strings);
	free(symbols);
}

const char *ws_symbols_warning(const struct ws_symbols *symbols)
{
	return symbols->warning;
}

/* 0 with *ret NULL where the module's file is not to be had; -ENOMEM. */
static int get_elf(struct ws_symbols *symbols, uint32_t module, struct ws_elf **ret)
{
	const struct ws_tables *tables = symbols->tables;
	int r = 0;

	*ret = NULL;
	if (module >= tables->n_modules)
		return 0;
	if (module >= symbols->n_modules) {
		if (ws_grow(&symbols->modules, &symbols->capacity, tables->n_modules))
			return -ENOMEM;
		symbols->n_modules = tables->n_modules;
	}
	if (!symbols->modules[module].tried) {
		r = ws_elf_open(&tables->modules[module], &symbols->modules[module].elf);
		symbols->modules[module].tried = r != -ENOMEM;
	}
	*ret = symbols->modules[module].elf;
	return r == -ENOMEM ? r : 0;
}

/* The place of a code index; one that the tables don't have is unknown, not a crash. */
static struct ws_code get_code(const struct ws_symbols *symbols, uint32_t code)
{
	if (code < symbols->tables->n_codes)
		return symbols->tables->codes[code];
	return (struct ws_code){ .module = WS_UNKNOWN };
}

/* The outermost function is in the symbol tables, too. They name it where DWARF does not, and know
 * the name that callers use where a library wrote it otherwise: glibc's ___pthread_mutex_lock. */
static int name_from_tables(struct ws_symbols *symbols, struct ws_elf *elf, uint64_t at,
			    const char **function)
{
	const char *name;
	int r = ws_elf_function(elf, symbols->strings, at, &name);

	if (r)
		return r == -ENOMEM ? r : 0;
	if (!*function) {
		*function = name;
	} else {
		size_t length = strlen(*function), plain = strlen(name);

		if (**function == '_' && plain < length &&
		    !strcmp(*function + length - plain, name))
			*function = name;
	}
	return 0;
}

/* Fills found->frames from the module's files: DWARF first, then its symbol tables. */
static int resolve_code(struct ws_symbols *symbols, struct ws_found *found)
{
	const struct ws_tables *tables = symbols->tables;
	uint64_t offset = found->key.offset, at = offset;
	const char *module = NULL;
	struct ws_elf *elf;
	int r = get_elf(symbols, found->key.module, &elf);

	if (r)
		return r;
	/* A return address may be the first of the next line, or of the next function. */
	if (found->key.what == WS_LOOKUP_RETURN && at)
		at--;
	r = elf ? ws_dwarf_frames(elf, symbols->strings, at, &found->frames, &found->n_frames)
		: -ENOENT;
	if (r == -ENOENT) {
		found->frames = calloc(1, sizeof(*found->frames));
		found->n_frames = 1;
		r = found->frames ? 0 : -ENOMEM;
	}
	if (r)
		return r;
	if (elf)
		r = name_from_tables(symbols, elf, at,
				     &found->frames[found->n_frames - 1].function);
	if (r)
		return r;
	if (found->key.module < tables->n_modules && tables->modules[found->key.module].path[0])
		module = tables->modules[found->key.module].path;
	for (size_t i = 0; i < found->n_frames; i++) {
		found->frames[i].module = module;
		found->frames[i].offset = offset;
	}
	found->resolved = true;
	return 0;
}

/* Finds what is known already, or makes a new one to be resolved. NULL: no memory. */
static struct ws_found *get_found(struct ws_symbols *symbols, uint32_t code, enum ws_lookup what)
{
	struct ws_code place = get_code(symbols, code);
	struct ws_found *found = ws_store_find(&symbols->store, place.module, what, place.offset);

	return found ? found : ws_store_add(&symbols->store, place.module, what, place.offset);
}

static int find_code(struct ws_symbols *symbols, uint32_t code, enum ws_lookup what,
		     struct ws_found **ret)
{
	struct ws_found *found = get_found(symbols, code, what);

	if (!found)
		return -ENOMEM;
	if (!found->resolved) {
		int r = resolve_code(symbols, found);

		if (r) {
			free(found->frames);
			found->frames = NULL;
			found->n_frames = 0;
			return r;
		}
	}
	*ret = found;
	return 0;
}

int ws_symbols_code(struct ws_symbols *symbols, uint32_t code, bool is_return,
		    const struct ws_frame **frames, size_t *n_frames)
{
	struct ws_found *found;
	int r = find_code(symbols, code, is_return ? WS_LOOKUP_RETURN : WS_LOOKUP_CODE, &found);

	if (r)
		return r;
	if (!found->counted) {
		found->counted = true;
		symbols->asked++;
		if (!found->frames[0].function)
			symbols->unresolved++;
	}
	*frames = found->frames;
	*n_frames = found->n_frames;
	return 0;
}

int ws_symbols_data(struct ws_symbols *symbols, uint32_t code, const char **name, uint64_t *offset)
{
	struct ws_found *found = get_found(symbols, code, WS_LOOKUP_DATA);

	if (!found)
		return -ENOMEM;
	if (!found->resolved) {
		struct ws_elf *elf;
		int r = get_elf(symbols, found->key.module, &elf);

		if (!r && elf)
			r = ws_elf_data(elf, symbols->strings, found->key.offset, &found->name,
					&found->into);
		if (r == -ENOMEM)
			return r;
		found->resolved = true;
	}
	if (!found->name)
		return -ENOENT;
	*name = found->name;
	*offset = found->into;
	return 0;
}

bool ws_symbols_is_runtime(const struct ws_symbols *symbols, uint32_t module)
{
	const char *path, *slash;

	if (module >= symbols->tables->n_modules)
		return false;
	path = symbols->tables->modules[module].path;
	slash = strrchr(path, '/');
	for (size_t i = 0; i < sizeof(runtime_modules) / sizeof(*runtime_modules); i++)
		if (!fnmatch(runtime_modules[i], slash ? slash + 1 : path, 0))
			return true;
	return false;
}

void ws_symbols_counts(const struct ws_symbols *symbols, uint64_t *asked, uint64_t *unresolved)
{
	*asked = symbols->asked;
	*unresolved = symbols->unresolved;
}

int ws_symbols_save(struct ws_symbols *symbols, const char *dir)
{
	const struct ws_tables *tables = symbols->tables;
	struct ws_found *found;
	const char *name;
	uint64_t offset;
	int r = 0;

	/* The tables tell start routines apart, but neither sites nor data: what no data symbol
	 * covers is a return address. */
	for (size_t i = 0; i < tables->n_codes && !r; i++) {
		r = ws_symbols_data(symbols, (uint32_t)i, &name, &offset);
		if (r == -ENOENT)
			r = find_code(symbols, (uint32_t)i, WS_LOOKUP_RETURN, &found);
	}
	for (size_t i = 0; i < tables->n_threads && !r; i++)
		if (tables->threads[i].start != WS_UNKNOWN)
			r = find_code(symbols, tables->threads[i].start, WS_LOOKUP_CODE, &found);
	return r ? r : ws_store_save(&symbols->store, tables, dir);
}
