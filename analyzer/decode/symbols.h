/* SPDX-License-Identifier: MIT */
/* symbols.h: names for code and data, with elfutils, from what the trace knows of modules.
 *
 * A module is looked for by build id where it has one: its path, separate debug files
 * (/usr/lib/debug/.build-id, .gnu_debuglink), debuginfod's cache. A file of the same path but
 * another build id is not used. Names that `record` resolved at the end of the recording are in
 * the trace folder (WS_SYMBOLS_FILE) and come first, so that a trace reads the same elsewhere.
 */
#ifndef WS_SYMBOLS_H
#define WS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tables.h"

#define WS_SYMBOLS_FILE "waitscope-symbols.json"

/* One line of a stack as people read it. */
struct ws_frame {
	const char *function; /* demangled; NULL: unknown. Owned by the symbols */
	const char *file;     /* source path; NULL: unknown. Owned by the symbols */
	uint32_t line;        /* 0: unknown */
	const char *module;   /* path of the object file; NULL: unknown. Owned by the symbols */
	uint64_t offset;      /* ELF virtual address within the module, or the plain address */
	bool inlined;         /* this function was inlined into the next frame */
};

struct ws_symbols;

/* `tables` must outlive the result. `dir` is the trace folder whose WS_SYMBOLS_FILE is used if it
 * is there; NULL: none. 0 or a negative errno with *ret untouched. */
int ws_symbols_new(const struct ws_tables *tables, const char *dir, struct ws_symbols **ret);
void ws_symbols_free(struct ws_symbols *symbols); /* NULL is fine */

/* Uses the WS_SYMBOLS_FILE of one more folder, which has the number `number` among those of the
 * trace, for what the ones before it do not know. 0 or -ENOMEM. */
int ws_symbols_add(struct ws_symbols *symbols, const char *dir, uint32_t number);

/* The frames of one code location, innermost (inlined) first; at least one, whatever is known.
 * `is_return` tells that `code` is a return address: the line of the call is wanted.
 * The result is owned by `symbols`, found again at no cost. 0 or -ENOMEM. */
int ws_symbols_code(struct ws_symbols *symbols, uint32_t code, bool is_return,
		    const struct ws_frame **frames, size_t *n_frames);

/* The data symbol that covers `code`, and how far into it. -ENOENT: there is none. */
int ws_symbols_data(struct ws_symbols *symbols, uint32_t code, const char **name, uint64_t *offset);

/* True if the module is part of the runtime below the program: the preload library, libc, the
 * loader, libstdc++'s or libpthread's thin wrappers. A *site* is the first frame outside of it. */
bool ws_symbols_is_runtime(const struct ws_symbols *symbols, uint32_t module);

/* What went wrong with WS_SYMBOLS_FILE, as one line for the report's warnings; NULL: nothing did.
 * A damaged or newer file is not used at all. */
const char *ws_symbols_warning(const struct ws_symbols *symbols);

/* How many distinct code locations have been asked for, and how many had no function name. */
void ws_symbols_counts(const struct ws_symbols *symbols, uint64_t *asked, uint64_t *unresolved);

/* Resolves every code location that a stack, site or object of the trace refers to, and writes
 * WS_SYMBOLS_FILE in `dir` (new file, then renamed). 0 or a negative errno. */
int ws_symbols_save(struct ws_symbols *symbols, const char *dir);

#endif
