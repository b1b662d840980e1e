/* SPDX-License-Identifier: MIT */
/* terminal.c: see terminal.h. */
#include "analyzer/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Where there is no terminal: fits into most, and into mails and bug reports. */
#define WIDTH 100

size_t ws_terminal_width(int fd)
{
	const char *text = getenv("COLUMNS");
	size_t width = WIDTH;
	struct winsize size;
	char *end;

	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
		width = size.ws_col;
	if (text && *text) {
		unsigned long columns = strtoul(text, &end, 10);

		if (!*end && columns && columns < width)
			width = columns;
	}
	return width;
}

bool ws_terminal_colour(enum ws_colour wish, int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (wish != WS_COLOUR_AUTO)
		return wish == WS_COLOUR_ALWAYS;
	return isatty(fd) && !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

bool ws_terminal_utf8(void)
{
	setlocale(LC_CTYPE, "");
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
