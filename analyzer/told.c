/* SPDX-License-Identifier: MIT */
/* told.c: see told.h. An item is its head, the struct that the observer is told, and behind that
 * what its pointers point to. */
#include "analyzer/told.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum what { RECORD, BEGIN, END, WAIT, HELD, WOKE, WAKE, EDGE, MISUSE, COUNT, TRANSFER, OVER };

struct head {
	uint64_t now_ns;
	size_t bytes; /* all of the item, up to the next */
	enum what what;
};

/* Where an item's struct begins, and what follows it. */
#define ALIGNMENT     alignof(max_align_t)
#define ALIGNED(size) (((size) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

int ws_told_new(size_t size, struct ws_told **ret)
{
	struct ws_told *told = calloc(1, sizeof(*told));

	if (told)
		told->bytes = malloc(size);
	if (!told || !told->bytes) {
		free(told);
		return -ENOMEM;
	}
	told->size = size;
	*ret = told;
	return 0;
}

void ws_told_free(struct ws_told *told)
{
	if (told)
		free(told->bytes);
	free(told);
}

/* Room for an item of `size` bytes. 0, -ENOBUFS or -ENOMEM. */
static int add(struct ws_told *told, enum what what, uint64_t now_ns, size_t size, void **ret)
{
	size_t bytes = ALIGNED(sizeof(struct head)) + ALIGNED(size);
	unsigned char *at;

	if (bytes > told->size - told->n) {
		unsigned char *grown;

		if (told->n)
			return -ENOBUFS;
		grown = realloc(told->bytes, bytes);
		if (!grown)
			return -ENOMEM;
		told->bytes = grown;
		told->size = bytes;
	}
	at = told->bytes + told->n;
	*(struct head *)at = (struct head){ .now_ns = now_ns, .bytes = bytes, .what = what };
	told->n += bytes;
	*ret = at + ALIGNED(sizeof(struct head));
	return 0;
}

/* An item that points to nothing of its own. */
static int add_flat(struct ws_told *told, enum what what, uint64_t now_ns, const void *from,
		    size_t size)
{
	void *to;
	int r = add(told, what, now_ns, size, &to);

	if (r == 0)
		memcpy(to, from, size);
	return r;
}

int ws_told_record(struct ws_told *told, uint64_t now_ns, const struct ws_record *record)
{
	const char *text = record->type == WS_RECORD_CALL ? record->call.text : NULL;
	size_t length = text ? strlen(text) + 1 : 0;
	struct ws_record *copy;
	void *to;
	int r = add(told, RECORD, now_ns, sizeof(*record) + length, &to);

	if (r < 0)
		return r;
	copy = to;
	*copy = *record;
	if (text)
		copy->call.text = memcpy(copy + 1, text, length);
	return 0;
}

static int add_wait(struct ws_told *told, enum what what, uint64_t now_ns,
		    const struct ws_wait *wait)
{
	size_t charges = ALIGNED(wait->n_charges * sizeof(*wait->charges));
	size_t pieces = ALIGNED(wait->n_pieces * sizeof(*wait->pieces));
	size_t waker = wait->waker ? sizeof(*wait->waker) : 0;
	struct ws_wait *copy;
	unsigned char *at;
	void *to;
	int r = add(told, what, now_ns, ALIGNED(sizeof(*wait)) + charges + pieces + waker, &to);

	if (r < 0)
		return r;
	copy = to;
	*copy = *wait;
	at = (unsigned char *)to + ALIGNED(sizeof(*wait));
	if (wait->n_charges)
		copy->charges = memcpy(at, wait->charges, wait->n_charges * sizeof(*wait->charges));
	at += charges;
	if (wait->n_pieces)
		copy->pieces = memcpy(at, wait->pieces, wait->n_pieces * sizeof(*wait->pieces));
	at += pieces;
	if (wait->waker)
		copy->waker = memcpy(at, wait->waker, sizeof(*wait->waker));
	return 0;
}

