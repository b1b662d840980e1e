/* SPDX-License-Identifier: MIT */
/* gen_docs.c: prints docs/tracepoints.md from events.h and kinds.h. */
#include <stdio.h>

#include "events.h"
#include "format.h"

struct word {
	const char *name;
	int number;
};

#define WORD(sym, word, n) { #word, (n) },
#define LIST(name, list)                                                                           \
	static const struct word name##_words[] = { list(WORD) };                                  \
	static void print_##name(void)                                                             \
	{                                                                                          \
		print_words(#name, name##_words, sizeof(name##_words) / sizeof(*name##_words));    \
	}

static void print_words(const char *name, const struct word *words, size_t n)
{
	printf("\n### %s\n\n| number | word |\n| --- | --- |\n", name);
	for (size_t i = 0; i < n; i++)
		printf("| %d | `%s` |\n", words[i].number, words[i].name);
}

LIST(ws_kind, WS_KINDS)
LIST(ws_outcome, WS_OUTCOMES)
LIST(ws_wake_op, WS_WAKE_OPS)
LIST(ws_object_op, WS_OBJECT_OPS)
LIST(ws_thread_op, WS_THREAD_OPS)
LIST(ws_misuse, WS_MISUSES)
LIST(ws_process_op, WS_PROCESS_OPS)

static void print_field(const char *name, const char *type, const char *shown, const char *doc)
{
	printf("| `%s` | %s | %s | ", name, type, shown);
	for (; *doc; doc++) {
		if (*doc == '|')
			putchar('\\');
		putchar(*doc);
	}
	puts(" |");
}

#define INT(type, name, doc)        print_field(#name, #type, "decimal", doc);
#define HEX(type, name, doc)        print_field(#name, #type, "hexadecimal", doc);
#define ENUM(list, name, doc)       print_field(#name, "uint8_t", "word of [" #list "](#" #list ")", doc);
#define STR(name, doc)              print_field(#name, "string", "text", doc);
#define SEQ(type, name, count, doc) print_field(#name, #type "[" #count "]", "hexadecimal", doc);

static void print_heading(void)
{
	puts("| field | type | shown as | meaning |\n| --- | --- | --- | --- |");
}

#define EVENT(event, fields, channel, doc)                                                         \
	printf("\n### waitscope:%s\n\n%s Channel `%s`.\n\n", #event, doc, #channel);               \
	print_heading();                                                                           \
	fields(INT, HEX, ENUM, STR, SEQ)

int main(void)
{
	printf("# The trace format\n\n"
	       "Made from `tracepoints/events.h` and `tracepoints/kinds.h`; do not edit "
	       "(`cmake --build build --target docs`).\n\n"
	       "A trace is plain CTF, written by LTTng-UST: `babeltrace2 DIR` and Trace Compass "
	       "read "
	       "it. Its events are\nthose of the provider `waitscope`, format version %d. "
	       "`tracepoints/format.h` says what may change without a new version.\n"
	       "Clock: LTTng's, CLOCK_MONOTONIC in nanoseconds.\n\n"
	       "What a reader may rely on:\n\n"
	       "- `wait_begin` is recorded before the thread blocks, `wait_end` after it goes on. "
	       "Both carry the thread's `seq`.\n"
	       "- `wake` is recorded before the operation is carried out, and so before the "
	       "`wait_end` that it causes, unless its\n  flag says that it is late.\n"
	       "- An uncontended operation records nothing: a lock that nobody had to wait for is "
	       "not in the trace.\n"
	       "- Definitions (`module`, `stack`, `map`, `object`, `thread`, `process`) are in a "
	       "channel of their own. Where one was\n  lost, what refers to it is unknown, never "
	       "guessed.\n"
	       "- Stacks hold at most %d frames; what is deeper is cut at the outer end.\n\n"
	       "## Events\n\n"
	       "Every event begins with these fields:\n\n",
	       WS_FORMAT_VERSION, WS_STACK_DEPTH_MAX);
	print_heading();
	WS_FIELDS_COMMON(INT, HEX, ENUM, STR, SEQ)
	WS_EVENTS(EVENT)
	puts("\n## Words");
	print_ws_kind();
	print_ws_outcome();
	print_ws_wake_op();
	print_ws_object_op();
	print_ws_thread_op();
	print_ws_misuse();
	print_ws_process_op();
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
