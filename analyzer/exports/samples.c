/* SPDX-License-Identifier: MIT */
/* samples.c: see samples.h. */
#include "analyzer/exports/samples.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/base/words.h"

int ws_samples_each(const struct ws_report *report,
		    int (*take)(void *user, const struct ws_sample *sample), void *user)
{
	const struct ws_contention_result *result = report->results->contention;

	for (size_t i = 0; i < result->n_objects; i++) {
		const struct ws_object_contention *object = &result->objects[i];

		for (size_t k = 0; k < object->waiters.n_shares; k++) {
			const struct ws_share *share = &object->waiters.shares[k];
			uint32_t thread = share->party.thread;
			struct ws_sample sample = {
				.object = object,
				.who = &share->party,
				.process = thread < report->tables->n_threads
						   ? report->tables->threads[thread].process
						   : WS_UNKNOWN,
				.waits = share->waits.count,
				.wait_ns = share->waits.total,
			};
			int r = take(user, &sample);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

const struct ws_frame *ws_sample_frames(const struct ws_sample *sample, size_t *n)
{
	*n = sample->who->trail->n;
	if (*n)
		return sample->who->trail->frames;
	*n = sample->who->site ? 1 : 0;
	return sample->who->site;
}

void ws_frame_name(const struct ws_frame *frame, char *text, size_t size)
{
	const char *module = ws_base_name(frame->module);

	if (frame->function)
		snprintf(text, size, "%s", frame->function);
	else
		snprintf(text, size, "%s+0x%" PRIx64, module ? module : "unknown", frame->offset);
}

void ws_sample_object(const struct ws_sample *sample, char *text, size_t size)
{
	const char *kind = ws_kind_word(sample->object->object->key.kind);
	const char *name = sample->object->name;
	size_t n = strlen(kind);

	/* A name that is made from the kind does not need it twice. */
	if (strncmp(name, kind, n) == 0 && name[n] == ' ')
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "%s %s", kind, name);
}

void ws_process_name(const struct ws_report *report, uint32_t process, char *text, size_t size)
{
	const struct ws_tables *tables = report->tables;

	if (process < tables->n_processes)
		snprintf(text, size, "%s[%" PRId32 "]", tables->processes[process].name,
			 tables->processes[process].pid);
	else
		snprintf(text, size, "unknown");
}
