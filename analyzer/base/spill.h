/* SPDX-License-Identifier: MIT */
/* spill.h: a stack of entries of any size that may be larger than memory: last in, first out.
 *
 * Entries are put one after another into a block; a full block goes to a temporary file in TMPDIR
 * (or /tmp) that has no name, so that it is gone with the process. What fits into one block never
 * touches the disk. To take an entry reads the file block by block, from its end.
 *
 * Cost: a copy of each entry in and none out; memory of one block, whatever is put in.
 */
#ifndef WS_SPILL_H
#define WS_SPILL_H

#include <stddef.h>
#include <stdint.h>

/* One block. */
#define WS_SPILL_BLOCK (1u << 20)
/* The largest entry: a block holds several. */
#define WS_SPILL_ENTRY_MAX (WS_SPILL_BLOCK / 4)

struct ws_spill;

/* 0 or -ENOMEM with *ret untouched. */
int ws_spill_new(struct ws_spill **ret);
void ws_spill_free(struct ws_spill *spill); /* NULL is fine */

/* Room for one more entry of `size` bytes, aligned for any number, to be filled before the next call.
 * 0; -E2BIG: it is larger than WS_SPILL_ENTRY_MAX; or a negative errno if a block could not be
 * written (say, -ENOSPC): the entries are then of no more use. */
int ws_spill_push(struct ws_spill *spill, size_t size, void **ret);

/* Takes the last entry; it is valid until the next call. 1; 0: there is none; or a negative errno if
 * it could not be read. */
int ws_spill_pop(struct ws_spill *spill, const void **ret, size_t *size);

#endif
