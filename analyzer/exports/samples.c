/* SPDX-License-Identifier: MIT */
/* samples.c: see samples.h. */
#include "analyzer/exports/samples.h"

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
