/* SPDX-License-Identifier: MIT */
/* progress.c: see progress.h. */
#include "analyzer/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Back to the line's beginning, and clears it. */
#define CLEAR_LINE "\r\033[K"

/* A number of events as people read it: 950, 12.3 k, 4.56 M. */
static void amount(double n, char text[static 32])
{
	if (n < 1000)
		snprintf(text, 32, "%.0f", n);
	else if (n < 1e6)
		snprintf(text, 32, "%.1f k", n / 1e3);
	else
		snprintf(text, 32, "%.1f M", n / 1e6);
}

static void duration(uint64_t seconds, char text[static 32])
{
	if (seconds < 60)
		snprintf(text, 32, "%llu s", (unsigned long long)seconds);
	else
		snprintf(text, 32, "%llu min %llu s", (unsigned long long)seconds / 60,
			 (unsigned long long)seconds % 60);
}

void ws_progress_text(uint64_t events, uint64_t bytes, uint64_t bytes_total, uint64_t elapsed_ms,
		      char *text, size_t size)
{
	char read[32], rate[32], left[32];

	amount((double)events, read);
	amount(elapsed_ms ? (double)events * 1e3 / (double)elapsed_ms : 0, rate);
	if (!bytes_total) {
		snprintf(text, size, "%s events, %s/s", read, rate);
		return;
	}
	if (bytes > bytes_total)
		bytes = bytes_total;
	if (!bytes) {
		snprintf(text, size, "  0 %%  %s events, %s/s", read, rate);
		return;
	}
	duration((uint64_t)((double)elapsed_ms * (double)(bytes_total - bytes) / (double)bytes /
			    1e3),
		 left);
	snprintf(text, size, "%3.0f %%  %s events, %s/s, %s left",
		 100.0 * (double)bytes / (double)bytes_total, read, rate, left);
}

void ws_progress_show(struct ws_progress *p, const struct ws_watch *watch, uint64_t now_ms)
{
	uint64_t events = 0, bytes = 0;
	char line[128] = "making the report";

	if (!p->wanted || now_ms - p->begin_ms < WS_PROGRESS_AFTER_MS)
		return;
	for (size_t i = 0; i < WS_WATCH_SLOTS; i++) {
		events += atomic_load_explicit(&watch->slots[i].events, memory_order_relaxed);
		bytes += atomic_load_explicit(&watch->slots[i].bytes, memory_order_relaxed);
	}
	if (atomic_load_explicit(&watch->reading, memory_order_relaxed))
		ws_progress_text(events, bytes,
				 atomic_load_explicit(&watch->bytes_total, memory_order_relaxed),
				 now_ms - p->begin_ms, line, sizeof(line));
	else if (!events)
		strcpy(line, "opening the trace");
	p->shown = true;
	/* One write: it may not be mixed with another's. */
	dprintf(STDERR_FILENO, CLEAR_LINE "%s", line);
}

void ws_progress_hide(struct ws_progress *p)
{
	if (p->shown)
		dprintf(STDERR_FILENO, CLEAR_LINE);
	p->shown = false;
}
