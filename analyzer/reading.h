/* SPDX-License-Identifier: MIT */
/* reading.h: the options that all commands which read traces have: which traces, which waits, and
 * how many threads read.
 */
#ifndef WS_READING_H
#define WS_READING_H

#include <getopt.h>

#include "analyzer/study.h"

#define WS_READING_DEFAULT_DIR "./waitscope.trace"

/* Values of getopt_long(); a command's own begin at WS_READING_OWN. */
enum {
	WS_READING_MIN_WAIT = 256,
	WS_READING_PID,
	WS_READING_TID,
	WS_READING_KIND,
	WS_READING_FROM,
	WS_READING_TO,
	WS_READING_CLASS,
	WS_READING_SHOW_HELP,
	WS_READING_OWN,
	WS_READING_OUTPUT = 'o',
};

/* Rows of the command's table, and letters of its short options. `to` is the end of the span, where
 * that word has no other meaning; `until` always is. */
#define WS_READING_OPTIONS                                                                         \
	{ "jobs", required_argument, NULL, 'j' },                                                  \
		{ "min-wait", required_argument, NULL, WS_READING_MIN_WAIT },                      \
		{ "pid", required_argument, NULL, WS_READING_PID },                                \
		{ "tid", required_argument, NULL, WS_READING_TID },                                \
		{ "kind", required_argument, NULL, WS_READING_KIND },                              \
		{ "from", required_argument, NULL, WS_READING_FROM },                              \
		{ "until", required_argument, NULL, WS_READING_TO },                               \
		{ "class", required_argument, NULL, WS_READING_CLASS },                            \
		{ "output", required_argument, NULL, WS_READING_OUTPUT },                          \
	{                                                                                          \
		"help", no_argument, NULL, WS_READING_SHOW_HELP                                    \
	}
#define WS_READING_OPTION_TO                                                                       \
	{                                                                                          \
		"to", required_argument, NULL, WS_READING_TO                                       \
	}
#define WS_READING_LETTERS "j:o:"

/* Lines of the command's help, with the name of the option that ends the span, `--to` or `--until`.
 * @KINDS@ is replaced by the kinds, see ws_reading_help. */
#define WS_READING_HELP(to)                                                                        \
	"  -j, --jobs N        read with at most N threads, if there are as many streams\n"        \
	"                      (default: one for each processor); the result is the same for any " \
	"N\n"                                                                                      \
	"\n"                                                                                       \
	"Count only some waits:\n"                                                                 \
	"  --min-wait T        those that took at least T\n"                                       \
	"  --pid P             those of process P\n"                                               \
	"  --tid T             those of thread T\n"                                                \
	"  --kind K[,K...]     those on objects of these kinds:\n"                                 \
	"                      @KINDS@\n"                                                          \
	"  --from T, " to " T\n"                                                                   \
	"                      those that overlap this span, counted from the trace's "            \
	"beginning;\n"                                                                             \
	"                      they count in full\n"                                               \
	"  --class GLOB=CLASS  waits on objects of these names are contention, handover, input,\n" \
	"                      pacing or idle, whatever the rules say (docs/classes.md)\n"

/* What is wrong with an option. */
struct ws_usage {
	const char *what;
	const char *value; /* that was given; NULL: none */
};

/* The default trace, and all of its waits. */
void ws_reading_init(struct ws_study_options *options);

/* One option that getopt_long() found. 1: it was one of these; 0: it is the command's own; -EINVAL
 * with *usage set. */
int ws_reading_option(int option, char *value, struct ws_study_options *options,
		      struct ws_usage *usage);

/* The rest of the command line: the trace folders. 0 or -EINVAL with *usage set. */
int ws_reading_arguments(int argc, char **argv, struct ws_study_options *options,
			 struct ws_usage *usage);

/* Prints a help text that has WS_READING_HELP in it. */
void ws_reading_help(const char *text);

/* Says what is wrong, in one line, by the name of the command. WS_EXIT_USAGE. */
int ws_reading_usage(const char *command, const struct ws_usage *usage);

/* getopt_long() returned '?' or ':': the same. */
int ws_reading_unknown(const char *command, int option, char **argv);

/* "1.5s" or "end", as the moment of a wait graph, which is then wanted. 0 or -EINVAL. */
int ws_reading_at(const char *text, struct ws_graph_wish *graph);

/* A positive number that is no more than `max`, as text. 0 or -EINVAL. */
int ws_reading_number(const char *text, uint64_t max, uint64_t *ret);

#endif