int ws_told_begin(struct ws_told *told, uint64_t now_ns, const struct ws_wait *wait)
{
	return add_wait(told, BEGIN, now_ns, wait);
}

int ws_told_end(struct ws_told *told, uint64_t now_ns, const struct ws_wait *wait)
{
	return add_wait(told, END, now_ns, wait);
}

int ws_told_wait(struct ws_told *told, uint64_t now_ns, const struct ws_wait *wait)
{
	return add_wait(told, WAIT, now_ns, wait);
}

int ws_told_held(struct ws_told *told, uint64_t now_ns, const struct ws_hold *hold)
{
	return add_flat(told, HELD, now_ns, hold, sizeof(*hold));
}

int ws_told_woke(struct ws_told *told, uint64_t now_ns, const struct ws_wake *wake)
{
	return add_flat(told, WOKE, now_ns, wake, sizeof(*wake));
}

int ws_told_wake(struct ws_told *told, uint64_t now_ns, const struct ws_wake *wake)
{
	return add_flat(told, WAKE, now_ns, wake, sizeof(*wake));
}

int ws_told_edge(struct ws_told *told, uint64_t now_ns, const struct ws_lock_edge *edge)
{
	size_t held = edge->n_held * sizeof(*edge->held);
	struct ws_lock_edge *copy;
	void *to;
	int r = add(told, EDGE, now_ns, sizeof(*edge) + held, &to);

	if (r < 0)
		return r;
	copy = to;
	*copy = *edge;
	copy->held = memcpy(copy + 1, edge->held, held);
	return 0;
}

int ws_told_misuse(struct ws_told *told, uint64_t now_ns, const struct ws_misuse_seen *misuse)
{
	return add_flat(told, MISUSE, now_ns, misuse, sizeof(*misuse));
}

int ws_told_count(struct ws_told *told, uint64_t now_ns, const struct ws_lock_count *count)
{
	return add_flat(told, COUNT, now_ns, count, sizeof(*count));
}

int ws_told_transfer(struct ws_told *told, uint64_t now_ns, const struct ws_transfer *transfer)
{
	return add_flat(told, TRANSFER, now_ns, transfer, sizeof(*transfer));
}

int ws_told_over(struct ws_told *told, uint64_t now_ns, const struct ws_tables *tables)
{
	return add_flat(told, OVER, now_ns, &tables, sizeof(tables));
}

/* Tells the observer one item, if it wants to hear it. */
static int play(const struct ws_model_observer *to, enum what what, const void *item)
{
	switch (what) {
	case RECORD:
		return to->record ? to->record(to->context, item) : 0;
	case BEGIN:
		return to->begin ? to->begin(to->context, item) : 0;
	case END:
		return to->end ? to->end(to->context, item) : 0;
	case WAIT:
		return to->wait(to->context, item);
	case HELD:
		return to->held ? to->held(to->context, item) : 0;
	case WOKE:
		return to->woke ? to->woke(to->context, item) : 0;
	case WAKE:
		return to->wake ? to->wake(to->context, item) : 0;
	case EDGE:
		return to->edge ? to->edge(to->context, item) : 0;
	case MISUSE:
		return to->misuse ? to->misuse(to->context, item) : 0;
	case COUNT:
		return to->count ? to->count(to->context, item) : 0;
	case TRANSFER:
		return to->transfer ? to->transfer(to->context, item) : 0;
	case OVER:
		return to->over ? to->over(to->context, *(const struct ws_tables *const *)item) : 0;
	}
	return 0;
}

int ws_told_play(const struct ws_told *told, const struct ws_model_observer *to, uint64_t *now_ns)
{
	int r = 0;

	for (size_t at = 0; at < told->n && r == 0;) {
		const struct head *head = (const struct head *)(told->bytes + at);

		if (head->now_ns != *now_ns && to->time)
			r = to->time(to->context, head->now_ns);
		*now_ns = head->now_ns;
		if (r == 0)
			r = play(to, head->what, told->bytes + at + ALIGNED(sizeof(*head)));
		at += head->bytes;
	}
	return r;
}
