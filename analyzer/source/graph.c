/* SPDX-License-Identifier: MIT */
/* graph.c: see graph.h. */
#include "analyzer/source/graph.h"

#include <errno.h>
#include <stdio.h>

#include "analyzer/source/bt_error.h"

int ws_bt_failed(struct ws_error *error, const char *what)
{
	char cause[512];

	ws_bt_error_take(cause, sizeof(cause));
	return ws_error_set(error, -EINVAL, "%s: %s", what, cause);
}

int ws_ctf_load(struct ws_ctf *ctf, struct ws_error *error)
{
	if (bt_plugin_find("ctf", BT_TRUE, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, &ctf->plugin)) {
		bt_current_thread_clear_error();
		return ws_error_set(error, -EINVAL,
				    "libbabeltrace2: its plugin `ctf` is missing; apt-get install "
				    "libbabeltrace2-0");
	}
	ctf->fs = bt_plugin_borrow_source_component_class_by_name_const(ctf->plugin, "fs");
	return ctf->fs ? 0 : ws_bt_failed(error, "libbabeltrace2 can't be used");
}

void ws_ctf_free(struct ws_ctf *ctf)
{
	bt_plugin_put_ref(ctf->plugin);
}

const bt_component_source *ws_ctf_add(const struct ws_ctf *ctf, bt_graph *graph, const char *path)
{
	const bt_component_source *component = NULL;
	bt_value *params = bt_value_map_create(), *inputs;

	if (!params || bt_value_map_insert_empty_array_entry(params, "inputs", &inputs) ||
	    bt_value_array_append_string_element(inputs, path) ||
	    bt_graph_add_source_component(graph, ctf->fs, path, params, WS_BT_QUIET, &component))
		component = NULL;
	else /* it may have got over a failure (a bad index) and left its cause behind */
		bt_current_thread_clear_error();
	bt_value_put_ref(params);
	return component;
}
