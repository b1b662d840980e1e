/* SPDX-License-Identifier: MIT */
/* sink_report.c: sink.waitscope.report: what comes into it, as a report. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/plugin/feed.h"
#include "analyzer/plugin/plugin.h"

struct report {
	struct ws_feed *feed;          /* Owned by this, as all that follow */
	bt_message_iterator *iterator; /* NULL: the graph is not configured yet */
	char *format;
	char *output; /* NULL: standard output */
};

static struct report *report_of(bt_self_component_sink *self)
{
	return bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
}

static void append(bt_self_component_sink *self, const struct ws_error *error)
{
	BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_COMPONENT(
		bt_self_component_sink_as_self_component(self), "%s", error->text);
}

static int take_param(void *user, const char *name, const bt_value *value, struct ws_error *error)
{
	struct report *report = user;
	char **to = strcmp(name, "format") == 0   ? &report->format
		    : strcmp(name, "output") == 0 ? &report->output
						  : NULL;

	if (!to)
		return 0;
	if (!bt_value_is_string(value))
		return ws_error_set(error, -EINVAL, "parameter `%s` must be a text", name);
	free(*to);
	*to = strdup(bt_value_string_get(value));
	return *to ? 1 : ws_error_set(error, -ENOMEM, "memory is out");
}

static void free_report(struct report *report)
{
	bt_message_iterator_put_ref(report->iterator);
	ws_feed_free(report->feed);
	free(report->format);
	free(report->output);
	free(report);
}

/* As the command: UTF-8 where the user's locale has it. */
static int set_encoding(struct ws_analysis *analysis)
{
	locale_t user = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = user && strcmp(nl_langinfo_l(CODESET, user), "UTF-8") == 0;

	if (user)
		freelocale(user);
	return ws_analysis_set(analysis, "utf8", utf8 ? "yes" : "no");
}

static int set_up(struct report *report, struct ws_error *error)
{
	struct ws_analysis *analysis = ws_feed_analysis(report->feed);
	int r = ws_analysis_expect(analysis, report->format ? report->format : "text");

	if (r < 0)
		return ws_error_set(error, r, "parameter `format`: %s",
				    ws_analysis_error(analysis));
	return 0;
}

bt_component_class_initialize_method_status
ws_report_initialize(bt_self_component_sink *self, bt_self_component_sink_configuration *config,
		     const bt_value *params, void *data)
{
	struct report *report = calloc(1, sizeof(*report));
	struct ws_error error = { "" };

	(void)config;
	(void)data;
	if (!report)
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
	/* The encoding first: a parameter may say otherwise. */
	if (ws_feed_new(&report->feed, &error) < 0 ||
	    set_encoding(ws_feed_analysis(report->feed)) < 0 ||
	    ws_feed_set(report->feed, params, take_param, report, &error) < 0 ||
	    set_up(report, &error) < 0) {
		append(self, &error);
		free_report(report);
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	}
	if (bt_self_component_sink_add_input_port(self, "in", NULL, NULL)) {
		free_report(report);
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	}
	bt_self_component_set_data(bt_self_component_sink_as_self_component(self), report);
	return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

bt_component_class_sink_graph_is_configured_method_status
ws_report_configured(bt_self_component_sink *self)
{
	struct report *report = report_of(self);

	if (bt_message_iterator_create_from_sink_component(
		    self, bt_self_component_sink_borrow_input_port_by_name(self, "in"),
		    &report->iterator))
		return BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_ERROR;
	return BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_OK;
}

static int write_out(void *user, const void *bytes, size_t n)
{
	const char *at = bytes;

	(void)user;
	while (n) {
		ssize_t written = write(STDOUT_FILENO, at, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		n -= (size_t)written;
	}
	return 0;
}

static int end(struct report *report, struct ws_error *error)
{
	struct ws_analysis *analysis = ws_feed_analysis(report->feed);
	const char *format = report->format ? report->format : "text";
	int r = ws_feed_end(report->feed, error);

	if (r < 0)
		return r;
	if (report->output)
		r = ws_analysis_render_file(analysis, format, report->output);
	else
		r = ws_analysis_render(analysis, format, write_out, NULL);
	return r < 0 ? ws_error_set(error, r, "%s", ws_analysis_error(analysis)) : 0;
}

bt_component_class_sink_consume_method_status ws_report_consume(bt_self_component_sink *self)
{
	struct report *report = report_of(self);
	struct ws_error error = { "" };
	bt_message_array_const messages;
	bt_message_iterator_next_status status;
	uint64_t n = 0;
	int r = 0;

	status = bt_message_iterator_next(report->iterator, &messages, &n);
	switch (status) {
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
		break;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
		if (end(report, &error) == 0)
			return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END;
		append(self, &error);
		return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
	default: /* again, memory, error: as it is */
		return (bt_component_class_sink_consume_method_status)status;
	}
	for (uint64_t i = 0; i < n; i++) {
		if (r == 0)
			r = ws_feed_message(report->feed, messages[i], &error);
		bt_message_put_ref(messages[i]);
	}
	if (r < 0) {
		append(self, &error);
		return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
	}
	return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK;
}

void ws_report_finalize(bt_self_component_sink *self)
{
	free_report(report_of(self));
}
