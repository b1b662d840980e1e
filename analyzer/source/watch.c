/* SPDX-License-Identifier: MIT */
/* watch.c: see watch.h. */
#include "analyzer/source/watch.h"

#include <stddef.h>

/* Initial-exec, so that a signal handler may read it. */
static _Thread_local uint32_t mine __attribute__((tls_model("initial-exec")));

void ws_watch_be(uint32_t slot)
{
	mine = slot;
}

uint32_t ws_watch_mine(void)
{
	return mine;
}

const struct ws_avoid *ws_watch_avoids(const struct ws_watch *watch, enum ws_watch_place place,
				       uint32_t what, uint64_t item)
{
	for (uint32_t i = 0; i < watch->n_avoid; i++) {
		const struct ws_avoid *avoid = &watch->avoid[i];

		if (avoid->place == place && avoid->what == what &&
		    (place != WS_WATCH_FILE || avoid->item == item))
			return avoid;
	}
	return NULL;
}

const char *ws_avoid_reason(const struct ws_avoid *avoid)
{
	return avoid->stuck ? "libbabeltrace2 does not come back from it"
			    : "libbabeltrace2 crashes on it";
}
