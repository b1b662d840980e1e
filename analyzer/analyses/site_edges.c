/* SPDX-License-Identifier: MIT */
/* site_edges.c: see site_edges.h. */
#include "analyzer/analyses/site_edges.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/analyses/places.h"

static int compare_sites(const struct ws_edge *a, const struct ws_edge *b)
{
	int c;

	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	c = ws_site_compare(a->waiter.site, b->waiter.site);
	return c ? c : ws_site_compare(a->blocker.site, b->blocker.site);
}

static int by_sites(const void *a, const void *b)
{
	const struct ws_edge *x = *(const struct ws_edge *const *)a;
	const struct ws_edge *y = *(const struct ws_edge *const *)b;
	int c = compare_sites(x, y);

	return c ? c : (x > y) - (x < y); /* their order in the list, which is by time */
}

static int by_time(const void *a, const void *b)
{
	const struct ws_site_edge *x = a, *y = b;
	int c;

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns < y->wait_ns ? 1 : -1;
	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	c = ws_site_compare(x->waiter, y->waiter);
	return c ? c : ws_site_compare(x->blocker, y->blocker);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* How many distinct known threads; *only is the one if it is one, else WS_UNKNOWN. */
static size_t count_threads(uint32_t *threads, size_t n, uint32_t *only)
{
	size_t distinct = 0;

	qsort(threads, n, sizeof(*threads), by_number);
	for (size_t i = 0; i < n; i++) {
		if (threads[i] != WS_UNKNOWN && (i == 0 || threads[i] != threads[i - 1]))
			distinct++;
	}
	*only = distinct == 1 ? threads[0] : WS_UNKNOWN;
	return distinct;
}

/* Makes one of the `n` edges, which have their sites in common. */
static void make_one(const struct ws_edge *const *edges, size_t n, uint32_t *threads,
		     struct ws_site_edge *ret)
{
	*ret = (struct ws_site_edge){
		.waiter = edges[0]->waiter.site,
		.blocker = edges[0]->blocker.site,
		.object = edges[0]->object,
		.needs_all = edges[0]->needs_all,
	};
	for (size_t i = 0; i < n; i++) {
		ret->waits += edges[i]->waits;
		ret->wait_ns += edges[i]->wait_ns;
		threads[i] = edges[i]->waiter.thread;
	}
	ret->n_waiters = count_threads(threads, n, &ret->waiter_thread);
	for (size_t i = 0; i < n; i++)
		threads[i] = edges[i]->blocker.thread;
	ret->n_blockers = count_threads(threads, n, &ret->blocker_thread);
}

int ws_site_edges_make(struct ws_contention_result *result)
{
	size_t n = result->n_edges;
	const struct ws_edge **edges = malloc((n + 1) * sizeof(*edges));
	uint32_t *threads = malloc((n + 1) * sizeof(*threads));
	struct ws_site_edge *made = malloc((n + 1) * sizeof(*made));

	if (!edges || !threads || !made) {
		free(edges);
		free(threads);
		free(made);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		edges[i] = &result->edges[i];
	qsort(edges, n, sizeof(*edges), by_sites);
	result->site_edges = made;
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && compare_sites(edges[i], edges[end]) == 0; end++)
			;
		make_one(edges + i, end - i, threads, &made[result->n_site_edges++]);
	}
	qsort(made, result->n_site_edges, sizeof(*made), by_time);
	free(edges);
	free(threads);
	return 0;
}
