/* SPDX-License-Identifier: MIT */
/* longest_waits.c: the longest waits of a recording, each with who let it go, by the library of
 * waitscope (docs/library.md).
 *
 *	cc longest_waits.c $(pkg-config --cflags --libs waitscope-analysis) -o longest_waits
 *	./longest_waits waitscope.trace
 *
 * Columns are separated by tabs: kind of the wait, object, nanoseconds from the begin of the trace,
 * nanoseconds it took, outcome, who waited, where, who let it go, where. A line of totals comes
 * last.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <waitscope/analysis.h>

#define LONGEST 10

/* What we keep of a wait: frames and texts live as long as the analysis, the wait does not. */
struct entry {
	const char *kind, *name, *outcome;
	uint64_t begin_ns, ns;
	struct ws_analysis_place waiter, waker;
};

struct longest {
	struct entry entries[LONGEST]; /* the longest first */
	size_t n;
	uint64_t waits, ns; /* of all */
};

static int take(void *user, const struct ws_analysis_wait *wait)
{
	struct longest *longest = user;
	struct entry entry = {
		.kind = wait->kind,
		.name = wait->name,
		.outcome = wait->outcome,
		.begin_ns = wait->begin_ns,
		.ns = wait->end_ns - wait->begin_ns,
		.waiter = wait->waiter,
		.waker = wait->waker,
	};
	size_t at = longest->n;

	longest->waits++;
	longest->ns += entry.ns;
	while (at > 0 && longest->entries[at - 1].ns < entry.ns)
		at--;
	if (at == LONGEST)
		return 0;
	if (longest->n < LONGEST)
		longest->n++;
	for (size_t i = longest->n - 1; i > at; i--)
		longest->entries[i] = longest->entries[i - 1];
	longest->entries[at] = entry;
	return 0;
}

static void print_place(struct ws_analysis *analysis, const struct ws_analysis_place *place)
{
	const struct ws_analysis_thread *thread = ws_analysis_get_thread(analysis, place->thread);
	const char *function = ws_analysis_frame_function(place->site);

	if (thread)
		printf("\t%s[%" PRId32 "]", thread->name, thread->tid);
	else
		printf("\tunknown");
	printf("\t%s", function ? function : "unknown");
}

static void print(struct ws_analysis *analysis, const struct longest *longest)
{
	uint64_t begin_ns = ws_analysis_get_summary(analysis)->begin_ns;

	for (size_t i = 0; i < longest->n; i++) {
		const struct entry *entry = &longest->entries[i];

		printf("%s\t%s\t%" PRId64 "\t%" PRIu64 "\t%s", entry->kind, entry->name,
		       (int64_t)(entry->begin_ns - begin_ns), entry->ns, entry->outcome);
		print_place(analysis, &entry->waiter);
		print_place(analysis, &entry->waker);
		printf("\n");
	}
	printf("total\t%" PRIu64 "\t%" PRIu64 "\n", longest->waits, longest->ns);
}

static void warn(void *user, const char *text)
{
	(void)user;
	fprintf(stderr, "longest_waits: note: %s\n", text);
}

int main(int argc, char **argv)
{
	struct longest longest = { .n = 0 };
	struct ws_analysis *analysis;
	int r = ws_analysis_new(&analysis);

	if (r < 0) {
		fprintf(stderr, "longest_waits: memory is out\n");
		return EXIT_FAILURE;
	}
	for (int i = 1; i < argc && r == 0; i++)
		r = ws_analysis_add_trace(analysis, argv[i]);
	if (r == 0 && argc < 2)
		r = ws_analysis_add_trace(analysis, "waitscope.trace");
	if (r == 0)
		r = ws_analysis_set(analysis, "waits", "yes");
	ws_analysis_on_warning(analysis, warn, NULL);
	if (r == 0)
		r = ws_analysis_run(analysis);
	if (r == 0)
		r = ws_analysis_each_wait(analysis, take, &longest);
	if (r == 0)
		print(analysis, &longest);
	else
		fprintf(stderr, "longest_waits: %s\n", ws_analysis_error(analysis));
	ws_analysis_free(analysis);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
