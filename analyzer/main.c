/* SPDX-License-Identifier: MIT */
/* main.c: the command `waitscope`: finds the subcommand, which does the rest. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/command.h"
#include "analyzer/say.h"

static const struct ws_command *find(const char *name)
{
	for (const struct ws_command *c = ws_commands; c->manual; c++) {
		if (strcmp(c->manual->command, name) == 0)
			return c;
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
	for (const struct ws_command *c = ws_commands; c->manual; c++)
		fprintf(to, "  %-10s %s\n", c->manual->command, c->manual->summary);
	fprintf(to, "  %-10s %s\n", "help", "show this text, or `help COMMAND` that of a command");
	fprintf(to, "\n"
		    "  --help     show this text\n"
		    "  --version  show the version\n"
		    "\n"
		    "A first look:\n"
		    "  waitscope record ./server --threads 8\n"
		    "  waitscope report\n");
}

static int help(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stdout);
		return WS_EXIT_OK;
	}
	const struct ws_command *command = find(argv[1]);
	char option[] = "--help";
	char *arguments[] = { argv[1], option, NULL };

	if (!command)
		return ws_say_usage("", argv[1], "there is no such command");
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
	const struct ws_command *command;

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
		return ws_say_usage("", argv[1], "there is no such option");
	command = find(argv[1]);
	if (!command)
		return ws_say_usage("", argv[1], "there is no such command");
	return command->run(argc - 1, argv + 1);
}
