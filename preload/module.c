/* SPDX-License-Identifier: MIT */
/* module.c: the table of loaded objects, see module.h.
 *
 * Rules: no malloc, no lock. An entry is written once, by the thread that took its place, then
 * published by `state`; its place is never given to another object. Two threads that find the same
 * new object at once make two entries of the same content, which harms nobody.
 */
#include "preload/module.h"

#define UNW_LOCAL_ONLY
#include <dlfcn.h>
#include <elf.h>
#include <libunwind.h>
#include <limits.h>
#include <lttng/ust-fork.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>

#include "preload/emit.h"
#include "preload/limits.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/stack.h"

/* Copies of program headers, build ids and paths: about 700 bytes an object. */
#define ARENA_BYTES (768 * 1024)

/* Longest build id that is recorded: linkers make 8 to 32 bytes. */
#define BUILD_ID_MAX 64

enum state { FREE, LOADED, GONE };

struct module {
	_Atomic uint8_t state; /* enum state; release: publishes the rest */
	_Atomic bool told;     /* recorded in the session that runs, as far as is known */
	uint8_t build_id_size; /* 0: it has none */
	uint16_t n_phdrs;
	uintptr_t base; /* lowest address, page aligned */
	size_t size;    /* bytes from there to the end of its last segment */
	uintptr_t bias;
	/* Weak: compared, never followed once the entry is made. */
	const struct link_map *_Atomic map;
	const uint8_t *live_id;   /* where its build id lies in its own memory; NULL: none */
	const uint8_t *build_id;  /* Owned by the arena */
	const ElfW(Phdr) * phdrs; /* Owned by the arena */
	const char *path;         /* Owned by the arena; empty: not known */
};

static struct module modules[WS_MODULES_MAX];
static _Atomic uint32_t n_modules; /* places taken; may exceed the table */
static _Atomic uint32_t n_gone;
static _Atomic bool stale; /* stacks may be known whose addresses mean other code now */

static char arena[ARENA_BYTES] __attribute__((aligned(16)));
static _Atomic size_t arena_used;

static char exe_path[PATH_MAX];

/* Code whose calls are not the program's. Filled once, by the constructor. */
static struct {
	uintptr_t begin;
	uintptr_t end;
} tracer[8];
static _Atomic uint32_t n_tracer; /* release: publishes the entries */

static void *arena_take(size_t bytes)
{
	bytes = (bytes + 15) & ~(size_t)15;

	size_t at = atomic_fetch_add_explicit(&arena_used, bytes, memory_order_relaxed);

	return at < ARENA_BYTES && bytes <= ARENA_BYTES - at ? arena + at : NULL;
}

static uint32_t modules_used(void)
{
	uint32_t n = atomic_load_explicit(&n_modules, memory_order_acquire);

	return n < WS_MODULES_MAX ? n : WS_MODULES_MAX;
}

static bool is_loaded(struct module *m)
{
	return atomic_load_explicit(&m->state, memory_order_acquire) == LOADED;
}

/* The program headers of what the loader found, in its own memory. NULL: they are not mapped. */
static const ElfW(Phdr) * live_phdrs(const struct dl_find_object *found, uint16_t *n)
{
	const ElfW(Ehdr) *ehdr = found->dlfo_map_start;
	size_t size = (uintptr_t)found->dlfo_map_end - (uintptr_t)found->dlfo_map_start;

	if (size < sizeof(*ehdr) || memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0 ||
	    ehdr->e_phentsize != sizeof(ElfW(Phdr)) || ehdr->e_phoff >= size ||
	    ehdr->e_phnum > (size - ehdr->e_phoff) / sizeof(ElfW(Phdr)))
		return NULL;
	*n = ehdr->e_phnum;
	return (const ElfW(Phdr) *)((const char *)ehdr + ehdr->e_phoff);
}

/* True if a readable segment has these bytes of the file in memory. */
static bool is_readable(const ElfW(Phdr) * phdrs, uint16_t n, const ElfW(Phdr) * part)
{
	for (uint16_t i = 0; i < n; i++) {
		const ElfW(Phdr) *p = &phdrs[i];

		if (p->p_type == PT_LOAD && (p->p_flags & PF_R) && part->p_vaddr >= p->p_vaddr &&
		    part->p_vaddr - p->p_vaddr <= p->p_filesz &&
		    part->p_filesz <= p->p_filesz - (part->p_vaddr - p->p_vaddr))
			return true;
	}
	return false;
}

