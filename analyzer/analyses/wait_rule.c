/* SPDX-License-Identifier: MIT */
/* wait_rule.c: see wait_rule.h. */
#include "analyzer/analyses/wait_rule.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/words.h"

static const char *const limit_words[] = {
#define WORD(sym, word) #word,
	WS_LIMITS(WORD)
#undef WORD
};

const char *ws_limit_word(enum ws_limit limit)
{
	return limit_words[limit];
}

/* "2ms", "1.5s", "100us", "7ns". 0 or -EINVAL. */
static int parse_time(const char *text, uint64_t *ret)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 } };
	char *end;
	double number;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	number = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) == 0 && number * units[i].ns < 1e19) {
			*ret = (uint64_t)(number * units[i].ns);
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_count(const char *text, uint64_t *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *end || errno ? -EINVAL : 0;
}

static int parse_kinds(char *text, struct ws_wait_rule *rule, struct ws_error *error)
{
	char *rest = NULL;

	for (char *word = strtok_r(text, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
		uint8_t kind = ws_kind_of_word(word);

		if (!kind)
			return ws_error_set(error, -EINVAL, "there is no kind \"%s\"", word);
		rule->kinds |= 1u << kind;
	}
	return rule->kinds ? 0 : ws_error_set(error, -EINVAL, "kind= needs a kind, such as mutex");
}

static int parse_glob(const char *text, char *to, size_t size, struct ws_error *error)
{
	if (!*text || strlen(text) >= size)
		return ws_error_set(error, -EINVAL,
				    "object= and site= need a name of at most %zu "
				    "characters",
				    size - 1);
	memcpy(to, text, strlen(text) + 1);
	return 0;
}

static int parse_limit(const char *field, const char *value, struct ws_wait_rule *rule,
		       struct ws_error *error)
{
	for (size_t i = 0; i < WS_LIMIT_COUNT; i++) {
		if (strcmp(field, limit_words[i]) != 0)
			continue;
		rule->limited[i] = true;
		if (i == WS_LIMIT_WAITS)
			return parse_count(value, &rule->limits[i]) < 0
				       ? ws_error_set(error, -EINVAL,
						      "waits< needs a number, not \"%s\"", value)
				       : 0;
		return parse_time(value, &rule->limits[i]) < 0
			       ? ws_error_set(error, -EINVAL,
					      "%s< needs a time such as 2ms, not \"%s\"", field,
					      value)
			       : 0;
	}
	return ws_error_set(error, -EINVAL, "\"%s\" is none of p50, p95, p99, max, total and waits",
			    field);
}

static int parse_term(char *term, struct ws_wait_rule *rule, struct ws_error *error)
{
	char *less = strchr(term, '<');

	if (strncmp(term, "kind=", 5) == 0)
		return parse_kinds(term + 5, rule, error);
	if (strncmp(term, "object=", 7) == 0)
		return parse_glob(term + 7, rule->object, sizeof(rule->object), error);
	if (strncmp(term, "site=", 5) == 0)
		return parse_glob(term + 5, rule->site, sizeof(rule->site), error);
	if (!less)
		return ws_error_set(error, -EINVAL,
				    "\"%s\" is none of kind=, object=, site= and FIELD<VALUE",
				    term);
	*less = '\0';
	return parse_limit(term, less + 1, rule, error);
}

int ws_wait_rule_parse(const char *text, struct ws_wait_rule *ret, struct ws_error *error)
{
	struct ws_wait_rule rule = { .text = text };
	char *copy = strdup(text), *rest = copy;
	bool any = false;
	int r = copy ? 0 : -ENOMEM;

	while (r == 0 && rest) {
		char *term = strsep(&rest, ",");

		r = parse_term(term, &rule, error);
	}
	free(copy);
	if (r < 0)
		return r;
	for (size_t i = 0; i < WS_LIMIT_COUNT; i++)
		any |= rule.limited[i];
	if (!any)
		return ws_error_set(error, -EINVAL, "there is no limit in it, such as p99<2ms");
	*ret = rule;
	return 0;
}

static bool fits_object(const struct ws_wait_rule *rule, const struct ws_digest_object *object)
{
	const char *kind = ws_kind_word(object->kind);
	size_t n = strlen(kind);

	if (rule->kinds && !(rule->kinds & (1u << object->kind)))
		return false;
	if (!rule->object[0] || fnmatch(rule->object, object->name, 0) == 0)
		return true;
	return strncmp(object->name, kind, n) == 0 && object->name[n] == ' ' &&
	       fnmatch(rule->object, object->name + n + 1, 0) == 0;
}

static bool fits_site(const struct ws_wait_rule *rule, const struct ws_digest *run, uint32_t at)
{
	const struct ws_digest_site *site;
	char line[640], both[1280];
	int n;

	if (!rule->site[0])
		return true;
	if (at == WS_UNKNOWN)
		return false;
	site = &run->sites[at];
	n = (int)ws_function_length(site->function);
	snprintf(line, sizeof(line), "%s:%" PRIu32, ws_base_name(site->file), site->line);
	snprintf(both, sizeof(both), "%.*s() %s", n, site->function, line);
	if (fnmatch(rule->site, line, 0) == 0 || fnmatch(rule->site, both, 0) == 0)
		return true;
	snprintf(both, sizeof(both), "%.*s", n, site->function);
	return fnmatch(rule->site, both, 0) == 0;
}

int ws_wait_rule_see(const struct ws_wait_rule *rule, const struct ws_digest *run,
		     struct ws_wait_seen *ret)
{
	*ret = (struct ws_wait_seen){ .longest_object = WS_UNKNOWN, .longest_site = WS_UNKNOWN };
	for (uint32_t i = 0; i < run->n_objects; i++) {
		const struct ws_digest_object *object = &run->objects[i];

		if (!fits_object(rule, object))
			continue;
		for (size_t k = 0; k < object->n_waiters; k++) {
			const struct ws_digest_use *use = &object->waiters[k];

			if (!fits_site(rule, run, use->site))
				continue;
			if (use->waits.count && use->waits.max >= ret->waits.max) {
				ret->longest_object = i;
				ret->longest_site = use->site;
			}
			if (ws_histogram_merge(&ret->waits, &use->waits) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

uint64_t ws_limit_value(enum ws_limit limit, const struct ws_histogram *waits)
{
	switch (limit) {
	case WS_LIMIT_P50:
		return ws_histogram_quantile(waits, 500);
	case WS_LIMIT_P95:
		return ws_histogram_quantile(waits, 950);
	case WS_LIMIT_P99:
		return ws_histogram_quantile(waits, 990);
	case WS_LIMIT_MAX:
		return waits->max;
	case WS_LIMIT_TOTAL:
		return waits->total;
	default:
		return waits->count;
	}
}
