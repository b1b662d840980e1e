/* SPDX-License-Identifier: MIT */
/* telling.h: what every command that tells of traces does: takes options and folders, reads them in
 * a supervised process, and writes to a file that is whole or not there.
 *
 * A command says what its own options are and how it writes; reading.h has the options that it
 * shares with the others.
 */
#ifndef WS_TELLING_H
#define WS_TELLING_H

#include <stdio.h>

#include "analyzer/reading.h"
#include "analyzer/study.h"

struct ws_telling {
	const struct ws_manual *manual; /* the tables of reading.h among its own */
	const char *failed;             /* what there is not if it fails: "no report" */
	void *user;       /* for the functions */

	/* One option of the command's own, whose value is one of the words that its row has. 0 or the exit status of a usage error. */
	int (*option)(struct ws_telling *telling, int option, char *value);
	/* All of them are known. 0 or the exit status of a usage error. NULL: nothing to see. */
	int (*check)(struct ws_telling *telling);
	/* Writes what was asked for, and leaves checking `to` for errors. 0 or a negative errno
	 * with *error set, unless the errno says it all. */
	int (*write)(struct ws_telling *telling, const struct ws_study *study, FILE *to,
		     struct ws_error *error);
	/* Instead of `write`: does all the work after the options, for who reads each folder for
	 * itself (runs.h). The exit status. NULL: the folders are one trace. */
	int (*work)(struct ws_telling *telling);
	/* One folder, in its place among the options; `after_dashes`: `--` was before it. 0 or the
	 * exit status of a usage error. NULL: they are put into `study`. */
	int (*folder)(struct ws_telling *telling, const char *value, bool after_dashes);

	/* What the user said. */
	struct ws_study_options study; /* set up by ws_telling_init */
	const char *output;            /* NULL: standard output */
	bool wants_help;

	struct ws_analysis *analysis; /* Weak: while `write` is called */
};

/* The default trace, and all of its waits: before the command sets what it wants otherwise. */
void ws_telling_init(struct ws_telling *telling);

/* Does it all. The exit status. */
int ws_telling_run(struct ws_telling *telling, int argc, char **argv);

/* For `write`: writes the format of that name, one of ws_analysis_get_format(). 0 or a negative errno
 * with *error set. */
int ws_telling_write(struct ws_telling *telling, const char *format, FILE *to,
		     struct ws_error *error);

/* Says what is wrong with the option's value (NULL: the option itself), in one line.
 * WS_EXIT_USAGE. */
int ws_telling_wrong(const struct ws_telling *telling, int option, const char *value,
		     const char *wrong);

#endif
