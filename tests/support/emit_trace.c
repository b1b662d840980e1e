/* SPDX-License-Identifier: MIT */
/* emit_trace.c: fires the provider's events as lines of text on stdin say, for traces with a
 * known content, which the kept ones under tests/records/ctf are made with.
 *
 * The lines are those of event_text.h; their times are ns after the first event is due, which is
 * when the program has registered with the tracer. `! COMMAND` runs a command in between.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/event_text.h"
#include "tracepoints/waitscope_tp.h"

static void sleep_until(uint64_t begin_ns, uint64_t after_ns)
{
	uint64_t at = begin_ns + after_ns;
	struct timespec t = { .tv_sec = (time_t)(at / 1000000000u),
			      .tv_nsec = (long)(at % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void fire(const struct ws_raw *event)
{
#define FIRE(name, fields, channel, doc)                                                           \
	case WS_RAW_##name:                                                                        \
		lttng_ust_tracepoint(waitscope, name, &event->name);                               \
		break;

	switch (event->type) {
		WS_EVENTS(FIRE)
	default:
		fprintf(stderr, "emit_trace: only events of ours can be fired\n");
		exit(2);
	}
}

int main(void)
{
	struct ws_arena arena = { 0 };
	struct ws_error error = { "" };
	struct timespec now;
	uint64_t begin_ns;
	char line[4096];

	clock_gettime(CLOCK_MONOTONIC, &now);
	begin_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	while (fgets(line, sizeof(line), stdin)) {
		struct ws_raw event;
		int r;

		if (line[0] == '!') {
			if (system(line + 1)) {
				fprintf(stderr, "emit_trace: failed: %s", line + 1);
				return 2;
			}
			continue;
		}
		r = ws_event_text_parse(line, &arena, &event, &error);
		if (r == -ENODATA)
			continue;
		if (r) {
			fprintf(stderr, "emit_trace: %s\n", error.text);
			return 2;
		}
		sleep_until(begin_ns, event.at_ns);
		fire(&event);
		ws_arena_reset(&arena);
	}
	ws_arena_free(&arena);
	return 0;
}
