/* SPDX-License-Identifier: MIT */
/* reading.c: see reading.h. */
#include "analyzer/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/base/words.h"
#include "analyzer/option.h"
#include "analyzer/say.h"

const char *ws_reading_twice(const char *const *dirs, size_t n)
{
	struct stat a, b;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (stat(dirs[i], &a) == 0 && stat(dirs[j], &b) == 0 &&
			    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
				return dirs[j];
	return NULL;
}

const char *ws_reading_kind(size_t i, const char **summary)
{
	*summary = NULL;
	return i + 1 < WS_KIND_COUNT ? ws_kind_word((uint8_t)(i + 1)) : NULL;
}

const struct ws_row ws_reading_rows[] = {
	{ "output", WS_READING_OUTPUT, "FILE", WS_WORDS_FILE, NULL,
	  "write there instead of to standard output; FILE is replaced only when all of it is "
	  "written" },
	{ "jobs", WS_READING_JOBS, "N", NULL, NULL,
	  "read with at most N threads, if there are as many streams (default: one for each "
	  "processor); the result is the same for any N" },
	{ "help", WS_READING_SHOW_HELP, NULL, NULL, NULL, "show this text" },
	WS_ROWS_END,
};

const struct ws_row ws_reading_filter_rows[] = {
	{ NULL, 0, NULL, NULL, NULL, "Count only some waits:" },
	{ "min-wait", WS_READING_MIN_WAIT, "T", NULL, NULL, "those that took at least T" },
	{ "pid", WS_READING_PID, "P", NULL, NULL, "those of process P" },
	{ "tid", WS_READING_TID, "T", NULL, NULL, "those of thread T" },
	{ "kind", WS_READING_KIND, "K[,K...]", NULL, ws_reading_kind,
	  "those on objects of these kinds:" },
	{ "object", WS_READING_OBJECT, "GLOB", NULL, NULL,
	  "those on objects of such a name, as the report shows it, with or without its kind "
	  "(cache.lock, 'mutex cache*'), or of this id in its JSON; may be given several times: "
	  "any of them" },
	{ "from", WS_READING_FROM, "T", NULL, NULL,
	  "those that end after T, counted from the trace's beginning; they count in full" },
	{ "until", WS_READING_UNTIL, "T", NULL, NULL, "those that begin before T" },
	{ "class", WS_READING_CLASS, "GLOB=CLASS", NULL, NULL,
	  "waits on objects of these names are contention, handover, input, pacing or idle, "
	  "whatever the rules say (docs/classes.md)" },
	WS_ROWS_END,
};

const struct ws_row ws_reading_to_rows[] = {
	{ "to", WS_READING_TO, "T", NULL, NULL, "the same as --until" },
	WS_ROWS_END,
};

int ws_reading_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > max)
			return -EINVAL;
	}
	*ret = number;
	return 0;
}

/* A list of words that are kinds. NULL, or what is wrong. */
static const char *take_kinds(const char *text, uint32_t *ret)
{
	uint32_t kinds = 0;
	char word[32];

	for (;;) {
		size_t n = strcspn(text, ",");
		uint8_t kind;

		snprintf(word, sizeof(word), "%.*s", (int)n, text);
		kind = ws_kind_of_word(word);
		if (!kind)
			return "not a list of kinds such as mutex,rwlock";
		kinds |= 1u << kind;
		if (!text[n])
			break;
		text += n + 1;
	}
	*ret = kinds;
	return NULL;
}

void ws_reading_init(struct ws_study_options *options)
{
	static const char *const default_dirs[] = { WS_READING_DEFAULT_DIR };

	*options = (struct ws_study_options){
		.dirs = default_dirs,
		.n_dirs = 1,
		.setup.filter = { .to_ns = UINT64_MAX },
	};
}

/* "GLOB=CLASS". NULL, or what is wrong. */
static const char *take_class(const char *value, struct ws_study_options *options)
{
	struct ws_setup *setup = &options->setup;
	char *equals = strrchr(value, '=');
	struct ws_class_wish wish = { .glob = value };

	if (!equals || equals == value || ws_class_of_word(equals + 1, &wish.class) < 0)
		return "not GLOB=contention, handover, input, pacing or idle";
	if (setup->n_class_wishes == WS_CLASS_WISHES_MAX)
		return "there are more than 64 of them";
	*equals = '\0'; /* getopt's strings are the process's own */
	options->class_wishes[setup->n_class_wishes++] = wish;
	setup->class_wishes = options->class_wishes;
	return NULL;
}

