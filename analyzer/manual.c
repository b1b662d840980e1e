/* SPDX-License-Identifier: MIT */
/* manual.c: see manual.h. */
#include "analyzer/manual.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/command.h"
#include "analyzer/say.h"

/* Columns of --help: where texts begin, and where lines end. */
enum { COLUMN_TEXT = 22, COLUMN_STATUS = 7, WIDTH = 92 };

const struct ws_row *ws_manual_at(const struct ws_manual *manual, size_t i)
{
	for (size_t table = 0; manual->tables[table]; table++) {
		const struct ws_row *row = manual->tables[table];

		for (; row->help; row++) {
			if (i-- == 0)
				return row;
		}
	}
	return NULL;
}

const struct ws_row *ws_manual_row(const struct ws_manual *manual, int id)
{
	const struct ws_row *row;

	for (size_t i = 0; (row = ws_manual_at(manual, i)); i++) {
		if (row->name && row->id == id)
			return row;
	}
	return NULL;
}

const char *ws_row_word(const struct ws_row *row, size_t i, char *buffer, size_t size,
			const char **summary)
{
	const char *text = row->words;

	*summary = NULL;
	if (row->word)
		return row->word(i, summary);
	if (!text || *text == '@')
		return NULL;
	text += *text == '?';
	for (; *text; i--) {
		size_t n = strcspn(text, " ");

		if (i == 0 && n < size) {
			memcpy(buffer, text, n);
			buffer[n] = '\0';
			return buffer;
		}
		text += n;
		text += strspn(text, " ");
	}
	return NULL;
}

bool ws_row_lists(const struct ws_row *row)
{
	const char *summary = NULL;

	return row->word && (!row->words || (row->word(0, &summary) && summary));
}

