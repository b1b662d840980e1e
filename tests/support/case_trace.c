/* SPDX-License-Identifier: MIT */
/* case_trace.c: see case_trace.h. */
#include "tests/support/case_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAMES 512
#define MAX_WORDS 24

/* Texts by number, in order of appearance. */
struct names {
	char *text[MAX_NAMES];
	size_t n;
};

struct case_trace {
	struct ws_record *records;
	size_t n_records, size;
	struct ws_tables tables;
	struct names processes, threads, codes, stacks, objects, texts;
	uint32_t open_seq[MAX_NAMES][8]; /* by thread: seqs of its open waits */
	unsigned n_open[MAX_NAMES];
	uint32_t next_seq[MAX_NAMES];
	uint32_t next_wake[MAX_NAMES];
};

static void *need(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void *grown(void *array, size_t n, size_t size)
{
	array = need(realloc(array, (n + 1) * size));
	memset((char *)array + n * size, 0, size);
	return array;
}

static uint32_t number_of(struct names *names, const char *text, bool *fresh)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->text[i], text) == 0) {
			*fresh = false;
			return (uint32_t)i;
		}
	}
	if (names->n == MAX_NAMES)
		abort();
	names->text[names->n] = need(strdup(text));
	*fresh = true;
	return (uint32_t)names->n++;
}

struct case_trace *case_trace_new(void)
{
	return need(calloc(1, sizeof(struct case_trace)));
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->text[i]);
}

void case_trace_free(struct case_trace *trace)
{
	if (!trace)
		return;
	for (size_t i = 0; i < trace->tables.n_stacks; i++)
		free(trace->tables.stacks[i].frames);
	free(trace->tables.processes);
	free(trace->tables.threads);
	free(trace->tables.modules);
	free(trace->tables.codes);
	free(trace->tables.stacks);
	names_free(&trace->processes);
	names_free(&trace->threads);
	names_free(&trace->codes);
	names_free(&trace->stacks);
	names_free(&trace->objects);
	names_free(&trace->texts);
	free(trace->records);
	free(trace);
}

static uint32_t process_of(struct case_trace *trace, const char *name)
{
	struct ws_tables *tables = &trace->tables;
	bool fresh;
	uint32_t index = number_of(&trace->processes, name, &fresh);

	if (fresh) {
		tables->processes = grown(tables->processes, index, sizeof(*tables->processes));
		tables->processes[index].pid = 1000 * ((int32_t)index + 1);
		tables->processes[index].parent = WS_UNKNOWN;
		tables->processes[index].name = trace->processes.text[index];
		tables->processes[index].exe = "";
		tables->n_processes = index + 1;
	}
	return index;
}

static uint32_t thread_of(struct case_trace *trace, const char *name)
{
	struct ws_tables *tables = &trace->tables;
	const char *dot = strchr(name, '.');
	char process[64] = "p";
	uint32_t index, owner;
	bool fresh;

	if (strcmp(name, "-") == 0 || strcmp(name, "?") == 0)
		return WS_UNKNOWN;
	if (dot)
		snprintf(process, sizeof(process), "%.*s", (int)(dot - name), name);
	owner = process_of(trace, process);
	index = number_of(&trace->threads, name, &fresh);
	if (fresh) {
		tables->threads = grown(tables->threads, index, sizeof(*tables->threads));
		tables->threads[index].tid = tables->processes[owner].pid + (int32_t)index;
		tables->threads[index].process = owner;
		tables->threads[index].creator = WS_UNKNOWN;
		tables->threads[index].start = WS_UNKNOWN;
		tables->threads[index].name = dot ? strchr(trace->threads.text[index], '.') + 1
						  : trace->threads.text[index];
		tables->n_threads = index + 1;
	}
	return index;
}

static int32_t pid_of(struct case_trace *trace, const char *name)
{
	return trace->tables.processes[process_of(trace, name)].pid;
}

