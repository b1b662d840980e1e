/* SPDX-License-Identifier: MIT */
/* baseline.h: what a program may do: where it blocks, in which orders it takes locks, and how often
 * it waits for each. It is kept beside the source, and the gate (gate.h) compares with it.
 *
 * It has the keys of a digest, and no figure that differs from run to run but two, which are the
 * largest that were seen. So it changes only where the program did.
 */
#ifndef WS_BASELINE_H
#define WS_BASELINE_H

#include "analyzer/analyses/matching.h"

/* What may be more than in the baseline before it is told. */
struct ws_tolerances {
	double contended; /* waits per acquisition: so many times as many, and WS_CONTENDED_MORE */
	double critical_path; /* part of it more */
	uint64_t site_waits;  /* fewer waits at a new line are chance, and so is a smaller... */
	double site_share; /* ...part of the lock's acquisitions; unless they took this part of the
			      run */
};
#define WS_TOLERANCES_DEFAULT ((struct ws_tolerances){ 3, 0.25, 3, 0.05 })
#define WS_CONTENDED_MORE     0.1
/* More of all of these is allowed where other programs used the machine: this times their part. */
#define WS_BUSY_MORE 0.5

/* The figures of an object; < 0: not known. */
struct ws_allowed {
	double contended;
	double critical_path; /* part of it that it would save at most without its waits */
};

struct ws_baseline {
	struct ws_digest *digest;   /* Owned by this: without distributions, runs or findings */
	struct ws_allowed *allowed; /* Owned by this: by object of the digest */
	struct ws_tolerances tolerances;
	const char **accepted; /* Owned by this: globs of findings and deadlocks, see gate.h; the
				* texts by the digest */
	size_t n_accepted;
};

/* An empty one: nothing is allowed. NULL: out of memory. */
struct ws_baseline *ws_baseline_new(void);
void ws_baseline_free(struct ws_baseline *baseline); /* NULL is fine */

/* One that allows what `old` does and what the runs did; lines and names are those of the runs,
 * where they have them. 0 or -ENOMEM with *ret untouched. */
int ws_baseline_update(const struct ws_baseline *old, const struct ws_side *runs,
		       struct ws_baseline **ret);

/* The figures of the object in one run. */
struct ws_allowed ws_allowed_of(const struct ws_digest *run, uint64_t acquired, uint64_t waited,
				uint64_t path_ns);

#endif
