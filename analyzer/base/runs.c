/* SPDX-License-Identifier: MIT */
/* runs.c: see runs.h. In a block and in the file an entry is its number, its size and its bytes, in
 * whole words.
 */
#include "analyzer/base/runs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/grow.h"
#include "analyzer/base/temporary.h"

#define WORDS (WS_RUNS_BLOCK / sizeof(uint64_t))
/* Words in front of an entry's bytes. */
#define HEAD 2

/* An entry of the block. */
struct place {
	uint64_t key;
	uint32_t at; /* word of the block */
};

/* A sorted run of the file, in bytes. */
struct run {
	uint64_t from, to;
};

struct ws_runs {
	uint64_t *block;  /* Owned by this, as all that follow: what was put last, as it came */
	uint64_t *sorted; /* the block in order; NULL: none was sorted yet */
	size_t used;      /* words of the block */
	struct place *places;
	size_t n_places, places_size;
	struct run *runs;
	size_t n_runs, runs_size;
	uint64_t file_end; /* bytes of the file */
	int fd;            /* of the file; -1: none yet */
	bool over;         /* `sorted` is the block's, and nothing may be put any more */
};

/* Where the merge is in one run. */
struct cursor {
	const uint64_t *entry; /* Weak: the next entry in the window */
	uint64_t *window;      /* Owned by this; NULL: it is the block, all of it */
	size_t at, n;          /* words of the window: where the entry is, and how many there are */
	size_t size;           /* words that it has room for */
	uint64_t next, to;     /* bytes of the file that were not read yet */
};

int ws_runs_new(struct ws_runs **ret)
{
	struct ws_runs *runs = calloc(1, sizeof(*runs));

	if (!runs)
		return -ENOMEM;
	runs->fd = -1;
	runs->block = malloc(WS_RUNS_BLOCK);
	if (!runs->block) {
		free(runs);
		return -ENOMEM;
	}
	*ret = runs;
	return 0;
}

void ws_runs_free(struct ws_runs *runs)
{
	if (!runs)
		return;
	if (runs->fd >= 0)
		close(runs->fd);
	free(runs->block);
	free(runs->sorted);
	free(runs->places);
	free(runs->runs);
	free(runs);
}

static size_t words_of(uint64_t size)
{
	return HEAD + (size_t)((size + sizeof(uint64_t) - 1) / sizeof(uint64_t));
}

static int by_key(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

/* The block in order, in `sorted`. 0 or -ENOMEM. */
static int sort_block(struct ws_runs *runs)
{
	size_t to = 0;

	if (!runs->sorted)
		runs->sorted = malloc(WS_RUNS_BLOCK);
	if (!runs->sorted)
		return -ENOMEM;
	if (runs->n_places)
		qsort(runs->places, runs->n_places, sizeof(*runs->places), by_key);
	for (size_t i = 0; i < runs->n_places; i++) {
		const uint64_t *entry = &runs->block[runs->places[i].at];
		size_t words = words_of(entry[1]);

		memcpy(&runs->sorted[to], entry, words * sizeof(*entry));
		to += words;
	}
	return 0;
}

/* Makes a run of the block. */
static int write_block(struct ws_runs *runs)
{
	size_t size = runs->used * sizeof(uint64_t);
	int r = sort_block(runs);

	if (r == 0 && ws_grow(&runs->runs, &runs->runs_size, runs->n_runs + 1))
		r = -ENOMEM;
	if (r == 0 && runs->fd < 0) {
		runs->fd = ws_temporary_open();
		if (runs->fd < 0)
			r = runs->fd;
	}
	if (r == 0)
		r = ws_temporary_write(runs->fd, runs->sorted, size, runs->file_end);
	if (r < 0)
		return r;
	runs->runs[runs->n_runs++] = (struct run){ runs->file_end, runs->file_end + size };
	runs->file_end += size;
	runs->used = runs->n_places = 0;
	return 0;
}

int ws_runs_push(struct ws_runs *runs, uint64_t key, size_t size, void **ret)
{
	size_t words = words_of(size);
	uint64_t *entry;

	if (size > WS_RUNS_ENTRY_MAX)
		return -E2BIG;
	if (runs->used + words > WORDS) {
		int r = write_block(runs);

		if (r < 0)
			return r;
	}
	if (ws_grow(&runs->places, &runs->places_size, runs->n_places + 1))
		return -ENOMEM;
	entry = &runs->block[runs->used];
	entry[0] = key;
	entry[1] = size;
	runs->places[runs->n_places++] = (struct place){ key, (uint32_t)runs->used };
	runs->used += words;
	*ret = entry + HEAD;
	return 0;
}

/* Has at least `words` of the run from the cursor on in its window. */
static int fill(const struct ws_runs *runs, struct cursor *cursor, size_t words)
{
	size_t left = cursor->n - cursor->at, more;
	int r;

	if (left >= words)
		return 0;
	if (!cursor->window)
		return -EIO;
	memmove(cursor->window, cursor->window + cursor->at, left * sizeof(uint64_t));
	cursor->at = 0;
	cursor->n = left;
	if (words > cursor->size) {
		uint64_t *window = realloc(cursor->window, words * sizeof(uint64_t));

		if (!window)
			return -ENOMEM;
		cursor->window = window;
		cursor->size = words;
	}
	more = cursor->size - left;
	if (more > (cursor->to - cursor->next) / sizeof(uint64_t))
		more = (size_t)((cursor->to - cursor->next) / sizeof(uint64_t));
	r = ws_temporary_read(runs->fd, cursor->window + left, more * sizeof(uint64_t),
			      cursor->next);
	if (r < 0)
		return r;
	cursor->next += more * sizeof(uint64_t);
	cursor->n += more;
	return cursor->n >= words ? 0 : -EIO;
}

/* Has the whole entry in the window. 1; 0: the run is over; or a negative errno. */
static int load(const struct ws_runs *runs, struct cursor *cursor)
{
	int r;

	if (cursor->at == cursor->n && cursor->next == cursor->to)
		return 0;
	r = fill(runs, cursor, HEAD);
	if (r == 0)
		r = fill(
			runs, cursor,
			words_of((cursor->window ? cursor->window : runs->sorted)[cursor->at + 1]));
	if (r < 0)
		return r;
	cursor->entry = (cursor->window ? cursor->window : runs->sorted) + cursor->at;
	return 1;
}

/* True if a's entry comes first: earlier runs have what was put earlier. */
static bool before(const struct cursor *cursors, uint32_t a, uint32_t b)
{
	uint64_t x = cursors[a].entry[0], y = cursors[b].entry[0];

	return x != y ? x < y : a < b;
}

/* Restores the heap of cursors below `at`. */
static void sift(const struct cursor *cursors, uint32_t *heap, size_t n, size_t at)
{
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++) {
			if (before(cursors, heap[child], heap[least]))
				least = child;
		}
		if (least == at)
			return;
		uint32_t other = heap[at];

		heap[at] = heap[least];
		heap[least] = other;
		at = least;
	}
}