/* Each code is a module of its own, whose path is the text: the symbols of tests read it there. */
static uint32_t code_of(struct case_trace *trace, const char *text)
{
	struct ws_tables *tables = &trace->tables;
	uint32_t index;
	bool fresh;

	if (!text || strcmp(text, "?") == 0)
		return WS_UNKNOWN;
	index = number_of(&trace->codes, text, &fresh);
	if (fresh) {
		tables->codes = grown(tables->codes, index, sizeof(*tables->codes));
		tables->modules = grown(tables->modules, index, sizeof(*tables->modules));
		tables->codes[index] = (struct ws_code){ index, 0x1000 + 0x10 * (uint64_t)index };
		tables->modules[index].path = trace->codes.text[index];
		tables->n_codes = tables->n_modules = index + 1;
	}
	return index;
}

static uint32_t stack_of(struct case_trace *trace, const char *text)
{
	struct ws_tables *tables = &trace->tables;
	char *copy, *rest, *frame;
	struct ws_stack stack = { 0 };
	uint32_t index;
	bool fresh;

	if (!text || strcmp(text, "?") == 0)
		return WS_UNKNOWN;
	index = number_of(&trace->stacks, text, &fresh);
	if (!fresh)
		return index;
	rest = copy = need(strdup(text));
	while ((frame = strsep(&rest, "<"))) {
		stack.frames = grown(stack.frames, stack.depth, sizeof(*stack.frames));
		stack.frames[stack.depth++] = code_of(trace, frame);
	}
	free(copy);
	tables->stacks = grown(tables->stacks, index, sizeof(*tables->stacks));
	tables->stacks[index] = stack;
	tables->n_stacks = index + 1;
	return index;
}

static struct ws_holder who_of(struct case_trace *trace, const char *text)
{
	struct ws_holder who = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN };
	char *copy, *rest;

	if (!text)
		return who;
	rest = copy = need(strdup(text));
	who.thread = thread_of(trace, strsep(&rest, "/"));
	who.site = code_of(trace, strsep(&rest, "/"));
	who.stack = stack_of(trace, rest);
	free(copy);
	return who;
}

#define KIND_NAME(sym, word, n) [n] = #word,
static const char *const kinds[] = { WS_KINDS(KIND_NAME) };
static const char *const outcomes[] = { WS_OUTCOMES(KIND_NAME) };
static const char *const wake_ops[] = { WS_WAKE_OPS(KIND_NAME) };
static const char *const misuses[] = { WS_MISUSES(KIND_NAME) };
static const char *const object_ops[] = { WS_OBJECT_OPS(KIND_NAME) };
static const char *const process_ops[] = { WS_PROCESS_OPS(KIND_NAME) };
#define WORD(list, text) word_of(list, sizeof(list) / sizeof((list)[0]), text)

static uint8_t word_of(const char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; text && i < n; i++) {
		if (list[i] && strcmp(list[i], text) == 0)
			return (uint8_t)i;
	}
	return 0;
}

/* "FILE[START,END)": bytes of a file. */
static void file_of(struct case_trace *trace, const char *text, struct ws_object_key *key)
{
	const char *range = strchr(text, '[');
	unsigned long long start = 0, end = 0;
	char file[64];
	bool fresh;

	snprintf(file, sizeof(file), "%.*s", range ? (int)(range - text) : (int)strlen(text), text);
	if (range)
		sscanf(range, "[%llu,%llu)", &start, &end);
	key->process = WS_UNKNOWN;
	key->dev = 1;
	key->ino = 0x100 + number_of(&trace->objects, file, &fresh);
	key->offset = start;
	key->length = end > start ? end - start : 0;
}

/* The key becomes that of something in the mapping that the cases share. */
static void map_of(struct case_trace *trace, struct ws_object_key *key, enum ws_map_origin origin)
{
	static const uint64_t inodes[] = { [WS_MAP_FILE] = 8, [WS_MAP_ANON] = 7 };
	bool fresh;

	key->process = WS_UNKNOWN;
	key->origin = (uint8_t)origin;
	key->dev = origin != WS_MAP_SYSV;
	key->ino = origin == WS_MAP_SYSV ? 0x100 + number_of(&trace->objects, "*segment", &fresh)
					 : inodes[origin];
}

