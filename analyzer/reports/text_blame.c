/* SPDX-License-Identifier: MIT */
/* text_blame.c: blame, critical path and what-ifs in words; see blame.h. */
#include <inttypes.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/blame.h"
#include "analyzer/reports/naming.h"

/* Parts of a line; what is left is one more. */
#define PARTS_MAX 3

/* Columns of what stands between two parts. */
#define SEPARATOR 3

/* A what-if that saves less than this part of the run is no news. */
#define WORTH_PART 100

/* "12 %": of nothing it would be "-". */
static void set_share(struct ws_cell *cell, uint64_t part, uint64_t whole)
{
	ws_cell_percent(cell, part, whole);
}

/* A piece of a line, the first with its label. */
static void piece(struct ws_page *page, const char *label_text, size_t label, struct ws_cell *text,
		  size_t indent, bool *first)
{
	ws_cell_cut(text, page->utf8, page->width - indent - SEPARATOR);
	if (*first)
		ws_page_text(page, label_text, label);
	ws_page_flow(page, text->text, *first ? "" : page->utf8 ? " \xc2\xb7 " : ", ", indent);
	*first = false;
}

/* " (read, empty)": which side of what has two. */
static const char *side_of(const struct ws_meanwhile *one)
{
	if (!ws_kind_carries(ws_object_polled(one->object)->key.kind) ||
	    one->object->key.kind == WS_KIND_POLL)
		return "";
	return one->reads ? " (read, empty)" : " (write, full)";
}

/* What they did, over all places where they came to be waited for: the same at two places is one.
 */
static void print_meanwhile(struct ws_page *page, const struct ws_report *report,
			    const struct ws_object_blame *blame, size_t label, size_t indent)
{
	uint64_t ran = 0, preempted = 0, gone = 0, unknown = 0, shown_ns = 0;
	struct ws_cell cell, share, name;
	bool first = true;
	size_t shown = 0;

	for (size_t i = 0; i < blame->n_meanwhile; i++) {
		const struct ws_meanwhile *one = &blame->meanwhile[i];

		ran += one->what == WS_CAUSE_RUNNING ? one->ns : 0;
		preempted += one->what == WS_CAUSE_PREEMPTED ? one->ns : 0;
		gone += one->what == WS_CAUSE_GONE ? one->ns : 0;
		unknown += one->what == WS_CAUSE_UNKNOWN ? one->ns : 0;
	}
	if (!blame->for_thread_ns || ran == blame->for_thread_ns)
		return; /* it ran: the holders' own lines say all */
	if (ran) {
		set_share(&share, ran, blame->for_thread_ns);
		ws_cell_set(&cell, page->utf8, "it ran %.20s", share.text);
		piece(page, "meanwhile", label, &cell, indent, &first);
	}
	if (preempted) {
		set_share(&share, preempted, blame->for_thread_ns);
		ws_cell_set(&cell, page->utf8, "%shad no processor %.20s", first ? "it " : "",
			    share.text);
		piece(page, "meanwhile", label, &cell, indent, &first);
	}
	shown_ns = ran + preempted + gone + unknown;
	for (size_t i = 0; i < blame->n_meanwhile && shown < PARTS_MAX; i++) {
		const struct ws_meanwhile *one = &blame->meanwhile[i];
		uint64_t ns = 0;
		bool before = false;

		if (one->what != WS_MEANWHILE_WAITED)
			continue;
		for (size_t j = 0; j < blame->n_meanwhile; j++) {
			const struct ws_meanwhile *other = &blame->meanwhile[j];

			if (other->what != one->what || other->object != one->object ||
			    other->reads != one->reads)
				continue;
			before |= j < i;
			ns += other->ns;
		}
		if (before)
			continue;
		ws_naming_object(&name, page->utf8, report, one->object);
		set_share(&share, ns, blame->for_thread_ns);
		ws_cell_set(&cell, page->utf8, "%swaited %.20s for %.100s%s", first ? "it " : "",
			    share.text, name.text, side_of(one));
		piece(page, "meanwhile", label, &cell, indent, &first);
		shown_ns += ns;
		shown++;
	}
	if (shown_ns < blame->for_thread_ns) {
		set_share(&share, blame->for_thread_ns - shown_ns, blame->for_thread_ns);
		ws_cell_set(&cell, page->utf8, "%.20s for others", share.text);
		piece(page, "meanwhile", label, &cell, indent, &first);
	}
	if (gone) {
		set_share(&share, gone, blame->for_thread_ns);
		ws_cell_set(&cell, page->utf8, "was gone %.20s", share.text);
		piece(page, "meanwhile", label, &cell, indent, &first);
	}
	if (unknown) {
		set_share(&share, unknown, blame->for_thread_ns);
		ws_cell_set(&cell, page->utf8, "unknown %.20s", share.text);
		piece(page, "meanwhile", label, &cell, indent, &first);
	}
	ws_page_end(page);
}

