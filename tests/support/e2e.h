/* SPDX-License-Identifier: MIT */
/* e2e.h: records a test program with the built command, and reads the report as a user would.
 *
 * A test records with ws_record(), asserts on run->report with the functions below, and ends with
 * ws_run_free(). A failed assertion leaves the test before that: the run's folder stays for
 * inspection, and its path was printed. All functions fail the cmocka test that they run in; none
 * returns an error.
 */
#ifndef WS_E2E_H
#define WS_E2E_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* What was run, and what came of it. */
struct ws_run {
	char *dir;      /* folder of this run; removed by ws_run_free() */
	char *trace;    /* the trace's folder within it */
	int status;     /* exit status of `waitscope record`; -N if signal N ended it */
	char *out;      /* the program's stdout */
	char *err;      /* the program's stderr and waitscope's own words */
	json_t *truth;  /* array: one object for each process that called truth_print() */
	json_t *report; /* `waitscope report --format json`; NULL until it was made */
};

/* What a plain command did. */
struct ws_result {
	int status; /* as in struct ws_run */
	char *out;  /* stdout */
	char *err;  /* stderr */
};

/* Records a program of tests/programs (by name) or any other (by path) with its arguments, NULL at
 * the end, and loads truth and report. The program must end with 0 and no event may be lost. */
struct ws_run *ws_record(const char *program, ...) __attribute__((sentinel));

/* The same with options for `record` and variables ("NAME=value") for its environment; each list
 * ends with NULL or is NULL. Nothing is asserted of the status; no report is made. */
struct ws_run *ws_record_with(const char *const options[], const char *const environment[],
			      const char *const argv[]);

/* Makes the report of run->trace with more options (NULL at the end; or NULL), instead of the one
 * that it has. */
void ws_report(struct ws_run *run, const char *const options[]);

/* Fails unless the report says that nothing was lost. */
void ws_assert_lossless(const struct ws_run *run);

void ws_run_free(struct ws_run *run); /* NULL is fine */

/* A new folder for a run. The caller frees it by ws_folder_free(). */
char *ws_folder_new(void);
void ws_folder_free(char *folder);

/* Path of a program of tests/programs, in static storage of the thread until the 8th next call. */
const char *ws_program(const char *name);

/* Runs any command with stdin from /dev/null. Fails only if it cannot be started. */
struct ws_result ws_command(const char *const environment[], const char *const argv[]);
void ws_result_free(struct ws_result *result);

/* The only object of this kind that was waited for; fails unless there is exactly one. */
const json_t *ws_only_object(const struct ws_run *run, const char *kind);
/* The object with this name; fails unless there is exactly one of that kind and name. */
const json_t *ws_object(const struct ws_run *run, const char *kind, const char *name);

/* The member at a path such as "holders[0].site.line"; NULL where there is none. */
const json_t *ws_at(const json_t *json, const char *path);
/* The same as an integer or a text; fails if it is not there or something else. */
json_int_t ws_int(const json_t *json, const char *path);
const char *ws_str(const json_t *json, const char *path);

/* A number that the program printed by truth_value(); fails if no process, or a second, has it. */
json_int_t ws_truth(const struct ws_run *run, const char *name);

/* Reads a whole file; the caller frees it. Fails if it is not there. */
char *ws_read_file(const char *path);

/* Prints what is wrong and where the run is kept, and fails the test. */
void ws_fail(const struct ws_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

#endif
