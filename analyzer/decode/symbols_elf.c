/* SPDX-License-Identifier: MIT */
/* symbols_elf.c: see symbols_elf.h.
 *
 * Each module is a libdwfl session of its own with a bias of 0, so that its addresses are its ELF
 * virtual addresses and modules can't collide. Nothing here asks a network: debuginfod's cache is
 * read as files.
 */
#include "symbols_elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>

#include "analyzer/base/grow.h"
#include "spans.h"
#include "symbols_dwarf.h"
#include "symbols_names.h"

#define DEBUG_ROOT "/usr/lib/debug"

struct symbol {
	const char *name; /* Weak: in the file */
	uint64_t start;   /* ELF virtual address */
	uint64_t size;    /* 0: not told */
	uint64_t section_end;
	uint8_t bind; /* STB_* */
};

struct table {
	struct symbol *symbols; /* Owned by this */
	size_t n;
	size_t capacity;
	struct ws_spans spans; /* value: index of the symbol */
};

struct ws_elf {
	Dwfl *dwfl;
	Dwfl_Module *module; /* Weak: owned by dwfl */
	uint64_t bias;
	int indexed; /* 1: functions and data are filled; negative: why not */
	struct table functions;
	struct table data;
	struct ws_dwarf *dwarf; /* Owned by this */
};

