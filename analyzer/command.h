/* SPDX-License-Identifier: MIT */
/* command.h: the subcommands. Each has a file cmd_<name>.c of its own, with its manual: options in,
 * status out. */
#ifndef WS_COMMAND_H
#define WS_COMMAND_H

#include "analyzer/manual.h"

/* Exit statuses of waitscope's own failures. `record` passes on the program's status otherwise. */
enum ws_exit {
	WS_EXIT_OK = 0,
	WS_EXIT_FAILURE = 1,      /* the work failed: unreadable trace, no daemon, disk full */
	WS_EXIT_USAGE = 2,        /* unknown option or missing argument */
	WS_EXIT_TIMEOUT = 124,    /* record: the program was ended by --timeout */
	WS_EXIT_CANNOT_RUN = 126, /* record: the program was found, but can't be run or traced */
	WS_EXIT_NOT_FOUND = 127,  /* record: no such program */
};

/* A subcommand. */
struct ws_command {
	const struct ws_manual *manual;
	/* Gets argv with its own name first and returns the exit status. */
	int (*run)(int argc, char **argv);
};

/* All of them, in the order of --help; the last has no manual. */
extern const struct ws_command ws_commands[];

int ws_cmd_record(int argc, char **argv);
int ws_cmd_report(int argc, char **argv);
int ws_cmd_graph(int argc, char **argv);
int ws_cmd_export(int argc, char **argv);
int ws_cmd_diff(int argc, char **argv);
int ws_cmd_check(int argc, char **argv);
int ws_cmd_doctor(int argc, char **argv);

extern const struct ws_manual ws_manual_record;
extern const struct ws_manual ws_manual_report;
extern const struct ws_manual ws_manual_graph;
extern const struct ws_manual ws_manual_export;
extern const struct ws_manual ws_manual_diff;
extern const struct ws_manual ws_manual_check;
extern const struct ws_manual ws_manual_doctor;

#endif
