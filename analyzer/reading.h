/* SPDX-License-Identifier: MIT */
/* reading.h: the options that all commands which read traces have: which traces, which waits, and
 * how many threads read.
 */
#ifndef WS_READING_H
#define WS_READING_H

#include "analyzer/manual.h"
#include "analyzer/study.h"

#define WS_READING_DEFAULT_DIR "./waitscope.trace"

/* Values of getopt_long(); a command's own begin at WS_READING_OWN. */
enum {
	WS_READING_MIN_WAIT = 256,
	WS_READING_PID,
	WS_READING_TID,
	WS_READING_KIND,
	WS_READING_OBJECT,
	WS_READING_FROM,
	WS_READING_TO,
	WS_READING_UNTIL,
	WS_READING_CLASS,
	WS_READING_SHOW_HELP,
	WS_READING_OWN,
	WS_READING_JOBS = 'j',
	WS_READING_OUTPUT = 'o',
};

/* Tables for the command's manual: --output, --jobs and --help; --to, where that word has no other
 * meaning; and which waits count. */
extern const struct ws_row ws_reading_rows[];
extern const struct ws_row ws_reading_to_rows[];
extern const struct ws_row ws_reading_filter_rows[];

/* What T means, for the manual's notes. */
#define WS_READING_TIMES                                                                           \
	"T is a number with ns, us, ms, s, m or h: 10us, 1.5ms, 2s. Without unit: seconds."

/* The default trace, and all of its waits. */
void ws_reading_init(struct ws_study_options *options);

/* One option that getopt_long() found. 1: it was one of these; 0: it is the command's own; -EINVAL:
 * it is wrong, which was said. */
int ws_reading_option(const struct ws_manual *manual, int option, char *value,
		      struct ws_study_options *options);

/* The same without a word: -EINVAL with what is wrong with the value in *wrong. */
int ws_reading_take(int option, char *value, struct ws_study_options *options, const char **wrong);

/* The rest of the command line: the trace folders. 0, or -EINVAL: what is wrong was said. */
int ws_reading_arguments(const struct ws_manual *manual, int argc, char **argv,
			 struct ws_study_options *options);

/* The folder that is named twice, also by two names; NULL: none. Its waits would count twice. */
const char *ws_reading_twice(const char *const *dirs, size_t n);

/* "1.5s" or "end", as the moment of a wait graph, which is then wanted. 0 or -EINVAL. */
int ws_reading_at(const char *text, struct ws_graph_wish *graph);

/* A positive number that is no more than `max`, as text. 0 or -EINVAL. */
int ws_reading_number(const char *text, uint64_t max, uint64_t *ret);

/* The kinds of objects, for rows. */
const char *ws_reading_kind(size_t i, const char **summary);

#endif