/* Kind 0 if the text is none. */
static struct ws_object_key object_of(struct case_trace *trace, const char *text, uint32_t process)
{
	struct ws_object_key key = { 0 };
	const char *colon = text ? strchr(text, ':') : NULL;
	char kind[32];
	bool fresh;

	if (!colon)
		return key;
	snprintf(kind, sizeof(kind), "%.*s", (int)(colon - text), text);
	key.kind = WORD(kinds, kind);
	key.process = process;
	if (key.kind == WS_KIND_THREAD) {
		if (strcmp(colon + 1, "?") == 0) {
			key.offset = UINT64_C(0x7f0000000000);
			return key;
		}
		key.process = WS_UNKNOWN;
		key.offset = thread_of(trace, colon + 1);
		return key;
	}
	if (key.kind == WS_KIND_PROCESS) {
		if (strcmp(colon + 1, "any") != 0)
			key.offset = (uint64_t)pid_of(trace, colon + 1);
		return key;
	}
	if (key.kind == WS_KIND_RECORD_LOCK) {
		file_of(trace, colon + 1, &key);
		return key;
	}
	key.offset = 0x100 + number_of(&trace->objects, colon + 1, &fresh);
	if (colon[1] == '*' || colon[1] == '+' || colon[1] == '%') {
		key.process = WS_UNKNOWN;
		if (ws_kind_naming(key.kind) == WS_NAMED_BY_ADDRESS)
			map_of(trace, &key,
			       colon[1] == '*'   ? WS_MAP_ANON
			       : colon[1] == '+' ? WS_MAP_FILE
						 : WS_MAP_SYSV);
	}
	return key;
}

/* The value of `name=`, or NULL; "" for a word that stands alone. */
static const char *word(char *const *words, const char *name)
{
	size_t length = strlen(name);

	for (; *words; words++) {
		if (strncmp(*words, name, length) != 0)
			continue;
		if ((*words)[length] == '=')
			return *words + length + 1;
		if (!(*words)[length])
			return *words + length;
	}
	return NULL;
}

static uint32_t number(char *const *words, const char *name, uint32_t otherwise)
{
	const char *text = word(words, name);

	if (!text)
		return otherwise;
	return strcmp(text, "all") == 0 ? WS_WAKE_ALL : (uint32_t)strtoul(text, NULL, 10);
}

static int64_t signed_number(char *const *words, const char *name)
{
	const char *text = word(words, name);

	return text ? strtoll(text, NULL, 10) : 0;
}

static const char *parse_begin(struct case_trace *trace, struct ws_record *record, char **words)
{
	uint32_t thread = record->thread;

	record->type = WS_RECORD_WAIT_BEGIN;
	record->wait_begin.object = object_of(trace, words[0], record->process);
	if (!record->wait_begin.object.kind)
		return "begin: no such kind";
	record->wait_begin.mutex = object_of(trace, word(words, "mutex"), record->process);
	record->wait_begin.begin_ns = number(words, "began", (uint32_t)record->at_ns);
	record->wait_begin.seq = number(words, "seq", ++trace->next_seq[thread]);
	if (trace->n_open[thread] == 8)
		return "begin: too deeply nested";
	trace->open_seq[thread][trace->n_open[thread]++] = record->wait_begin.seq;
	record->wait_begin.type = signed_number(words, "type");
	record->wait_begin.flags = (uint8_t)((word(words, "read") ? WS_WAIT_READ : 0) |
					     (word(words, "timed") ? WS_WAIT_TIMED : 0) |
					     (word(words, "again") ? WS_WAIT_AGAIN : 0) |
					     (word(words, "opens") ? WS_WAIT_OPENS : 0) |
					     (word(words, "announced") ? WS_WAIT_ANNOUNCED : 0) |
					     (word(words, "shared") ? WS_WAIT_SHARED : 0));
	record->wait_begin.data = code_of(trace, word(words, "data"));
	record->wait_begin.site = code_of(trace, word(words, "site"));
	record->wait_begin.stack = stack_of(trace, word(words, "stack"));
	record->wait_begin.holder = who_of(trace, word(words, "held"));
	if (word(words, "holds"))
		record->wait_begin.held = number(words, "holds", 0) + 1;
	return NULL;
}

