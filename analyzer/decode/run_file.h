/* SPDX-License-Identifier: MIT */
/* run_file.h: what the recorder wrote about the program it ran: how it ended. */
#ifndef WS_RUN_FILE_H
#define WS_RUN_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Its name in the trace folder; see docs/architecture.md. */
#define WS_RUN_FILE "waitscope-run.json"

struct ws_run {
	int32_t pid;
	bool running;    /* it still ran when the recording ended: there is no status */
	int status;      /* wait(2) status */
	uint64_t end_ns; /* when it or the recording ended, CLOCK_MONOTONIC; 0: not told */
};

/* Reads the file in `dir`. 0 with *ret set; -ENOENT: there is none (a trace made with plain
 * LTTng); -EINVAL: it is damaged. */
int ws_run_file_read(const char *dir, struct ws_run *ret);

#endif
