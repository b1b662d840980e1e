/* SPDX-License-Identifier: MIT */
/* study.h: reads traces and has every analysis answer: what all commands that tell of traces begin
 * with.
 */
#ifndef WS_STUDY_H
#define WS_STUDY_H

#include "analyzer/analyses/setup.h"
#include "analyzer/base/error.h"
#include "analyzer/pipeline.h"
#include "analyzer/reports/report.h"
#include "analyzer/supervise.h"

/* More of them are refused. */
#define WS_CLASS_WISHES_MAX 64

/* What is read, and what is wanted of it. */
struct ws_study_options {
	const char *const *dirs; /* Weak */
	size_t n_dirs;           /* at least 1 */
	unsigned int jobs;       /* threads that read at most; 0: one for each processor */
	struct ws_setup setup;
	/* What `--class` said: the setup's. */
	struct ws_class_wish class_wishes[WS_CLASS_WISHES_MAX];
	/* Called again and again while traces are read, in the caller's thread; another value than
	 * 0 ends it and is returned. NULL: nobody wants to know. */
	int (*tick)(void *user);
	void *tick_user; /* Weak */
};

struct ws_study;

/* Reads all of it. `watch` is the supervisor's; NULL: nobody watches. The options must outlive the
 * study. 0 or a negative errno with *ret untouched and
 * *error set, unless the errno says it all; -ENOENT: there is no trace. */
int ws_study_make(const struct ws_study_options *options, struct ws_watch *watch,
		  struct ws_study **ret, struct ws_error *error);
/* The same for whoever reads the trace: begins, and what records are to be given to goes to *sink;
 * then the trace, which the study takes over in any case. The options' folders may be none, and may
 * be set until the end. 0 or a negative errno; where it fails the study is to be freed. */
int ws_study_begin(const struct ws_study_options *options, struct ws_pipeline_sink *sink,
		   struct ws_study **ret);
int ws_study_end(struct ws_study *study, struct ws_trace *trace);

void ws_study_free(struct ws_study *study); /* NULL is fine */

/* The supervisor's, for who reads the same traces once more; NULL: nobody watches. */
struct ws_watch *ws_study_watch(const struct ws_study *study);

/* What the answers were made with. Valid as long as the study. */
const struct ws_context *ws_study_context(const struct ws_study *study);

/* All that there is to tell. Valid as long as the study. */
const struct ws_report *ws_study_report(const struct ws_study *study);

#endif
