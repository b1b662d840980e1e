/* SPDX-License-Identifier: MIT */
/* watch.h: where each thread is inside libbabeltrace2, for whoever watches from another process.
 *
 * libbabeltrace2 2.0.4 ends the process on some damaged packets, and never comes back from others.
 * So what is about to be read is written down here first, in memory that outlives the process: a
 * second run then avoids it (`avoid`), and keeps all that came before.
 */
#ifndef WS_WATCH_H
#define WS_WATCH_H

#include <stdatomic.h>
#include <stdint.h>

/* Threads that read at the same time; more streams are read by as many. */
#define WS_WATCH_SLOTS 64

/* What a run can be told to avoid; a trace that needs more is given up. */
#define WS_AVOID_MAX 64

/* Where a thread is. */
enum ws_watch_place {
	WS_WATCH_OUTSIDE,
	WS_WATCH_FOLDER, /* opens the folder number `what` as a whole */
	WS_WATCH_FILE,   /* opens the file number `item` of the folder number `what` alone */
	WS_WATCH_STREAM, /* reads the stream number `what`, which it has turned to `item` times */
};

/* One thread. All members are written by it alone; relaxed, since nothing else hangs on them. */
struct ws_watch_slot {
	_Atomic uint64_t turn;  /* changes with each step: if it does not, the thread is stuck */
	_Atomic uint32_t place; /* enum ws_watch_place */
	_Atomic uint32_t what;
	_Atomic uint64_t item;
	_Atomic uint64_t events; /* read so far */
	_Atomic uint64_t bytes;  /* of packets whose end has come, as the index tells */
} __attribute__((aligned(64)));

/* What not to do again, and why. */
struct ws_avoid {
	uint32_t place; /* enum ws_watch_place */
	uint32_t what;
	uint64_t item; /* STREAM: how often it may be turned to */
	uint8_t stuck; /* it did not come back; 0: it crashed */
};

/* Lives in memory that the watched process shares with its watcher; all zero at first. */
struct ws_watch {
	struct ws_watch_slot slots[WS_WATCH_SLOTS];
	_Atomic uint64_t bytes_total; /* of all streams whose index tells; 0: not known */
	_Atomic uint32_t reading;     /* the streams are being read; 0: before that, and after */
	_Atomic uint32_t crashed;     /* slot of the thread that crashed, and one; 0: none told */
	char folder[64];              /* temporary, to be removed if the process dies; "": none */
	struct ws_avoid avoid[WS_AVOID_MAX];
	uint32_t n_avoid;
};

/* The calling thread enters libbabeltrace2. */
static inline void ws_watch_enter(struct ws_watch_slot *slot, enum ws_watch_place place,
				  uint32_t what, uint64_t item)
{
	atomic_store_explicit(&slot->what, what, memory_order_relaxed);
	atomic_store_explicit(&slot->item, item, memory_order_relaxed);
	atomic_store_explicit(&slot->turn,
			      atomic_load_explicit(&slot->turn, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	atomic_store_explicit(&slot->place, place, memory_order_relaxed);
}

/* It is back. */
static inline void ws_watch_leave(struct ws_watch_slot *slot)
{
	atomic_store_explicit(&slot->place, WS_WATCH_OUTSIDE, memory_order_relaxed);
}

/* Adds to a counter of the calling thread's slot. */
static inline void ws_watch_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/* Says which slot is the calling thread's, for ws_watch_mine. */
void ws_watch_be(uint32_t slot);

/* The slot that the calling thread has named; 0 where it has named none. For signal handlers. */
uint32_t ws_watch_mine(void);

/* The entry of the list about that; NULL: there is none. */
const struct ws_avoid *ws_watch_avoids(const struct ws_watch *watch, enum ws_watch_place place,
				       uint32_t what, uint64_t item);

/* What happened there, as a part of a sentence. */
const char *ws_avoid_reason(const struct ws_avoid *avoid);

#endif
