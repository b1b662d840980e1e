/* SPDX-License-Identifier: MIT */
/* say.c: see say.h. */
#include "analyzer/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/command.h"

/* A line of two paths and a remedy; what is longer is cut. */
#define LINE_MAX_BYTES 9000

static void print(char *line)
{
	for (char *c = line; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	/* One write: lines of several processes do not mix. */
	fprintf(stderr, "waitscope: %s\n", line);
}

void ws_say(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	print(line);
}

/* What helps against errors of the system. */
static const char *remedy(int code)
{
	switch (-code) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
		return "check the name";
	case EACCES:
	case EPERM:
	case EROFS:
		return "check the permissions";
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "make room";
	case ENOMEM:
	case EAGAIN:
		return "close other programs, or raise the limit";
	case EMFILE:
	case ENFILE:
		return "raise `ulimit -n`";
	case EINVAL:
	case ENODATA:
	case EBADMSG:
	case ENOTSUP:
		return "record the program anew";
	default:
		return "run `waitscope doctor`";
	}
}

void ws_say_error(const struct ws_error *error, int code)
{
	if (strstr(error->text, "; "))
		ws_say("%s", error->text);
	else
		ws_say("%s; %s", error->text, remedy(code));
}

int ws_say_usage(const char *command, const char *subject, const char *wrong, ...)
{
	char line[LINE_MAX_BYTES], text[LINE_MAX_BYTES / 2];
	va_list args;

	va_start(args, wrong);
	vsnprintf(text, sizeof(text), wrong, args);
	va_end(args);
	snprintf(line, sizeof(line), "%.4000s: %s; see `waitscope %s%s--help`", subject, text,
		 command, *command ? " " : "");
	print(line);
	return WS_EXIT_USAGE;
}
