/* SPDX-License-Identifier: MIT */
/* ring.c: what a batch costs that goes from thread to thread: through the analyzer's ring, through
 * one of a pthread mutex and two conditions, and without any, copied by one thread alone.
 *
 * usage: ring ours|pthread|memcpy PRODUCERS CONSUMERS CAPACITY BYTES
 *
 * A producer takes an empty batch from one ring, copies BYTES into it and puts it into the other; a
 * consumer copies them out and puts the batch back, as the stages of the pipeline do. `memcpy` does
 * both copies in one thread: the limit of one core, which two may beat.
 */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "analyzer/ring/ring.h"
#include "tests/bench/bench.h"

enum { MOST_THREADS = 8, MOST_BATCHES = 256 };

/* The textbook's: signals are sent after the mutex is free, and cost glibc no system call when
 * nobody waits. */
struct textbook {
	pthread_mutex_t mutex;
	pthread_cond_t not_empty, not_full;
	size_t first, n, capacity;
	bool closed;
	void *batches[MOST_BATCHES];
};

static void *textbook_new(size_t capacity)
{
	struct textbook *t = calloc(1, sizeof(*t));

	bench_x(!t, "calloc");
	pthread_mutex_init(&t->mutex, NULL);
	pthread_cond_init(&t->not_empty, NULL);
	pthread_cond_init(&t->not_full, NULL);
	t->capacity = capacity;
	return t;
}

static int textbook_put(void *ring, void *batch)
{
	struct textbook *t = ring;

	pthread_mutex_lock(&t->mutex);
	while (t->n == t->capacity)
		pthread_cond_wait(&t->not_full, &t->mutex);
	t->batches[(t->first + t->n++) % t->capacity] = batch;
	pthread_mutex_unlock(&t->mutex);
	pthread_cond_signal(&t->not_empty);
	return 0;
}

static int textbook_get(void *ring, void **batch)
{
	struct textbook *t = ring;
	int r = 0;

	pthread_mutex_lock(&t->mutex);
	while (!t->n && !t->closed)
		pthread_cond_wait(&t->not_empty, &t->mutex);
	if (t->n) {
		*batch = t->batches[t->first];
		t->first = (t->first + 1) % t->capacity;
		t->n--;
	} else {
		r = -1;
	}
	pthread_mutex_unlock(&t->mutex);
	if (!r)
		pthread_cond_signal(&t->not_full);
	return r;
}

static void textbook_close(void *ring)
{
	struct textbook *t = ring;

	pthread_mutex_lock(&t->mutex);
	t->closed = true;
	pthread_mutex_unlock(&t->mutex);
	pthread_cond_broadcast(&t->not_empty);
}

static void *ours_new(size_t capacity)
{
	return ws_ring_new(capacity);
}

static int ours_put(void *ring, void *batch)
{
	return ws_ring_put(ring, batch);
}

static int ours_get(void *ring, void **batch)
{
	return ws_ring_get(ring, batch);
}

static void ours_close(void *ring)
{
	ws_ring_close(ring, -1);
}

static const struct way {
	const char *name;
	void *(*create)(size_t capacity);
	int (*put)(void *ring, void *batch);
	int (*get)(void *ring, void **batch);
	void (*close)(void *ring);
} ways[] = {
	{ "ours", ours_new, ours_put, ours_get, ours_close },
	{ "pthread", textbook_new, textbook_put, textbook_get, textbook_close },
};

static const struct way *way;
static void *filled, *empty;
static size_t bytes;
static uint64_t turns; /* of each producer */

/* A thread's own memory that batches are copied from and to. */
static void *own_memory(void)
{
	void *own = calloc(1, bytes);

	bench_x(!own, "calloc");
	memset(own, 1, bytes);
	return own;
}

/* The copy that no compiler may leave out. */
static void copy(void *to, const void *from)
{
	memcpy(to, from, bytes);
	__asm__ volatile("" : : "r"(to) : "memory");
}

static void *produce(void *arg)
{
	void *own = own_memory(), *batch = NULL;

	(void)arg;
	for (uint64_t i = 0; i < turns; i++) {
		bench_x(way->get(empty, &batch), "get");
		copy(batch, own);
		bench_x(way->put(filled, batch), "put");
	}
	free(own);
	return NULL;
}

static void *consume(void *arg)
{
	void *own = own_memory(), *batch = NULL;

	(void)arg;
	while (!way->get(filled, &batch)) {
		copy(own, batch);
		bench_x(way->put(empty, batch), "put");
	}
	free(own);
	return NULL;
}

static uint64_t number(const char *text, uint64_t most)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	bench_x(*end || !n || n > most, "a number is out of range");
	return n;
}

int main(int argc, char **argv)
{
	pthread_t threads[2 * MOST_THREADS];
	uint64_t begin_ns, producers, consumers, capacity, total;

	bench_x(argc != 6, "usage: ring ours|pthread|memcpy PRODUCERS CONSUMERS CAPACITY BYTES");
	producers = number(argv[2], MOST_THREADS);
	consumers = number(argv[3], MOST_THREADS);
	capacity = number(argv[4], MOST_BATCHES);
	bytes = number(argv[5], 1 << 24);
	/* A second at most, on a quiet machine some hundredths. */
	turns = 40000000 / (bytes / 4 + 500) / producers;
	total = turns * producers;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!strcmp(argv[1], ways[i].name))
			way = &ways[i];
	}
	if (!way) {
		void *from = own_memory(), *batch = own_memory(), *to = own_memory();

		bench_x(strcmp(argv[1], "memcpy") != 0, "no such way");
		begin_ns = bench_now_ns();
		for (uint64_t i = 0; i < total; i++) {
			copy(batch, from);
			copy(to, batch);
		}
		bench_result(begin_ns, total);
		return 0;
	}
	filled = way->create(capacity);
	empty = way->create(capacity);
	for (uint64_t i = 0; i < capacity; i++)
		way->put(empty, own_memory());
	begin_ns = bench_now_ns();
	for (uint64_t i = 0; i < producers + consumers; i++)
		bench_x(pthread_create(&threads[i], NULL, i < producers ? produce : consume, NULL),
			"pthread_create");
	for (uint64_t i = 0; i < producers; i++)
		pthread_join(threads[i], NULL);
	way->close(filled);
	for (uint64_t i = producers; i < producers + consumers; i++)
		pthread_join(threads[i], NULL);
	bench_result(begin_ns, total);
	return 0;
}
