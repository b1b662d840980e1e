/* SPDX-License-Identifier: MIT */
/* run_file.h: what the recorder wrote about the program it ran: how it ended. */
#ifndef WS_RUN_FILE_H
#define WS_RUN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Its name in the trace folder; see docs/architecture.md. */
#define WS_RUN_FILE "waitscope-run.json"

struct ws_run {
	int32_t pid;
	bool running;    /* it still ran when the recording ended: there is no status */
	int status;      /* wait(2) status */
	uint64_t end_ns; /* when it or the recording ended, CLOCK_MONOTONIC; 0: not told */
};

/* A call that was under way when its process or the recording ended, and had not been tried before:
 * the library leaves it to the recorder to tell (preload/plain.h). */
struct ws_run_call {
	int32_t pid, tid;
	uint8_t kind;                 /* enum ws_kind */
	uint8_t flags;                /* WS_WAIT_* */
	uint64_t object, other, site; /* as in `wait_begin` */
	uint64_t begin_ns;            /* CLOCK_MONOTONIC of the recorded host */
};

/* Reads those of the file in `dir`, as they are told there; 0 are none. The caller frees *ret. 0;
 * -ENOENT or -EINVAL as below; or -ENOMEM. */
int ws_run_file_calls(const char *dir, struct ws_run_call **ret, size_t *n);

/* Reads the file in `dir`. 0 with *ret set; -ENOENT: there is none (a trace made with plain
 * LTTng); -EINVAL: it is damaged. */
int ws_run_file_read(const char *dir, struct ws_run *ret);

/* The part of the machine's processors that others than the recorded program used meanwhile, 0 to
 * 1; -1: not known, as of a trace made with plain LTTng, or one too short for the machine's clock.
 */
double ws_run_file_busy(const char *dir);

#endif