static const uint8_t *note_build_id(const uint8_t *at, size_t left, size_t align, uint8_t *size)
{
	while (left >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
		size_t desc = (sizeof(*note) + note->n_namesz + align - 1) & ~(align - 1);
		size_t next = (desc + note->n_descsz + align - 1) & ~(align - 1);

		if (note->n_namesz > left || note->n_descsz > left || desc + note->n_descsz > left)
			return NULL;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof("GNU") &&
		    memcmp(at + sizeof(*note), "GNU", sizeof("GNU")) == 0) {
			if (note->n_descsz == 0 || note->n_descsz > BUILD_ID_MAX)
				return NULL;
			*size = (uint8_t)note->n_descsz;
			return at + desc;
		}
		if (next >= left)
			return NULL;
		at += next;
		left -= next;
	}
	return NULL;
}

static const uint8_t *live_build_id(const ElfW(Phdr) * phdrs, uint16_t n, uintptr_t bias,
				    uint8_t *size)
{
	for (uint16_t i = 0; i < n; i++) {
		if (phdrs[i].p_type != PT_NOTE || !is_readable(phdrs, n, &phdrs[i]))
			continue;

		const uint8_t *id =
			note_build_id((const uint8_t *)(bias + phdrs[i].p_vaddr), phdrs[i].p_filesz,
				      phdrs[i].p_align == 8 ? 8 : 4, size);

		if (id)
			return id;
	}
	return NULL;
}

/* A file whose first segment lacks its headers: what the unwinder needs, made from what the
 * loader says. */
static ElfW(Phdr) * made_phdrs(const struct dl_find_object *found, uint16_t *n)
{
	ElfW(Phdr) *p = arena_take(2 * sizeof(*p));
	uintptr_t base = (uintptr_t)found->dlfo_map_start;
	uintptr_t bias = found->dlfo_link_map->l_addr;

	if (!p)
		return NULL;
	p[0] = (ElfW(Phdr)){ .p_type = PT_LOAD,
			     .p_flags = PF_R | PF_X,
			     .p_vaddr = base - bias,
			     .p_memsz = (uintptr_t)found->dlfo_map_end - base };
	p[1] = (ElfW(Phdr)){ .p_type = PT_GNU_EH_FRAME,
			     .p_vaddr = (uintptr_t)found->dlfo_eh_frame - bias };
	*n = found->dlfo_eh_frame ? 2 : 1;
	return p;
}

/* The path of the object, made absolute: the analyzer looks from another directory. */
static const char *path_of(const struct link_map *map)
{
	const char *name = map->l_name && map->l_name[0] ? map->l_name : exe_path;
	char cwd[PATH_MAX];
	size_t n_cwd = 0;
	size_t n = strlen(name);

	if (name[0] != '/' && strchr(name, '/') && !ws_sandboxed &&
	    ws_raw_syscall(SYS_getcwd, (long)cwd, sizeof(cwd), 0, 0) > 0)
		n_cwd = strlen(cwd);

	char *path = arena_take(n_cwd + 1 + n + 1);

	if (!path)
		return "";
	if (n_cwd) {
		memcpy(path, cwd, n_cwd);
		path[n_cwd++] = '/';
	}
	memcpy(path + n_cwd, name, n + 1);
	return path;
}

static void record(struct module *m, bool loaded)
{
	struct ws_section ws_section_here = { .self = ws_self }; /* the caller's section is open */
	struct ws_ev_module event = {
		.base = m->base,
		.size = loaded ? m->size : 0,
		.bias = m->bias,
		.build_id = m->build_id,
		.build_id_size = m->build_id_size,
		.path = m->path,
	};

	atomic_store_explicit(&m->told, loaded && ws_wanted(module), memory_order_relaxed);
	ws_emit(module, &event);
}

/* Records it if that is still to be done: the unwinder may have met it first. */
static struct module *tell(struct module *m, bool record_it)
{
	if (record_it && !atomic_load_explicit(&m->told, memory_order_relaxed))
		record(m, true);
	return m;
}

/* An object that was unloaded and is loaded again at the same place, as programs do that open a
 * plugin for each use. NULL: there is none. */
static struct module *revive(const struct dl_find_object *found, uint32_t n)
{
	const struct link_map *map = found->dlfo_link_map;
	size_t n_name = strlen(map->l_name);
	uint16_t n_phdrs = 0;
	uint8_t id_size = 0;
	const ElfW(Phdr) *phdrs = live_phdrs(found, &n_phdrs);
	const uint8_t *id = phdrs ? live_build_id(phdrs, n_phdrs, map->l_addr, &id_size) : NULL;

