/* SPDX-License-Identifier: MIT */
/* graphml.c: the wait graph as GraphML, for networkx, igraph, Gephi, yEd and their kin.
 *
 * The data of nodes and edges are those of the JSON under the same names; what is null there is
 * left out here.
 */
#include <errno.h>
#include <string.h>

#include "analyzer/reports/graph.h"
#include "analyzer/reports/xml.h"

/* A key of the JSON: of what it is, and its type in GraphML. */
struct key {
	const char *name, *of, *type;
};

static const struct key keys[] = {
	{ "by", "graph", "string" },      { "at_ns", "graph", "long" },
	{ "what", "node", "string" },     { "label", "node", "string" },
	{ "thread", "node", "long" },     { "process", "node", "long" },
	{ "pid", "node", "long" },        { "tid", "node", "long" },
	{ "object", "node", "long" },     { "kind", "node", "string" },
	{ "state", "node", "string" },    { "way_out", "node", "string" },
	{ "blocked", "node", "boolean" }, { "knot", "node", "long" },
	{ "object", "edge", "long" },     { "object_name", "edge", "string" },
	{ "kind", "edge", "string" },     { "relation", "edge", "string" },
	{ "waits", "edge", "long" },      { "wait_ns", "edge", "long" },
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static void put_keys(FILE *to)
{
	for (size_t i = 0; i < N_KEYS; i++)
		fprintf(to, "  <key id=\"%s.%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"%s\"/>\n",
			keys[i].of, keys[i].name, keys[i].of, keys[i].name, keys[i].type);
}

static void put_data(FILE *to, const char *of, const json_t *from, const char *indent)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		const json_t *value = json_object_get(from, keys[i].name);

		if (strcmp(keys[i].of, of) != 0 || !value || json_is_null(value))
			continue;
		fprintf(to, "%s<data key=\"%s.%s\">", indent, of, keys[i].name);
		if (json_is_string(value))
			ws_xml_put(to, json_string_value(value));
		else if (json_is_boolean(value))
			fputs(json_is_true(value) ? "true" : "false", to);
		else
			fprintf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		fputs("</data>\n", to);
	}
}

static json_int_t number_of(const json_t *of, const char *key)
{
	return json_integer_value(json_object_get(of, key));
}

int ws_graph_graphml(const struct ws_report *report, FILE *to, struct ws_error *error)
{
	struct ws_json_writer writer = { .report = report };
	json_t *root = ws_json_graph(&writer);
	const json_t *one;
	size_t i;

	(void)error;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\"\n"
	      "         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n"
	      "         xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns\n"
	      "           http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n",
	      to);
	put_keys(to);
	fputs("  <graph id=\"waits\" edgedefault=\"directed\">\n", to);
	put_data(to, "graph", root, "    ");
	json_array_foreach(json_object_get(root, "nodes"), i, one) {
		fprintf(to, "    <node id=\"n%" JSON_INTEGER_FORMAT "\">\n", number_of(one, "id"));
		put_data(to, "node", one, "      ");
		fputs("    </node>\n", to);
	}
	json_array_foreach(json_object_get(root, "edges"), i, one) {
		fprintf(to,
			"    <edge id=\"e%zu\" source=\"n%" JSON_INTEGER_FORMAT
			"\" target=\"n%" JSON_INTEGER_FORMAT "\">\n",
			i, number_of(one, "from"), number_of(one, "to"));
		put_data(to, "edge", one, "      ");
		fputs("    </edge>\n", to);
	}
	fputs("  </graph>\n</graphml>\n", to);
	json_decref(root);
	ws_json_writer_free(&writer);
	return writer.failed ? -ENOMEM : 0;
}
