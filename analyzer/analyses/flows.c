/* SPDX-License-Identifier: MIT */
/* flows.c: see flows.h. */
#include "analyzer/analyses/flows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"

/* Names of one end that are told; how many more there are is a number. */
#define NAMES_MAX 2

/* Room for one end: names are comms, of at most 15 bytes. */
#define END_BYTES 64

struct ws_flow *ws_flow_get(struct ws_flow_list *list, uint32_t process)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->flows[i].process == process)
			return &list->flows[i];
	}
	if (ws_grow(&list->flows, &list->size, list->n + 1))
		return NULL;
	list->flows[list->n] = (struct ws_flow){ .process = process };
	return &list->flows[list->n++];
}

static int by_process(const void *a, const void *b)
{
	const struct ws_flow *x = a, *y = b;

	return (x->process > y->process) - (x->process < y->process);
}

int ws_flows_finish(const struct ws_flow_list *list, struct ws_arena *strings,
		    struct ws_object_contention *object)
{
	struct ws_flow *flows;

	if (!list->n)
		return 0;
	flows = ws_arena_alloc(strings, list->n * sizeof(*flows));
	if (!flows)
		return -ENOMEM;
	memcpy(flows, list->flows, list->n * sizeof(*flows));
	qsort(flows, list->n, sizeof(*flows), by_process);
	object->flows = flows;
	object->n_flows = list->n;
	return 0;
}

void ws_flow_list_free(struct ws_flow_list *list)
{
	free(list->flows);
}

static bool is_at(const struct ws_flow *flow, bool writes, bool either)
{
	return either || (writes ? flow->writes : flow->reads);
}

/* The distinct names of those at one end, in order of appearance. False: nobody is there. */
static bool name_end(const struct ws_object_contention *object, const struct ws_tables *tables,
		     bool writes, bool either, const char *separator, char *to)
{
	const char *names[NAMES_MAX];
	size_t n = 0, more = 0, length = 0;

	for (size_t i = 0; i < object->n_flows; i++) {
		const struct ws_flow *flow = &object->flows[i];
		const char *name;
		size_t j = 0;

		if (!is_at(flow, writes, either))
			continue;
		name = tables->processes[flow->process].name;
		while (j < n && strcmp(names[j], name) != 0)
			j++;
		if (j < n)
			continue;
		if (n < NAMES_MAX)
			names[n++] = name;
		else
			more++;
	}
	for (size_t i = 0; i < n; i++)
		length += (size_t)snprintf(to + length, END_BYTES - length, "%s%.15s",
					   i ? separator : "", names[i]);
	if (more)
		snprintf(to + length, END_BYTES - length, " and %zu more", more);
	if (!n)
		strcpy(to, "?");
	return n > 0;
}

int ws_flows_name(const struct ws_object_contention *object, const struct ws_tables *tables,
		  struct ws_arena *strings, const char **ret)
{
	uint8_t kind = ws_object_polled(object->object)->key.kind;
	const char *word = kind == WS_KIND_PIPE     ? "pipe"
			   : kind == WS_KIND_FIFO   ? "fifo"
			   : kind == WS_KIND_SOCKET ? "socket"
						    : "eventfd";
	char from[END_BYTES], to[END_BYTES];
	bool any;
	size_t size;
	char *name;

	if (!ws_kind_is_channel(kind))
		return -ENOENT;
	if (kind == WS_KIND_SOCKET) {
		any = name_end(object, tables, true, true, "\xe2\x86\x94", from); /* ↔ */
		to[0] = '\0';
	} else {
		any = name_end(object, tables, true, false, "+", from);
		any |= name_end(object, tables, false, false, "+", to);
	}
	if (!any)
		return -ENOENT;
	size = strlen(word) + strlen(from) + strlen(to) + sizeof(" \xe2\x86\x92");
	name = ws_arena_alloc(strings, size);
	if (!name)
		return -ENOMEM;
	snprintf(name, size, "%s %s%s%s", word, from, to[0] ? "\xe2\x86\x92" : "", to); /* → */
	*ret = name;
	return 0;
}
