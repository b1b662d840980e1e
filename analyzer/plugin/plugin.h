/* SPDX-License-Identifier: MIT */
/* plugin.h: the components of the plugin, each in a file of its own. */
#ifndef WS_PLUGIN_H
#define WS_PLUGIN_H

#include <babeltrace2/babeltrace.h>

/* sink.waitscope.report */
bt_component_class_initialize_method_status
ws_report_initialize(bt_self_component_sink *self, bt_self_component_sink_configuration *config,
		     const bt_value *params, void *data);
bt_component_class_sink_graph_is_configured_method_status
ws_report_configured(bt_self_component_sink *self);
bt_component_class_sink_consume_method_status ws_report_consume(bt_self_component_sink *self);
void ws_report_finalize(bt_self_component_sink *self);

/* filter.waitscope.waits */
bt_component_class_initialize_method_status
ws_filter_initialize(bt_self_component_filter *self, bt_self_component_filter_configuration *config,
		     const bt_value *params, void *data);
void ws_filter_finalize(bt_self_component_filter *self);
bt_message_iterator_class_initialize_method_status
ws_filter_iterator_initialize(bt_self_message_iterator *self,
			      bt_self_message_iterator_configuration *config,
			      bt_self_component_port_output *port);
bt_message_iterator_class_next_method_status
ws_filter_iterator_next(bt_self_message_iterator *self, bt_message_array_const messages,
			uint64_t capacity, uint64_t *count);
void ws_filter_iterator_finalize(bt_self_message_iterator *self);

#endif
