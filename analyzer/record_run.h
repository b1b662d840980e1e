/* SPDX-License-Identifier: MIT */
/* record_run.h: runs the program that is recorded, and waits for its end as its parent should.
 *
 * The program is what it would be without us: same terminal and process group, same signal mask
 * and dispositions, same fds. Meanwhile SIGINT and SIGQUIT are the program's business alone, and
 * SIGTERM and SIGHUP that are sent to us are passed on to it.
 */
#ifndef WS_RECORD_RUN_H
#define WS_RECORD_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "analyzer/base/error.h"
#include "analyzer/program.h"

/* How long a program may take to end once it was asked to by SIGTERM, ours or passed on. */
#define WS_RECORD_GRACE_MS 5000

struct ws_run_options {
	const struct ws_program *program; /* Weak */
	char **argv;                      /* Weak: the program's arguments, its name first */
	char *const *env;    /* Weak: NAME=value to add to its environment; NULL ends */
	uint32_t run;        /* the recording's number: marks all its processes */
	uint64_t timeout_ns; /* 0: none */
	int session_fd;      /* readable: the recording failed by itself */
};

struct ws_run_result {
	pid_t pid;
	int status;            /* wait(2) status; meaningless while `running` */
	bool running;          /* it went on although it was asked to end, and we left it */
	bool ended;            /* it was collected: its pid may be another's by now */
	bool timed_out;        /* ended by us: the time was over */
	bool session_failed;   /* the recording failed meanwhile; the program went on to its end */
	int signal;            /* SIGTERM or SIGHUP that ended the recording; 0: none */
	uint64_t begin_ns;     /* CLOCK_MONOTONIC */
	uint64_t end_ns;       /* same clock */
	unsigned int children; /* processes of the recording that outlive the program */
	uint64_t
		machine_ns; /* time that the machine's processors were busy meanwhile; 0: unknown */
	uint64_t program_ns; /* of that, for the program and the children that it collected */
};

/* Runs it to its end. 0, or a negative errno with `error` set and *ret untouched: it could not be
 * started. */
int ws_run(const struct ws_run_options *options, struct ws_run_result *ret, struct ws_error *error);

#endif
