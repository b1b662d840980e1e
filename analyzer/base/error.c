/* SPDX-License-Identifier: MIT */
/* error.c: see error.h. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int ws_error_set(struct ws_error *error, int code, const char *format, ...)
{
	va_list args;

	if (!error || error->text[0])
		return code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}
