/* SPDX-License-Identifier: MIT */
/* main.c: the command `waitscope`: finds the subcommand, which does the rest. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/command.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

static const struct command commands[] = {
	{ "record", ws_cmd_record, "run a program and record who waits for whom in it" },
	{ "report", ws_cmd_report,
	  "tell from a recording who waited for whom, on what, and where" },
	{ "graph", ws_cmd_graph, "draw who waits for whom, at one moment or over time" },
	{ "export", ws_cmd_export, "write what a recording tells for other tools" },
	{ "doctor", ws_cmd_doctor, "check whether recording works here, and what to do if not" },
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static void print_help(FILE *to)
{
	fprintf(to, "usage: waitscope COMMAND [OPTION...] [ARGUMENT...]\n"
		    "\n"
		    "Tells who waits for whom, on what, and why, in unmodified Linux programs.\n"
		    "\n"
		    "commands:\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fprintf(to, "  %-10s %s\n", "help", "show this text, or `help COMMAND` that of a command");
	fprintf(to, "\n"
		    "  --help     show this text\n"
		    "  --version  show the version\n"
		    "\n"
		    "A first look:\n"
		    "  waitscope record ./server --threads 8\n"
		    "  waitscope report\n");
}

static int usage_error(const char *what, const char *word)
{
	fprintf(stderr, "waitscope: %s %s (see waitscope --help)\n", what, word);
	return WS_EXIT_USAGE;
}

static int help(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stdout);
		return WS_EXIT_OK;
	}
	const struct command *command = find(argv[1]);
	char option[] = "--help";
	char *arguments[] = { argv[1], option, NULL };

	if (!command)
		return usage_error("unknown command", argv[1]);
	return command->run(2, arguments);
}

/* A standard stream that is closed would give its number to a file of ours, and our words to that
 * file. A recorded program finds it closed all the same. */
static void open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	const struct command *command;

	open_standard_streams();
	if (argc < 2) {
		print_help(stderr);
		return WS_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return WS_EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("waitscope %s\n", WS_VERSION);
		return WS_EXIT_OK;
	}
	if (strcmp(argv[1], "help") == 0)
		return help(argc - 1, argv + 1);
	if (argv[1][0] == '-')
		return usage_error("unknown option", argv[1]);
	command = find(argv[1]);
	if (!command)
		return usage_error("unknown command", argv[1]);
	return command->run(argc - 1, argv + 1);
}
