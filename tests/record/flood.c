/* SPDX-License-Identifier: MIT */
/* flood.c: fires as many events as it is told to, as fast as it can.
 * It has the provider linked in, and so finds out what a session's buffers can take. */
#include <stdlib.h>
#include <unistd.h>

#include "tracepoints/events.h"
#include "tracepoints/waitscope_tp.h"

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0;
	const char *run = getenv("WAITSCOPE_RUN");
	struct ws_ev_wait_begin event = {
		.run = run ? (uint32_t)strtoul(run, NULL, 10) : 0,
		.pid = getpid(),
		.tid = gettid(),
		.kind = WS_KIND_MUTEX,
	};

	for (long i = 0; i < n; i++) {
		event.seq = (uint32_t)i;
		lttng_ust_tracepoint(waitscope, wait_begin, &event);
	}
	return 0;
}
