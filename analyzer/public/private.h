/* SPDX-License-Identifier: MIT */
/* private.h: what an analysis of the public interface is inside; for the library and the command.
 */
#ifndef WS_PUBLIC_PRIVATE_H
#define WS_PUBLIC_PRIVATE_H

#include <locale.h>
#include <stdio.h>

#include "analyzer/analyses/sweep.h"
#include "analyzer/base/arena.h"
#include "analyzer/exports/export.h"
#include "analyzer/public/waitscope/analysis.h"
#include "analyzer/study.h"

/* So many traces are read as one, at most. */
#define WS_ANALYSIS_TRACES_MAX 4096

/* Columns of a line of text, at most. */
#define WS_TEXT_WIDTH_MAX 1000

/* What the names of the formats of the wait graph begin with. */
#define WS_ANALYSIS_GRAPH "graph-"

/* Results in the public interface's own structs: made when they are asked for first. */
struct ws_analysis_tables {
	struct ws_analysis_summary summary;
	bool has_summary;
	struct ws_analysis_process *processes; /* Owned by this, as all arrays; NULL: not made */
	struct ws_analysis_thread *threads;
	struct ws_analysis_kind *kinds;
	struct ws_analysis_object *objects;
	uint32_t *by_id; /* where an object of that id is in `objects`, or WS_UNKNOWN */
	uint32_t n_ids;
	struct ws_analysis_edge *edges;
	struct ws_analysis_finding *findings;
	struct ws_analysis_deadlock *deadlocks;
	struct ws_analysis_format *formats;
	struct ws_arena parts; /* what these point to */
};

struct ws_analysis {
	struct ws_study_options options;
	bool taken;            /* the options are somebody else's: ws_analysis_take */
	struct ws_arena texts; /* names of folders, values of options */
	const char **dirs;     /* Owned by this */
	size_t n_dirs, dirs_size;
	const char *what_ifs[WS_WHAT_IF_MAX]; /* Weak: in `texts` */
	struct ws_text_style style;
	struct ws_export_wish wish;
	bool isolate;

	ws_analysis_progress_fn *progress; /* NULL: nobody wants to know */
	void *progress_user;               /* Weak */
	uint64_t told_ns;                  /* any clock: when it was told last */
	ws_analysis_warning_fn *warning;   /* NULL: nobody wants to know */
	void *warning_user;                /* Weak */

	struct ws_watch *watch;     /* Weak, or `own_watch`; NULL: nobody watches */
	struct ws_watch *own_watch; /* Owned by this; NULL: there is none */
	struct ws_study *study;     /* Owned by this; NULL: no results */
	bool run;                   /* it was asked to */
	struct ws_error error;
	struct ws_analysis_tables tables;
};

/* The analysis is of what these options say, which must outlive it, read under the eyes of `watch`
 * (may be NULL). For the command, which has read the options from its own arguments. */
void ws_analysis_take(struct ws_analysis *analysis, const struct ws_study_options *options,
		      struct ws_watch *watch);

/* Instead of running it: begins, for somebody else to read the traces, see study.h; and ends. 0 or
 * a negative errno, and ws_analysis_error(). */
int ws_analysis_feed_begin(struct ws_analysis *analysis, struct ws_pipeline_sink *sink);
int ws_analysis_feed_end(struct ws_analysis *analysis, struct ws_trace *trace);

/* After the run: what the public interface does not tell. */
const struct ws_study *ws_analysis_study(const struct ws_analysis *analysis);

/* The report; NULL: there are no results. */
const struct ws_report *ws_analysis_report(const struct ws_analysis *analysis);

/* Writes a format, and leaves checking `to` for errors to the caller. As ws_analysis_render(). */
int ws_analysis_write(struct ws_analysis *analysis, const char *format, FILE *to);

/* Forgets the last error, and sets another one: `code`. */
int ws_analysis_fail(struct ws_analysis *analysis, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A place in the code, in the public interface's terms. */
struct ws_analysis_place ws_analysis_place_of(const struct ws_party *party);

/* Frees the results that were made. */
void ws_analysis_tables_free(struct ws_analysis_tables *tables);

/* Sets up what is kept while reading for the format. -ENOENT: there is no such format. */
int ws_analysis_format_expect(const char *format, struct ws_setup *setup);

/* Numbers are read and written as in C in the calling thread, whatever locale the process has,
 * until ws_plain_end(). */
locale_t ws_plain_begin(void);
void ws_plain_end(locale_t before);

#endif
