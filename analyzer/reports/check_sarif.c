/* SPDX-License-Identifier: MIT */
/* check_sarif.c: what the gate found as SARIF 2.1.0, for code scanning: a rule for each rule of the
 * gate, and a result, with its line of code, for each breach and for what is not known.
 *
 * A result's fingerprint has neither lines nor numbers in it: the next build's is the same breach.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/reports/check.h"
#include "analyzer/reports/json_writer.h"

#define SCHEMA                                                                                     \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"                      \
	"sarif-schema-2.1.0.json"

static json_t *text_json(struct ws_json_writer *writer, const char *text)
{
	json_t *value = json_object();

	ws_json_set_string(writer, value, "text", text);
	return value;
}

static json_t *rules_json(struct ws_json_writer *writer)
{
	json_t *list = json_array();

	for (enum ws_gate_rule rule = 0; rule < WS_GATE_RULE_COUNT; rule++) {
		json_t *value = json_object(), *standard = json_object();

		ws_json_set_string(writer, value, "id", ws_gate_rule_word(rule));
		ws_json_set(writer, value, "shortDescription",
			    text_json(writer, ws_gate_rule_doc(rule)));
		ws_json_set_string(writer, standard, "level",
				   rule == WS_GATE_COMPLETE ? "warning" : "error");
		ws_json_set(writer, value, "defaultConfiguration", standard);
		ws_json_append(writer, list, value);
	}
	return list;
}

/* A path as a URI reference: what is below the working directory relative to it; bytes that URIs do
 * not have as %XX. NULL: out of memory. */
static char *uri_of(const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-._~/!$&'()*+,;=@";
	char *here = getcwd(NULL, 0), *uri, *to;
	size_t n = here ? strlen(here) : 0;
	bool absolute = path[0] == '/';

	if (n > 1 && strncmp(path, here, n) == 0 && path[n] == '/') {
		path += n + 1;
		absolute = false;
	}
	free(here);
	uri = to = malloc(3 * strlen(path) + sizeof("file://"));
	if (!uri)
		return NULL;
	if (absolute)
		to = stpcpy(to, "file://");
	for (; *path; path++) {
		if (strchr(plain, *path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*path);
	}
	*to = '\0';
	return uri;
}

static json_t *location_json(struct ws_json_writer *writer, const struct ws_digest_site *site)
{
	json_t *value = json_object(), *logical = json_object(), *list = json_array();

	if (site->file[0]) {
		json_t *physical = json_object(), *artifact = json_object();
		char *uri = uri_of(site->file);

		if (!uri)
			writer->failed = true;
		ws_json_set_string(writer, artifact, "uri", uri ? uri : "");
		free(uri);
		ws_json_set(writer, physical, "artifactLocation", artifact);
		if (site->line) {
			json_t *region = json_object();

			ws_json_set_integer(writer, region, "startLine", site->line);
			ws_json_set(writer, physical, "region", region);
		}
		ws_json_set(writer, value, "physicalLocation", physical);
	}
	ws_json_set_string(writer, logical, "fullyQualifiedName",
			   site->function[0] ? site->function : site->module);
	ws_json_set_string(writer, logical, "kind", site->function[0] ? "function" : "module");
	ws_json_append(writer, list, logical);
	ws_json_set(writer, value, "logicalLocations", list);
	return value;
}

static json_t *result_json(struct ws_json_writer *writer, const struct ws_gate_entry *entry)
{
	json_t *value = json_object(), *prints = json_object(), *locations = json_array();
	char *message = NULL, *print = NULL;

	if (asprintf(&message, "%s%s%s%s%s.", entry->subject, entry->subject[0] ? ": " : "",
		     entry->message, entry->evidence[0] ? ". " : "", entry->evidence) < 0 ||
	    asprintf(&print, "%s/%s/%s", ws_gate_rule_word(entry->rule), entry->subject,
		     entry->site ? entry->site->function : "") < 0)
		writer->failed = true;
	ws_json_set_string(writer, value, "ruleId", ws_gate_rule_word(entry->rule));
	ws_json_set_integer(writer, value, "ruleIndex", entry->rule);
	ws_json_set_string(writer, value, "level",
			   entry->status == WS_GATE_FAIL ? "error" : "warning");
	ws_json_set(writer, value, "message", text_json(writer, message));
	if (entry->site)
		ws_json_append(writer, locations, location_json(writer, entry->site));
	ws_json_set(writer, value, "locations", locations);
	ws_json_set_string(writer, prints, "waitscope/v1", print);
	ws_json_set(writer, value, "partialFingerprints", prints);
	free(message);
	free(print);
	return value;
}

int ws_check_sarif(const struct ws_check *check, FILE *to)
{
	struct ws_json_writer writer = { 0 };
	json_t *root = json_object(), *runs = json_array(), *run = json_object();
	json_t *tool = json_object(), *driver = json_object(), *results = json_array();
	bool failed;

	ws_json_set_string(&writer, root, "$schema", SCHEMA);
	ws_json_set_string(&writer, root, "version", "2.1.0");
	ws_json_set_string(&writer, driver, "name", "waitscope");
	ws_json_set_string(&writer, driver, "version", check->version);
	ws_json_set(&writer, driver, "rules", rules_json(&writer));
	ws_json_set(&writer, tool, "driver", driver);
	ws_json_set(&writer, run, "tool", tool);
	for (size_t i = 0; i < check->result->n; i++)
		if (check->result->entries[i].status != WS_GATE_PASS)
			ws_json_append(&writer, results,
				       result_json(&writer, &check->result->entries[i]));
	ws_json_set(&writer, run, "results", results);
	ws_json_append(&writer, runs, run);
	ws_json_set(&writer, root, "runs", runs);
	failed = writer.failed;
	if (!failed && json_dumpf(root, to, JSON_INDENT(1)) == 0)
		fputc('\n', to);
	json_decref(root);
	ws_json_writer_free(&writer);
	return failed ? -ENOMEM : 0;
}
