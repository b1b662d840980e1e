/* SPDX-License-Identifier: MIT */
/* reading.c: see reading.h. */
#include "analyzer/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/base/words.h"
#include "analyzer/command.h"
#include "analyzer/option.h"

/* The folder that is named twice, also by two names; NULL: none. Its waits would count twice. */
static const char *named_twice(const char *const *dirs, size_t n)
{
	struct stat a, b;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (stat(dirs[i], &a) == 0 && stat(dirs[j], &b) == 0 &&
			    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
				return dirs[j];
	return NULL;
}

void ws_reading_help(const char *text)
{
	const char *mark = strstr(text, "@KINDS@");
	size_t column = 22;

	printf("%.*s", (int)(mark - text), text);
	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++) {
		const char *word = ws_kind_word(kind);

		if (column + 1 + strlen(word) > 88) {
			printf("\n                      ");
			column = 22;
		}
		printf("%s%s", column > 22 ? " " : "", word);
		column += strlen(word) + (column > 22);
	}
	printf("%s", mark + strlen("@KINDS@"));
}

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

static int parse_kinds(const char *text, uint32_t *ret)
{
	uint32_t kinds = 0;
	char word[32];

	for (;;) {
		size_t n = strcspn(text, ",");
		uint8_t kind;

		if (n >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, n);
		word[n] = 0;
		kind = ws_kind_of_word(word);
		if (!kind)
			return -EINVAL;
		kinds |= 1u << kind;
		if (!text[n])
			break;
		text += n + 1;
	}
	*ret = kinds;
	return 0;
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
static const char *take_class(char *value, struct ws_study_options *options)
{
	struct ws_setup *setup = &options->setup;
	char *equals = strrchr(value, '=');
	struct ws_class_wish wish = { .glob = value };

	if (!equals || equals == value || ws_class_of_word(equals + 1, &wish.class) < 0)
		return "--class: GLOB=contention, handover, input, pacing or idle, not";
	if (setup->n_class_wishes == WS_CLASS_WISHES_MAX)
		return "--class: at most 64 times; too many with";
	*equals = '\0'; /* getopt's strings are the process's own */
	options->class_wishes[setup->n_class_wishes++] = wish;
	setup->class_wishes = options->class_wishes;
	return NULL;
}

int ws_reading_option(int option, char *value, struct ws_study_options *options,
		      struct ws_usage *usage)
{
	struct ws_filter *filter = &options->setup.filter;
	const char *what = NULL;
	uint64_t number = 0;

	switch (option) {
	case 'j':
		if (ws_reading_number(value, WS_WATCH_SLOTS, &number) < 0 || number == 0)
			what = "--jobs: a number from 1 to 64, not";
		else
			options->jobs = (unsigned int)number;
		break;
	case WS_READING_MIN_WAIT:
		if (ws_option_time(value, &filter->min_wait_ns) < 0)
			what = "--min-wait: a time such as 1.5ms, not";
		break;
	case WS_READING_PID:
		if (ws_reading_number(value, INT32_MAX, &number) < 0 || number == 0)
			what = "--pid: a process id, not";
		else
			filter->pid = (int32_t)number;
		break;
	case WS_READING_TID:
		if (ws_reading_number(value, INT32_MAX, &number) < 0 || number == 0)
			what = "--tid: a thread id, not";
		else
			filter->tid = (int32_t)number;
		break;
	case WS_READING_KIND:
		if (parse_kinds(value, &filter->kinds) < 0)
			what = "--kind: there is no such kind in";
		break;
	case WS_READING_FROM:
		if (ws_option_time(value, &filter->from_ns) < 0)
			what = "--from: a time such as 1.5s, not";
		break;
	case WS_READING_TO:
		if (ws_option_time(value, &filter->to_ns) < 0)
			what = "--to, --until: a time such as 1.5s, not";
		break;
	case WS_READING_CLASS:
		what = take_class(value, options);
		break;
	default:
		return 0;
	}
	if (!what)
		return 1;
	*usage = (struct ws_usage){ what, value };
	return -EINVAL;
}

int ws_reading_arguments(int argc, char **argv, struct ws_study_options *options,
			 struct ws_usage *usage)
{
	const struct ws_filter *filter = &options->setup.filter;
	const char *twice;

	if (optind < argc) {
		options->dirs = (const char *const *)argv + optind;
		options->n_dirs = (size_t)(argc - optind);
	}
	twice = named_twice(options->dirs, options->n_dirs);
	if (twice) {
		*usage = (struct ws_usage){ "the same folder twice:", twice };
		return -EINVAL;
	}
	if (filter->to_ns <= filter->from_ns && filter->to_ns) {
		*usage = (struct ws_usage){ "--to, --until: must be later than --from", NULL };
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

int ws_reading_usage(const char *command, const struct ws_usage *usage)
{
	fprintf(stderr, "waitscope %s: %s%s%s (see waitscope %s --help)\n", command, usage->what,
		usage->value ? " " : "", usage->value ? usage->value : "", command);
	return WS_EXIT_USAGE;
}

int ws_reading_unknown(const char *command, int option, char **argv)
{
	const char letter[] = { '-', (char)optopt, 0 };
	struct ws_usage usage = { "a value is missing after", argv[optind - 1] };

	if (option != ':')
		usage = (struct ws_usage){ "unknown option",
					   optopt && optopt < 256 ? letter : argv[optind - 1] };
	return ws_reading_usage(command, &usage);
}