static const char *parse_end(struct case_trace *trace, struct ws_record *record, char **words)
{
	uint32_t thread = record->thread;
	uint32_t top = 0;

	record->type = WS_RECORD_WAIT_END;
	record->wait_end.outcome = WORD(outcomes, words[0]);
	if (!record->wait_end.outcome)
		return "end: no such outcome";
	if (trace->n_open[thread])
		top = trace->open_seq[thread][--trace->n_open[thread]];
	record->wait_end.seq = number(words + 1, "seq", top);
	record->wait_end.index = (int32_t)number(words + 1, "index", UINT32_MAX);
	record->wait_end.error = (int32_t)number(words + 1, "error", 0);
	record->wait_end.holder = who_of(trace, word(words + 1, "held"));
	if (word(words + 1, "ran"))
		record->wait_end.ran = number(words + 1, "ran", 0) + 1;
	return NULL;
}

static const char *parse_wake(struct case_trace *trace, struct ws_record *record, char **words)
{
	record->type = WS_RECORD_WAKE;
	record->wake.op = WORD(wake_ops, words[0]);
	record->wake.object = object_of(trace, words[1], record->process);
	record->wake.owner =
		word(words, "owner") ? thread_of(trace, word(words, "owner")) : WS_UNKNOWN;
	if (!record->wake.op || !record->wake.object.kind)
		return "wake: no such operation or kind";
	record->wake.seq = ++trace->next_wake[record->thread];
	record->wake.flags = (uint8_t)((word(words, "late") ? WS_WAKE_LATE : 0) |
				       (word(words, "read") ? WS_WAKE_READ : 0) |
				       (word(words, "locked") ? WS_WAKE_LOCKED : 0));
	record->wake.target = object_of(trace, word(words, "target"), record->process);
	record->wake.count = number(words, "count", 1);
	record->wake.data = WS_UNKNOWN;
	record->wake.site = code_of(trace, word(words, "site"));
	record->wake.type = signed_number(words, "type");
	record->wake.hold.thread = record->thread;
	record->wake.hold.site = code_of(trace, word(words, "hold"));
	record->wake.hold.stack = stack_of(trace, word(words, "hold_stack"));
	return NULL;
}

static const char *parse_object(struct case_trace *trace, struct ws_record *record, char **words)
{
	const char *name = word(words, "name");
	bool fresh;

	record->type = WS_RECORD_OBJECT;
	record->object.op = WORD(object_ops, words[0]);
	record->object.object = object_of(trace, words[1], record->process);
	if (!record->object.op || !record->object.object.kind)
		return "object: no such operation or kind";
	record->object.data = code_of(trace, word(words, "data"));
	record->object.site = code_of(trace, word(words, "site"));
	record->object.value = number(words, "value", 0);
	record->object.name = "";
	if (name)
		record->object.name = trace->texts.text[number_of(&trace->texts, name, &fresh)];
	return NULL;
}

static uint8_t edge_flags(char **words)
{
	return (uint8_t)((word(words, "try") ? WS_EDGE_TRY : 0) |
			 (word(words, "timed") ? WS_EDGE_TIMED : 0) |
			 (word(words, "read") ? WS_EDGE_READ : 0) |
			 (word(words, "last") ? WS_EDGE_LAST : 0) |
			 (word(words, "file") ? WS_EDGE_FILE : 0));
}

