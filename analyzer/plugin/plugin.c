/* SPDX-License-Identifier: MIT */
/* plugin.c: the plugin `waitscope` of babeltrace2: what it has, and where. docs/babeltrace.md is
 * for its users. */
#include "analyzer/plugin/plugin.h"

BT_PLUGIN_MODULE();

BT_PLUGIN(waitscope);
BT_PLUGIN_DESCRIPTION("Who waits for whom, on what, and why");
BT_PLUGIN_AUTHOR("the waitscope authors");
BT_PLUGIN_LICENSE("MIT");
BT_PLUGIN_VERSION(WS_VERSION_MAJOR, WS_VERSION_MINOR, WS_VERSION_PATCH, NULL);

BT_PLUGIN_SINK_COMPONENT_CLASS(report, ws_report_consume);
BT_PLUGIN_SINK_COMPONENT_CLASS_DESCRIPTION(report, "Report what threads waited for, as `waitscope "
						   "report` does");
BT_PLUGIN_SINK_COMPONENT_CLASS_HELP(report, "Parameters: format, output, and the options of "
					    "`waitscope report`; see docs/babeltrace.md.");
BT_PLUGIN_SINK_COMPONENT_CLASS_INITIALIZE_METHOD(report, ws_report_initialize);
BT_PLUGIN_SINK_COMPONENT_CLASS_FINALIZE_METHOD(report, ws_report_finalize);
BT_PLUGIN_SINK_COMPONENT_CLASS_GRAPH_IS_CONFIGURED_METHOD(report, ws_report_configured);

BT_PLUGIN_FILTER_COMPONENT_CLASS(waits, ws_filter_iterator_next);
BT_PLUGIN_FILTER_COMPONENT_CLASS_DESCRIPTION(waits,
					     "Add an event for each wait: its begin and end, "
					     "for whom it was, and who ended it");
BT_PLUGIN_FILTER_COMPONENT_CLASS_HELP(waits,
				      "Parameters: the options of `waitscope report` that say "
				      "which waits count; see docs/babeltrace.md.");
BT_PLUGIN_FILTER_COMPONENT_CLASS_INITIALIZE_METHOD(waits, ws_filter_initialize);
BT_PLUGIN_FILTER_COMPONENT_CLASS_FINALIZE_METHOD(waits, ws_filter_finalize);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD(
	waits, ws_filter_iterator_initialize);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_FINALIZE_METHOD(
	waits, ws_filter_iterator_finalize);