/* Opens the cursors: one for each run, and that of the block. */
static int open_cursors(const struct ws_runs *runs, struct cursor *cursors)
{
	for (size_t i = 0; i < runs->n_runs; i++) {
		cursors[i].next = runs->runs[i].from;
		cursors[i].to = runs->runs[i].to;
		cursors[i].size = WS_RUNS_WINDOW / sizeof(uint64_t);
		cursors[i].window = malloc(WS_RUNS_WINDOW);
		if (!cursors[i].window)
			return -ENOMEM;
	}
	cursors[runs->n_runs].n = runs->used;
	return 0;
}

static int merge(const struct ws_runs *runs, struct cursor *cursors, uint32_t *heap,
		 int (*take)(void *user, const void *entry, size_t size), void *user)
{
	size_t n = 0;
	int r = open_cursors(runs, cursors);

	for (uint32_t i = 0; r == 0 && i <= runs->n_runs; i++) {
		int loaded = load(runs, &cursors[i]);

		if (loaded < 0)
			return loaded;
		if (loaded)
			heap[n++] = i;
	}
	for (size_t i = n / 2; r == 0 && i-- > 0;)
		sift(cursors, heap, n, i);
	while (r == 0 && n) {
		struct cursor *cursor = &cursors[heap[0]];
		size_t size = (size_t)cursor->entry[1];
		int loaded;

		r = take(user, cursor->entry + HEAD, size);
		if (r)
			break;
		cursor->at += words_of(size);
		loaded = load(runs, cursor);
		if (loaded < 0)
			return loaded;
		if (!loaded)
			heap[0] = heap[--n];
		sift(cursors, heap, n, 0);
	}
	return r;
}

int ws_runs_each(struct ws_runs *runs, int (*take)(void *user, const void *entry, size_t size),
		 void *user)
{
	struct cursor *cursors;
	uint32_t *heap;
	int r = runs->over ? 0 : sort_block(runs);

	if (r < 0)
		return r;
	runs->over = true;
	cursors = calloc(runs->n_runs + 1, sizeof(*cursors));
	heap = calloc(runs->n_runs + 1, sizeof(*heap));
	r = cursors && heap ? merge(runs, cursors, heap, take, user) : -ENOMEM;
	for (size_t i = 0; cursors && i <= runs->n_runs; i++)
		free(cursors[i].window);
	free(cursors);
	free(heap);
	return r;
}
