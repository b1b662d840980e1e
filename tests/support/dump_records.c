/* SPDX-License-Identifier: MIT */
/* dump_records.c: what decode makes of a trace, a line a record: `dump_records [-t|-q] DIR...`.
 *
 * A debugging aid; the lines are those of record_text.h. With -t the tables follow; with -q there
 * are only the tables.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/arena.h"
#include "analyzer/base/grow.h"
#include "analyzer/pipeline.h"
#include "tests/support/record_text.h"

/* The records, kept until the tables are complete. */
struct kept {
	struct ws_record *records;
	size_t n, capacity;
	struct ws_arena texts;
};

static int keep(void *user, const struct ws_record *records, size_t n, struct ws_error *error)
{
	struct kept *kept = user;

	if (ws_grow(&kept->records, &kept->capacity, kept->n + n))
		return ws_error_set(error, -ENOMEM, "out of memory");
	memcpy(kept->records + kept->n, records, n * sizeof(*records));
	for (size_t i = kept->n; i < kept->n + n; i++) { /* a call's text goes with its batch */
		struct ws_record *r = &kept->records[i];

		if (r->type == WS_RECORD_CALL &&
		    !(r->call.text = ws_arena_strdup(&kept->texts, r->call.text)))
			return ws_error_set(error, -ENOMEM, "out of memory");
	}
	kept->n += n;
	return 0;
}

int main(int argc, char **argv)
{
	int tables = argc > 1 && !strcmp(argv[1], "-t");
	int quiet = argc > 1 && !strcmp(argv[1], "-q"); /* only reads: for measuring */
	struct kept kept = { 0 };
	const struct ws_pipeline_sink sink = { &kept, quiet ? NULL : keep };
	struct ws_error error = { "" };
	struct ws_trace *trace;
	const struct ws_tables *t;

	if (argc < 2 + (tables || quiet)) {
		fprintf(stderr, "usage: dump_records [-t|-q] DIR...\n");
		return 2;
	}
	argv += 1 + (tables || quiet);
	argc -= 1 + (tables || quiet);
	if (ws_pipeline_run((const char *const *)argv, (size_t)argc, &sink, &trace, &error)) {
		fprintf(stderr, "dump_records: %s\n", error.text);
		return 1;
	}
	t = ws_trace_tables(trace);
	for (size_t i = 0; i < kept.n; i++)
		ws_record_text(stdout, t, &kept.records[i]);
	if (tables || quiet)
		ws_tables_text(stdout, t);
	for (size_t i = 0; i < t->n_warnings; i++)
		printf("warning: %s\n", t->warnings[i]);
	ws_arena_free(&kept.texts);
	free(kept.records);
	ws_trace_free(trace);
	return 0;
}
