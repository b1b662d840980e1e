/* SPDX-License-Identifier: MIT */
/* record_environment.h: what is added to the environment of a recorded program.
 *
 *   LD_PRELOAD                   our library, before what was there
 *   LTTNG_HOME                   where the recording's session daemon listens
 *   LTTNG_UST_REGISTER_TIMEOUT   the program starts when that daemon knows it
 *   LTTNG_UST_ALLOW_BLOCKING     only when a full buffer shall make it wait
 *   LTTNG_UST_WITHOUT_BADDR_STATEDUMP   it does not read all loaded files for events of its own
 *   WAITSCOPE_RUN                the recording's number, in every event
 *   WAITSCOPE_SHARED             file in which processes count each other's waiters
 *   WAITSCOPE_STACKS             none, caller or full
 *   WAITSCOPE_MODE               contention or full
 *   WAITSCOPE_ONLY, WAITSCOPE_EXCEPT   what is to be recorded (tracepoints/selection.h); empty: all
 *   WAITSCOPE_FOLLOW             1: children are recorded too
 *   ASAN_OPTIONS                 only for programs with AddressSanitizer
 */
#ifndef WS_RECORD_ENVIRONMENT_H
#define WS_RECORD_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/base/error.h"
#include "analyzer/program.h"
#include "tracepoints/session.h"

/* More than the list above has. */
#define WS_ENVIRONMENT_MAX 16

struct ws_environment_options {
	const struct ws_program *program; /* Weak, as all pointers here */
	const char *library;              /* absolute path of the preload library */
	uint32_t run;
	const struct ws_session *session;
	const char *stacks;
	const char *mode;
	const char *only;   /* NULL: none */
	const char *except; /* the same */
	bool follow;
	bool block;
};

struct ws_environment {
	char *words[WS_ENVIRONMENT_MAX + 1]; /* NAME=value; NULL ends. Owned by this */
	size_t n;
};

/* 0 with *ret to be cleared, or a negative errno with `error` set and *ret untouched. */
int ws_environment_make(const struct ws_environment_options *options, struct ws_environment *ret,
			struct ws_error *error);
void ws_environment_clear(struct ws_environment *env);

#endif
