/* SPDX-License-Identifier: MIT */
/* test_knots: who is blocked in a wait-for graph, against a definition that is carried out to the
 * letter: every set of nodes is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analyses/knots.h"

#define N_MAX     9
#define EDGES_MAX 64
#define SCHEDULES 20000

struct graph {
	size_t n, first[N_MAX + 1];
	uint32_t targets[EDGES_MAX], need[N_MAX];
};

/* A generator of our own: the same graphs on every machine. */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static void make_random(uint64_t *state, struct graph *graph)
{
	size_t edges = 0;

	*graph = (struct graph){ .n = 1 + next_random(state) % N_MAX };
	for (size_t i = 0; i < graph->n; i++) {
		uint32_t n = next_random(state) % 4, kind = next_random(state) % 8;

		graph->first[i] = edges;
		while (n-- && edges < EDGES_MAX)
			graph->targets[edges++] = next_random(state) % (uint32_t)graph->n;
		n = (uint32_t)(edges - graph->first[i]);
		if (kind < 3)
			graph->need[i] = 0; /* it runs */
		else if (kind < 5)
			graph->need[i] = n; /* all: one without any goes on */
		else if (kind < 7)
			graph->need[i] = 1; /* any: one without any is blocked */
		else
			graph->need[i] = 1 + next_random(state) % 4; /* a barrier */
	}
	graph->first[graph->n] = edges;
}

/* True if, with exactly this set blocked, each of it is. */
static bool is_closed(const struct graph *graph, uint32_t set)
{
	for (size_t i = 0; i < graph->n; i++) {
		uint32_t able = 0;

		if (!(set >> i & 1))
			continue;
		for (size_t e = graph->first[i]; e < graph->first[i + 1]; e++)
			able += !(set >> graph->targets[e] & 1);
		if (able >= graph->need[i])
			return false;
	}
	return true;
}

/* The union of all sets that are closed. */
static uint32_t naive_blocked(const struct graph *graph)
{
	uint32_t all = 0;

	for (uint32_t set = 1; set < 1u << graph->n; set++) {
		if (is_closed(graph, set))
			all |= set;
	}
	return all;
}

/* reach[i]: bit j: from i one comes to j, in one step or more, by blocked nodes only. */
static void naive_reach(const struct graph *graph, uint32_t blocked, uint32_t *reach)
{
	for (size_t i = 0; i < graph->n; i++) {
		reach[i] = 0;
		for (size_t e = graph->first[i]; e < graph->first[i + 1]; e++) {
			if (blocked >> i & 1 && blocked >> graph->targets[e] & 1)
				reach[i] |= 1u << graph->targets[e];
		}
	}
	for (size_t round = 0; round < graph->n; round++) {
		for (size_t i = 0; i < graph->n; i++) {
			for (size_t j = 0; j < graph->n; j++) {
				if (reach[i] >> j & 1)
					reach[i] |= reach[j];
			}
		}
	}
}

static void check(const struct graph *graph)
{
	const struct ws_knot_graph given = { graph->n, graph->first, graph->targets, graph->need };
	uint32_t set = naive_blocked(graph), reach[N_MAX], knot[N_MAX];
	bool blocked[N_MAX];
	size_t n_knots, numbered = 0;

	assert_int_equal(ws_knots_find(&given, blocked, knot, &n_knots), 0);
	naive_reach(graph, set, reach);
	for (size_t i = 0; i < graph->n; i++) {
		bool in_knot = (set >> i & 1) && (reach[i] >> i & 1 || !reach[i]);

		assert_int_equal(blocked[i], set >> i & 1);
		assert_int_equal(knot[i] != WS_KNOT_NONE, in_knot);
		if (in_knot && knot[i] == numbered)
			numbered++; /* by the lowest node */
		else if (in_knot)
			assert_true(knot[i] < numbered);
		for (size_t j = 0; j < i && in_knot; j++) {
			bool together = reach[i] >> j & 1 && reach[j] >> i & 1;

			if (knot[j] != WS_KNOT_NONE)
				assert_int_equal(knot[i] == knot[j], together);
		}
	}
	assert_int_equal(n_knots, numbered);
}

static void random_graphs(void **state)
{
	uint64_t seed = 20260101;
	size_t with_knot = 0;

	(void)state;
	for (size_t i = 0; i < SCHEDULES; i++) {
		struct graph graph;

		make_random(&seed, &graph);
		check(&graph);
		with_knot += naive_blocked(&graph) != 0;
	}
	/* The test would show nothing if hardly any graph had a knot, or all of them. */
	assert_in_range(with_knot, SCHEDULES / 5, SCHEDULES * 4 / 5);
}

/* What the words mean, by hand. */
static void by_hand(void **state)
{
	/* 0 and 1 wait for each other; 2 for any of 1 and 3; 3 runs; 4 for all of 0 and 3; 5 for
	 * somebody who is not there. */
	const struct graph graph = {
		.n = 6,
		.first = { 0, 1, 2, 4, 4, 6, 6 },
		.targets = { 1, 0, 1, 3, 0, 3 },
		.need = { 1, 1, 1, 0, 2, 1 },
	};
	const struct ws_knot_graph given = { graph.n, graph.first, graph.targets, graph.need };
	const bool expected[] = { true, true, false, false, true, true };
	bool blocked[6];
	uint32_t knot[6];
	size_t n;

	(void)state;
	assert_int_equal(ws_knots_find(&given, blocked, knot, &n), 0);
	assert_memory_equal(blocked, expected, sizeof(expected));
	assert_int_equal(n, 2);
	assert_int_equal(knot[0], 0);
	assert_int_equal(knot[1], 0);
	assert_int_equal(knot[4], WS_KNOT_NONE);
	assert_int_equal(knot[5], 1);
	check(&graph);
}

/* A chain as long as a program has threads takes no stack of ours. */
static void long_chain(void **state)
{
	enum { LENGTH = 200000 };
	size_t *first = calloc(LENGTH + 1, sizeof(*first));
	uint32_t *targets = calloc(LENGTH, sizeof(*targets)), *need = calloc(LENGTH, sizeof(*need));
	uint32_t *knot = calloc(LENGTH, sizeof(*knot));
	bool *blocked = calloc(LENGTH, sizeof(*blocked));
	struct ws_knot_graph graph = { LENGTH, first, targets, need };
	size_t n;

	(void)state;
	for (uint32_t i = 0; i < LENGTH; i++) {
		first[i + 1] = i + 1;
		targets[i] = (i + 1) % LENGTH;
		need[i] = 1;
	}
	assert_int_equal(ws_knots_find(&graph, blocked, knot, &n), 0);
	assert_int_equal(n, 1);
	assert_true(blocked[LENGTH - 1]);
	free(first);
	free(targets);
	free(need);
	free(knot);
	free(blocked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(random_graphs),
		cmocka_unit_test(long_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
