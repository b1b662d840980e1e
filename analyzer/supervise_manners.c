/* SPDX-License-Identifier: MIT */
/* supervise_manners.c: how a command of ours supervises: with words on stderr, a line about the
 * progress, and the signals that were meant for it. Apart, since the library has none of these.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyzer/supervise.h"

static void fail(const char *name, const char *text)
{
	fprintf(stderr, "%s: %s\n", name, text);
}

static void words(int fd)
{
	char buffer[4096];
	ssize_t n;

	for (off_t at = 0; (n = pread(fd, buffer, sizeof(buffer), at)) > 0; at += n)
		if (fwrite(buffer, 1, (size_t)n, stderr) != (size_t)n)
			return;
}

static void meant(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

static const struct ws_supervise_manners manners = {
	.fail = fail,
	.words = words,
	.leave = exit,
	.meant = meant,
	.show = ws_progress_show,
	.hide = ws_progress_hide,
};

int ws_supervise(const struct ws_supervised *what, int64_t *number)
{
	struct ws_supervised with = *what;

	with.manners = &manners;
	with.progress = what->progress && isatty(STDERR_FILENO);
	signal(SIGCHLD, SIG_DFL); /* a parent's SIG_IGN would take the child's status away */
	return ws_supervise_as(&with, number);
}
