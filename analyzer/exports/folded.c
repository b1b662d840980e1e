/* SPDX-License-Identifier: MIT */
/* folded.c: stacks for FlameGraph: "outermost;...;innermost;[object] NANOSECONDS", a line each.
 *
 * The first frame is the process, the last the object. Equal stacks are one line, lines are in
 * alphabetical order. ws_label_fold says what becomes of characters that have a meaning here.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/exports/export.h"
#include "analyzer/exports/labels.h"
#include "analyzer/exports/samples.h"

struct line {
	char *stack; /* Owned by this */
	uint64_t ns;
};

struct lines {
	const struct ws_report *report;
	struct line *list; /* Owned by this */
	size_t n, size;
};

static void put_name(FILE *to, char *text)
{
	ws_label_fold(text);
	fputs(text, to);
}

static int take(void *user, const struct ws_sample *sample)
{
	struct lines *lines = user;
	struct line line = { .ns = sample->wait_ns };
	const struct ws_frame *frames;
	char text[4096];
	size_t n, size;
	FILE *to;

	if (!sample->wait_ns)
		return 0;
	to = open_memstream(&line.stack, &size);
	if (!to)
		return -ENOMEM;
	ws_process_name(lines->report, sample->process, text, sizeof(text));
	put_name(to, text);
	frames = ws_sample_frames(sample, &n);
	if (!n)
		fputs(";unknown", to);
	while (n--) {
		ws_frame_name(&frames[n], text, sizeof(text));
		fputc(';', to);
		put_name(to, text);
	}
	ws_object_label(sample->object->object, sample->object->name, text, sizeof(text));
	fputs(";[", to);
	put_name(to, text);
	fputc(']', to);
	if (fclose(to) != 0 || ws_grow(&lines->list, &lines->size, lines->n + 1)) {
		free(line.stack);
		return -ENOMEM;
	}
	lines->list[lines->n++] = line;
	return 0;
}

static int by_stack(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->stack, ((const struct line *)b)->stack);
}

int ws_export_folded(const struct ws_report *report, const struct ws_export_wish *wish, FILE *to,
		     struct ws_error *error)
{
	struct lines lines = { .report = report };
	int r = ws_samples_each(report, take, &lines);

	(void)wish;
	(void)error;
	if (r == 0 && lines.n) {
		qsort(lines.list, lines.n, sizeof(*lines.list), by_stack);
		for (size_t i = 0; i < lines.n; i++) {
			uint64_t ns = lines.list[i].ns;

			while (i + 1 < lines.n &&
			       strcmp(lines.list[i].stack, lines.list[i + 1].stack) == 0)
				ns += lines.list[++i].ns;
			fprintf(to, "%s %" PRIu64 "\n", lines.list[i].stack, ns);
		}
	}
	for (size_t i = 0; i < lines.n; i++)
		free(lines.list[i].stack);
	free(lines.list);
	return r;
}
