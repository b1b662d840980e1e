/* SPDX-License-Identifier: MIT */
/* say.h: what a command has to say to people beside its output: lines on standard error, all in one
 * form.
 *
 *     waitscope: FILE-or-OPTION: what is wrong; what to do
 *
 * What programs and users named is in it, so control characters are shown as `?`: a line stays one.
 */
#ifndef WS_SAY_H
#define WS_SAY_H

#include "analyzer/base/error.h"

/* One line: "waitscope: " and the rest. */
void ws_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a room says failed, with what to do about errors of the system, where it says nothing
 * itself. `code` is the negative errno. */
void ws_say_error(const struct ws_error *error, int code);

/* A command line that cannot be done: "waitscope: SUBJECT: WRONG; see `waitscope COMMAND --help`".
 * `subject` is the option with its value, or the argument. WS_EXIT_USAGE. */
int ws_say_usage(const char *command, const char *subject, const char *wrong, ...)
	__attribute__((format(printf, 3, 4)));

#endif
