/* SPDX-License-Identifier: MIT */
/* limits.c: the counters of limits.h. */
#include "preload/limits.h"

_Atomic uint64_t ws_limits[WS_LIMIT_COUNT];
