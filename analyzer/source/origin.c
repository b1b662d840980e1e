/* SPDX-License-Identifier: MIT */
/* origin.c: see origin.h. */
#include "analyzer/source/origin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"

#define NS_PER_S 1000000000

/* A text of the trace's environment; "": it has none. */
static const char *environment(const bt_trace *trace, const char *name)
{
	const bt_value *value = bt_trace_borrow_environment_entry_value_by_name_const(trace, name);

	return value && bt_value_is_string(value) ? bt_value_string_get(value) : "";
}

int ws_origin_of(struct ws_origins *o, const bt_trace *trace, uint32_t dir, uint32_t *ret)
{
	const char *host = environment(trace, "hostname");
	const char *session = environment(trace, "trace_name");
	const char *created = environment(trace, "trace_creation_datetime");
	char key[1024];
	struct ws_origin *origin;

	if (*host && *session && *created)
		snprintf(key, sizeof(key), "%s|%s|%s", host, session, created);
	else
		snprintf(key, sizeof(key), "%s||%u", host, dir);
	for (size_t i = 0; i < o->n; i++) {
		if (!strcmp(o->list[i].key, key)) {
			*ret = (uint32_t)i;
			return 0;
		}
	}
	if (ws_grow(&o->list, &o->capacity, o->n + 1))
		return -ENOMEM;
	origin = &o->list[o->n];
	origin->dir = dir;
	origin->shift_ns = 0;
	origin->key = ws_arena_strdup(&o->texts, key);
	origin->host = ws_arena_strdup(&o->texts, host);
	if (!origin->key || !origin->host)
		return -ENOMEM;
	*ret = (uint32_t)o->n++;
	return 0;
}

static int64_t offset_ns(const bt_clock_class *clock)
{
	int64_t seconds;
	uint64_t cycles;

	bt_clock_class_get_offset(clock, &seconds, &cycles);
	return (int64_t)((uint64_t)seconds * NS_PER_S + cycles);
}

static bool is_ns(const bt_clock_class *clock)
{
	return bt_clock_class_get_frequency(clock) == NS_PER_S;
}

static bool same_clock(const struct ws_origins *o, const bt_clock_class *clock)
{
	bt_uuid uuid = bt_clock_class_get_uuid(clock);

	return uuid && o->has_uuid && !memcmp(uuid, o->uuid, sizeof(o->uuid));
}

void ws_origins_clock(struct ws_origins *o, uint32_t origin, const bt_clock_class *clock)
{
	bt_uuid uuid = bt_clock_class_get_uuid(clock);
	const char *host = o->list[origin].host;

	if (!o->has_clock) {
		o->has_clock = true;
		o->clock_host = host;
		o->offset_ns = is_ns(clock) ? offset_ns(clock) : 0;
		o->has_uuid = uuid;
		if (uuid)
			memcpy(o->uuid, uuid, sizeof(o->uuid));
	} else if (!same_clock(o, clock) && strcmp(host, o->clock_host)) {
		o->mixed_clocks = true;
	}
	o->list[origin].shift_ns = ws_origins_shift(o, clock);
}

int64_t ws_origins_shift(const struct ws_origins *o, const bt_clock_class *clock)
{
	if (same_clock(o, clock))
		return 0;
	/* Unsigned: a broken clock may wrap, but must not be undefined. */
	return (int64_t)((is_ns(clock) ? (uint64_t)offset_ns(clock) : 0) - (uint64_t)o->offset_ns);
}

/* Hosts' clocks are theirs: nothing here could make them agree. */
void ws_origins_note(const struct ws_origins *o, struct ws_notes *notes)
{
	char hosts[512] = "";
	size_t n = 0;

	if (!o->mixed_clocks)
		return;
	for (size_t i = 0; i < o->n; i++) {
		const char *host = o->list[i].host;
		size_t same = 0;

		while (strcmp(o->list[same].host, host))
			same++;
		if (same < i)
			continue;
		n++;
		if (strlen(hosts) + strlen(host) + 3 < sizeof(hosts))
			sprintf(hosts + strlen(hosts), "%s%s", *hosts ? ", " : "",
				*host ? host : "unnamed");
	}
	ws_notes_add(
		notes,
		"the folders are from %zu hosts (%s): each host's clock is taken as it is, and "
		"what happened on one before the other is only as sure as these clocks agree",
		n, hosts);
}

void ws_origins_free(struct ws_origins *o)
{
	free(o->list);
	ws_arena_free(&o->texts);
}