	for (uint32_t i = 0; id && i < n; i++) {
		struct module *m = &modules[i];
		uint8_t was = GONE;

		if (atomic_load_explicit(&m->state, memory_order_acquire) != GONE ||
		    m->base != (uintptr_t)found->dlfo_map_start ||
		    m->base + m->size != (uintptr_t)found->dlfo_map_end || m->bias != map->l_addr ||
		    m->live_id != id || m->build_id_size != id_size ||
		    memcmp(m->build_id, id, id_size) != 0)
			continue;

		size_t n_path = strlen(m->path);

		if (n_path < n_name || strcmp(m->path + n_path - n_name, map->l_name) != 0)
			continue;
		atomic_store_explicit(&m->map, map, memory_order_relaxed);
		atomic_store_explicit(&m->told, false, memory_order_relaxed);
		if (atomic_compare_exchange_strong(&m->state, &was, LOADED))
			return m;
	}
	return NULL;
}

static struct module *add(const struct dl_find_object *found)
{
	uint32_t i = atomic_fetch_add_explicit(&n_modules, 1, memory_order_acq_rel);

	if (i >= WS_MODULES_MAX) {
		/* Keeps the count from ever wrapping round to the table's start. */
		atomic_store_explicit(&n_modules, WS_MODULES_MAX, memory_order_relaxed);
		ws_limit_reached(WS_LIMIT_modules);
		return NULL;
	}

	struct module *m = &modules[i];
	uint16_t n = 0;
	const ElfW(Phdr) *live = live_phdrs(found, &n);

	m->base = (uintptr_t)found->dlfo_map_start;
	m->size = (uintptr_t)found->dlfo_map_end - m->base;
	m->bias = found->dlfo_link_map->l_addr;
	atomic_store_explicit(&m->map, found->dlfo_link_map, memory_order_relaxed);
	if (live) {
		ElfW(Phdr) *copy = arena_take(n * sizeof(*copy));

		if (copy)
			m->phdrs = memcpy(copy, live, n * sizeof(*copy));
		m->live_id = live_build_id(live, n, m->bias, &m->build_id_size);

		uint8_t *id = m->live_id ? arena_take(m->build_id_size) : NULL;

		if (id)
			m->build_id = memcpy(id, m->live_id, m->build_id_size);
	} else {
		m->phdrs = made_phdrs(found, &n);
	}
	m->path = path_of(found->dlfo_link_map);
	m->n_phdrs = m->phdrs ? n : 0;
	if (!m->build_id) {
		m->live_id = NULL;
		m->build_id_size = 0;
	}
	if (!m->phdrs)
		ws_limit_reached(WS_LIMIT_modules);
	atomic_store_explicit(&m->state, LOADED, memory_order_release);
	return m;
}

/* True if the entry is of what the loader found, which is in use now and so can be read. */
static bool is_same(const struct module *m, const struct dl_find_object *found)
{
	return m->base == (uintptr_t)found->dlfo_map_start &&
	       m->base + m->size == (uintptr_t)found->dlfo_map_end &&
	       m->map == found->dlfo_link_map && m->bias == found->dlfo_link_map->l_addr &&
	       (!m->live_id || memcmp(m->live_id, m->build_id, m->build_id_size) == 0);
}

static void gone(struct module *m, bool record_it)
{
	uint8_t was = LOADED;

	/* One of several threads that notice it. */
	if (!atomic_compare_exchange_strong(&m->state, &was, GONE))
		return;
	atomic_fetch_add_explicit(&n_gone, 1, memory_order_relaxed);
	if (record_it)
		record(m, false);
}

/* The entry of a code address, made if need be; NULL: no object holds it. */
static struct module *ensure(uintptr_t pc, bool record_it)
{
	struct dl_find_object found;

	if (_dl_find_object((void *)pc, &found) != 0 || !found.dlfo_link_map)
		return NULL;

	uint32_t n = modules_used();

	for (uint32_t i = 0; i < n; i++) {
		struct module *m = &modules[i];

		if (!is_loaded(m) || m->base >= (uintptr_t)found.dlfo_map_end ||
		    m->base + m->size <= (uintptr_t)found.dlfo_map_start)
			continue;
		if (is_same(m, &found))
			return tell(m, record_it);
		gone(m, record_it); /* unloaded inside libc, and something else has its place */
		atomic_store_explicit(&stale, true, memory_order_relaxed);
	}

	struct module *m = revive(&found, n);

	if (!m)
		m = add(&found);
	return m ? tell(m, record_it) : NULL;
}

void ws_module_ensure(const uintptr_t *pcs, size_t n)
{
	const struct module *last = NULL;

	if (atomic_load_explicit(&stale, memory_order_relaxed) && atomic_exchange(&stale, false))
		ws_stack_forget();
	for (size_t i = 0; i < n; i++) {
		if (last && pcs[i] >= last->base && pcs[i] - last->base < last->size)
			continue;

		const struct module *m = ensure(pcs[i], true);

		if (m)
			last = m;
	}
}

