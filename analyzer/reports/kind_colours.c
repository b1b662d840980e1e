/* SPDX-License-Identifier: MIT */
/* kind_colours.c: see kind_colours.h. Locks are warm, messages green and blue, what just passes
 * time is grey. */
#include "analyzer/reports/kind_colours.h"

#include <stddef.h>

#include "tracepoints/kinds.h"

static const char *const colours[] = {
	[WS_KIND_MUTEX] = "#e0542b",       [WS_KIND_RWLOCK] = "#e98a15",
	[WS_KIND_COND] = "#8358d6",        [WS_KIND_BARRIER] = "#b455c6",
	[WS_KIND_SPINLOCK] = "#b5322c",    [WS_KIND_ONCE] = "#a8643a",
	[WS_KIND_THREAD] = "#c2557f",      [WS_KIND_SEM] = "#3d74e0",
	[WS_KIND_FUTEX] = "#5b93dd",       [WS_KIND_MQ] = "#15916b",
	[WS_KIND_PIPE] = "#16899b",        [WS_KIND_FIFO] = "#3aa0ae",
	[WS_KIND_SYSV_MSG] = "#35b38a",    [WS_KIND_SYSV_SEM] = "#2b57ad",
	[WS_KIND_RECORD_LOCK] = "#a5793a", [WS_KIND_FLOCK] = "#c29b5a",
	[WS_KIND_SOCKET] = "#0f7079",      [WS_KIND_EVENTFD] = "#56b7c4",
	[WS_KIND_POLL] = "#8a8f98",        [WS_KIND_PROCESS] = "#95618c",
	[WS_KIND_SIGNAL] = "#a6a9b0",      [WS_KIND_SLEEP] = "#7c8794",
	[WS_KIND_POSIX_SHM] = "#8a8f98",   [WS_KIND_SYSV_SHM] = "#8a8f98",
};

const char *ws_kind_colour(uint8_t kind)
{
	const char *colour = kind < sizeof(colours) / sizeof(colours[0]) ? colours[kind] : NULL;

	return colour ? colour : colours[WS_KIND_POLL];
}