/* `edge` and `holds`. */
static const char *parse_lock(struct case_trace *trace, struct ws_record *record, char **words,
			      bool edge)
{
	record->type = edge ? WS_RECORD_LOCK_EDGE : WS_RECORD_LOCK_HELD;
	record->lock.object = object_of(trace, words[0], record->process);
	if (!record->lock.object.kind)
		return "edge: no such kind";
	record->lock.seq = 1;
	record->lock.flags = edge_flags(words);
	record->lock.data = code_of(trace, word(words, "data"));
	record->lock.site = code_of(trace, word(words, "site"));
	record->lock.stack = stack_of(trace, word(words, "stack"));
	if (!edge)
		return NULL;
	record->lock.held = number(words, "held", 1);
	record->lock.segment = number(words, "segment", 1);
	record->lock.syncs = number(words, "syncs", 0);
	record->lock.locks = number(words, "locks", 0);
	return NULL;
}

static const char *parse_stats(struct case_trace *trace, struct ws_record *record, char **words)
{
	record->type = WS_RECORD_LOCK_STATS;
	record->lock_stats.object = object_of(trace, words[0], record->process);
	if (!record->lock_stats.object.kind)
		return "stats: no such kind";
	record->lock_stats.data = code_of(trace, word(words, "data"));
	record->lock_stats.site = code_of(trace, word(words, "site"));
	record->lock_stats.acquired = number(words, "acquired", 0);
	record->lock_stats.failed = number(words, "failed", 0);
	return NULL;
}

static const char *parse_misuse(struct case_trace *trace, struct ws_record *record, char **words)
{
	record->type = WS_RECORD_MISUSE;
	record->misuse.what = WORD(misuses, words[0]);
	record->misuse.object = object_of(trace, words[1], record->process);
	if (!record->misuse.what || !record->misuse.object.kind)
		return "misuse: no such misuse or kind";
	record->misuse.flags = (uint8_t)((word(words, "robust") ? WS_MISUSE_ROBUST : 0) |
					 (word(words, "read") ? WS_MISUSE_READ : 0));
	record->misuse.mutex = object_of(trace, word(words, "mutex"), record->process);
	record->misuse.data = WS_UNKNOWN;
	record->misuse.site = code_of(trace, word(words, "site"));
	record->misuse.stack = stack_of(trace, word(words, "stack"));
	record->misuse.call = code_of(trace, word(words, "call"));
	record->misuse.holder = who_of(trace, word(words, "held"));
	return NULL;
}

/* `start`, `exit` and `join`. */
static const char *parse_step(struct case_trace *trace, struct ws_record *record, const char *verb,
			      char **words)
{
	record->type = WS_RECORD_THREAD;
	record->thread_step.joined = WS_UNKNOWN;
	record->thread_step.creator = WS_UNKNOWN;
	record->thread_step.segment = number(words, "segment", 0);
	if (strcmp(verb, "join") == 0) {
		record->thread_step.op = WS_THREAD_JOIN;
		record->thread_step.joined = thread_of(trace, words[0]);
		return NULL;
	}
	record->thread_step.op = verb[0] == 's' ? WS_THREAD_START : WS_THREAD_EXIT;
	if (word(words, "creator"))
		record->thread_step.creator = thread_of(trace, word(words, "creator"));
	if (verb[0] == 'e')
		trace->tables.threads[record->thread].end_ns = record->at_ns;
	return NULL;
}

/* `maps` and `reach`. */
static const char *parse_reach(struct case_trace *trace, struct ws_record *record, char **words,
			       bool maps)
{
	record->type = WS_RECORD_REACH;
	if (maps) {
		map_of(trace, &record->reach.object,
		       word(words, "file")   ? WS_MAP_FILE
		       : word(words, "sysv") ? WS_MAP_SYSV
					     : WS_MAP_ANON);
		record->reach.ends = UINT8_MAX;
		return NULL;
	}
	record->reach.object = object_of(trace, words[0], record->process);
	record->reach.ends = (uint8_t)((word(words, "reads") ? WS_END_READS : 0) |
				       (word(words, "writes") ? WS_END_WRITES : 0));
	return record->reach.object.kind ? NULL : "reach: no such kind";
}