void ws_modules_record(void)
{
	uint32_t n = modules_used();

	for (uint32_t i = 0; i < n; i++)
		if (is_loaded(&modules[i]))
			record(&modules[i], true);
}

bool ws_modules_forget_unloaded(bool record_it)
{
	uint32_t n = modules_used();
	bool any = false;

	for (uint32_t i = 0; i < n; i++) {
		struct module *m = &modules[i];
		struct dl_find_object found;

		if (!is_loaded(m))
			continue;
		/* What is found may be unloaded by another thread now: nothing of it is read. */
		if (_dl_find_object((void *)m->base, &found) == 0 &&
		    found.dlfo_map_start == (void *)m->base && found.dlfo_link_map == m->map)
			continue;
		gone(m, record_it);
		any = true;
	}
	return any;
}

int ws_modules_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
	/* libunwind's callback data begins with the address that it looks for. Should that ever
	 * change, the word is some other number: then nothing is found by it, and code loaded
	 * since the last stack ends that one stack early. */
	if (data)
		ensure(*(const uintptr_t *)data, false);

	uint32_t n = modules_used();

	for (uint32_t i = 0; i < n; i++) {
		struct module *m = &modules[i];

		if (!is_loaded(m) || !m->phdrs)
			continue;

		struct dl_phdr_info info = {
			.dlpi_addr = m->bias,
			.dlpi_name = m->path,
			.dlpi_phdr = m->phdrs,
			.dlpi_phnum = m->n_phdrs,
			.dlpi_adds = n,
			.dlpi_subs = atomic_load_explicit(&n_gone, memory_order_relaxed),
		};
		int r = callback(&info, sizeof(info), data);

		if (r != 0)
			return r;
	}
	return 0;
}

static bool is_tracer_object(const struct link_map *map, uintptr_t begin, uintptr_t end)
{
	const char *name = map->l_name ? map->l_name : "";
	const char *slash = strrchr(name, '/');
	uintptr_t self = (uintptr_t)&ws_modules_init;
	uintptr_t unwinder = (uintptr_t)&unw_backtrace;

	if (strncmp(slash ? slash + 1 : name, "liblttng-ust", strlen("liblttng-ust")) == 0)
		return true;
	/* The program itself has no name: unit tests have us in it, and make their calls from it.
	 */
	return (name[0] && self >= begin && self < end) || (unwinder >= begin && unwinder < end);
}

bool ws_module_is_tracer(uintptr_t address)
{
	uint32_t n = atomic_load_explicit(&n_tracer, memory_order_acquire);

	for (uint32_t i = 0; i < n; i++)
		if (address >= tracer[i].begin && address < tracer[i].end)
			return true;
	if (n)
		return false;

	/* Before the constructor: LTTng's own has run before it. */
	struct dl_find_object found;

	return _dl_find_object((void *)address, &found) == 0 && found.dlfo_link_map &&
	       is_tracer_object(found.dlfo_link_map, (uintptr_t)found.dlfo_map_start,
				(uintptr_t)found.dlfo_map_end);
}

static int list_one(struct dl_phdr_info *info, size_t size, void *data)
{
	uint32_t *n = data;
	uintptr_t base = UINTPTR_MAX;

	(void)size;
	for (uint16_t i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_vaddr < base)
			base = info->dlpi_phdr[i].p_vaddr;
	if (base == UINTPTR_MAX)
		return 0;

	const struct module *m = ensure(info->dlpi_addr + base, false);

	if (m && *n < sizeof(tracer) / sizeof(tracer[0]) &&
	    is_tracer_object(m->map, m->base, m->base + m->size)) {
		tracer[*n].begin = m->base;
		tracer[*n].end = m->base + m->size;
		++*n;
	}
	return 0;
}

void ws_modules_init(void)
{
	uint32_t n = 0;
	ssize_t got = ws_raw_readlink("/proc/self/exe", exe_path, sizeof(exe_path) - 1);

	if (got <= 0) {
		const char *name = (const char *)getauxval(AT_EXECFN);

		if (name)
			strncpy(exe_path, name, sizeof(exe_path) - 1);
	}
	ws_real.dl_iterate_phdr(list_one, &n);
	/* release: pairs with ws_module_is_tracer(). */
	atomic_store_explicit(&n_tracer, n, memory_order_release);
}

const char *ws_modules_exe(void)
{
	return exe_path;
}

const char *ws_modules_self(void)
{
	struct dl_find_object found;

	if (_dl_find_object((void *)&ws_modules_init, &found) != 0 || !found.dlfo_link_map ||
	    !found.dlfo_link_map->l_name)
		return "";
	return found.dlfo_link_map->l_name;
}
