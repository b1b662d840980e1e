/* SPDX-License-Identifier: MIT */
/* store.c: see store.h. */
#include "analyzer/decode/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"

struct ws_store *ws_store_new(void)
{
	struct ws_store *store = calloc(1, sizeof(*store));

	if (store && !(store->strings = ws_strings_new())) {
		free(store);
		return NULL;
	}
	return store;
}

void ws_store_free(struct ws_store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < store->tables.n_stacks; i++)
		free(store->tables.stacks[i].frames);
	for (size_t i = 0; i < store->tables.n_warnings; i++)
		free(store->tables.warnings[i]);
	free(store->tables.recordings);
	free(store->tables.processes);
	free(store->tables.threads);
	free(store->tables.modules);
	free(store->tables.codes);
	free(store->tables.stacks);
	free(store->tables.warnings);
	ws_strings_free(store->strings);
	free(store);
}

int ws_store_warn(struct ws_store *store, const char *format, ...)
{
	struct ws_tables *t = &store->tables;
	char text[1024];
	va_list args;

	if (t->n_warnings == WS_WARNINGS_MAX)
		return 0;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (t->n_warnings == WS_WARNINGS_MAX - 1)
		snprintf(text, sizeof(text), "there are more warnings than are shown");
	if (ws_grow(&t->warnings, &store->warnings_capacity, t->n_warnings + 1) ||
	    !(t->warnings[t->n_warnings] = strdup(text)))
		return -ENOMEM;
	t->n_warnings++;
	return 0;
}
