/* SPDX-License-Identifier: MIT */
/* fill.h: how full what carries something was, as the kernel tells, for the next `transfer` event.
 *
 * Asked where somebody waits anyway: of who waits for room before, of who waits for something after.
 * Calls that do not wait ask nothing, and so a queue that was never waited at has no fill.
 */
#ifndef WS_FILL_H
#define WS_FILL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Waits at which it is asked for each time; then at one of WS_FILL_EVERY. */
#define WS_FILL_ALWAYS 64u
#define WS_FILL_EVERY  8u

/* In bytes; of message queues of POSIX in messages. */
struct ws_fill {
	_Atomic uint64_t most;  /* that was seen since the last event */
	_Atomic uint64_t room;  /* what it holds at most; 0: not known */
	_Atomic uint32_t looks;
};

/* True if this wait is one at which to ask. */
static inline bool ws_fill_is_due(struct ws_fill *fill)
{
	uint32_t n = atomic_fetch_add_explicit(&fill->looks, 1, memory_order_relaxed);

	return n < WS_FILL_ALWAYS || n % WS_FILL_EVERY == 0;
}

/* It held `taken` as that was read, and `now`, of at most `room` (0: not known). Not both together: more
 * may have come between. */
static inline void ws_fill_note(struct ws_fill *fill, uint64_t taken, uint64_t now, uint64_t room)
{
	now = taken > now ? taken : now;

	uint64_t was = atomic_load_explicit(&fill->most, memory_order_relaxed);

	while (was < now &&
	       !atomic_compare_exchange_weak_explicit(&fill->most, &was, now, memory_order_relaxed,
						      memory_order_relaxed))
		;
	if (room)
		atomic_store_explicit(&fill->room, room, memory_order_relaxed);
}

/* Takes what was seen for an event. */
static inline void ws_fill_take(struct ws_fill *fill, uint64_t *most, uint64_t *room)
{
	*most = atomic_exchange_explicit(&fill->most, 0, memory_order_relaxed);
	*room = *most ? atomic_load_explicit(&fill->room, memory_order_relaxed) : 0;
}

#endif
