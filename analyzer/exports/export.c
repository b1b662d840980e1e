/* SPDX-License-Identifier: MIT */
/* export.c: the list of the formats. */
#include "analyzer/exports/export.h"

#include <string.h>

const struct ws_exporter ws_exporters[] = {
	{ .name = "csv",
	  .summary = "every wait a line, or another of sqlite's tables: --table",
	  .journal = true,
	  .tables = true,
	  .write = ws_export_csv },
	{ .name = "folded",
	  .summary = "stacks for FlameGraph's flamegraph.pl, nanoseconds waited",
	  .write = ws_export_folded },
	{ .name = "perfetto",
	  .summary = "every wait on a timeline, for https://ui.perfetto.dev",
	  .binary = true,
	  .journal = true,
	  .write = ws_export_perfetto },
	{ .name = "pprof",
	  .summary = "contention profile for `go tool pprof`, as Go's own",
	  .binary = true,
	  .write = ws_export_pprof },
	{ .name = "speedscope",
	  .summary = "stacks for https://www.speedscope.app, by process",
	  .write = ws_export_speedscope },
	{ .name = "sqlite",
	  .summary = "every wait and the whole report as a database",
	  .binary = true,
	  .journal = true,
	  .write = ws_export_sqlite },
	{ 0 },
};

const struct ws_exporter *ws_exporter_find(const char *name)
{
	for (const struct ws_exporter *e = ws_exporters; e->name; e++) {
		if (strcmp(e->name, name) == 0)
			return e;
	}
	return NULL;
}

const char *ws_exporter_why_not(const char *name)
{
	if (strcmp(name, "otlp") == 0)
		return "OTLP's profiles are not stable yet (docs/exports.md says more): take pprof";
	return NULL;
}
