/* SPDX-License-Identifier: MIT */
/* isolate.c: see isolate.h. */
#include "analyzer/public/isolate.h"

#include <errno.h>

#include "analyzer/pipeline.h"
#include "analyzer/supervise.h"

static int read_all(void *user, struct ws_watch *watch, int64_t *number)
{
	const struct ws_study_options *options = user;
	const struct ws_pipeline_options how = { .readers = options->jobs, .watch = watch };
	const struct ws_pipeline_sink nowhere = { .records = NULL };
	struct ws_trace *trace = NULL;

	(void)number;
	(void)ws_pipeline_run_as(&how, options->dirs, options->n_dirs, &nowhere, &trace, NULL);
	ws_trace_free(trace);
	return 0;
}

int ws_isolate(const struct ws_study_options *options, struct ws_watch *watch,
	       struct ws_error *error)
{
	const struct ws_supervised what = {
		.name = "", .learned = watch, .work = read_all, .user = (void *)options
	};

	if (ws_supervise_as(&what, NULL) == 0)
		return 0;
	return ws_error_set(error, -EINVAL, "%s can't be read: libbabeltrace2 does not survive it",
			    options->dirs[0]);
}
