/* SPDX-License-Identifier: MIT */
/* names.h: what people call an object: names that survive address randomisation and rebuilds. */
#ifndef WS_NAMES_H
#define WS_NAMES_H

#include "analyzer/analyses/places.h"
#include "analyzer/base/arena.h"

/* The name that the program or the system gave it (a semaphore's), else the data symbol that it
 * lies in ("cache_lock", "table+0x40"), else where it was initialised, else where it was first
 * waited for. A joined thread is called by its own name. *ret is owned by `strings`. 0 or -ENOMEM.
 */
int ws_object_name(const struct ws_object *object, const struct ws_tables *tables,
		   struct ws_symbols *symbols, struct ws_places *places, struct ws_arena *strings,
		   const char **ret);

#endif
