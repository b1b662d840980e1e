/* SPDX-License-Identifier: MIT */
/* names.c: see names.h. */
#include "analyzer/analyses/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/base/words.h"

static int print(struct ws_arena *strings, const char **ret, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int print(struct ws_arena *strings, const char **ret, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return -EINVAL;
	text = ws_arena_alloc(strings, (size_t)n + 1);
	if (!text)
		return -ENOMEM;
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	*ret = text;
	return 0;
}

static const char *module_name(const struct ws_tables *tables, uint32_t module)
{
	const char *name = NULL;

	if (module < tables->n_modules)
		name = ws_base_name(tables->modules[module].path);
	return name && name[0] ? name : NULL;
}

/* By the symbol or at least the module that its memory belongs to. -ENOENT: it is not static. */
static int name_by_data(const struct ws_object *object, const struct ws_tables *tables,
			struct ws_symbols *symbols, struct ws_arena *strings, const char **ret)
{
	const struct ws_code *code;
	const char *name;
	uint64_t offset;

	if (object->data >= tables->n_codes)
		return -ENOENT;
	if (ws_symbols_data(symbols, object->data, &name, &offset) == 0) {
		if (offset)
			return print(strings, ret, "%s+0x%" PRIx64, name, offset);
		return print(strings, ret, "%s", name);
	}
	code = &tables->codes[object->data];
	name = module_name(tables, code->module);
	if (!name)
		return -ENOENT;
	return print(strings, ret, "%s+0x%" PRIx64, name, code->offset);
}

static int name_by_thread(const struct ws_object *object, const struct ws_tables *tables,
			  struct ws_arena *strings, const char **ret)
{
	const struct ws_task *task;

	if (object->key.process != WS_UNKNOWN || object->key.offset >= tables->n_threads)
		return print(strings, ret, "thread (unknown)");
	task = &tables->threads[object->key.offset];
	if (task->name && task->name[0])
		return print(strings, ret, "thread %s[%" PRId32 "]", task->name, task->tid);
	return print(strings, ret, "thread %" PRId32, task->tid);
}

/* "WHAT NAME[PID]" by key.process. */
static int name_by_process(const struct ws_object *object, const char *what,
			   const struct ws_tables *tables, struct ws_arena *strings,
			   const char **ret)
{
	const struct ws_process *process;

	if (object->key.process >= tables->n_processes)
		return print(strings, ret, "%s process %" PRIu64, what, object->key.offset);
	process = &tables->processes[object->key.process];
	return print(strings, ret, "%s %s[%" PRId32 "]", what, process->name, process->pid);
}

/* By what the child was at last: a shell's is first a copy of the shell. */
static int name_by_child(const struct ws_object *object, const struct ws_tables *tables,
			 struct ws_arena *strings, const char **ret)
{
	int32_t pid = (int32_t)object->key.offset;
	const struct ws_process *last = NULL;
	uint64_t ended = 0; /* children with that pid */

	if (!pid)
		return name_by_process(object, "any child of", tables, strings, ret);
	for (size_t i = 0; i < tables->n_processes && ended <= object->key.ino; i++) {
		if (tables->processes[i].pid != pid)
			continue;
		last = &tables->processes[i];
		ended += last->end != WS_END_EXEC;
	}
	if (!last)
		return print(strings, ret, "process %" PRId32, pid);
	return print(strings, ret, "process %s[%" PRId32 "]", last->name, pid);
}

static int name_by_sleeper(const struct ws_object *object, const struct ws_tables *tables,
			   struct ws_arena *strings, const char **ret)
{
	const struct ws_task *task;

	if (object->key.offset >= tables->n_threads)
		return print(strings, ret, "sleep of an unknown thread");
	task = &tables->threads[object->key.offset];
	return print(strings, ret, "sleep of %s[%" PRId32 "]", task->name, task->tid);
}

/* By what the process waits for with it where nothing that it polls has a name, or nothing ended
 * it: a poll() or select(), or the number of an epoll set and one. */
static int name_by_poller(const struct ws_object *object, const struct ws_tables *tables,
			  struct ws_arena *strings, const char **ret)
{
	const struct ws_process *process;

	if (object->key.process >= tables->n_processes)
		return print(strings, ret, "poll");
	process = &tables->processes[object->key.process];
	if (!object->key.offset)
		return print(strings, ret, "poll by %s[%" PRId32 "]", process->name, process->pid);
	return print(strings, ret, "epoll set %" PRIu64 " of %s[%" PRId32 "]",
		     object->key.offset - 1, process->name, process->pid);
}

/* "FILE [0, 100)" */
static int name_by_range(const struct ws_object *object, struct ws_arena *strings, const char **ret)
{
	const char *file =
		object->file->name && object->file->name[0] ? object->file->name : "record_lock";
	const struct ws_object_key *key = &object->key;

	if (!key->length)
		return print(strings, ret, "%s [%" PRIu64 ",...)", file, key->offset);
	return print(strings, ret, "%s [%" PRIu64 ",%" PRIu64 ")", file, key->offset,
		     key->offset + key->length);
}

static int name_by_site(const struct ws_object *object, const char *what, bool with_function,
			const struct ws_frame *site, struct ws_arena *strings, const char **ret)
{
	const char *file = ws_base_name(site->file);
	const char *module = ws_base_name(site->module);
	const char *function = site->function;
	int length = function ? (int)ws_function_length(function) : 0;

	if (file && site->line && function && with_function)
		return print(strings, ret, "%s %s at %.*s() %s:%" PRIu32,
			     ws_kind_word(object->key.kind), what, length, function, file,
			     site->line);
	if (file && site->line)
		return print(strings, ret, "%s %s at %s:%" PRIu32, ws_kind_word(object->key.kind),
			     what, file, site->line);
	if (function)
		return print(strings, ret, "%s %s in %.*s()", ws_kind_word(object->key.kind), what,
			     length, function);
	return print(strings, ret, "%s %s at %s+0x%" PRIx64, ws_kind_word(object->key.kind), what,
		     module ? module : "unknown code", site->offset);
}

/* Who used the lock or queue that is made of a futex: the first caller from another file of the
 * same program or library. Without it, all the objects that one piece of code makes are called the
 * same. NULL: not known. */
static const struct ws_frame *user_of(const struct ws_party *party)
{
	const struct ws_frame *site = party->site;
	bool inside = false; /* from the site on */

	if (!site->file || !site->module)
		return NULL;
	for (size_t i = 0; i < party->trail->n; i++) {
		const struct ws_frame *frame = &party->trail->frames[i];

		inside |= frame->function && site->function && frame->line == site->line &&
			  !strcmp(frame->function, site->function);
		if (inside && frame->function && frame->file && frame->module &&
		    !strcmp(frame->module, site->module) && strcmp(frame->file, site->file))
			return frame;
	}
	return NULL;
}

static int name_by_wait(const struct ws_object *object, const struct ws_party *party,
			struct ws_arena *strings, const char **ret)
{
	const struct ws_frame *user = object->key.kind == WS_KIND_FUTEX ? user_of(party) : NULL;
	const char *name = NULL;
	int r = name_by_site(object, "first waited for", true, party->site, strings, &name);

	if (r || !user) {
		if (!r)
			*ret = name;
		return r;
	}
	return print(strings, ret, "%s for %.*s()", name, (int)ws_function_length(user->function),
		     user->function);
}

int ws_object_name(const struct ws_object *object, const struct ws_tables *tables,
		   struct ws_symbols *symbols, struct ws_places *places, struct ws_arena *strings,
		   const char **ret)
{
	struct ws_party party;
	int r;

	if (object->key.kind == WS_KIND_RECORD_LOCK && object->file)
		return name_by_range(object, strings, ret);
	if (object->of) /* a poll is called as what is polled */
		return ws_object_name(object->of, tables, symbols, places, strings, ret);
	if (object->name && object->name[0])
		return print(strings, ret, "%s", object->name);
	switch (object->key.kind) {
	case WS_KIND_THREAD:
		return name_by_thread(object, tables, strings, ret);
	case WS_KIND_PROCESS:
		return name_by_child(object, tables, strings, ret);
	case WS_KIND_SIGNAL:
		return name_by_process(object, "signal to", tables, strings, ret);
	case WS_KIND_SLEEP:
		return name_by_sleeper(object, tables, strings, ret);
	case WS_KIND_POLL:
		return name_by_poller(object, tables, strings, ret);
	default:
		break;
	}
	r = name_by_data(object, tables, symbols, strings, ret);
	if (r != -ENOENT)
		return r;
	r = ws_places_party(places, WS_UNKNOWN, object->init_site, WS_UNKNOWN, &party);
	if (r < 0)
		return r;
	if (party.site)
		return name_by_site(object, "initialised", false, party.site, strings, ret);
	r = ws_places_party(places, WS_UNKNOWN, object->first_site, object->first_stack, &party);
	if (r < 0)
		return r;
	if (party.site)
		return name_by_wait(object, &party, strings, ret);
	r = ws_places_party(places, WS_UNKNOWN, object->taken_site, WS_UNKNOWN, &party);
	if (r)
		return r;
	if (party.site)
		return name_by_site(object, "first taken", true, party.site, strings, ret);
	return print(strings, ret, "%s (unnamed)", ws_kind_word(object->key.kind));
}