static const char *take_object(const char *value, struct ws_filter *filter)
{
	if (!*value)
		return "a name or a pattern is wanted, such as 'cache*'";
	if (filter->n_objects == WS_FILTER_OBJECTS_MAX)
		return "there are more than 16 of them";
	filter->objects[filter->n_objects++] = value;
	return NULL;
}

static const char *take_time(const char *value, uint64_t *ret)
{
	return ws_option_time(value, ret) < 0 ? "not a time such as 10us, 1.5ms or 2s" : NULL;
}

/* "812": a process, a thread. */
static const char *take_id(const char *value, int32_t *ret)
{
	uint64_t number;

	if (ws_reading_number(value, INT32_MAX, &number) < 0 || number == 0)
		return "not a positive number";
	*ret = (int32_t)number;
	return NULL;
}

int ws_reading_take(int option, char *value, struct ws_study_options *options, const char **ret)
{
	struct ws_filter *filter = &options->setup.filter;
	const char *wrong = NULL;
	uint64_t number = 0;

	switch (option) {
	case WS_READING_JOBS:
		if (ws_reading_number(value, WS_WATCH_SLOTS, &number) < 0 || number == 0)
			wrong = "not a number from 1 to 64";
		else
			options->jobs = (unsigned int)number;
		break;
	case WS_READING_MIN_WAIT:
		wrong = take_time(value, &filter->min_wait_ns);
		break;
	case WS_READING_PID:
		wrong = take_id(value, &filter->pid);
		break;
	case WS_READING_TID:
		wrong = take_id(value, &filter->tid);
		break;
	case WS_READING_KIND:
		wrong = take_kinds(value, &filter->kinds);
		break;
	case WS_READING_OBJECT:
		wrong = take_object(value, filter);
		break;
	case WS_READING_FROM:
		wrong = take_time(value, &filter->from_ns);
		break;
	case WS_READING_TO:
	case WS_READING_UNTIL:
		wrong = take_time(value, &filter->to_ns);
		break;
	case WS_READING_CLASS:
		wrong = take_class(value, options);
		break;
	default:
		return 0;
	}
	if (!wrong)
		return 1;
	*ret = wrong;
	return -EINVAL;
}

int ws_reading_option(const struct ws_manual *manual, int option, char *value,
		      struct ws_study_options *options)
{
	const struct ws_row *row = ws_manual_row(manual, option);
	const char *wrong;
	int r;

	if (ws_manual_check_value(manual, row, value) != 0)
		return -EINVAL;
	r = ws_reading_take(option, value, options, &wrong);
	if (r < 0)
		ws_manual_wrong(manual, row, value, "%s", wrong);
	return r;
}

/* What the option that ends the span is called there. */
static const char *manual_to(const struct ws_manual *manual)
{
	for (size_t i = 0; manual->tables[i]; i++) {
		if (manual->tables[i] == ws_reading_to_rows)
			return "--to, --until";
	}
	return "--until";
}

int ws_reading_arguments(const struct ws_manual *manual, int argc, char **argv,
			 struct ws_study_options *options)
{
	const struct ws_filter *filter = &options->setup.filter;
	const char *twice;

	if (optind < argc) {
		options->dirs = (const char *const *)argv + optind;
		options->n_dirs = (size_t)(argc - optind);
	}
	twice = ws_reading_twice(options->dirs, options->n_dirs);
	if (twice) {
		ws_say_usage(manual->command, twice, "the same folder is named twice");
		return -EINVAL;
	}
	if (filter->to_ns <= filter->from_ns && filter->to_ns) {
		ws_say_usage(manual->command, manual_to(manual),
			     "the end is not later than --from");
		return -EINVAL;
	}
	return 0;
}

int ws_reading_at(const char *text, struct ws_graph_wish *graph)
{
	graph->wanted = graph->instant = true;
	graph->at_ns = UINT64_MAX;
	return strcmp(text, "end") == 0 ? 0 : ws_option_time(text, &graph->at_ns);
}
