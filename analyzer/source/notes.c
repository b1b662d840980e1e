/* SPDX-License-Identifier: MIT */
/* notes.c: see notes.h. */
#include "analyzer/source/notes.h"

#include <stdarg.h>
#include <stdio.h>

void ws_notes_add(struct ws_notes *notes, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (notes->n < WS_NOTES_MAX)
		notes->texts[notes->n] = ws_arena_strdup(&notes->arena, text);
	if (notes->n < WS_NOTES_MAX && notes->texts[notes->n])
		notes->n++;
	else
		notes->dropped++;
}

void ws_notes_free(struct ws_notes *notes)
{
	ws_arena_free(&notes->arena);
}
