/* SPDX-License-Identifier: MIT */
/* runs.h: entries of any size in the order of a number, larger than memory: put in any order, gone
 * through from the least, as often as one likes.
 *
 * Entries are put into a block; a full one is sorted and goes, as a run, to a temporary file
 * (temporary.h), and to go through them merges the runs. Equal numbers keep the order in which they
 * were put. What fits into one block never touches the disk.
 *
 * Cost: two copies of an entry, O(log n) compares; memory of two blocks and, while it is gone
 * through, WS_RUNS_WINDOW a run: a thousandth of what was put.
 */
#ifndef WS_RUNS_H
#define WS_RUNS_H

#include <stddef.h>
#include <stdint.h>

/* One block. */
#define WS_RUNS_BLOCK (4u << 20)
/* So much of a run is read at once. */
#define WS_RUNS_WINDOW (32u << 10)
/* The largest entry: a block holds several. */
#define WS_RUNS_ENTRY_MAX (WS_RUNS_BLOCK / 4)

struct ws_runs;

/* 0 or -ENOMEM with *ret untouched. */
int ws_runs_new(struct ws_runs **ret);
void ws_runs_free(struct ws_runs *runs); /* NULL is fine */

/* Room for one more entry of `size` bytes, aligned for any number, to be filled before the next
 * call. 0; -E2BIG: it is larger than WS_RUNS_ENTRY_MAX; -ENOMEM; or another negative errno if a
 * block could not be written (say, -ENOSPC): the entries are then of no more use. */
int ws_runs_push(struct ws_runs *runs, uint64_t key, size_t size, void **ret);

/* Calls `take` for every entry, aligned as it was put. Nothing may be put any more. 0; -ENOMEM;
 * another negative errno if the file could not be read; or the first result of `take` that is not
 * 0. */
int ws_runs_each(struct ws_runs *runs, int (*take)(void *user, const void *entry, size_t size),
		 void *user);

#endif
