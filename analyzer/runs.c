/* SPDX-License-Identifier: MIT */
/* runs.c: see runs.h. */
#include "analyzer/runs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/command.h"
#include "analyzer/decode/run_file.h"
#include "analyzer/reports/digest_json.h"
#include "analyzer/say.h"
#include "analyzer/supervise.h"

/* What the process that reads is given. */
struct reading {
	const char *failed; /* Weak */
	struct ws_study_options options;
	const char *dir; /* Weak */
	FILE *to;        /* shared with who compares */
};

static int digest(const struct reading *reading, const struct ws_study *study)
{
	const struct ws_report *report = ws_study_report(study);
	const struct ws_digest_source source = {
		.path = reading->dir,
		.context = ws_study_context(study),
		.results = report->results,
		.counts = report->counts,
		.frames = report->frames,
		.unresolved_frames = report->unresolved_frames,
		.busy = ws_run_file_busy(reading->dir),
	};
	struct ws_digest *made;
	int r = ws_digest_make(&source, &made);

	if (r < 0)
		return r;
	r = ws_digest_write(made, reading->to);
	ws_digest_free(made);
	return r;
}

static int complain(const struct reading *reading, int code, struct ws_error *error)
{
	bool is_missing = code == -ENOENT;

	if (is_missing)
		ws_error_set(error, code, "%s: %s", reading->dir, strerror(-code));
	ws_error_set(error, code, "%s: %s: %s", reading->dir, reading->failed, strerror(-code));
	if (is_missing)
		ws_say("%s; `waitscope record PROGRAM` makes one", error->text);
	else
		ws_say_error(error, code);
	return WS_EXIT_FAILURE;
}

static int work(void *user, struct ws_watch *watch, int64_t *number)
{
	struct reading *reading = user;
	struct ws_error error = { "" };
	struct ws_study *study = NULL;
	int r;

	(void)number;
	/* A try before this one may have died of the trace while it wrote. */
	rewind(reading->to);
	r = ftruncate(fileno(reading->to), 0) < 0 ? -errno : 0;
	if (r == 0)
		r = ws_study_make(&reading->options, watch, &study, &error);
	if (r == 0)
		r = digest(reading, study);
	ws_study_free(study);
	return r < 0 ? complain(reading, r, &error) : WS_EXIT_OK;
}

int ws_run_read(const char *failed, const struct ws_study_options *options, const char *dir,
		struct ws_digest **ret)
{
	struct reading reading = {
		.failed = failed,
		.options = *options,
		.dir = dir,
		.to = tmpfile(),
	};
	struct ws_error error = { "" };
	const struct ws_supervised supervised = {
		.name = "waitscope", .progress = true, .work = work, .user = &reading
	};
	int status;

	if (!reading.to)
		return complain(&reading, -errno, &error);
	reading.options.dirs = &reading.dir;
	reading.options.n_dirs = 1;
	reading.options.setup.slices = true;
	/* Its array of wishes moved with it. */
	reading.options.setup.class_wishes = reading.options.class_wishes;
	status = ws_supervise(&supervised, NULL);
	if (status == WS_EXIT_OK) {
		int r;

		rewind(reading.to);
		r = ws_digest_read(reading.to, ret);
		if (r < 0)
			status = complain(&reading, r, &error);
	}
	fclose(reading.to);
	return status;
}
