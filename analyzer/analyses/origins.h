/* SPDX-License-Identifier: MIT */
/* origins.h: who made each thread, and when it ended.
 *
 * Rule: a thread is made by its creator, or by its process's main thread if that is not recorded; a
 * main thread by that of the image that its own replaced, else by that of the parent process.
 */
#ifndef WS_ORIGINS_H
#define WS_ORIGINS_H

#include "analyzer/decode/record.h"
#include "analyzer/decode/tables.h"

/* By index in the tables: a thread that began before it, or WS_UNKNOWN. The caller frees *ret.
 * 0 or -ENOMEM with *ret untouched. */
int ws_origins_find(const struct ws_tables *tables, uint32_t **ret);

/* When the thread ended, as far as is known: trace clock. */
uint64_t ws_thread_end(const struct ws_tables *tables, uint32_t thread);

/* The last thread with that tid, or WS_UNKNOWN. */
uint32_t ws_origins_last(const struct ws_tables *tables, int32_t tid);

#endif
