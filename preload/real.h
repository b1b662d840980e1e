/* SPDX-License-Identifier: MIT */
/* real.h: the functions that the wrappers stand in front of.
 *
 * ws_real.NAME is the next definition of NAME in the program's search order. Each pointer starts
 * as a stub that resolves itself, so that wrappers work before the constructor, in an allocator's
 * first call; the constructor then resolves all, since dlsym() takes the loader's lock, which a
 * later first use might find held.
 */
#ifndef WS_REAL_H
#define WS_REAL_H

#include "preload/prototypes.h"

#define WS_FN(name, version, ret, params, args, family, flags) ret(*name) params;

#define WS_ALIAS(name, of)
struct ws_real {
#include "preload/functions.def"
};
#undef WS_FN

#undef WS_ALIAS

extern struct ws_real ws_real;

/* Resolves every pointer; called by the constructor. */
void ws_real_resolve(void);

#endif
