/* SPDX-License-Identifier: MIT */
/* check_json.c: the judgement of the gate as JSON; docs/check.schema.json describes it. */
#include <errno.h>

#include "analyzer/reports/check.h"
#include "analyzer/reports/json_writer.h"

static json_t *entry_json(struct ws_json_writer *writer, const struct ws_gate_entry *entry)
{
	json_t *value = json_object(), *site = entry->site ? json_object() : json_null();

	ws_json_set_string(writer, value, "rule", ws_gate_rule_word(entry->rule));
	ws_json_set_string(writer, value, "status", ws_gate_status_word(entry->status));
	ws_json_set_string(writer, value, "subject", entry->subject);
	ws_json_set_string(writer, value, "message", entry->message);
	ws_json_set_string(writer, value, "evidence", entry->evidence);
	ws_json_set_string(writer, value, "key", entry->key);
	if (entry->site) {
		const struct ws_digest_site *at = entry->site;

		ws_json_set_string(writer, site, "function", at->function[0] ? at->function : NULL);
		ws_json_set_string(writer, site, "file", at->file[0] ? at->file : NULL);
		ws_json_set(writer, site, "line",
			    at->line ? ws_json_integer(at->line) : json_null());
		ws_json_set_string(writer, site, "module", at->module[0] ? at->module : NULL);
	}
	ws_json_set(writer, value, "site", site);
	return value;
}

int ws_check_json(const struct ws_check *check, FILE *to)
{
	struct ws_json_writer writer = { 0 };
	json_t *root = json_object(), *runs = json_array(), *entries = json_array();
	bool failed;

	ws_json_set_integer(&writer, root, "format_version", WS_CHECK_FORMAT_VERSION);
	ws_json_set(&writer, root, "pass", json_boolean(check->result->pass));
	ws_json_set_integer(&writer, root, "failed", check->result->failed);
	ws_json_set_integer(&writer, root, "unknown", check->result->unknown);
	ws_json_set_string(&writer, root, "baseline", check->baseline);
	ws_json_set(&writer, root, "updated", json_boolean(check->updated));
	for (size_t i = 0; i < check->runs->n; i++)
		ws_json_append(&writer, runs, ws_json_string(check->runs->runs[i]->path));
	ws_json_set(&writer, root, "runs", runs);
	for (size_t i = 0; i < check->result->n; i++)
		ws_json_append(&writer, entries, entry_json(&writer, &check->result->entries[i]));
	ws_json_set(&writer, root, "rules", entries);
	failed = writer.failed;
	/* A full disk is found out by who closes the file. */
	if (!failed && json_dumpf(root, to, JSON_INDENT(1)) == 0)
		fputc('\n', to);
	json_decref(root);
	ws_json_writer_free(&writer);
	return failed ? -ENOMEM : 0;
}
