/* SPDX-License-Identifier: MIT */
/* fed.c: see fed.h.
 *
 * What is waiting for its turn is a heap, in the order of ws_raw_before() and, of one stream, of
 * arrival. Nothing that still comes is before the time of the last message; so all that is before
 * that goes on. Recordings that share a clock by its uuid may tell of different distances to the
 * epoch, each measured anew: whoever mixed the messages went by these, but here time is the
 * clock's. So what goes on is as far behind as these distances differ.
 */
#include "analyzer/source/fed.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"
#include "analyzer/source/extract.h"
#include "analyzer/source/notes.h"

/* So many folders above a stream's file marks are looked for: LTTng makes at most five. */
#define LEVELS_MAX 8

struct fed_stream {
	const bt_stream *stream;     /* Owned by this (a reference) */
	const bt_clock_class *clock; /* Weak: the stream's; NULL: none */
	const char *dir;             /* of the recording; "": not known; Weak */
	const char *folder;          /* of its file; "": it has none; Weak */
	const char *port;            /* what source.ctf.fs would call its port; Weak */
	uint32_t number;             /* as events have it */
	uint32_t origin;
	uint64_t last_ns; /* time of its last event */
	uint64_t foreign; /* events of other providers */
};

/* An event or a loss that waits for its turn. */
struct pending {
	uint64_t at_ns;
	uint64_t seq; /* of arrival */
	uint32_t stream;
	const bt_message *message;            /* Owned by this; NULL: a loss */
	const struct ws_extract_class *class; /* how to read it */
	struct ws_loss loss;
};

struct ws_fed {
	struct ws_fed_sink sink;
	struct fed_stream *streams; /* Owned by this; by number once they have begun */
	size_t n_streams, streams_size;
	struct ws_map64 by_address; /* of the stream -> index in `streams` */
	bool begun;
	const char **dirs; /* Owned by this */
	size_t n_dirs, dirs_size;
	struct ws_origins origins;
	size_t n_told; /* origins that the sink knows */
	struct ws_extract extract;
	struct ws_notes notes;
	struct ws_arena texts;
	struct pending *heap; /* Owned by this */
	size_t n_heap, heap_size;
	uint64_t seq;
	uint64_t behind_ns;         /* by how much the same clock's distances differ at most */
	struct ws_raw_batch *batch; /* Owned by this */
};

int ws_fed_new(const struct ws_fed_sink *sink, struct ws_fed **ret)
{
	struct ws_fed *fed = calloc(1, sizeof(*fed));

	if (fed)
		fed->batch = calloc(1, sizeof(*fed->batch));
	if (!fed || !fed->batch) {
		free(fed);
		return -ENOMEM;
	}
	fed->sink = *sink;
	fed->extract.origins = &fed->origins;
	*ret = fed;
	return 0;
}

void ws_fed_free(struct ws_fed *fed)
{
	if (!fed)
		return;
	for (size_t i = 0; i < fed->n_heap; i++)
		bt_message_put_ref(fed->heap[i].message);
	ws_extract_free(&fed->extract);
	for (size_t i = 0; i < fed->n_streams; i++)
		bt_stream_put_ref(fed->streams[i].stream);
	ws_origins_free(&fed->origins);
	ws_notes_free(&fed->notes);
	ws_arena_free(&fed->texts);
	ws_map64_free(&fed->by_address);
	ws_arena_free(&fed->batch->arena);
	free(fed->batch);
	free(fed->streams);
	free(fed->dirs);
	free(fed->heap);
	free(fed);
}

static int no_memory(struct ws_error *error)
{
	return ws_error_set(error, -ENOMEM, "out of memory");
}

/* streams */