void ws_manual_getopt(const struct ws_manual *manual, const char *prefix, struct option *options,
		      char *letters)
{
	const struct ws_row *row;
	size_t n = 0;

	letters = stpcpy(letters, prefix);
	for (size_t i = 0; (row = ws_manual_at(manual, i)) && n < WS_MANUAL_ROWS_MAX; i++) {
		if (!row->name)
			continue;
		options[n++] = (struct option){
			.name = row->name,
			.has_arg = row->value ? required_argument : no_argument,
			.val = row->id,
		};
		if (row->id < 256) {
			*letters++ = (char)row->id;
			if (row->value)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	options[n] = (struct option){ .name = NULL };
}

/* --- help --- */

/* Words until `column`, then on at `indent` of the next lines. Ends the last line. */
static void flow(FILE *to, const char *text, size_t indent, size_t column)
{
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, " \n");

		if (!first && column + 1 + n > WIDTH) {
			fprintf(to, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		column += n + !first;
		fprintf(to, "%s%.*s", first ? "" : " ", (int)n, text);
		first = false;
		text += n;
		if (*text == '\n') {
			fprintf(to, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
			text++;
		} else if (*text) {
			text++;
		}
	}
	fputc('\n', to);
}

/* Those with a meaning in lines, the others in a row. */
static void print_words(FILE *to, const struct ws_row *row)
{
	char buffer[64], all[1024] = "";
	const char *summary, *word;
	size_t n = 0;

	for (size_t i = 0; (word = ws_row_word(row, i, buffer, sizeof(buffer), &summary)); i++) {
		if (summary) {
			fprintf(to, "%*s%-11s", COLUMN_TEXT, "", word);
			flow(to, summary, COLUMN_TEXT + 11, COLUMN_TEXT + 11);
		} else {
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", n ? " " : "", word);
		}
	}
	if (n) {
		fprintf(to, "%*s", COLUMN_TEXT, "");
		flow(to, all, COLUMN_TEXT, COLUMN_TEXT);
	}
}

static void print_row(FILE *to, const struct ws_row *row)
{
	const char *dash = row->id < 256 ? "-" : "";
	const char letter[] = { row->id < 256 ? (char)row->id : '\0', '\0' };
	int column = fprintf(to, "  %s%s%s--%s%s%s", dash, letter, *dash ? ", " : "", row->name,
			     row->value ? " " : "", row->value ? row->value : "");

	if (column > COLUMN_TEXT - 1) {
		fputc('\n', to);
		column = 0;
	}
	fprintf(to, "%*s", COLUMN_TEXT - column, "");
	flow(to, row->help, COLUMN_TEXT, COLUMN_TEXT);
	if (ws_row_lists(row))
		print_words(to, row);
}

void ws_manual_help(const struct ws_manual *manual, FILE *to)
{
	const struct ws_row *row;

	fprintf(to, "usage: waitscope %s %s\n\n", manual->command, manual->synopsis);
	flow(to, manual->about, 0, 0);
	fputc('\n', to);
	for (size_t i = 0; (row = ws_manual_at(manual, i)); i++) {
		if (row->name)
			print_row(to, row);
		else
			fprintf(to, "\n%s\n", row->help);
	}
	if (manual->notes) {
		fputc('\n', to);
		flow(to, manual->notes, 0, 0);
	}
	fprintf(to, "\nexit status:\n");
	for (const struct ws_manual_status *s = manual->statuses; s->status >= 0; s++) {
		fprintf(to, "%5d  ", s->status);
		flow(to, s->means, COLUMN_STATUS, COLUMN_STATUS);
	}
	if (manual->variables)
		fprintf(to, "\nenvironment:\n");
	for (const struct ws_manual_variable *v = manual->variables; v && v->name; v++) {
		int column = fprintf(to, "  %s", v->name);

		fprintf(to, "%*s", column < COLUMN_TEXT ? COLUMN_TEXT - column : 1, "");
		flow(to, v->means, COLUMN_TEXT, COLUMN_TEXT);
	}
	fprintf(to, "\nexamples:\n");
	for (size_t i = 0; manual->examples[i]; i++)
		fprintf(to, "  %s\n", manual->examples[i]);
}

/* --- what is wrong --- */

/* "--format pdf", "-j 0" as "--jobs 0" */
static void set_subject(char *text, size_t size, const struct ws_row *row, const char *value)
{
	if (value && !*value)
		value = "\"\"";
	snprintf(text, size, "--%s%s%.800s", row->name, value ? " " : "", value ? value : "");
}

int ws_manual_wrong(const struct ws_manual *manual, const struct ws_row *row, const char *value,
		    const char *wrong, ...)
{
	char subject[1024], text[2048];
	va_list args;

	set_subject(subject, sizeof(subject), row, value);
	va_start(args, wrong);
	vsnprintf(text, sizeof(text), wrong, args);
	va_end(args);
	return ws_say_usage(manual->command, subject, "%s", text);
}

static bool is_word(const struct ws_row *row, const char *value, size_t n)
{
	char buffer[64];
	const char *summary, *word;

	for (size_t i = 0; (word = ws_row_word(row, i, buffer, sizeof(buffer), &summary)); i++) {
		if (strlen(word) == n && memcmp(word, value, n) == 0)
			return true;
	}
	return false;
}

int ws_manual_check_value(const struct ws_manual *manual, const struct ws_row *row,
			  const char *value)
{
	bool is_list = row->value && strstr(row->value, "[,");
	char all[1024] = "", buffer[64];
	const char *summary, *word, *rest = value;
	size_t used = 0;

	/* Without words, or with some only, the command knows what is right. */
	if (row->words ? *row->words == '?' || *row->words == '@' : !row->word)
		return 0;
	for (;;) {
		size_t n = is_list ? strcspn(rest, ",") : strlen(rest);

		if (!is_word(row, rest, n))
			break;
		if (!rest[n])
			return 0;
		rest += n + 1;
	}
	for (size_t i = 0; (word = ws_row_word(row, i, buffer, sizeof(buffer), &summary)); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 word);
	return ws_manual_wrong(manual, row, value, is_list ? "not a list of %s" : "not one of %s", all);
}

int ws_manual_unknown(const struct ws_manual *manual, int option, char **argv)
{
	const char letter[] = { '-', (char)optopt, '\0' };
	const struct ws_row *row = optopt ? ws_manual_row(manual, optopt) : NULL;
	const char *word = argv[optind - 1];

	if (option == ':')
		return ws_say_usage(manual->command, word, "a value is missing: %s",
				    row && row->value ? row->value : "VALUE");
	/* A long option that takes no value has got one: getopt says which by its id. */
	if (row && strncmp(word, "--", 2) == 0 && strchr(word, '='))
		return ws_say_usage(manual->command, word, "this option takes no value");
	return ws_say_usage(manual->command, optopt && optopt < 256 && !row ? letter : word,
			    "there is no such option");
}
