/* SPDX-License-Identifier: MIT */
/* samples.h: the waits as a profile: for each distinct stack how often and how long.
 *
 * In the order of the report: by object, then by time.
 */
#ifndef WS_SAMPLES_H
#define WS_SAMPLES_H

#include "analyzer/reports/report.h"

/* Waits of one thread at one place on one object. */
struct ws_sample {
	const struct ws_object_contention *object; /* Weak */
	const struct ws_party *who; /* Weak: its site alone, where no stack was taken */
	uint32_t process;           /* index, or WS_UNKNOWN */
	uint64_t waits;
	uint64_t wait_ns;
};

/* Calls `take` for each. 0 or the first negative result of `take`. */
int ws_samples_each(const struct ws_report *report,
		    int (*take)(void *user, const struct ws_sample *sample), void *user);

/* The frames of the sample, innermost first; *n is 0 where nothing is known. */
const struct ws_frame *ws_sample_frames(const struct ws_sample *sample, size_t *n);

#endif