static const char *parse_process(struct case_trace *trace, struct ws_record *record, char **words)
{
	uint32_t of = word(words, "of") ? process_of(trace, word(words, "of")) : WS_UNKNOWN;
	uint32_t parent =
		word(words, "parent") ? process_of(trace, word(words, "parent")) : WS_UNKNOWN;
	struct ws_process *process = &trace->tables.processes[record->process];

	record->type = WS_RECORD_PROCESS;
	record->process_step.op = WORD(process_ops, words[0]);
	record->process_step.pid = process->pid;
	record->process_step.parent = parent;
	record->process_step.before = WS_UNKNOWN;
	record->process_step.by =
		word(words, "by") ? thread_of(trace, word(words, "by")) : WS_UNKNOWN;
	record->process_step.segment = number(words, "segment", 0);
	process = &trace->tables.processes[record->process]; /* more of them may have moved it */
	if (parent != WS_UNKNOWN)
		process->parent = parent;
	switch (record->process_step.op) {
	case WS_PROCESS_NONE:
		return "process: no such operation";
	case WS_PROCESS_SPAWNED:
		record->thread = WS_UNKNOWN;
		record->process_step.program = word(words, "program") != NULL;
		record->process_step.parent = process->parent = of;
		break;
	case WS_PROCESS_FORK:
		record->process_step.parent = process->parent = of;
		break;
	case WS_PROCESS_START:
		record->process_step.before = of;
		if (of != WS_UNKNOWN)
			process->pid = trace->tables.processes[of].pid;
		record->process_step.pid = process->pid;
		break;
	case WS_PROCESS_EXIT:
		process->end = WS_END_EXITED;
		process->end_ns = record->at_ns;
	}
	return NULL;
}

static const char *parse_verb(struct case_trace *trace, struct ws_record *record, const char *verb,
			      char **words)
{
	if (strcmp(verb, "begin") == 0)
		return parse_begin(trace, record, words);
	if (strcmp(verb, "end") == 0)
		return parse_end(trace, record, words);
	if (strcmp(verb, "wake") == 0)
		return parse_wake(trace, record, words);
	if (strcmp(verb, "object") == 0)
		return parse_object(trace, record, words);
	if (strcmp(verb, "edge") == 0 || strcmp(verb, "holds") == 0)
		return parse_lock(trace, record, words, verb[0] == 'e');
	if (strcmp(verb, "stats") == 0)
		return parse_stats(trace, record, words);
	if (strcmp(verb, "process") == 0)
		return parse_process(trace, record, words);
	if (strcmp(verb, "maps") == 0 || strcmp(verb, "reach") == 0)
		return parse_reach(trace, record, words, verb[0] == 'm');
	if (strcmp(verb, "misuse") == 0)
		return parse_misuse(trace, record, words);
	if (strcmp(verb, "start") == 0 || strcmp(verb, "exit") == 0 || strcmp(verb, "join") == 0)
		return parse_step(trace, record, verb, words);
	if (strcmp(verb, "holder") == 0) {
		record->type = WS_RECORD_HOLDER;
		record->holder.seq = number(words, "seq", trace->next_seq[record->thread]);
		record->holder.holder = who_of(trace, words[0]);
	} else if (strcmp(verb, "held") == 0) {
		record->type = WS_RECORD_HELD;
		record->held.seq = number(words, "seq", trace->next_seq[record->thread] + 1);
		record->held.object = object_of(trace, words[0], record->process);
		record->held.data = code_of(trace, word(words, "data"));
		record->held.site = code_of(trace, word(words, "site"));
		record->held.stack = stack_of(trace, word(words, "stack"));
		record->held.flags = word(words, "read") ? WS_HOLD_READ : 0;
	} else if (strcmp(verb, "also") == 0) {
		record->type = WS_RECORD_WAIT_OBJECT;
		record->wait_object.seq = number(words, "seq", trace->next_seq[record->thread]);
		record->wait_object.object = object_of(trace, words[0], record->process);
		record->wait_object.data = code_of(trace, word(words, "data"));
		record->wait_object.flags = word(words, "read") ? WS_WAIT_READ : 0;
	} else if (strcmp(verb, "wake_stack") == 0) {
		record->type = WS_RECORD_WAKE_STACK;
		record->wake_stack.seq = number(words, "seq", trace->next_wake[record->thread]);
		record->wake_stack.stack = stack_of(trace, words[0]);
	} else if (strcmp(verb, "loss") == 0) {
		record->type = WS_RECORD_LOSS;
		record->loss.events = words[0] ? strtoul(words[0], NULL, 10) : 1;
		trace->tables.lost_events += record->loss.events;
	} else {
		return "no such verb";
	}
	return NULL;
}

