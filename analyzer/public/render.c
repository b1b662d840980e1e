/* SPDX-License-Identifier: MIT */
/* render.c: results in each format, by its name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/exports/export.h"
#include "analyzer/public/drawing.h"
#include "analyzer/public/results.h"
#include "analyzer/report_output.h"
#include "analyzer/reports/graph.h"

/* What a name stands for: one of these three, or none. */
struct found {
	const struct report_format *report;
	const struct ws_graph_format *graph;
	const struct ws_exporter *exporter;
};

/* The formats of the whole report. */
static const struct report_format {
	const char *name, *summary;
} report_formats[] = {
	{ "text", "for people, in 100 columns" },
	{ "json", "all results, as docs/report.schema.json describes" },
	{ "html", "one page for a browser" },
};

#define N_REPORT_FORMATS (sizeof(report_formats) / sizeof(report_formats[0]))

/* False: there is no such format. */
static bool find(const char *name, struct found *ret)
{
	const size_t graph = strlen(WS_ANALYSIS_GRAPH);

	*ret = (struct found){ .report = NULL };
	for (size_t i = 0; i < N_REPORT_FORMATS; i++) {
		if (strcmp(report_formats[i].name, name) == 0)
			ret->report = &report_formats[i];
	}
	if (strncmp(name, WS_ANALYSIS_GRAPH, graph) == 0)
		ret->graph = ws_graph_format_find(name + graph);
	else
		ret->exporter = ws_exporter_find(name);
	return ret->report || ret->graph || ret->exporter;
}

static bool is_html(const struct found *found)
{
	return found->report && found->report->name[0] == 'h';
}

int ws_analysis_format_expect(const char *name, struct ws_setup *setup)
{
	struct found found;

	if (!find(name, &found))
		return -ENOENT;
	if (is_html(&found))
		setup->intervals = WS_INTERVALS_MAX;
	if (found.graph)
		setup->graph.wanted = true;
	if (found.exporter && found.exporter->journal)
		setup->journal = true;
	return 0;
}

/* What it is made from was kept. */
static bool is_kept(const struct found *found, const struct ws_setup *setup)
{
	return (!is_html(found) || setup->intervals) && (!found->graph || setup->graph.wanted) &&
	       (!found->exporter || !found->exporter->journal || setup->journal);
}

static int fill_formats(struct ws_analysis *analysis, void *all)
{
	struct ws_analysis_format *to = all;

	for (size_t i = 0; i < N_REPORT_FORMATS; i++) {
		to->name = report_formats[i].name;
		to->expected = to->name[0] == 'h';
		to++->summary = report_formats[i].summary;
	}
	for (const struct ws_graph_format *g = ws_graph_formats; g->name; g++) {
		size_t n = strlen(WS_ANALYSIS_GRAPH) + strlen(g->name) + 1;
		char *name = ws_arena_alloc(&analysis->tables.parts, n);

		if (!name)
			return -ENOMEM;
		snprintf(name, n, WS_ANALYSIS_GRAPH "%s", g->name);
		to->name = name;
		to->expected = 1;
		to++->summary = g->summary;
	}
	for (const struct ws_exporter *e = ws_exporters; e->name; e++)
		*to++ = (struct ws_analysis_format){ .name = e->name,
						     .summary = e->summary,
						     .binary = e->binary,
						     .expected = e->journal };
	return 0;
}

const struct ws_analysis_format *ws_analysis_get_format(struct ws_analysis *analysis, size_t index)
{
	struct ws_analysis_format *all;
	size_t n = N_REPORT_FORMATS;

	for (const struct ws_graph_format *g = ws_graph_formats; g->name; g++)
		n++;
	for (const struct ws_exporter *e = ws_exporters; e->name; e++)
		n++;
	if (index >= n)
		return NULL;
	all = ws_results_make(analysis, &analysis->tables.formats, n, sizeof(*all), fill_formats);
	return all ? &all[index] : NULL;
}

static int write_found(const struct ws_analysis *analysis, const struct found *found, FILE *to,
		       struct ws_error *error)
{
	const struct ws_report *report = ws_analysis_report(analysis);
	int r;

	if (found->exporter)
		return found->exporter->write(report, &analysis->wish, to, error);
	if (found->graph) {
		ws_drawing_begin();
		r = found->graph->write(report, to, error);
		ws_drawing_end();
		return r;
	}
	switch (found->report->name[0]) {
	case 'j':
		return ws_report_json(report, to);
	case 'h':
		return ws_report_html(report, to);
	default:
		return ws_report_text(report, &analysis->style, to);
	}
}

int ws_analysis_write(struct ws_analysis *analysis, const char *name, FILE *to)
{
	struct ws_error error = { "" };
	struct found found;
	locale_t before;
	int r;

	if (!find(name, &found))
		return ws_analysis_fail(analysis, -ENOENT, "there is no format %s", name);
	if (!ws_analysis_report(analysis))
		return ws_analysis_fail(analysis, -EINVAL, "%s: there are no results to write",
					name);
	if (!is_kept(&found, &analysis->options.setup))
		return ws_analysis_fail(analysis, -EINVAL,
					"format %s must be expected before the run", name);
	before = ws_plain_begin();
	r = write_found(analysis, &found, to, &error);
	ws_plain_end(before);
	if (r < 0)
		return ws_analysis_fail(analysis, r, "%s",
					error.text[0] ? error.text : strerror(-r));
	return 0;
}

/* The user's function as a file to write to. */
struct cookie {
	ws_analysis_write_fn *write;
	void *user; /* Weak */
	int result; /* 0, or the first error */
};

static ssize_t cookie_write(void *ptr, const char *bytes, size_t n)
{
	struct cookie *cookie = ptr;

	if (cookie->result == 0)
		cookie->result = cookie->write(cookie->user, bytes, n);
	/* Less than all is an error to the file: it is told of once. */
	if (cookie->result)
		errno = EIO;
	return cookie->result ? 0 : (ssize_t)n;
}

int ws_analysis_render(struct ws_analysis *analysis, const char *format,
		       ws_analysis_write_fn *write, void *user)
{
	struct cookie cookie = { .write = write, .user = user };
	FILE *to = fopencookie(&cookie, "w", (cookie_io_functions_t){ .write = cookie_write });
	bool failed;
	int r;

	if (!to)
		return ws_analysis_fail(analysis, -ENOMEM, "memory is out");
	r = ws_analysis_write(analysis, format, to);
	failed = ferror(to);
	failed |= fclose(to) != 0;
	if (r == 0 && cookie.result)
		return ws_analysis_fail(analysis, cookie.result, "%s could not be written: %s",
					format,
					cookie.result < 0 ? strerror(-cookie.result) : "ended");
	if (r == 0 && failed)
		return ws_analysis_fail(analysis, -EIO, "%s could not be written", format);
	return r;
}

int ws_analysis_render_file(struct ws_analysis *analysis, const char *format, const char *path)
{
	struct ws_report_output output;
	struct ws_error error = { "" };
	int r;

	if (!path || !*path) /* the command writes to standard output then */
		return ws_analysis_fail(analysis, -EINVAL, "%s: a file name is missing", format);
	r = ws_report_output_open(&output, path, &error);
	if (r == 0) {
		r = ws_analysis_write(analysis, format, output.file);
		if (r < 0) {
			ws_report_output_drop(&output);
			return r;
		}
		r = ws_report_output_commit(&output, &error);
	}
	return r < 0 ? ws_analysis_fail(analysis, r, "%s", error.text) : 0;
}
