/* SPDX-License-Identifier: MIT */
/* calls.c: see calls.h. */
#include "analyzer/reports/calls.h"

#include <inttypes.h>
#include <string.h>

#include "analyzer/analyses/calls.h"
#include "tracepoints/functions.h"

/* A `long` within these is shown as a number, beyond as an address: many are. */
#define LONG_MIN_SHOWN (-65536)
#define LONG_MAX_SHOWN 1048576

static void print_seconds(FILE *to, const char *before, uint64_t ns, const char *after)
{
	fprintf(to, "%s%" PRIu64 ".%09" PRIu64 "%s", before, ns / 1000000000, ns % 1000000000,
		after);
}

/* The next of a call's texts, and what follows it. */
static const char *next_text(const char *text, size_t *n)
{
	*n = strcspn(text, "\t");
	return text + *n + (text[*n] == '\t');
}

static void print_value(FILE *to, char letter, uint64_t value)
{
	int64_t number = (int64_t)value;

	switch (letter) {
	case 'd':
	case 'f':
		fprintf(to, "%" PRId64, number);
		break;
	case 'D':
		if (number >= LONG_MIN_SHOWN && number <= LONG_MAX_SHOWN)
			fprintf(to, "%" PRId64, number);
		else
			fprintf(to, "0x%" PRIx64, value);
		break;
	case 'u':
	case 'U':
		fprintf(to, "%" PRIu64, value);
		break;
	case 'o':
		fprintf(to, "0%" PRIo64, value);
		break;
	case 'x':
		fprintf(to, value ? "0x%" PRIx64 : "%" PRIx64, value);
		break;
	default:
		if (value)
			fprintf(to, "0x%" PRIx64, value);
		else
			fputs("NULL", to);
	}
}

static void print_arguments(FILE *to, const char *letters, const struct ws_record *record)
{
	const char *text = record->call.text;
	bool any_args;

	for (uint8_t i = 0; i < record->call.n_args; i++) {
		char letter = i < strlen(letters) ? letters[i] : 'p';
		const char *next;
		size_t n;

		if (i)
			fputs(", ", to);
		if (letter != 's') {
			print_value(to, letter, record->call.args[i]);
			continue;
		}
		next = next_text(text, &n);
		if (!*text && record->call.flags & WS_CALL_CUT)
			print_value(to, 'p', record->call.args[i]); /* no room was left for it */
		else if (n == 2 && !memcmp(text, "\\?", 2))
			print_value(to, 'p', record->call.args[i]);
		else
			fprintf(to, "\"%.*s\"%s", (int)n, text,
				!*next && record->call.flags & WS_CALL_CUT ? "..." : "");
		text = next;
	}
	any_args = record->call.function < WS_FUNCTION_COUNT &&
		   ws_functions[record->call.function].flags & WS_FUNCTION_ANY_ARGS;
	if (any_args)
		fputs(", ...", to);
}

static void print_result(FILE *to, const struct ws_function_info *info,
			 const struct ws_record *record)
{
	const char *word;

	if (record->call.flags & WS_CALL_LEFT) {
		fputs(" = ?", to);
		return;
	}
	if (record->call.flags & WS_CALL_ENTERED) {
		fputs(" = ? <unfinished>", to);
		return;
	}
	if (!info || info->result != 'v') {
		char letter = info ? info->result : 'D';

		fputs(" = ", to);
		if (letter == 'p' && record->call.result == -1)
			letter = 'd';
		print_value(to, letter, (uint64_t)record->call.result);
	}
	if (record->call.error) {
		word = strerrorname_np(record->call.error);
		if (word)
			fprintf(to, " %s", word);
		else
			fprintf(to, " errno %d", record->call.error);
	}
	print_seconds(to, " <", record->call.duration_ns, ">");
}

void ws_report_call(FILE *to, const struct ws_tables *tables, const struct ws_record *call,
		    const struct ws_frame *site)
{
	const struct ws_task *task = &tables->threads[call->thread];
	const struct ws_process *process = &tables->processes[task->process];
	const struct ws_function_info *info =
		call->call.function < WS_FUNCTION_COUNT ? &ws_functions[call->call.function] : NULL;
	struct ws_cell cell;

	print_seconds(
		to, "",
		call->call.begin_ns > tables->begin_ns ? call->call.begin_ns - tables->begin_ns : 0,
		" ");
	if (process->pid == task->tid)
		fprintf(to, "%d", process->pid);
	else
		fprintf(to, "%d/%d", process->pid, task->tid);
	fprintf(to, " %s(", ws_called_name(call->call.function));
	print_arguments(to, info ? info->args : "", call);
	fputc(')', to);
	print_result(to, info, call);
	if (site) {
		ws_cell_place(&cell, true, site, 60);
		fprintf(to, "  at %s", cell.text);
	}
	fputc('\n', to);
}

void ws_text_calls(struct ws_page *page, const struct ws_report *report, size_t top)
{
	enum { COLUMN_CALLS = 48, COLUMN_ERRORS = 60, COLUMN_TOTAL = 74, COLUMN_MEAN = 87 };
	const struct ws_calls_result *calls = report->results->calls;
	size_t shown = top && top < calls->n ? top : calls->n;
	struct ws_cell cell, number;

	if (!calls->n)
		return;
	ws_page_end(page);
	ws_page_text(page, "calls of functions", 0);
	ws_page_text_to(page, "calls", COLUMN_CALLS);
	ws_page_text_to(page, "errors", COLUMN_ERRORS);
	ws_page_text_to(page, "time", COLUMN_TOTAL);
	ws_page_text_to(page, "mean", COLUMN_MEAN);
	ws_page_text_to(page, "max", page->width);
	ws_page_end(page);
	for (size_t i = 0; i < shown; i++) {
		const struct ws_called *called = &calls->list[i];
		uint64_t ended = called->calls - called->unfinished;

		ws_page_text(page, ws_called_name(called->function), 2);
		ws_page_count_to(page, called->calls, COLUMN_CALLS);
		ws_page_count_to(page, called->errors, COLUMN_ERRORS);
		ws_page_time_to(page, called->total_ns, COLUMN_TOTAL);
		if (ended) {
			ws_page_time_to(page, called->total_ns / ended, COLUMN_MEAN);
			ws_page_time_to(page, called->max_ns, page->width);
		}
		ws_page_end(page);
	}
	if (shown < calls->n) {
		ws_cell_noun(&number, calls->n - shown, "more function");
		ws_cell_set(&cell, page->utf8, "%.60s", number.text);
		ws_page_cell(page, &cell, 2);
		ws_page_end(page);
	}
}

json_t *ws_json_calls(struct ws_json_writer *writer)
{
	const struct ws_calls_result *calls = writer->report->results->calls;
	json_t *list = json_array();

	for (size_t i = 0; i < calls->n; i++) {
		const struct ws_called *called = &calls->list[i];
		json_t *value = json_object();

		ws_json_set_string(writer, value, "function", ws_called_name(called->function));
		ws_json_set_integer(writer, value, "calls", called->calls);
		ws_json_set_integer(writer, value, "errors", called->errors);
		ws_json_set_integer(writer, value, "unfinished", called->unfinished);
		ws_json_set_integer(writer, value, "total_ns", called->total_ns);
		ws_json_set_integer(writer, value, "max_ns", called->max_ns);
		ws_json_append(writer, list, value);
	}
	return list;
}