const char *case_trace_line(struct case_trace *trace, const char *line)
{
	char *copy = need(strdup(line));
	char *words[MAX_WORDS + 1] = { NULL };
	struct ws_tables *tables = &trace->tables;
	struct ws_record record = { 0 };
	const char *error = "not TIME THREAD VERB";
	size_t n = 0;

	for (char *rest = copy, *token; n < MAX_WORDS && (token = strsep(&rest, " \t\n"));) {
		if (*token)
			words[n++] = token;
	}
	if (n >= 3) {
		record.at_ns = strtoull(words[0], NULL, 10);
		record.thread = thread_of(trace, words[1]);
		record.process = WS_UNKNOWN;
		if (record.thread != WS_UNKNOWN)
			record.process = tables->threads[record.thread].process;
		error = parse_verb(trace, &record, words[2], words + 3);
	}
	free(copy);
	if (error)
		return error;
	if (trace->n_records == 0)
		tables->begin_ns = record.at_ns;
	tables->end_ns = record.at_ns;
	tables->events++;
	if (record.process != WS_UNKNOWN) {
		struct ws_process *process = &tables->processes[record.process];

		if (!process->begin_ns)
			process->begin_ns = record.at_ns;
		process->end_ns = record.at_ns;
	}
	trace->records = grown(trace->records, trace->n_records, sizeof(*trace->records));
	trace->records[trace->n_records++] = record;
	return NULL;
}

const struct ws_record *case_trace_records(const struct case_trace *trace, size_t *n)
{
	*n = trace->n_records;
	return trace->records;
}

struct ws_tables *case_trace_tables(struct case_trace *trace)
{
	return &trace->tables;
}

static const char *name_of(const struct names *names, uint64_t index)
{
	return index < names->n ? names->text[index] : "?";
}

const char *case_thread_name(const struct case_trace *trace, uint32_t thread)
{
	return name_of(&trace->threads, thread);
}

const char *case_code_name(const struct case_trace *trace, uint32_t code)
{
	return name_of(&trace->codes, code);
}

const char *case_stack_name(const struct case_trace *trace, uint32_t stack)
{
	return name_of(&trace->stacks, stack);
}

const char *case_object_name(const struct case_trace *trace, const struct ws_object_key *key)
{
	static char names[8][80];
	static unsigned int next;

	if (key->kind == WS_KIND_THREAD)
		return name_of(&trace->threads, key->offset);
	if (key->kind == WS_KIND_PROCESS)
		return key->offset ? name_of(&trace->processes, key->offset / 1000 - 1) : "any";
	if (key->kind == WS_KIND_RECORD_LOCK) {
		const char *file = name_of(&trace->objects, key->ino - 0x100);
		char *name = names[next++ % 8];

		if (key->length)
			snprintf(name, sizeof(names[0]), "%s[%llu,%llu)", file,
				 (unsigned long long)key->offset,
				 (unsigned long long)(key->offset + key->length));
		else if (key->offset)
			snprintf(name, sizeof(names[0]), "%s[%llu,...)", file,
				 (unsigned long long)key->offset);
		else
			snprintf(name, sizeof(names[0]), "%s", file);
		return name;
	}
	return name_of(&trace->objects, key->offset - 0x100);
}
