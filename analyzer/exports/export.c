/* SPDX-License-Identifier: MIT */
/* export.c: the list of the formats. */
#include "analyzer/exports/export.h"

#include <string.h>

const struct ws_exporter ws_exporters[] = {
	{ "folded", "stacks for FlameGraph's flamegraph.pl, nanoseconds waited", false,
	  ws_export_folded },
	{ "pprof", "contention profile for `go tool pprof`, as Go's own", true, ws_export_pprof },
	{ "speedscope", "stacks for https://www.speedscope.app, by process", false,
	  ws_export_speedscope },
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