/* A regular file, or -1. A module's path may by now be a FIFO or a device: never block on it. */
static int open_regular(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && (fstat(fd, &status) || !S_ISREG(status.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool has_build_id(int fd, const uint8_t *want, size_t size)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	const void *found = NULL;
	ssize_t found_size;
	bool same = false;

	if (elf && elf_kind(elf) == ELF_K_ELF) {
		found_size = dwelf_elf_gnu_build_id(elf, &found);
		if (found_size < 0)
			found_size = 0;
		/* The library's event has room for WS_BUILD_ID_MAX bytes. */
		if (found_size > WS_BUILD_ID_MAX)
			found_size = WS_BUILD_ID_MAX;
		same = (size_t)found_size == size && (!size || !memcmp(found, want, size));
	}
	elf_end(elf);
	return same;
}

/* The file if its build id is this one; -1 otherwise. */
static int open_matching(const char *path, const uint8_t *id, size_t id_size)
{
	int fd = open_regular(path);

	if (fd >= 0 && !has_build_id(fd, id, id_size)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void to_hex(const uint8_t *id, size_t size, char *text)
{
	for (size_t i = 0; i < size; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
}

/* "debuginfo" or "executable" of that build id from debuginfod's cache. */
static int open_debuginfod(const uint8_t *id, size_t id_size, const char *what, char *path)
{
	char hex[2 * WS_BUILD_ID_MAX + 1] = "";
	const char *cache = getenv("DEBUGINFOD_CACHE_PATH"), *xdg = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");

	to_hex(id, id_size, hex);
	if (cache && *cache)
		snprintf(path, PATH_MAX, "%s/%s/%s", cache, hex, what);
	else if (xdg && *xdg)
		snprintf(path, PATH_MAX, "%s/debuginfod_client/%s/%s", xdg, hex, what);
	else if (home && *home)
		snprintf(path, PATH_MAX, "%s/.cache/debuginfod_client/%s/%s", home, hex, what);
	else
		return -1;
	return open_matching(path, id, id_size);
}

/* By build id alone, where the module's own file is not to be had. */
static int open_by_id(const uint8_t *id, size_t id_size, char *path)
{
	char hex[2 * WS_BUILD_ID_MAX + 1] = "";
	int fd;

	if (id_size < 2)
		return -1;
	to_hex(id, id_size, hex);
	snprintf(path, PATH_MAX, DEBUG_ROOT "/.build-id/%.2s/%s", hex, hex + 2);
	fd = open_matching(path, id, id_size);
	if (fd < 0)
		fd = open_debuginfod(id, id_size, "executable", path);
	if (fd < 0) {
		snprintf(path, PATH_MAX, DEBUG_ROOT "/.build-id/%.2s/%s.debug", hex, hex + 2);
		fd = open_matching(path, id, id_size);
	}
	if (fd < 0)
		fd = open_debuginfod(id, id_size, "debuginfo", path);
	return fd;
}

/* The debug file that .gnu_debuglink strings, if it has the same build id. */
static int open_debuglink(const char *file, const char *link, const uint8_t *id, size_t id_size,
			  char *path)
{
	char real[PATH_MAX], *dir;
	int fd = -1;

	if (!file || !link || !realpath(file, real))
		return -1;
	dir = dirname(real);
	for (int i = 0; i < 3 && fd < 0; i++) {
		static const char *const forms[] = { "%s/%s", "%s/.debug/%s", DEBUG_ROOT "%s/%s" };

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, PATH_MAX, forms[i], dir, link);
#pragma GCC diagnostic pop
		fd = open_matching(path, id, id_size);
	}
	return fd;
}

static int find_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
			  const char *file, const char *link, GElf_Word crc, char **found)
{
	char path[PATH_MAX];
	const unsigned char *id;
	GElf_Addr where;
	int size = dwfl_module_build_id(module, &id, &where), fd;

	/* By name and checksum; without a build id it has nothing to ask a server for. */
	if (size <= 0)
		return dwfl_standard_find_debuginfo(module, userdata, name, base, file, link, crc,
						    found);
	fd = dwfl_build_id_find_debuginfo(module, userdata, name, base, file, link, crc, found);
	if (fd >= 0)
		return fd;
	if (size > WS_BUILD_ID_MAX)
		size = WS_BUILD_ID_MAX;
	fd = open_debuglink(file, link, id, (size_t)size, path);
	if (fd < 0)
		fd = open_debuginfod(id, (size_t)size, "debuginfo", path);
	if (fd >= 0) {
		*found = strdup(path);
		if (!*found) {
			close(fd);
			fd = -1;
		}
	}
	errno = 0; /* libdwfl takes it for an error of the search otherwise */
	return fd;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

int ws_elf_open(const struct ws_module *module, struct ws_elf **ret)
{
	char path[PATH_MAX];
	size_t id_size = module->build_id_size;
	struct ws_elf *elf;
	int fd = -1;

	if (id_size > WS_BUILD_ID_MAX)
		return -ENOENT;
	elf_version(EV_CURRENT);
	/* A relative path is relative to a directory of then: only a build id can vouch for it. */
	if (module->path[0] == '/' || (id_size && strchr(module->path, '/'))) {
		snprintf(path, sizeof(path), "%s", module->path);
		fd = open_matching(path, module->build_id, id_size);
	}
	if (fd < 0)
		fd = open_by_id(module->build_id, id_size, path);
	if (fd < 0)
		return -ENOENT;

	elf = calloc(1, sizeof(*elf));
	if (!elf) {
		close(fd);
		return -ENOMEM;
	}
	elf->dwfl = dwfl_begin(&callbacks);
	if (elf->dwfl) {
		dwfl_report_begin(elf->dwfl);
		elf->module = dwfl_report_elf(elf->dwfl, path, path, fd, 0, true);
	}
	if (!elf->module) {
		close(fd); /* taken only on success */
		ws_elf_close(elf);
		return -ENOENT;
	}
	if (dwfl_report_end(elf->dwfl, NULL, NULL) ||
	    !dwfl_module_getelf(elf->module, &elf->bias)) {
		ws_elf_close(elf);
		return -ENOENT;
	}
	*ret = elf;
	return 0;
}

static void table_clear(struct table *table)
{
	free(table->symbols);
	ws_spans_clear(&table->spans);
}

void ws_elf_close(struct ws_elf *elf)
{
	if (!elf)
		return;
	ws_dwarf_free(elf->dwarf);
	table_clear(&elf->functions);
	table_clear(&elf->data);
	if (elf->dwfl)
		dwfl_end(elf->dwfl);
	free(elf);
}

Dwfl_Module *ws_elf_dwfl(struct ws_elf *elf, uint64_t *bias)
{
	*bias = elf->bias;
	return elf->module;
}

struct ws_dwarf **ws_elf_dwarf(struct ws_elf *elf)
{
	return &elf->dwarf;
}

static int table_add(struct table *table, const struct symbol *symbol)
{
	if (ws_grow(&table->symbols, &table->capacity, table->n + 1))
		return -ENOMEM;
	table->symbols[table->n++] = *symbol;
	return 0;
}

/* Of several names for one address the plainest comes first: pthread_mutex_lock rather than
 * __pthread_mutex_lock. */
static int compare_symbols(const void *left, const void *right)
{
	static const int rank[] = { [STB_GLOBAL] = 0, [STB_WEAK] = 1, [STB_LOCAL] = 2 };
	const struct symbol *a = left, *b = right;
	size_t a_bars, b_bars;
	int a_rank, b_rank;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (!a->size != !b->size)
		return a->size ? -1 : 1;
	a_bars = strspn(a->name, "_");
	b_bars = strspn(b->name, "_");
	if (a_bars != b_bars)
		return a_bars < b_bars ? -1 : 1;
	a_rank = a->bind <= STB_WEAK ? rank[a->bind] : 3;
	b_rank = b->bind <= STB_WEAK ? rank[b->bind] : 3;
	if (a_rank != b_rank)
		return a_rank - b_rank;
	return strcmp(a->name, b->name);
}

static int table_finish(struct table *table)
{
	int r = 0;

	if (table->n)
		qsort(table->symbols, table->n, sizeof(*table->symbols), compare_symbols);
	for (size_t i = 0; i < table->n && !r; i++) {
		const struct symbol *symbol = &table->symbols[i];
		uint64_t end = symbol->start + symbol->size;

		/* Hand-written assembly tells no size: up to the next symbol, at most. */
		if (!symbol->size) {
			size_t next = i + 1;

			while (next < table->n && table->symbols[next].start == symbol->start)
				next++;
			end = symbol->section_end;
			if (next < table->n && table->symbols[next].start < end)
				end = table->symbols[next].start;
		}
		r = ws_spans_add(&table->spans, symbol->start, end, (uint32_t)i);
	}
	ws_spans_sort(&table->spans);
	return r;
}

static int index_symbols(struct ws_elf *elf)
{
	int n = dwfl_module_getsymtab(elf->module), r = 0;

	for (int i = 1; i < n && !r; i++) { /* 0 is the null symbol */
		GElf_Sym sym;
		GElf_Addr address;
		GElf_Word section;
		GElf_Shdr header_room, *header = NULL;
		Elf *file;
		Dwarf_Addr bias;
		struct symbol symbol = { 0 };
		const char *name = dwfl_module_getsym_info(elf->module, i, &sym, &address, &section,
							   &file, &bias);

		if (!name || !*name || section == SHN_UNDEF || section == SHN_ABS)
			continue;
		if (file && section < SHN_LORESERVE)
			header = gelf_getshdr(elf_getscn(file, section), &header_room);
		symbol.name = name;
		symbol.start = address - elf->bias;
		symbol.size = sym.st_size;
		symbol.bind = GELF_ST_BIND(sym.st_info);
		if (header && header->sh_flags & SHF_ALLOC)
			symbol.section_end = header->sh_addr + bias - elf->bias + header->sh_size;

		switch (GELF_ST_TYPE(sym.st_info)) {
		case STT_NOTYPE:
			if (!header || !(header->sh_flags & SHF_EXECINSTR) || *name == '.')
				break;
			/* fallthrough */
		case STT_FUNC:
		case STT_GNU_IFUNC:
			r = table_add(&elf->functions, &symbol);
			break;
		case STT_OBJECT:
		case STT_COMMON:
			if (symbol.size)
				r = table_add(&elf->data, &symbol);
			break;
		default:
			break;
		}
	}
	if (!r)
		r = table_finish(&elf->functions);
	if (!r)
		r = table_finish(&elf->data);
	return r ? r : 1;
}

static const struct symbol *find(struct ws_elf *elf, const struct table *table, uint64_t address)
{
	const struct ws_span *span;

	if (!elf->indexed)
		elf->indexed = index_symbols(elf);
	span = elf->indexed > 0 ? ws_spans_find(&table->spans, address) : NULL;
	return span ? &table->symbols[span->value] : NULL;
}

int ws_elf_function(struct ws_elf *elf, struct ws_strings *strings, uint64_t address,
		    const char **name)
{
	const struct symbol *symbol = find(elf, &elf->functions, address);
	const char *text;

	if (!symbol)
		return elf->indexed < 0 ? elf->indexed : -ENOENT;
	text = ws_names_symbol(strings, symbol->name);
	if (!text)
		return -ENOMEM;
	*name = text;
	return 0;
}

int ws_elf_data(struct ws_elf *elf, struct ws_strings *strings, uint64_t address, const char **name,
		uint64_t *into)
{
	const struct symbol *symbol = find(elf, &elf->data, address);
	const char *text;

	if (!symbol)
		return elf->indexed < 0 ? elf->indexed : -ENOENT;
	text = ws_names_symbol(strings, symbol->name);
	if (!text)
		return -ENOMEM;
	*name = text;
	*into = address - symbol->start;
	return 0;
}
