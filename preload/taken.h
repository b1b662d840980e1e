/* SPDX-License-Identifier: MIT */
/* taken.h: the semaphores that a thread has taken and not given back: used as a lock, it holds
 * them.
 *
 * A semaphore has no owner: who posts it need not be who waited for it, so what is noted here
 * proves nothing. It says where a thread took what others wait for, if it waits itself
 * (`wait_held`).
 *
 * A place for each of a few semaphores, by a hash: what another one takes the place of is
 * forgotten.
 *
 * Rules: owner only, no malloc, no lock, errno stays.
 */
#ifndef WS_TAKEN_H
#define WS_TAKEN_H

#include <stddef.h>
#include <stdint.h>

#define WS_TAKEN_MAX 8

struct ws_taken {
	uintptr_t object; /* address, or id of the set */
	uintptr_t other;  /* System V: number of the semaphore; otherwise 0 */
	uintptr_t site;   /* return address of the last call that took it */
	uint32_t n;       /* units that were taken and not given back; 0: the place is free */
	int32_t pid;      /* of the process then: in a fork child they are the parent's */
	uint8_t kind;     /* enum ws_kind */
};

extern __thread struct ws_taken ws_taken[WS_TAKEN_MAX] __attribute__((tls_model("initial-exec")));

static inline struct ws_taken *ws_taken_place(uintptr_t object, uintptr_t other)
{
	return &ws_taken[(object >> 4 ^ object ^ other) % WS_TAKEN_MAX];
}

/* The thread has taken `n` units. */
static inline void ws_taken_add(uint8_t kind, uintptr_t object, uintptr_t other, uint32_t n,
				uintptr_t site, int32_t pid)
{
	struct ws_taken *place = ws_taken_place(object, other);

	if (place->object != object || place->other != other || place->kind != kind ||
	    place->pid != pid)
		place->n = 0;
	place->object = object;
	place->other = other;
	place->site = site;
	place->n += n;
	place->pid = pid;
	place->kind = kind;
}

/* It gives back `n`, which need not be its own. */
static inline void ws_taken_back(uint8_t kind, uintptr_t object, uintptr_t other, uint32_t n)
{
	struct ws_taken *place = ws_taken_place(object, other);

	if (place->object == object && place->other == other && place->kind == kind)
		place->n = place->n > n ? place->n - n : 0;
}

#endif
