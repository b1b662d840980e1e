/* SPDX-License-Identifier: MIT */
/* classes.h: which waiting is a problem, and which is only how the program works.
 *
 * In: begins and ends of waits, and the finished waits.
 *
 * Out: the class of each wait, summed by object and in all. The first rule that fits counts:
 *
 *   1. The user has said so: `--class GLOB=CLASS`, by the object's name.
 *   2. A lock (mutex, rwlock, spinlock, once, record lock, flock): contention.
 *   3. A sleep, or any other wait that its own time limit ended: pacing. But waits on a condition variable
 *      that follow each other with the mutex held between them are one wait that looks at the time:
 *      they are what the last of them is, unless its limit ended that, too.
 *   4. For a child's end, a thread's end or a signal: idle.
 *   5. In an epoll set, ended by a thread that was recorded: idle. An event loop has nothing else
 * to do.
 *   6. For something to come, or for somebody to open the other end of a FIFO, ended by nobody who
 *      was recorded (a socket's peer, a terminal): input.
 *   7. A semaphore that is posted by nobody but those who also wait for it is used as a lock, and so is a
 *      condition variable that is waited for in such rows (3): contention. (Decided once all is known.)
 *   8. For room in a pipe, queue or socket, or at a barrier: hand-over. Another stage is slower.
 *      To open a FIFO is none of these: it waits for a peer, whichever end it opens.
 *   9. Open at the end: idle. Nothing came any more.
 *  10. When it ended, another thread went on waiting for the same object at the same place (and it
 * was no broadcast, which lets all go): idle. There are more workers than work.
 *  11. Who ended it had been idle, paced or waiting for input itself for half of the time or more:
 *      idle. There was nothing to hand over.
 *  12. The rest: hand-over.
 *
 * Half of the time (11) is taken from sums by span of the trace, not from single waits.
 *
 * Cost: O(log) a wait; memory by objects and threads, and 1 KiB a thread.
 */
#ifndef WS_CLASSES_H
#define WS_CLASSES_H

#include "analyzer/analyses/setup.h"

struct ws_class_sum {
	uint64_t waits;
	uint64_t wait_ns;
};

/* One object. */
struct ws_classed {
	const struct ws_object *object; /* Weak: owned by the model */
	enum ws_class most;             /* that most of the time is of; of several the first */
	struct ws_class_sum sums[WS_CLASS_COUNT];
};

struct ws_classes_result {
	struct ws_classed *list; /* Owned by this; by object id */
	size_t n;
	struct ws_class_sum sums[WS_CLASS_COUNT]; /* of all */
	struct ws_class_sum (*threads)[WS_CLASS_COUNT]; /* Owned by this: by index in the tables */
};

struct ws_classes;

/* That of the object; NULL: none of its waits counts. */
const struct ws_classed *ws_classed_of(const struct ws_classes_result *result,
				       const struct ws_object *object);

#endif
