/* SPDX-License-Identifier: MIT */
/* told.h: what the model tells its observer, kept as a batch of bytes that another thread can read.
 *
 * Everything that the model lends for the call only is copied: records with their texts, waits with
 * their charges, pieces and waker, edges with the locks held. Objects stay the model's: see struct
 * ws_model_observer for what may be read of them. A batch has room for many items; one that is
 * longer than all of it gets an empty batch grown for it.
 */
#ifndef WS_TOLD_H
#define WS_TOLD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/model.h"

/* A batch. Whoever fills it has it alone; then any number of threads may read it. */
struct ws_told {
	_Atomic uint32_t readers; /* who have not read it yet; its users' to count */
	size_t n, size;           /* bytes that are used, and that there is room for */
	unsigned char *bytes;     /* Owned by this */
};

/* An empty one with room for `size` bytes. 0 or -ENOMEM with *ret untouched. */
int ws_told_new(size_t size, struct ws_told **ret);
void ws_told_free(struct ws_told *told); /* NULL is fine */

/* Adds what the observer's function of that name was told; `now_ns`: the time of the record that
 * the model is at. 0; -ENOBUFS with nothing added: the batch is too full for it; or -ENOMEM. */
int ws_told_record(struct ws_told *told, uint64_t now_ns, const struct ws_record *record);
int ws_told_begin(struct ws_told *told, uint64_t now_ns, const struct ws_wait *wait);
int ws_told_end(struct ws_told *told, uint64_t now_ns, const struct ws_wait *wait);
int ws_told_wait(struct ws_told *told, uint64_t now_ns, const struct ws_wait *wait);
int ws_told_held(struct ws_told *told, uint64_t now_ns, const struct ws_hold *hold);
int ws_told_woke(struct ws_told *told, uint64_t now_ns, const struct ws_wake *wake);
int ws_told_wake(struct ws_told *told, uint64_t now_ns, const struct ws_wake *wake);
int ws_told_edge(struct ws_told *told, uint64_t now_ns, const struct ws_lock_edge *edge);
int ws_told_misuse(struct ws_told *told, uint64_t now_ns, const struct ws_misuse_seen *misuse);
int ws_told_count(struct ws_told *told, uint64_t now_ns, const struct ws_lock_count *count);
int ws_told_transfer(struct ws_told *told, uint64_t now_ns, const struct ws_transfer *transfer);
/* `tables` are not copied. */
int ws_told_over(struct ws_told *told, uint64_t now_ns, const struct ws_tables *tables);

/* Tells the observer all of it, in order. *now_ns is the time that the observer was told last, 0 at
 * first: to be kept from batch to batch. 0 or what the observer returned, at once. */
int ws_told_play(const struct ws_told *told, const struct ws_model_observer *to, uint64_t *now_ns);

#endif
