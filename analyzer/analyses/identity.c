/* SPDX-License-Identifier: MIT */
/* identity.c: see identity.h. */
#include "analyzer/analyses/identity.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/words.h"

static const char *const words[] = {
#define WORD(sym, word) [WS_IDENTITY_##sym] = #word,
	WS_IDENTITIES(WORD)
#undef WORD
};

const char *ws_identity_word(enum ws_identity how)
{
	return how < WS_IDENTITY_COUNT ? words[how] : "unknown";
}

int ws_identity_of_word(const char *word, uint8_t *ret)
{
	for (uint8_t i = 0; i < WS_IDENTITY_COUNT; i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int keep(struct ws_arena *strings, const char *text, size_t n, const char **ret)
{
	char *copy = ws_arena_alloc(strings, n + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, n);
	copy[n] = '\0';
	*ret = copy;
	return 0;
}

int ws_identity_of_module(const char *path, struct ws_arena *strings, const char **ret)
{
	const char *name = ws_base_name(path ? path : "");
	const char *so = strstr(name, ".so.");

	return keep(strings, name, so ? (size_t)(so - name) + 3 : strlen(name), ret);
}

int ws_identity_of_function(const char *function, struct ws_arena *strings, const char **ret)
{
	static const char *const added[] = { ".isra.", ".constprop.", ".part.",
					     ".cold",  ".lto_priv.",  ".llvm." };
	size_t n = function ? strlen(function) : 0;

	for (size_t i = 0; n && i < sizeof(added) / sizeof(added[0]); i++) {
		const char *at = strstr(function, added[i]);

		if (at && at > function && (size_t)(at - function) < n)
			n = (size_t)(at - function);
	}
	/* elfutils demangles such a name as "f() [clone .isra.0]". */
	if (n) {
		const char *clone = strstr(function, " [clone ");

		if (clone && (size_t)(clone - function) < n)
			n = (size_t)(clone - function);
	}
	return keep(strings, function ? function : "", n, ret);
}

const char *ws_identity_of_process(const struct ws_tables *tables, uint32_t process)
{
	const struct ws_process *p;

	if (process >= tables->n_processes)
		return "";
	p = &tables->processes[process];
	return p->exe && p->exe[0] ? ws_base_name(p->exe) : p->name ? p->name : "";
}

static bool is_task(const struct ws_tables *tables, uint64_t number)
{
	for (size_t i = 0; i < tables->n_processes; i++)
		if ((uint64_t)tables->processes[i].pid == number)
			return true;
	for (size_t i = 0; i < tables->n_threads; i++)
		if ((uint64_t)tables->threads[i].tid == number)
			return true;
	return false;
}

/* What stands for the number at `digits` of `name`; NULL: it stays. */
static const char *mask_of(const struct ws_tables *tables, const char *name, const char *digits,
			   size_t n, uint8_t kind, bool all)
{
	uint64_t number = strtoull(digits, NULL, 10);

	if (all)
		return "#";
	/* "socket:[4711]", "pipe:[4711]": an inode that is gone with it. */
	if (digits - name >= 2 && digits[-1] == '[' && digits[-2] == ':')
		return "*";
	if (kind == WS_KIND_SOCKET && digits > name && digits[-1] == ':' &&
	    number >= WS_PORT_EPHEMERAL)
		return "*";
	/* Small numbers are pids in containers, too; but names also count from 0. */
	if (n < 2 && !(digits > name && digits[-1] == '[' && digits[n] == ']'))
		return NULL;
	return is_task(tables, number) ? "#" : NULL;
}

/* `all`: every number is masked. */
static int mask(const struct ws_tables *tables, const char *name, uint8_t kind, bool all,
		struct ws_arena *strings, const char **ret)
{
	char *text = ws_arena_alloc(strings, strlen(name) + 1);
	char *to = text;

	if (!text)
		return -ENOMEM;
	for (const char *at = name; *at;) {
		size_t n = strspn(at, "0123456789");
		const char *by = n ? mask_of(tables, name, at, n, kind, all) : NULL;

		/* "0x1f", "+0x40": not decimal. */
		if (n && at > name && isalpha((unsigned char)at[-1]) && !all)
			by = NULL;
		if (by) {
			*to++ = *by;
		} else {
			size_t copied = n ? n : 1;

			memcpy(to, at, copied);
			to += copied;
		}
		at += n ? n : 1;
	}
	*to = '\0';
	*ret = text;
	return 0;
}

int ws_identity_of_thread(const struct ws_context *context, uint32_t thread,
			  struct ws_arena *strings, const char **ret)
{
	const struct ws_tables *tables = context->tables;
	const struct ws_task *task;
	const struct ws_frame *frames;
	const char *function, *process;
	char *text;
	size_t n;
	int r;

	if (thread >= tables->n_threads) {
		*ret = "unknown";
		return 0;
	}
	task = &tables->threads[thread];
	process = task->process < tables->n_processes ? tables->processes[task->process].name : "";
	if (task->name && task->name[0] && strcmp(task->name, process) != 0)
		return mask(tables, task->name, WS_KIND_THREAD, true, strings, ret);
	if (task->start >= tables->n_codes) {
		*ret = "main";
		return 0;
	}
	r = ws_symbols_code(context->symbols, task->start, false, &frames, &n);
	if (r < 0)
		return r;
	if (!frames[n - 1].function) {
		*ret = "thread";
		return 0;
	}
	r = ws_identity_of_function(frames[n - 1].function, strings, &function);
	if (r < 0)
		return r;
	if (asprintf(&text, "%.*s()", (int)ws_function_length(function), function) < 0)
		return -ENOMEM;
	*ret = ws_arena_strdup(strings, text);
	free(text);
	return *ret ? 0 : -ENOMEM;
}

static int role(const char *what, const char *whose, struct ws_arena *strings, const char **ret)
{
	char *text;

	if (asprintf(&text, "%s%s", what, whose) < 0)
		return -ENOMEM;
	*ret = ws_arena_strdup(strings, text);
	free(text);
	return *ret ? 0 : -ENOMEM;
}

/* Whose role it is: a thread, or a process. */
static int identify_role(const struct ws_context *context, const struct ws_object *object,
			 struct ws_arena *strings, struct ws_object_identity *ret)
{
	const struct ws_tables *tables = context->tables;
	const struct ws_object_key *key = &object->key;
	bool of_thread = key->kind == WS_KIND_THREAD || key->kind == WS_KIND_SLEEP;
	const char *whose = "";
	uint32_t process = key->process;
	int r = 0;

	ret->how = WS_IDENTITY_ROLE;
	if (of_thread) {
		uint32_t thread =
			key->offset < tables->n_threads ? (uint32_t)key->offset : WS_UNKNOWN;

		r = ws_identity_of_thread(context, thread, strings, &whose);
		process = thread == WS_UNKNOWN ? WS_UNKNOWN : tables->threads[thread].process;
	}
	if (r < 0)
		return r;
	ret->module = ws_identity_of_process(tables, process);
	if (key->kind == WS_KIND_PROCESS && key->offset)
		return role("process", "", strings, &ret->label);
	if (key->kind == WS_KIND_PROCESS)
		return role("any child", "", strings, &ret->label);
	if (key->kind == WS_KIND_SIGNAL)
		return role("signal", "", strings, &ret->label);
	if (key->kind == WS_KIND_POLL)
		return role(key->offset ? "epoll set" : "poll", "", strings, &ret->label);
	return role(key->kind == WS_KIND_SLEEP ? "sleep of " : "thread ", whose, strings,
		    &ret->label);
}

/* By the name of what ended: the display has it as "process NAME[PID]". */
static int identify_child(const char *display, struct ws_arena *strings,
			  struct ws_object_identity *ret)
{
	const char *name = strncmp(display, "process ", 8) == 0 ? display + 8 : display;
	const char *pid = strrchr(name, '[');

	ret->how = WS_IDENTITY_ROLE;
	ret->module = "";
	return keep(strings, name, pid ? (size_t)(pid - name) : strlen(name), &ret->label);
}

/* 1: it has such an identity; 0; -ENOMEM. */
static int identify_data(const struct ws_context *context, const struct ws_object *object,
			 struct ws_arena *strings, struct ws_object_identity *ret)
{
	const struct ws_tables *tables = context->tables;
	uint32_t module;
	const char *name;
	uint64_t offset;
	char *text;
	int r;

	if (object->data >= tables->n_codes)
		return 0;
	module = tables->codes[object->data].module;
	r = ws_identity_of_module(module < tables->n_modules ? tables->modules[module].path : NULL,
				  strings, &ret->module);
	if (r < 0)
		return r;
	ret->how = WS_IDENTITY_DATA;
	if (ws_symbols_data(context->symbols, object->data, &name, &offset) == 0)
		r = offset ? asprintf(&text, "%s+0x%" PRIx64, name, offset)
			   : asprintf(&text, "%s", name);
	else
		r = asprintf(&text, "+0x%" PRIx64, tables->codes[object->data].offset);
	if (r < 0)
		return -ENOMEM;
	ret->label = ws_arena_strdup(strings, text);
	free(text);
	return ret->label ? 1 : -ENOMEM;
}

/* 1, 0 or -ENOMEM, as above. */
static int identify_init(const struct ws_context *context, const struct ws_object *object,
			 struct ws_arena *strings, struct ws_object_identity *ret)
{
	struct ws_party party;
	int r = ws_places_party(context->places, WS_UNKNOWN, object->init_site, WS_UNKNOWN, &party);

	if (r < 0 || !party.site)
		return r;
	ret->how = WS_IDENTITY_INIT;
	ret->label = "";
	ret->at = party.site;
	r = ws_identity_of_module(party.site->module, strings, &ret->module);
	return r < 0 ? r : 1;
}

static int identify_use(const struct ws_context *context, const struct ws_object *object,
			struct ws_arena *strings, struct ws_object_identity *ret)
{
	struct ws_party party;
	int r = ws_places_party(context->places, WS_UNKNOWN, object->first_site,
				object->first_stack, &party);

	if (r == 0 && !party.site)
		r = ws_places_party(context->places, WS_UNKNOWN, object->taken_site, WS_UNKNOWN,
				    &party);
	if (r < 0)
		return r;
	ret->how = WS_IDENTITY_USE;
	ret->label = "";
	ret->at = party.site;
	return ws_identity_of_module(party.site ? party.site->module : NULL, strings, &ret->module);
}

static int identify(const struct ws_context *context, const struct ws_object *object,
		    const char *display, struct ws_arena *strings, struct ws_object_identity *ret)
{
	const struct ws_object *of = ws_object_polled(object);
	int r;

	if (of->key.kind == WS_KIND_RECORD_LOCK || (of->name && of->name[0]) ||
	    strstr(display, "\xe2\x86\x92") || strstr(display, "\xe2\x86\x94")) { /* the arrows */
		ret->how = WS_IDENTITY_NAME;
		ret->module = "";
		return mask(context->tables, display, of->key.kind, false, strings, &ret->label);
	}
	switch (of->key.kind) {
	case WS_KIND_PROCESS:
		if (of->key.offset)
			return identify_child(display, strings, ret);
		return identify_role(context, of, strings, ret);
	case WS_KIND_THREAD:
	case WS_KIND_SIGNAL:
	case WS_KIND_SLEEP:
	case WS_KIND_POLL:
		return identify_role(context, of, strings, ret);
	default:
		break;
	}
	r = identify_data(context, of, strings, ret);
	if (r == 0)
		r = identify_init(context, of, strings, ret);
	if (r == 0)
		r = identify_use(context, of, strings, ret);
	return r < 0 ? r : 0;
}

int ws_identity_of_object(const struct ws_context *context, const struct ws_object *object,
			  const char *display, struct ws_arena *strings,
			  struct ws_object_identity *ret)
{
	struct ws_object_identity made = { .kind = object->key.kind, .module = "", .label = "" };
	int r = identify(context, object, display, strings, &made);

	if (r == 0)
		*ret = made;
	return r;
}
