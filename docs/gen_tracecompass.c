/* SPDX-License-Identifier: MIT */
/* gen_tracecompass.c: prints the analysis of Trace Compass, waitscope.xml, with the kinds and their
 * colours from the tables that all else has them from. docs/tracecompass.md is for its users.
 */
#include <stdio.h>

#include "analyzer/reports/kind_colours.h"
#include "tracepoints/kinds.h"

/* What the row of a process shows; above all kinds. */
#define PROCESS_STATE 100

static const char head[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<!-- SPDX-License-Identifier: MIT -->\n"
	"<!-- waitscope.xml: what Trace Compass shows of recordings of waitscope. Made by target "
	"`docs`;\n"
	"     docs/tracecompass.md says how to use it.\n"
	"\n"
	"     Processes/<pid>/Name, State            State is there while the process is seen\n"
	"     Processes/<pid>/Threads/<tid>/Name\n"
	"                                  /Wait     number of the kind that it waits on; nothing: "
	"it runs\n"
	"                                  /Kind     the same as a word\n"
	"                                  /Object   what it waits on, as the event has it\n"
	"                                  /Holder   tid of who holds that; 0: nobody, or not "
	"known\n"
	"                                  /Seq      number of the wait within its thread\n"
	"     Kinds/<word>/Waiting                   how many threads wait on such objects -->\n"
	"<tmfxml xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n"
	"        xsi:noNamespaceSchemaLocation=\"xmlDefinition.xsd\">\n"
	"  <stateProvider id=\"waitscope.waits\" version=\"1\">\n"
	"    <head>\n"
	"      <traceType id=\"org.eclipse.linuxtools.lttng2.ust.tracetype\"/>\n"
	"      <traceType id=\"org.eclipse.linuxtools.tmf.ui.type.ctf\"/>\n"
	"      <label value=\"waitscope: waits\"/>\n"
	"    </head>\n";

static const char locations[] = "    <location id=\"Process\">\n"
				"      <stateAttribute type=\"constant\" value=\"Processes\"/>\n"
				"      <stateAttribute type=\"eventField\" value=\"pid\"/>\n"
				"    </location>\n"
				"    <location id=\"Thread\">\n"
				"      <stateAttribute type=\"constant\" value=\"Processes\"/>\n"
				"      <stateAttribute type=\"eventField\" value=\"pid\"/>\n"
				"      <stateAttribute type=\"constant\" value=\"Threads\"/>\n"
				"      <stateAttribute type=\"eventField\" value=\"tid\"/>\n"
				"    </location>\n";

#define AT(location, name)                                                                         \
	"<stateAttribute type=\"location\" value=\"" location "\"/>"                               \
	"<stateAttribute type=\"constant\" value=\"" name "\"/>"

/* How many wait on the kind of the thread's wait. */
#define WAITING                                                                                    \
	"<stateAttribute type=\"constant\" value=\"Kinds\"/>"                                      \
	"<stateAttribute type=\"query\">" AT(                                                      \
		"Thread", "Kind") "</stateAttribute>"                                              \
				  "<stateAttribute type=\"constant\" value=\"Waiting\"/>"

#define CHANGE(change) "      <stateChange>\n        " change "\n      </stateChange>\n"

#define IF(condition, then) CHANGE("<if>" condition "</if>\n        <then>" then "</then>")

#define IS_WAITING                                                                                 \
	"<condition operator=\"ne\">" AT("Thread", "Wait") "<stateValue "                          \
							   "type=\"null\"/></condition>"

/* The end is that of the wait that is known. */
#define IS_ITS_END                                                                                 \
	"<condition>" AT("Thread",                                                                 \
			 "Seq") "<stateValue type=\"eventField\" value=\"seq\"/></condition>"

#define OP_IS(word)                                                                                \
	"<condition><field name=\"op\"/><stateValue type=\"string\" value=\"" word                 \
	"\"/></condition>"

#define ONE_LESS WAITING "<stateValue type=\"int\" value=\"-1\" increment=\"true\"/>"
#define ONE_MORE WAITING "<stateValue type=\"int\" value=\"1\" increment=\"true\"/>"

#define NOTHING(name) AT("Thread", name) "<stateValue type=\"null\"/>"
#define FIELD(name, field)                                                                         \
	AT("Thread", name) "<stateValue type=\"eventField\" value=\"" field "\"/>"

static const char process[] = "    <eventHandler eventName=\"waitscope:process\">\n" IF(
	"<condition operator=\"ne\"><field name=\"name\"/><stateValue type=\"string\" "
	"value=\"\"/></condition>",
	AT("Process", "Name") "<stateValue type=\"eventField\" value=\"name\"/>")
	IF(OP_IS("exit"), AT("Process", "State") "<stateValue type=\"null\"/>")
		IF("<not>" OP_IS("exit") "</not>",
		   AT("Process",
		      "State") "<stateValue type=\"int\" value=\"$PROCESS\"/>") "    "
										"</eventHandler>\n";

/* A thread that has ended does not wait. */
static const char thread[] =
	"    <eventHandler eventName=\"waitscope:thread\">\n" IF(
	"<condition operator=\"ne\"><field name=\"name\"/><stateValue type=\"string\" "
	"value=\"\"/></condition>",
	FIELD("Name", "name"))
		IF("<and>" OP_IS("exit") IS_WAITING "</and>", ONE_LESS)
			IF(OP_IS("exit"), NOTHING("Wait"))
				IF(OP_IS("exit"), NOTHING("Seq")) "    </eventHandler>\n";

/* A wait within another, of a signal handler, takes its place. */
static const char begin_before[] =
	"    <eventHandler eventName=\"waitscope:wait_begin\">\n" IF(IS_WAITING, ONE_LESS);

static const char begin_after[] = CHANGE(ONE_MORE) CHANGE(FIELD("Object", "object"))
	CHANGE(FIELD("Holder", "holder")) CHANGE(FIELD("Seq", "seq")) "    </eventHandler>\n";

static const char end[] = "    <eventHandler eventName=\"waitscope:wait_end\">\n" IF(
	"<and>" IS_ITS_END IS_WAITING "</and>", ONE_LESS) IF(IS_ITS_END, NOTHING("Wait"))
	IF(IS_ITS_END, NOTHING("Kind")) IF(IS_ITS_END, NOTHING("Object"))
		IF(IS_ITS_END, NOTHING("Holder"))
			IF(IS_ITS_END, NOTHING("Seq")) "    </eventHandler>\n"
						       "  </stateProvider>\n";

static const char threads_view[] = "  <timeGraphView id=\"waitscope.view.threads\">\n"
				   "    <head>\n"
				   "      <analysis id=\"waitscope.waits\"/>\n"
				   "      <label value=\"waitscope: waits by thread\"/>\n"
				   "    </head>\n";

static const char threads_view_end[] = "    <entry path=\"Processes/*\">\n"
				       "      <display type=\"constant\" value=\"State\"/>\n"
				       "      <id type=\"self\"/>\n"
				       "      <name type=\"constant\" value=\"Name\"/>\n"
				       "      <entry path=\"Threads/*\">\n"
				       "        <display type=\"constant\" value=\"Wait\"/>\n"
				       "        <id type=\"self\"/>\n"
				       "        <name type=\"constant\" value=\"Name\"/>\n"
				       "      </entry>\n"
				       "    </entry>\n"
				       "  </timeGraphView>\n";

static const char waiting_view[] = "  <xyView id=\"waitscope.view.waiting\">\n"
				   "    <head>\n"
				   "      <analysis id=\"waitscope.waits\"/>\n"
				   "      <label value=\"waitscope: threads waiting, by kind\"/>\n"
				   "    </head>\n"
				   "    <entry path=\"Kinds/*\">\n"
				   "      <display type=\"constant\" value=\"Waiting\"/>\n"
				   "      <name type=\"self\"/>\n"
				   "    </entry>\n"
				   "  </xyView>\n"
				   "</tmfxml>\n";

#define WORD(sym, word, number) [number] = #word,
static const char *const kinds[WS_KIND_COUNT] = { WS_KINDS(WORD) };

static void print_change(const char *word, const char *name, const char *type, const char *value)
{
	printf("      <stateChange>\n"
	       "        <if><condition><field name=\"kind\"/>"
	       "<stateValue type=\"string\" value=\"%s\"/></condition></if>\n"
	       "        <then><stateAttribute type=\"location\" value=\"Thread\"/>"
	       "<stateAttribute type=\"constant\" value=\"%s\"/>"
	       "<stateValue type=\"%s\" value=\"%s\"/></then>\n"
	       "      </stateChange>\n",
	       word, name, type, value);
}

static void print_values(int with_colours)
{
	printf("    <definedValue name=\"PROCESS\" value=\"%d\"", PROCESS_STATE);
	printf(with_colours ? " color=\"#d8d8d8\"/>\n" : "/>\n");
	for (unsigned int kind = 1; kind < WS_KIND_COUNT; kind++) {
		printf("    <definedValue name=\"%s\" value=\"%u\"", kinds[kind], kind);
		if (with_colours)
			printf(" color=\"%s\"", ws_kind_colour((uint8_t)kind));
		printf("/>\n");
	}
}

int main(void)
{
	fputs(head, stdout);
	print_values(0);
	fputs(locations, stdout);
	fputs(process, stdout);
	fputs(thread, stdout);
	fputs(begin_before, stdout);
	for (unsigned int kind = 1; kind < WS_KIND_COUNT; kind++) {
		char value[64];

		snprintf(value, sizeof(value), "$%s", kinds[kind]);
		print_change(kinds[kind], "Wait", "int", value);
		print_change(kinds[kind], "Kind", "string", kinds[kind]);
	}
	fputs(begin_after, stdout);
	fputs(end, stdout);
	fputs(threads_view, stdout);
	print_values(1);
	fputs(threads_view_end, stdout);
	fputs(waiting_view, stdout);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
