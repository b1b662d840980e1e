/* SPDX-License-Identifier: MIT */
/* manual.h: what a command understands, as one table that all the rest is made from: what
 * getopt_long() wants, --help, the manual pages and the completions of the shells.
 *
 * To add an option: one row in the table of the command, in its cmd_<name>.c.
 */
#ifndef WS_MANUAL_H
#define WS_MANUAL_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One of the words that an option takes; *summary may be set to what it means. NULL: there are no
 * more. */
typedef const char *ws_manual_word(size_t i, const char **summary);

/* What else may complete a value: see ws_row.words. */
#define WS_WORDS_FILE    "@file"
#define WS_WORDS_FOLDER  "@folder"
#define WS_WORDS_TRACE   "@trace"   /* folders that hold a trace */
#define WS_WORDS_PROGRAM "@program" /* a program, and then what that takes */

/* An option. */
struct ws_row {
	const char *name;  /* the long one, without dashes; NULL: `help` is a heading */
	int id;            /* what getopt_long() returns; a character: the short option, too */
	const char *value; /* what --help calls its value ("N"); NULL: it takes none. "K[,K...]" is
			    * a list */
	const char *words; /* the words that it takes, between spaces; after a `?`: some of what it
			    * takes; one of WS_WORDS_*; NULL: anything, or `word` */
	ws_manual_word *word; /* the words that it takes, from a table elsewhere; some of them, where
			       * `words` is "?"; NULL: none */
	const char *help;     /* flowing text */
};

/* Rows at most of one command, with those that it shares: for arrays. */
#define WS_MANUAL_ROWS_MAX 64
/* Tables of rows of one command at most. */
#define WS_MANUAL_TABLES_MAX 4

struct ws_manual_status {
	int status; /* a row with -1 is the last */
	const char *means;
};

struct ws_manual_variable {
	const char *name; /* NULL: the last row */
	const char *means;
};

/* A command. Texts are flowing, a newline begins a paragraph. */
struct ws_manual {
	const char *command;
	const char *summary;  /* a line */
	const char *synopsis; /* what follows the command's name */
	const char *argument; /* what completes its arguments: WS_WORDS_*; NULL: nothing */
	const char *about;
	const struct ws_row *tables[WS_MANUAL_TABLES_MAX + 1]; /* each ends with a row of zeroes;
								* NULL: no more */
	const char *notes;                                     /* NULL: none */
	const struct ws_manual_status *statuses;
	const struct ws_manual_variable *variables; /* NULL: none */
	const char *const *examples;                /* lines; NULL is the last */
};

/* The end of a table. */
#define WS_ROWS_END                                                                                \
	{                                                                                          \
		NULL, 0, NULL, NULL, NULL, NULL                                                    \
	}

/* The option that getopt_long() gave as `id`; NULL: there is none. */
const struct ws_row *ws_manual_row(const struct ws_manual *manual, int id);

/* Row `i` of all tables, headings too; NULL: there are no more. */
const struct ws_row *ws_manual_at(const struct ws_manual *manual, size_t i);

/* The i-th of the words that the option takes, in a buffer of `size` that they fit in. NULL: there
 * are no more, or they are no words. */
const char *ws_row_word(const struct ws_row *row, size_t i, char *buffer, size_t size,
			const char **summary);

/* The text does not have the option's words: they are told after it. Not where there are but some, which
 * mean what they mean elsewhere. */
bool ws_row_lists(const struct ws_row *row);

/* What getopt_long() wants. `options` has room for WS_MANUAL_ROWS_MAX + 1, `letters` for twice as
 * many; `prefix` is what comes before the letters. */
void ws_manual_getopt(const struct ws_manual *manual, const char *prefix, struct option *options,
		      char *letters);

/* Prints --help. */
void ws_manual_help(const struct ws_manual *manual, FILE *to);

/* The value that was given is none of the option's words: says so. 0, or WS_EXIT_USAGE. */
int ws_manual_check_value(const struct ws_manual *manual, const struct ws_row *row,
			  const char *value);

/* Says what is wrong with the option's value, in one line. WS_EXIT_USAGE. */
int ws_manual_wrong(const struct ws_manual *manual, const struct ws_row *row, const char *value,
		    const char *wrong, ...) __attribute__((format(printf, 4, 5)));

/* getopt_long() returned '?' or ':': the same. */
int ws_manual_unknown(const struct ws_manual *manual, int option, char **argv);

#endif