static bool is_marked(const struct ws_fed *fed, const char *dir)
{
	char path[PATH_MAX + 64];

	for (const char *const *mark = fed->sink.marks; *mark; mark++) {
		snprintf(path, sizeof(path), "%s/%s", dir, *mark);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* Cuts the last component off. False: there was none. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

/* Where the stream is from: its file's folder, and the recording's. 0 or -ENOMEM. */
static int place(struct ws_fed *fed, struct fed_stream *stream)
{
	const char *file = bt_stream_get_name(stream->stream);
	char path[PATH_MAX];

	stream->dir = stream->folder = "";
	if (!file || file[0] != '/' || strlen(file) >= sizeof(path) || access(file, F_OK) != 0)
		return 0;
	strcpy(path, file);
	go_up(path);
	stream->folder = stream->dir = ws_arena_strdup(&fed->texts, path);
	if (!stream->folder)
		return -ENOMEM;
	for (int i = 0; i < LEVELS_MAX; i++) {
		if (is_marked(fed, path)) {
			stream->dir = ws_arena_strdup(&fed->texts, path);
			return stream->dir ? 0 : -ENOMEM;
		}
		if (!go_up(path))
			break;
	}
	return 0;
}

/* The name that source.ctf.fs gives a stream's port: trace, stream class, stream. */
static int name_port(struct ws_fed *fed, struct fed_stream *stream)
{
	const bt_trace *trace = bt_stream_borrow_trace_const(stream->stream);
	bt_uuid uuid = bt_trace_get_uuid(trace);
	char text[128] = "";
	int n = 0;

	for (int i = 0; uuid && i < 16; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%02x",
			      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	snprintf(text + n, sizeof(text) - (size_t)n, " | %" PRIu64 " | %" PRIu64,
		 bt_stream_class_get_id(bt_stream_borrow_class_const(stream->stream)),
		 bt_stream_get_id(stream->stream));
	stream->port = ws_arena_strdup(&fed->texts, text);
	return stream->port ? 0 : -ENOMEM;
}

/* Notes the stream; its number comes later. 0 with its index, or -ENOMEM. */
static int add_stream(struct ws_fed *fed, const bt_stream *bt, uint32_t *ret)
{
	struct fed_stream *stream;

	if (ws_grow(&fed->streams, &fed->streams_size, fed->n_streams + 1) ||
	    ws_map64_put(&fed->by_address, (uint64_t)(uintptr_t)bt, (uint32_t)fed->n_streams))
		return -ENOMEM;
	stream = &fed->streams[fed->n_streams];
	*stream = (struct fed_stream){ .stream = bt, .number = (uint32_t)fed->n_streams };
	bt_stream_get_ref(bt);
	*ret = (uint32_t)fed->n_streams++;
	stream->clock =
		bt_stream_class_borrow_default_clock_class_const(bt_stream_borrow_class_const(bt));
	return place(fed, stream) || name_port(fed, stream) ? -ENOMEM : 0;
}

static int by_place(const void *a, const void *b)
{
	const struct fed_stream *x = a, *y = b;
	int order = strcmp(x->dir, y->dir);

	if (!order)
		order = strcmp(x->folder, y->folder);
	return order ? order : strcmp(x->port, y->port);
}

static uint32_t find_dir(const struct ws_fed *fed, const char *dir)
{
	for (size_t i = 0; i < fed->n_dirs; i++) {
		if (strcmp(fed->dirs[i], dir) == 0)
			return (uint32_t)i;
	}
	return 0;
}

static uint64_t distance(const bt_clock_class *clock)
{
	int64_t seconds;
	uint64_t cycles;

	bt_clock_class_get_offset(clock, &seconds, &cycles);
	return (uint64_t)seconds * 1000000000 + cycles;
}

/* Works out which recording and clock the stream is of. 0 or -ENOMEM. */
static int learn_origin(struct ws_fed *fed, struct fed_stream *stream)
{
	int r = ws_origin_of(&fed->origins, bt_stream_borrow_trace_const(stream->stream),
			     find_dir(fed, stream->dir), &stream->origin);

	if (r || !stream->clock)
		return r;
	ws_origins_clock(&fed->origins, stream->origin, stream->clock);
	for (size_t i = 0; i < fed->n_streams; i++) {
		const bt_clock_class *other = fed->streams[i].clock;
		uint64_t a, b;

		if (!other || bt_clock_class_get_frequency(other) != 1000000000 ||
		    bt_clock_class_get_frequency(stream->clock) != 1000000000)
			continue;
		a = distance(other) + (uint64_t)ws_origins_shift(&fed->origins, stream->clock);
		b = distance(stream->clock) + (uint64_t)ws_origins_shift(&fed->origins, other);
		/* Both 0 apart, unless they are one clock, measured twice. */
		if (a > b && a - b > fed->behind_ns)
			fed->behind_ns = a - b;
		if (b > a && b - a > fed->behind_ns)
			fed->behind_ns = b - a;
	}
	return 0;
}

/* Tells the sink of recordings that are new to it. */
static int tell_origins(struct ws_fed *fed)
{
	int r = 0;

	for (; fed->n_told < fed->origins.n && r == 0; fed->n_told++) {
		const struct ws_origin *origin = &fed->origins.list[fed->n_told];

		r = fed->sink.origin(fed->sink.user, origin->host, origin->dir, origin->shift_ns);
	}
	return r;
}

static int note_dirs(struct ws_fed *fed)
{
	for (size_t i = 0; i < fed->n_streams; i++) {
		const char *dir = fed->streams[i].dir;

		if (!*dir || (fed->n_dirs && strcmp(fed->dirs[find_dir(fed, dir)], dir) == 0))
			continue;
		if (ws_grow(&fed->dirs, &fed->dirs_size, fed->n_dirs + 1))
			return -ENOMEM;
		fed->dirs[fed->n_dirs++] = dir;
	}
	return 0;
}

/* Numbers the streams that are known, and tells the sink. */
static int begin(struct ws_fed *fed, struct ws_error *error)
{
	int r;

	if (fed->n_streams)
		qsort(fed->streams, fed->n_streams, sizeof(*fed->streams), by_place);
	for (size_t i = 0; i < fed->n_streams; i++) {
		fed->streams[i].number = (uint32_t)i;
		if (ws_map64_put(&fed->by_address, (uint64_t)(uintptr_t)fed->streams[i].stream,
				 (uint32_t)i))
			return no_memory(error);
	}
	r = note_dirs(fed);
	for (size_t i = 0; i < fed->n_streams && r == 0; i++)
		r = learn_origin(fed, &fed->streams[i]);
	if (r)
		return no_memory(error);
	fed->begun = true;
	ws_origins_note(&fed->origins, &fed->notes);
	r = fed->sink.begin(fed->sink.user);
	return r ? r : tell_origins(fed);
}

static int find_stream(struct ws_fed *fed, const bt_stream *bt, struct fed_stream **ret,
		       struct ws_error *error)
{
	uint32_t at;

	if (!ws_map64_get(&fed->by_address, (uint64_t)(uintptr_t)bt, &at)) {
		if (add_stream(fed, bt, &at))
			return no_memory(error);
		if (fed->begun) {
			int r = learn_origin(fed, &fed->streams[at]);

			if (r)
				return no_memory(error);
			r = tell_origins(fed);
			if (r)
				return r;
		}
	}
	*ret = &fed->streams[at];
	return 0;
}

/* the heap */

static bool before(const struct pending *a, const struct pending *b)
{
	if (a->stream == b->stream && a->at_ns == b->at_ns && !a->message == !b->message)
		return a->seq < b->seq;
	return ws_raw_before(a->at_ns, !a->message, a->stream, b->at_ns, !b->message, b->stream);
}

static int push(struct ws_fed *fed, const struct pending *what)
{
	size_t i = fed->n_heap;

	if (ws_grow(&fed->heap, &fed->heap_size, fed->n_heap + 1))
		return -ENOMEM;
	fed->n_heap++;
	for (size_t up = (i - 1) / 2; i > 0 && before(what, &fed->heap[up]); up = (i - 1) / 2) {
		fed->heap[i] = fed->heap[up];
		i = up;
	}
	fed->heap[i] = *what;
	return 0;
}

static struct pending pop(struct ws_fed *fed)
{
	struct pending first = fed->heap[0], last = fed->heap[--fed->n_heap];
	size_t i = 0;

	for (size_t child = 1; child < fed->n_heap; child = 2 * i + 1) {
		if (child + 1 < fed->n_heap && before(&fed->heap[child + 1], &fed->heap[child]))
			child++;
		if (!before(&fed->heap[child], &last))
			break;
		fed->heap[i] = fed->heap[child];
		i = child;
	}
	fed->heap[i] = last;
	return first;
}

/* Hands over what the batch holds. */
static int hand_over(struct ws_fed *fed)
{
	int r = fed->batch->n ? fed->sink.events(fed->sink.user, fed->batch->events, fed->batch->n)
			      : 0;

	fed->batch->n = 0;
	ws_arena_reset(&fed->batch->arena);
	return r;
}

/* Puts the first of the heap into the batch. */
static int take_first(struct ws_fed *fed, struct ws_error *error)
{
	struct pending first = pop(fed);
	const struct fed_stream *stream = &fed->streams[first.stream];
	struct ws_raw *raw = &fed->batch->events[fed->batch->n];
	int r = 0;

	raw->stream = first.stream;
	raw->origin = (uint16_t)stream->origin;
	if (first.message) {
		r = ws_extract_event(first.class, first.message, first.at_ns, &fed->batch->arena,
				     raw, error);
		bt_message_put_ref(first.message);
	} else {
		raw->type = WS_RAW_LOSS;
		raw->at_ns = first.at_ns;
		raw->loss.events = first.loss.events;
		raw->loss.packets = first.loss.packets;
	}
	if (r)
		return r;
	return ++fed->batch->n == WS_RAW_BATCH ? hand_over(fed) : 0;
}

/* Goes on with all that is before `ns`. */
static int go_on(struct ws_fed *fed, uint64_t ns, struct ws_error *error)
{
	int r = 0;

	while (fed->n_heap && fed->heap[0].at_ns < ns && r == 0)
		r = take_first(fed, error);
	return r;
}

/* messages */

static int on_event(struct ws_fed *fed, const bt_message *message, struct ws_error *error)
{
	const bt_stream *bt =
		bt_event_borrow_stream_const(bt_message_event_borrow_event_const(message));
	struct pending event = { .message = message, .seq = fed->seq++ };
	struct fed_stream *stream;
	int r = find_stream(fed, bt, &stream, error);

	if (r == 0 && !fed->begun) {
		r = begin(fed, error);
		if (r == 0)
			r = find_stream(fed, bt, &stream, error);
	}
	if (r == 0)
		r = ws_extract_class(&fed->extract, message, &event.class, error);
	if (r)
		return r;
	if (!event.class) {
		stream->foreign++;
		return 0;
	}
	event.at_ns = ws_extract_event_time(event.class, message);
	event.stream = stream->number;
	stream->last_ns = event.at_ns;
	if (push(fed, &event))
		return no_memory(error);
	bt_message_get_ref(message);
	return go_on(fed, event.at_ns > fed->behind_ns ? event.at_ns - fed->behind_ns : 0, error);
}

static int on_discarded(struct ws_fed *fed, const bt_message *message, bool packets,
			struct ws_error *error)
{
	struct pending loss = { .seq = fed->seq++ };
	struct fed_stream *stream;
	int r = find_stream(fed,
			    packets ? bt_message_discarded_packets_borrow_stream_const(message)
				    : bt_message_discarded_events_borrow_stream_const(message),
			    &stream, error);

	if (r == 0 && !fed->begun) {
		const bt_stream *bt = stream->stream;

		r = begin(fed, error);
		if (r == 0)
			r = find_stream(fed, bt, &stream, error);
	}
	if (r)
		return r;
	ws_extract_loss(&fed->extract, message, packets, &loss.loss);
	loss.at_ns = loss.loss.until_ns;
	if (loss.at_ns < stream->last_ns)
		loss.at_ns = stream->last_ns;
	loss.stream = stream->number;
	return push(fed, &loss) ? no_memory(error) : 0;
}

int ws_fed_message(struct ws_fed *fed, const bt_message *message, struct ws_error *error)
{
	struct fed_stream *stream;

	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_STREAM_BEGINNING:
		return find_stream(fed, bt_message_stream_beginning_borrow_stream_const(message),
				   &stream, error);
	case BT_MESSAGE_TYPE_EVENT:
		return on_event(fed, message, error);
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		return on_discarded(fed, message, false, error);
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		return on_discarded(fed, message, true, error);
	default:
		return 0;
	}
}

/* Puts one more raw event of the trace as a whole into the batch. */
static int tell(struct ws_fed *fed, const struct ws_raw *what)
{
	fed->batch->events[fed->batch->n] = *what;
	return ++fed->batch->n == WS_RAW_BATCH ? hand_over(fed) : 0;
}

int ws_fed_end(struct ws_fed *fed, struct ws_error *error)
{
	struct ws_raw foreign = { .type = WS_RAW_FOREIGN };
	int r = fed->begun ? 0 : begin(fed, error);

	while (fed->n_heap && r == 0)
		r = take_first(fed, error);
	for (size_t i = 0; i < fed->n_streams; i++) {
		foreign.foreign.events += fed->streams[i].foreign;
		if (fed->streams[i].last_ns > foreign.at_ns)
			foreign.at_ns = fed->streams[i].last_ns;
	}
	for (size_t i = 0; i < fed->notes.n && r == 0; i++)
		r = tell(fed, &(struct ws_raw){ .type = WS_RAW_WARNING,
						.at_ns = foreign.at_ns,
						.warning.text = fed->notes.texts[i] });
	if (r == 0)
		r = tell(fed, &foreign);
	return r ? r : hand_over(fed);
}

size_t ws_fed_n_dirs(const struct ws_fed *fed)
{
	return fed->n_dirs;
}

const char *const *ws_fed_dirs(const struct ws_fed *fed)
{
	return fed->dirs;
}

const bt_clock_class *ws_fed_clock(const struct ws_fed *fed)
{
	for (size_t i = 0; i < fed->n_streams; i++) {
		if (fed->streams[i].clock)
			return fed->streams[i].clock;
	}
	return NULL;
}

int64_t ws_fed_clock_offset_ns(const struct ws_fed *fed)
{
	return fed->origins.offset_ns;
}
