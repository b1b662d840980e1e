/* SPDX-License-Identifier: MIT */
/* naming.c: see naming.h. */
#include "analyzer/reports/naming.h"

#include <inttypes.h>
#include <string.h>

#include "analyzer/base/words.h"

const char *ws_naming_name(const struct ws_report *report, const struct ws_object *object)
{
	const struct ws_contention_result *contention = report->results->contention;

	for (size_t i = 0; i < contention->n_objects; i++) {
		if (contention->objects[i].object == object)
			return contention->objects[i].name;
	}
	for (size_t i = 0; i < report->results->n_mentions; i++) {
		if (report->results->mentions[i].object == object)
			return report->results->mentions[i].name;
	}
	return NULL;
}

void ws_naming_kind(struct ws_cell *cell, bool utf8, uint8_t kind, const char *name)
{
	const char *word = ws_kind_word(kind);

	if (strncmp(name, word, strlen(word)) == 0 && name[strlen(word)] == ' ')
		ws_cell_set(cell, utf8, "%.200s", name);
	else
		ws_cell_set(cell, utf8, "%s %.200s", word, name);
}

void ws_naming_object(struct ws_cell *cell, bool utf8, const struct ws_report *report,
		      const struct ws_object *object)
{
	const char *name = ws_naming_name(report, object);

	if (name)
		ws_naming_kind(cell, utf8, object->key.kind, name);
	else
		ws_cell_set(cell, utf8, "%s", ws_kind_word(object->key.kind));
	ws_cell_cut(cell, utf8, 70);
}

void ws_naming_thread(struct ws_cell *cell, bool utf8, const struct ws_tables *tables,
		      uint32_t thread)
{
	if (thread >= tables->n_threads)
		ws_cell_set(cell, utf8, "an unknown thread");
	else
		ws_cell_set(cell, utf8, "%s[%" PRId32 "]", tables->threads[thread].name,
			    tables->threads[thread].tid);
}

void ws_naming_cause(struct ws_cell *cell, bool utf8, const struct ws_report *report, uint32_t what,
		     const struct ws_party *party, const struct ws_object *object)
{
	struct ws_cell who, at, name;

	ws_naming_thread(&who, utf8, report->tables, party->thread);
	if (party->site)
		ws_cell_place(&at, utf8, party->site, 40);
	else
		ws_cell_set(&at, utf8, "an unknown place");
	if (object)
		ws_naming_object(&name, utf8, report, object);
	else
		ws_cell_set(&name, utf8, "nothing known");
	switch (what) {
	case WS_CAUSE_RUNNING:
		if (party->site)
			ws_cell_set(cell, utf8, "%.60s ran, at %.100s", who.text, at.text);
		else
			ws_cell_set(cell, utf8, "%.60s ran", who.text);
		break;
	case WS_CAUSE_PREEMPTED:
		ws_cell_set(cell, utf8, "%.60s had no processor, at %.100s", who.text, at.text);
		break;
	case WS_CAUSE_SCHEDULER:
		ws_cell_set(cell, utf8, "%.60s was woken, not yet running", who.text);
		break;
	case WS_CAUSE_TIME:
		ws_cell_set(cell, utf8, "%.60s chose the time, at %.100s", who.text, at.text);
		break;
	case WS_CAUSE_OUTSIDE:
		ws_cell_set(cell, utf8, "%.60s waited for what is not recorded: %.100s", who.text,
			    name.text);
		break;
	case WS_CAUSE_CYCLE:
		ws_cell_set(cell, utf8, "threads waited for each other");
		break;
	case WS_CAUSE_GONE:
		ws_cell_set(cell, utf8, "%.60s was gone", who.text);
		break;
	default:
		ws_cell_set(cell, utf8, "unknown: %.60s waited for %.100s", who.text, name.text);
		break;
	}
}

/* What looks the same is one: a place that was reached by several stacks, or by several calls of
 * one line. In the order of time, without the scheduler's part. */
size_t ws_naming_ends(const struct ws_report *report, bool utf8,
		      const struct ws_object_blame *blame, struct ws_named_end *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < blame->n_parties && i < WS_NAMED_ENDS_MAX; i++) {
		const struct ws_blamed *party = &blame->parties[i];
		struct ws_named_end moved = { .ns = party->ns };
		size_t at = 0;

		if (party->what == WS_CAUSE_SCHEDULER || !party->ns)
			continue;
		ws_naming_cause(&moved.text, utf8, report, party->what, &party->party,
				party->object);
		while (at < n && strcmp(ret[at].text.text, moved.text.text) != 0)
			at++;
		if (at == n)
			n++;
		else
			moved.ns += ret[at].ns;
		for (; at > 0 && ret[at - 1].ns < moved.ns; at--)
			ret[at] = ret[at - 1];
		ret[at] = moved;
	}
	return n;
}
