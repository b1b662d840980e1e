/* SPDX-License-Identifier: MIT */
/* acquisitions.h: how often each lock was taken and in what part of it after a wait, for how long
 * it was then held, and who only tried again and again.
 *
 * In: the library's counts of locks taken and tried in vain, the ends of waits, and releases.
 *
 * Out: for each lock that was waited for, or tried in vain: the counts, and a histogram of the
 * holds whose length is known: of those that began by the end of a wait and ended by a recorded
 * release of the same thread. The others, most of them, are neither timed nor recorded: they cost
 * nothing.
 *
 * Rule: counts are by the identity of the memory, so that they are not told apart where one lock
 * was made where another had been: `shared` says so, and then there is no part. A process that was
 * killed never said what it had counted: then more waits may have acquired the lock than it was
 * taken, and it is taken for as often as was waited.
 *
 * Finding `sleep_polling`: a call that does not wait found one lock taken WS_POLLING_FAILED times
 * or more in one thread. Nobody blocks there, but somebody waits. Of a lock on a file it takes
 * WS_POLLING_SLEPT sleeps between such calls: these are recorded, as waits for the lock that run
 * out.
 *
 * Cost: O(1) a wait, a release and a count; memory by locks and places that try.
 */
#ifndef WS_ACQUISITIONS_H
#define WS_ACQUISITIONS_H

#include "analyzer/analyses/setup.h"

#define WS_POLLING_FAILED 100
#define WS_POLLING_SLEPT  3

struct ws_acquisition {
	const struct ws_object *object; /* Weak: owned by the model; one that was waited for */
	uint64_t acquired;         /* times it was taken, at least `waited`; 0: nobody said so */
	uint64_t waited;           /* of these, after a wait */
	uint64_t failed;           /* tries in vain */
	bool shared;               /* several objects were at this place: the counts are of all */
	struct ws_histogram holds; /* those whose length is known; Owned by the result */
};

struct ws_acquisitions_result {
	struct ws_acquisition *list; /* Owned by this; by object id */
	size_t n;
};

struct ws_acquisitions;

/* That of the object; NULL: nothing is known. */
const struct ws_acquisition *ws_acquisition_of(const struct ws_acquisitions_result *result,
					       const struct ws_object *object);

#endif
