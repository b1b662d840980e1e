/* SPDX-License-Identifier: MIT */
/* command.h: the subcommands. Each has a file cmd_<name>.c of its own: options in, status out. */
#ifndef WS_COMMAND_H
#define WS_COMMAND_H

/* Exit statuses of waitscope's own failures. `record` passes on the program's status otherwise. */
enum ws_exit {
	WS_EXIT_OK = 0,
	WS_EXIT_FAILURE = 1,      /* the work failed: unreadable trace, no daemon, disk full */
	WS_EXIT_USAGE = 2,        /* unknown option or missing argument */
	WS_EXIT_TIMEOUT = 124,    /* record: the program was ended by --timeout */
	WS_EXIT_CANNOT_RUN = 126, /* record: the program was found, but can't be run or traced */
	WS_EXIT_NOT_FOUND = 127,  /* record: no such program */
};

/* Each gets argv with its own name first and returns the exit status. */
int ws_cmd_record(int argc, char **argv);
int ws_cmd_report(int argc, char **argv);
int ws_cmd_graph(int argc, char **argv);
int ws_cmd_export(int argc, char **argv);
int ws_cmd_doctor(int argc, char **argv);

#endif
