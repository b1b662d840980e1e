/* SPDX-License-Identifier: MIT */
/* roles.c: see roles.h. */
#include "analyzer/analyses/roles.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/grow.h"

int ws_share_add(struct ws_share_list *list, const struct ws_party *party,
		 const struct ws_histogram *waits)
{
	struct ws_share *share;

	if (ws_grow(&list->shares, &list->size, list->n + 1))
		return -ENOMEM;
	share = &list->shares[list->n];
	*share = (struct ws_share){ .party = *party };
	if (ws_histogram_merge(&share->waits, waits) < 0)
		return -ENOMEM;
	list->n++;
	return 0;
}

static int by_party(const void *a, const void *b, void *tables)
{
	const struct ws_share *x = a, *y = b;

	return ws_party_compare(tables, &x->party, &y->party);
}

static int by_time(const void *a, const void *b, void *tables)
{
	const struct ws_share *x = a, *y = b;

	if (x->waits.total != y->waits.total)
		return x->waits.total < y->waits.total ? 1 : -1;
	return by_party(a, b, tables);
}

/* Equal parties stand side by side: all but the first of each go. */
static int merge_equal(struct ws_share_list *list, const struct ws_tables *tables)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct ws_share *last = n ? &list->shares[n - 1] : NULL;
		struct ws_share *share = &list->shares[i];

		if (last && ws_party_compare(tables, &last->party, &share->party) == 0) {
			if (ws_histogram_merge(&last->waits, &share->waits) < 0)
				return -ENOMEM;
			ws_histogram_free(&share->waits);
			continue;
		}
		if (n != i) {
			list->shares[n] = *share;
			share->waits = (struct ws_histogram){ 0 };
		}
		n++;
	}
	list->n = n;
	return 0;
}

/* By site, then thread: sites and their distinct threads stand side by side. */
static int by_site(const void *a, const void *b, void *tables)
{
	const struct ws_share *x = *(const struct ws_share *const *)a;
	const struct ws_share *y = *(const struct ws_share *const *)b;
	int c = ws_site_compare(x->party.site, y->party.site);

	(void)tables;
	if (c)
		return c;
	if (x->party.thread != y->party.thread)
		return x->party.thread < y->party.thread ? -1 : 1;
	return (x > y) - (x < y); /* their order in the list, which is by time */
}

static int by_site_time(const void *a, const void *b)
{
	const struct ws_site_share *x = a, *y = b;

	if (x->waits.total != y->waits.total)
		return x->waits.total < y->waits.total ? 1 : -1;
	return ws_site_compare(x->site, y->site);
}

static int make_sites(struct ws_role *role)
{
	const struct ws_share **shares = malloc((role->n_shares + 1) * sizeof(*shares));
	struct ws_site_share *site = NULL;
	uint64_t best_ns = 0, thread_ns = 0;

	role->sites = calloc(role->n_shares + 1, sizeof(*role->sites));
	if (!shares || !role->sites) {
		free(shares);
		return -ENOMEM;
	}
	for (size_t i = 0; i < role->n_shares; i++)
		shares[i] = &role->shares[i];
	qsort_r(shares, role->n_shares, sizeof(*shares), by_site, NULL);
	for (size_t i = 0; i < role->n_shares; i++) {
		const struct ws_share *share = shares[i];
		uint32_t thread = share->party.thread;
		bool new_site = !site || ws_site_compare(site->site, share->party.site) != 0;

		if (new_site) {
			site = &role->sites[role->n_sites++];
			site->site = share->party.site;
			site->thread = WS_UNKNOWN;
			best_ns = 0;
		}
		if (new_site || shares[i - 1]->party.thread != thread) {
			thread_ns = 0;
			site->n_threads += thread != WS_UNKNOWN;
		}
		thread_ns += share->waits.total;
		if (thread != WS_UNKNOWN && (thread_ns > best_ns || site->thread == WS_UNKNOWN)) {
			best_ns = thread_ns;
			site->thread = thread;
		}
		if (ws_histogram_merge(&site->waits, &share->waits) < 0) {
			free(shares);
			return -ENOMEM;
		}
	}
	free(shares);
	qsort(role->sites, role->n_sites, sizeof(*role->sites), by_site_time);
	return 0;
}

int ws_role_make(struct ws_share_list *list, const struct ws_tables *tables, struct ws_role *ret)
{
	if (!list->n)
		return 0;
	qsort_r(list->shares, list->n, sizeof(*list->shares), by_party, (void *)tables);
	if (merge_equal(list, tables) < 0)
		return -ENOMEM;
	qsort_r(list->shares, list->n, sizeof(*list->shares), by_time, (void *)tables);
	ret->shares = list->shares;
	ret->n_shares = list->n;
	*list = (struct ws_share_list){ 0 };
	return make_sites(ret);
}

void ws_share_list_free(struct ws_share_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		ws_histogram_free(&list->shares[i].waits);
	free(list->shares);
	*list = (struct ws_share_list){ 0 };
}

void ws_role_free(struct ws_role *role)
{
	for (size_t i = 0; i < role->n_shares; i++)
		ws_histogram_free(&role->shares[i].waits);
	for (size_t i = 0; i < role->n_sites; i++)
		ws_histogram_free(&role->sites[i].waits);
	free(role->shares);
	free(role->sites);
	*role = (struct ws_role){ 0 };
}
