/* SPDX-License-Identifier: MIT */
/* calls.h: which functions were called, how often, and how long that took: traces of the full mode.
 *
 * In: the records of calls. Out: for each function the calls, how many failed, and the time spent
 * in them, that in which their threads were blocked included; by time, then by name.
 *
 * A call that is recorded as it begins and as it returns is one. What the user asks for counts:
 * kinds are those that calls are about, the shortest time is that of a call, and one without an end
 * counts where it began.
 *
 * Cost: O(1) a call; memory by threads and the functions that they call.
 */
#ifndef WS_CALLS_H
#define WS_CALLS_H

#include "analyzer/analyses/setup.h"

struct ws_called {
	uint16_t function; /* number of tracepoints/functions.h; WS_FUNCTION_UNKNOWN: all those that
			    * this build does not know */
	uint64_t calls;
	uint64_t errors;     /* of these, with an errno value */
	uint64_t unfinished; /* of these, without an end: exec, the end of a thread, longjmp, vfork
			      */
	uint64_t total_ns;   /* of those with an end */
	uint64_t max_ns;
};

struct ws_calls_result {
	struct ws_called *list;           /* Owned by this */
	size_t n;                         /* 0: it is no trace of the full mode */
	uint64_t calls, errors, total_ns; /* of all */
};

struct ws_calls;

/* "sem_wait"; "unknown" where this build has no such function. */
const char *ws_called_name(uint16_t function);

/* True if the call (a record of WS_RECORD_CALL) is one that counts, but for process and thread, see filter.h;
 * `begin_ns` is the time of the trace's first record. */
bool ws_call_counts(const struct ws_filter *filter, uint64_t begin_ns,
		    const struct ws_record *record);

#endif
