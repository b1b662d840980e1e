/* SPDX-License-Identifier: MIT */
/* slices.c: see slices.h. */
#include "analyzer/analyses/slices.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/by_object.h"
#include "analyzer/base/grow.h"

/* Fewer slices say nothing about their variance. */
#define LEAST_SLICES 8

/* One object, at its id in the list. */
struct sliced {
	const struct ws_object *object; /* Weak: owned by the model; NULL: no wait yet */
	uint64_t sums[WS_SLICES_MAX];   /* ns, by the slice in which the waits ended */
};

struct ws_slices {
	bool wanted;
	struct ws_filter filter;
	bool begun;
	uint64_t begin_ns;
	uint64_t slice_ns;    /* of all objects */
	struct sliced **list; /* Owned by this, as what they point to; by object id, with gaps */
	size_t n, size;
};

int ws_slices_new(const struct ws_setup *setup, struct ws_slices **ret)
{
	struct ws_slices *slices = calloc(1, sizeof(*slices));

	if (!slices)
		return -ENOMEM;
	slices->wanted = setup->slices;
	slices->filter = setup->filter;
	slices->slice_ns = WS_SLICE_NS;
	*ret = slices;
	return 0;
}

void ws_slices_free(struct ws_slices *slices)
{
	if (!slices)
		return;
	for (size_t i = 0; i < slices->n; i++)
		free(slices->list[i]);
	free(slices->list);
	free(slices);
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_slices *slices = context;

	if (!slices->begun)
		slices->begin_ns = record->at_ns;
	slices->begun = true;
	return 0;
}

/* Makes slices long enough for `ns` after the begin to be in the last of them. */
static void widen(struct ws_slices *slices, uint64_t ns)
{
	while (ns / slices->slice_ns >= WS_SLICES_MAX) {
		slices->slice_ns *= 2;
		for (size_t i = 0; i < slices->n; i++) {
			uint64_t *sums = slices->list[i] ? slices->list[i]->sums : NULL;

			for (size_t k = 0; sums && k < WS_SLICES_MAX; k++)
				sums[k] = 2 * k < WS_SLICES_MAX ? sums[2 * k] + sums[2 * k + 1] : 0;
		}
	}
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct ws_slices *slices = context;
	uint32_t id = wait->object->id;
	uint64_t ns;

	if (!ws_filter_wait(&slices->filter, slices->begin_ns, wait) ||
	    wait->end_ns < slices->begin_ns)
		return 0;
	if (id >= slices->n) {
		if (ws_grow(&slices->list, &slices->size, (size_t)id + 1))
			return -ENOMEM;
		slices->n = (size_t)id + 1;
	}
	if (!slices->list[id]) {
		slices->list[id] = calloc(1, sizeof(*slices->list[id]));
		if (!slices->list[id])
			return -ENOMEM;
		slices->list[id]->object = wait->object;
	}
	ns = wait->end_ns - slices->begin_ns;
	widen(slices, ns);
	slices->list[id]->sums[ns / slices->slice_ns] += wait->end_ns - wait->begin_ns;
	return 0;
}

struct ws_model_observer ws_slices_observer(struct ws_slices *slices)
{
	if (!slices->wanted)
		return (struct ws_model_observer){ .context = slices };
	return (struct ws_model_observer){
		.context = slices,
		.types = WS_RECORD_FIRST,
		.record = take_record,
		.wait = take_wait,
	};
}

static double variance_of(const uint64_t *sums, size_t n)
{
	double total = 0, squares = 0, mean;

	if (n < LEAST_SLICES)
		return 0;
	for (size_t i = 0; i < n; i++)
		total += (double)sums[i];
	if (total <= 0)
		return 0;
	mean = total / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += ((double)sums[i] - mean) * ((double)sums[i] - mean);
	return squares / (double)(n - 1) * (double)n / (total * total);
}

int ws_slices_finish(struct ws_slices *slices, const struct ws_context *context,
		     struct ws_slices_result **ret)
{
	struct ws_slices_result *result = calloc(1, sizeof(*result));
	uint64_t ns = context->tables->end_ns - slices->begin_ns;
	size_t n;

	if (!result)
		return -ENOMEM;
	result->list = calloc(slices->n + 1, sizeof(*result->list));
	if (!result->list) {
		free(result);
		return -ENOMEM;
	}
	if (slices->begun)
		widen(slices, ns);
	n = slices->begun ? (size_t)(ns / slices->slice_ns) + 1 : 0;
	for (size_t i = 0; i < slices->n; i++) {
		if (slices->list[i])
			result->list[result->n++] = (struct ws_sliced){
				.object = slices->list[i]->object,
				.variance = variance_of(slices->list[i]->sums, n),
			};
	}
	*ret = result;
	return 0;
}

void ws_slices_result_free(struct ws_slices_result *result)
{
	if (!result)
		return;
	free(result->list);
	free(result);
}

const struct ws_sliced *ws_sliced_of(const struct ws_slices_result *result,
				     const struct ws_object *object)
{
	return ws_by_object(result->list, result->n, sizeof(*result->list), object);
}
