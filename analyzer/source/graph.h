/* SPDX-License-Identifier: MIT */
/* graph.h: libbabeltrace2's source.ctf.fs, and graphs to put it into. */
#ifndef WS_GRAPH_H
#define WS_GRAPH_H

#include <babeltrace2/babeltrace.h>

#include "analyzer/base/error.h"

/* libbabeltrace2's own words must not get among the report's: its errors come as causes. */
#define WS_BT_QUIET BT_LOGGING_LEVEL_NONE

/* The plugin, Owned by the holder; its class of readers. */
struct ws_ctf {
	const bt_plugin *plugin;
	const bt_component_class_source *fs; /* Weak: the plugin's */
};

/* Loads the plugin: one thread at a time. 0, or -EINVAL with `error` set. */
int ws_ctf_load(struct ws_ctf *ctf, struct ws_error *error);
void ws_ctf_free(struct ws_ctf *ctf);

/* Adds a component that reads the CTF folder `path`. NULL: it can't, libbabeltrace2 knows why, and
 * the graph is of no use then. */
const bt_component_source *ws_ctf_add(const struct ws_ctf *ctf, bt_graph *graph, const char *path);

/* -EINVAL with what libbabeltrace2 says about its failure in `error`. */
int ws_bt_failed(struct ws_error *error, const char *what);

#endif