/* Who they waited for in the end, in the order of time; the scheduler's parts are one. */
static void print_end(struct ws_page *page, const struct ws_report *report,
		      const struct ws_object_blame *blame, size_t label, size_t indent)
{
	struct ws_cell cell, share;
	uint64_t left_ns = blame->wait_ns - blame->causes[WS_CAUSE_SCHEDULER];
	struct ws_named_end ends[WS_NAMED_ENDS_MAX];
	size_t n = ws_naming_ends(report, page->utf8, blame, ends);
	bool first = true;

	for (size_t i = 0; i < n && i < PARTS_MAX; i++) {
		set_share(&share, ends[i].ns, blame->wait_ns);
		ws_cell_set(&cell, page->utf8, "%.20s %.400s", share.text, ends[i].text.text);
		piece(page, "in the end", label, &cell, indent, &first);
		left_ns -= ends[i].ns;
	}
	if (left_ns) {
		set_share(&share, left_ns, blame->wait_ns);
		ws_cell_set(&cell, page->utf8, "%.20s others", share.text);
		piece(page, "in the end", label, &cell, indent, &first);
	}
	if (blame->causes[WS_CAUSE_SCHEDULER]) {
		set_share(&share, blame->causes[WS_CAUSE_SCHEDULER], blame->wait_ns);
		ws_cell_set(&cell, page->utf8, "%.20s woken, not yet running", share.text);
		piece(page, "in the end", label, &cell, indent, &first);
	}
	if (!first)
		ws_page_end(page);
}

static void print_what_if(struct ws_page *page, const struct ws_what_if *one,
			  const char *label_text, const char *what, size_t label, size_t indent)
{
	struct ws_cell cell, before, after;

	ws_cell_time(&before, page->utf8, one->duration_ns);
	ws_cell_time(&after, page->utf8, one->predicted_ns);
	ws_cell_set(&cell, page->utf8, "%.200s: %.20s -> about %.20s", what, before.text,
		    after.text);
	ws_page_text(page, label_text, label);
	ws_page_flow(page, cell.text, "", indent);
	ws_page_end(page);
}

void ws_text_blame(struct ws_page *page, const struct ws_report *report,
		   const struct ws_object *object, size_t label, size_t indent)
{
	const struct ws_blame_result *result = report->results->blame;
	const struct ws_object_blame *blame = ws_blame_of(result, object);

	if (!blame)
		return;
	print_meanwhile(page, report, blame, label, indent);
	print_end(page, report, blame, label, indent);
	for (size_t i = 0; i < result->what_ifs->n; i++) {
		const struct ws_what_if *one = &result->what_ifs->list[i];

		if (one->object != object || one->asked ||
		    one->duration_ns - one->predicted_ns < one->duration_ns / WORTH_PART)
			continue;
		print_what_if(page, one, "what if", "nobody waited for it", label, indent);
	}
}

void ws_text_critical_path(struct ws_page *page, const struct ws_report *report, size_t top)
{
	const struct ws_blame_result *result = report->results->blame;
	const struct ws_path_result *path = result->path;
	struct ws_cell cell, who, time;
	size_t shown;

	if (!result->known) {
		ws_page_end(page);
		ws_page_text(page, "critical path, blame and what-ifs are not known: ", 0);
		ws_page_flow(page, strerror(-result->error), "", 4);
		ws_page_end(page);
		return;
	}
	if (!path->known) {
		ws_page_end(page);
		ws_page_text(page, "critical path   not known: its thread is not in the recording",
			     0);
		ws_page_end(page);
		return;
	}
	if (path->end_ns == path->begin_ns)
		return;
	ws_page_end(page);
	ws_naming_thread(&who, page->utf8, report->tables, path->thread);
	ws_cell_time(&time, page->utf8, path->end_ns - path->begin_ns);
	ws_cell_set(&cell, page->utf8,
		    "critical path   what the end of %.60s depended on, in %.20s", who.text,
		    time.text);
	ws_page_cell(page, &cell, 0);
	ws_page_end(page);
	shown = top && path->n_parts > top ? top : path->n_parts;
	for (size_t i = 0; i < shown; i++) {
		const struct ws_path_part *part = &path->parts[i];
		struct ws_cell share;

		set_share(&share, part->ns, path->end_ns - path->begin_ns);
		ws_page_cell_to(page, &share, 10);
		ws_naming_cause(&cell, page->utf8, report, part->what, &part->party, part->object);
		ws_cell_cut(&cell, page->utf8, page->width - 22);
		ws_page_cell(page, &cell, 12);
		ws_page_time_to(page, part->ns, page->width);
		ws_page_end(page);
	}
	if (shown < path->n_parts) {
		ws_cell_noun(&who, path->n_parts - shown, "more part");
		ws_page_cell(page, &who, 12);
		ws_page_end(page);
	}
	for (size_t i = 0; i < result->what_ifs->n; i++) {
		const struct ws_what_if *one = &result->what_ifs->list[i];
		struct ws_cell name;

		if (!one->asked)
			continue;
		ws_naming_object(&name, page->utf8, report, one->object);
		ws_cell_set(&cell, page->utf8,
			    one->half ? "waits for %.100s took half as long"
				      : "nobody waited for %.100s",
			    name.text);
		print_what_if(page, one, "what if", cell.text, 2, 12);
	}
	if (result->what_ifs->missing) {
		ws_cell_set(&cell, page->utf8, "%.100s: no such object was waited for",
			    result->what_ifs->missing);
		ws_page_text(page, "what if", 2);
		ws_page_flow(page, cell.text, "", 12);
		ws_page_end(page);
	}
}
