/* SPDX-License-Identifier: MIT */
/* blame.h: who or what the time of waiting was spent for in the end, and what those who were waited
 * for did meanwhile.
 *
 * In: all waits of the trace (past.h), gone through backwards (sweep.h) when the tables are known.
 *
 * Out: for each object of contention's, and for all of them, the time by cause, and the same by party;
 * and what the threads that its waits were for did at that time. The critical path and the what-ifs
 * come from the same sweep: path.h, what_if.h.
 *
 * Rule: at each nanosecond of a wait whoever it is for either runs, and is to blame, or waits itself,
 * and then what that wait is for at this nanosecond is. So each nanosecond has one cause, and the shares
 * of a wait add up to it. A thread that runs is told by what it did next that others waited for: where
 * it took the lock that it held, or where it woke the next in the chain. Whether it had a processor is
 * known of a wait's first holder, where the library measured it: what that holder then neither ran nor
 * waited it was preempted. Elsewhere "ran" means that it ran or was ready to.
 *
 * The waits that count are those of contention. What they depend on may be any.
 */
#ifndef WS_BLAME_H
#define WS_BLAME_H

#include "analyzer/analyses/path.h"
#include "analyzer/analyses/setup.h"
#include "analyzer/analyses/what_if.h"

/* One party's part. */
struct ws_blamed {
	uint32_t what; /* enum ws_cause_class */
	struct ws_party party; /* see ws_cause in sweep.h */
	const struct ws_object *object; /* of the last wait on the way to it; NULL: none */
	uint64_t ns;
};

/* What those who were waited for did. */
struct ws_meanwhile {
	const struct ws_frame *site;    /* where they took what they held, or released; NULL: unknown */
	uint32_t what;                  /* RUNNING, PREEMPTED, GONE or UNKNOWN; or that they waited */
	const struct ws_object *object; /* that they waited for; NULL unless they waited */
	const struct ws_frame *at;      /* where they waited; NULL: unknown, or they did not */
	bool reads;                     /* they waited for something to read */
	uint64_t ns;
};
#define WS_MEANWHILE_WAITED WS_CAUSE_COUNT

struct ws_object_blame {
	const struct ws_object *object; /* Weak; NULL: all objects */
	uint64_t wait_ns;
	uint64_t causes[WS_CAUSE_COUNT];  /* by enum ws_cause_class; they add up to wait_ns */
	struct ws_blamed *parties;        /* by time, most first; they add up to wait_ns, too */
	size_t n_parties;
	struct ws_meanwhile *meanwhile; /* by time, most first; of the time that the waits were for a
					 * thread */
	size_t n_meanwhile;
	uint64_t for_thread_ns;         /* that time */
	uint64_t measured_ns; /* of it, in which they ran or were ready, and which of both was measured */
};

struct ws_blame_result {
	bool known;      /* false: the waits could not be kept, and nothing below is known */
	int error;       /* the negative errno of that */
	struct ws_object_blame total;    /* without `meanwhile` */
	struct ws_object_blame *objects; /* Owned by this; in contention's order */
	size_t n_objects;
	uint32_t *at; /* Owned by this: by ws_object.id: where in `objects` it is, if it is there */
	size_t n_at;
	uint64_t cut_waits; /* waits of which not all holders were kept */
	struct ws_path_result *path;        /* Owned by this */
	struct ws_what_if_result *what_ifs; /* Owned by this */
};

struct ws_blame;

const char *ws_cause_word(uint32_t what); /* running, scheduler and so on */

/* That of the object; NULL: none of its waits count. */
const struct ws_object_blame *ws_blame_of(const struct ws_blame_result *result,
					  const struct ws_object *object);

#endif
