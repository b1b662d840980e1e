/* SPDX-License-Identifier: MIT */
/* program.h: finds a program as the shell would, and tells whether it can be recorded.
 *
 * Nothing can be preloaded into a static program, one that the loader runs in secure mode
 * (setuid, setgid, file capabilities), one of another architecture or of another libc.
 */
#ifndef WS_PROGRAM_H
#define WS_PROGRAM_H

#include <stdbool.h>

#include "analyzer/base/error.h"

/* What is known of a program that can be recorded. */
struct ws_program {
	char *path;    /* of the file to be executed. Owned by this */
	bool by_shell; /* it has no format that the kernel knows: /bin/sh runs it, as execvp() would
			*/
	bool asan;     /* AddressSanitizer's runtime wants to be the first library, unless told */
	bool go;       /* its Go code does not wait in libc, so not everything is seen */
};

/* Looks for `name` along PATH, unless it has a slash, and at what it is, interpreters included.
 * 0 with *ret to be cleared by ws_program_clear. Otherwise `error` is set and *ret untouched:
 *   -ENOENT   no such program
 *   -EACCES   it may not be executed
 *   -ENOTSUP  it can't be recorded
 *   or what stood in the way of reading it. */
int ws_program_find(const char *name, struct ws_program *ret, struct ws_error *error);
void ws_program_clear(struct ws_program *program);

#endif
