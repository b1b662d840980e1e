/* SPDX-License-Identifier: MIT */
/* perfetto_packets.c: see perfetto_packets.h. */
#include "analyzer/exports/perfetto_packets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/base/arena.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/utf8.h"
#include "perfetto.pb-c.h"

typedef Waitscope__Perfetto__TracePacket Packet;
typedef Waitscope__Perfetto__TrackEvent Event;
typedef Waitscope__Perfetto__TrackDescriptor Track;
typedef Waitscope__Perfetto__DebugAnnotation Arg;
typedef Waitscope__Perfetto__Interned Interned;
typedef Waitscope__Perfetto__InternedData InternedData;

/* One sequence of packets: any number but 0 that others are unlikely to have. */
#define SEQUENCE 0x5753u
/* BuiltinClock */
#define CLOCK_IS_MONOTONIC 3u
/* TracePacket.SequenceFlags */
#define STATE_CLEARED 1u
#define NEEDS_STATE   2u
/* Keys of arguments are texts, too, with numbers of their own. */
#define KEYS   WS_PACKETS_TEXTS
#define TABLES (WS_PACKETS_TEXTS + 1)
/* Trace.packet, length-delimited */
#define TAG_PACKET 0x0a

struct text {
	const char *text; /* Owned by the arena of texts */
	uint64_t id;
	UT_hash_handle hh;
};

/* Pointers that grow. */
struct list {
	void **items; /* Owned by this; what they point to is the arena's */
	size_t n, size;
};

struct ws_packets {
	FILE *to;
	struct ws_arena texts_arena;
	struct text *texts[TABLES];
	struct list fresh[TABLES]; /* texts that no packet has told yet */
	struct ws_arena arena;     /* of the event that is made */
	Event event;
	uint64_t at_ns;
	uint64_t category;
	uint64_t *flows; /* Owned by this */
	size_t n_flows, flows_size;
	bool flows_end;
	struct list args;    /* of the event */
	struct list entries; /* of its list, one after the other */
	struct list members; /* of the entry that is open */
	const char *open;    /* key of the list that entries are of; NULL: none */
	bool in_entry;
	uint8_t *buffer; /* Owned by this */
	size_t buffer_size;
	bool failed;
};

static void *take(struct ws_packets *p, struct ws_arena *arena, size_t size)
{
	void *memory = ws_arena_alloc(arena, size ? size : 1);

	if (!memory)
		p->failed = true;
	return memory;
}

static void append(struct ws_packets *p, struct list *list, void *item)
{
	if (!item || ws_grow(&list->items, &list->size, list->n + 1))
		p->failed = true;
	else
		list->items[list->n++] = item;
}

static uint64_t intern(struct ws_packets *p, unsigned int table, const char *value)
{
	struct text *text;
	Interned *fresh;
	char *copy;

	HASH_FIND_STR(p->texts[table], value, text);
	if (text)
		return text->id;
	text = take(p, &p->texts_arena, sizeof(*text));
	copy = ws_arena_strdup(&p->texts_arena, value);
	fresh = take(p, &p->texts_arena, sizeof(*fresh));
	if (!text || !copy || !fresh) {
		p->failed = true;
		return 0;
	}
	/* It is found again by what it was, and written as what it may be. */
	text->text = copy;
	text->id = HASH_COUNT(p->texts[table]) + 1ull;
	HASH_ADD_KEYPTR(hh, p->texts[table], text->text, strlen(text->text), text);
	if (!text->hh.tbl) {
		p->failed = true;
		return 0;
	}
	waitscope__perfetto__interned__init(fresh);
	fresh->has_iid = true;
	fresh->iid = text->id;
	fresh->value = copy;
	if (!ws_utf8_is_valid(copy)) {
		fresh->value = ws_arena_strdup(&p->texts_arena, copy);
		if (fresh->value)
			ws_utf8_clean(fresh->value);
		else
			p->failed = true;
	}
	append(p, &p->fresh[table], fresh);
	return text->id;
}

uint64_t ws_packets_text(struct ws_packets *packets, enum ws_packets_text of, const char *text)
{
	return intern(packets, of, text);
}

/* Writes one packet: its tag, its length, its bytes. */
static void put(struct ws_packets *p, const Packet *packet)
{
	size_t size, n = 1;
	uint8_t head[11] = { TAG_PACKET };

	if (p->failed)
		return;
	size = waitscope__perfetto__trace_packet__get_packed_size(packet);
	for (uint64_t rest = size;; rest >>= 7) {
		head[n++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		if (rest <= 0x7f)
			break;
	}
	if (ws_grow(&p->buffer, &p->buffer_size, size)) {
		p->failed = true;
		return;
	}
	waitscope__perfetto__trace_packet__pack(packet, p->buffer);
	/* A failed write is the caller's to find, in the file. */
	(void)!fwrite(head, 1, n, p->to);
	(void)!fwrite(p->buffer, 1, size, p->to);
}

static void init(Packet *packet)
{
	waitscope__perfetto__trace_packet__init(packet);
	packet->has_trusted_packet_sequence_id = true;
	packet->trusted_packet_sequence_id = SEQUENCE;
}

struct ws_packets *ws_packets_new(FILE *to, uint64_t begin_ns)
{
	struct ws_packets *p = calloc(1, sizeof(*p));
	Waitscope__Perfetto__ClockSnapshot snapshot;
	Waitscope__Perfetto__Clock clock, *clocks = &clock;
	Packet packet;

	if (!p)
		return NULL;
	p->to = to;
	init(&packet);
	waitscope__perfetto__clock_snapshot__init(&snapshot);
	waitscope__perfetto__clock__init(&clock);
	clock.has_clock_id = clock.has_timestamp = true;
	clock.clock_id = CLOCK_IS_MONOTONIC;
	clock.timestamp = begin_ns;
	snapshot.clocks = &clocks;
	snapshot.n_clocks = 1;
	snapshot.has_primary_trace_clock = true;
	snapshot.primary_trace_clock = CLOCK_IS_MONOTONIC;
	packet.clock_snapshot = &snapshot;
	packet.has_sequence_flags = true;
	packet.sequence_flags = STATE_CLEARED;
	put(p, &packet);
	return p;
}

int ws_packets_free(struct ws_packets *p)
{
	int r;

	if (!p)
		return 0;
	r = p->failed ? -ENOMEM : 0;
	for (size_t i = 0; i < TABLES; i++) {
		HASH_CLEAR(hh, p->texts[i]);
		free(p->fresh[i].items);
	}
	free(p->flows);
	free(p->args.items);
	free(p->entries.items);
	free(p->members.items);
	free(p->buffer);
	ws_arena_free(&p->texts_arena);
	ws_arena_free(&p->arena);
	free(p);
	return r;
}

/* Writes a track; `name`: which of its texts is its name. */
static void put_track(struct ws_packets *p, Track *track, uint64_t uuid, char **name,
		      const char *text)
{
	char *copy = ws_arena_strdup(&p->arena, text);
	Packet packet;

	if (copy) {
		ws_utf8_clean(copy);
		*name = copy;
		track->has_uuid = true;
		track->uuid = uuid;
		init(&packet);
		packet.track_descriptor = track;
		put(p, &packet);
	} else {
		p->failed = true;
	}
	ws_arena_reset(&p->arena);
}

void ws_packets_process(struct ws_packets *p, uint64_t uuid, int32_t pid, const char *name,
			uint64_t begin_ns)
{
	Waitscope__Perfetto__ProcessDescriptor process;
	Track track;

	waitscope__perfetto__track_descriptor__init(&track);
	waitscope__perfetto__process_descriptor__init(&process);
	process.has_pid = process.has_start_timestamp_ns = true;
	process.pid = pid;
	process.start_timestamp_ns = (int64_t)begin_ns;
	track.process = &process;
	put_track(p, &track, uuid, &process.process_name, name);
}

void ws_packets_thread(struct ws_packets *p, uint64_t uuid, int32_t pid, int32_t tid,
		       const char *name)
{
	Waitscope__Perfetto__ThreadDescriptor thread;
	Track track;

	waitscope__perfetto__track_descriptor__init(&track);
	waitscope__perfetto__thread_descriptor__init(&thread);
	thread.has_pid = thread.has_tid = true;
	thread.pid = pid;
	thread.tid = tid;
	track.thread = &thread;
	put_track(p, &track, uuid, &thread.thread_name, name);
}

void ws_packets_track(struct ws_packets *p, uint64_t uuid, uint64_t parent, const char *name,
		      enum ws_packets_unit unit)
{
	Waitscope__Perfetto__CounterDescriptor counter;
	Track track;

	waitscope__perfetto__track_descriptor__init(&track);
	waitscope__perfetto__counter_descriptor__init(&counter);
	track.has_parent_uuid = parent != 0;
	track.parent_uuid = parent;
	counter.has_unit = true;
	counter.unit = unit;
	if (unit != WS_PACKETS_NO_COUNTER)
		track.counter = &counter;
	put_track(p, &track, uuid, &track.name, name);
}

void ws_packets_event(struct ws_packets *p, enum ws_packets_type type, uint64_t at_ns,
		      uint64_t track, uint64_t category, uint64_t name)
{
	waitscope__perfetto__track_event__init(&p->event);
	p->at_ns = at_ns;
	p->category = category;
	p->event.has_type = p->event.has_track_uuid = true;
	p->event.type = type;
	p->event.track_uuid = track;
	p->event.has_name_iid = name != 0;
	p->event.name_iid = name;
	p->args.n = p->entries.n = p->members.n = p->n_flows = 0;
	p->open = NULL;
	p->in_entry = false;
}

void ws_packets_count(struct ws_packets *p, int64_t value)
{
	p->event.has_counter_value = true;
	p->event.counter_value = value;
}

void ws_packets_flow(struct ws_packets *p, uint64_t id, bool ends)
{
	if (ws_grow(&p->flows, &p->flows_size, p->n_flows + 1)) {
		p->failed = true;
		return;
	}
	p->flows[p->n_flows++] = id;
	p->flows_end = ends;
}

/* One more argument, or member of the open entry. NULL: memory is out. */
static Arg *add_arg(struct ws_packets *p, const char *key)
{
	Arg *arg = take(p, &p->arena, sizeof(*arg));

	if (!arg)
		return NULL;
	waitscope__perfetto__debug_annotation__init(arg);
	arg->has_name_iid = true;
	arg->name_iid = intern(p, KEYS, key);
	append(p, p->in_entry ? &p->members : &p->args, arg);
	return arg;
}

void ws_packets_arg_text(struct ws_packets *p, const char *key, uint64_t text)
{
	Arg *arg = add_arg(p, key);

	if (!arg)
		return;
	arg->has_string_value_iid = true;
	arg->string_value_iid = text;
}

void ws_packets_arg_number(struct ws_packets *p, const char *key, uint64_t value)
{
	Arg *arg = add_arg(p, key);

	if (!arg)
		return;
	arg->has_uint_value = true;
	arg->uint_value = value;
}

void ws_packets_arg_true(struct ws_packets *p, const char *key)
{
	Arg *arg = add_arg(p, key);

	if (!arg)
		return;
	arg->has_bool_value = true;
	arg->bool_value = true;
}

/* A copy of the pointers for the event. */
static Arg **copy_args(struct ws_packets *p, const struct list *list)
{
	Arg **copy = take(p, &p->arena, list->n * sizeof(Arg *));

	if (copy && list->n)
		memcpy(copy, list->items, list->n * sizeof(Arg *));
	return copy;
}

/* The list that is open becomes an argument. */
static void close_list(struct ws_packets *p)
{
	Arg *arg;

	if (!p->open)
		return;
	arg = add_arg(p, p->open);
	if (arg) {
		arg->array_values = copy_args(p, &p->entries);
		arg->n_array_values = p->entries.n;
	}
	p->entries.n = 0;
	p->open = NULL;
}

static void open_list(struct ws_packets *p, const char *key)
{
	if (p->open && strcmp(p->open, key) != 0)
		close_list(p);
	p->open = key;
}

void ws_packets_arg_item(struct ws_packets *p, const char *key, uint64_t text)
{
	Arg *entry = take(p, &p->arena, sizeof(*entry));

	open_list(p, key);
	if (!entry)
		return;
	waitscope__perfetto__debug_annotation__init(entry);
	entry->has_string_value_iid = true;
	entry->string_value_iid = text;
	append(p, &p->entries, entry);
}

void ws_packets_arg_open(struct ws_packets *p, const char *key)
{
	open_list(p, key);
	p->in_entry = true;
	p->members.n = 0;
}

void ws_packets_arg_close(struct ws_packets *p)
{
	Arg *entry = take(p, &p->arena, sizeof(*entry));

	p->in_entry = false;
	if (!entry)
		return;
	waitscope__perfetto__debug_annotation__init(entry);
	entry->dict_entries = copy_args(p, &p->members);
	entry->n_dict_entries = p->members.n;
	append(p, &p->entries, entry);
}

/* Texts that are new go with the packet that first needs them. */
static bool set_fresh(struct ws_packets *p, InternedData *data)
{
	bool any = false;

	waitscope__perfetto__interned_data__init(data);
	for (size_t i = 0; i < TABLES; i++)
		any |= p->fresh[i].n;
	data->event_categories = (Interned **)p->fresh[WS_PACKETS_CATEGORY].items;
	data->n_event_categories = p->fresh[WS_PACKETS_CATEGORY].n;
	data->event_names = (Interned **)p->fresh[WS_PACKETS_NAME].items;
	data->n_event_names = p->fresh[WS_PACKETS_NAME].n;
	data->debug_annotation_string_values = (Interned **)p->fresh[WS_PACKETS_VALUE].items;
	data->n_debug_annotation_string_values = p->fresh[WS_PACKETS_VALUE].n;
	data->debug_annotation_names = (Interned **)p->fresh[KEYS].items;
	data->n_debug_annotation_names = p->fresh[KEYS].n;
	return any;
}

void ws_packets_write(struct ws_packets *p)
{
	InternedData data;
	Packet packet;

	close_list(p);
	init(&packet);
	if (set_fresh(p, &data))
		packet.interned_data = &data;
	packet.has_timestamp = packet.has_timestamp_clock_id = packet.has_sequence_flags = true;
	packet.timestamp = p->at_ns;
	packet.timestamp_clock_id = CLOCK_IS_MONOTONIC;
	packet.sequence_flags = NEEDS_STATE;
	packet.track_event = &p->event;
	if (p->category) {
		p->event.category_iids = &p->category;
		p->event.n_category_iids = 1;
	}
	p->event.debug_annotations = (Arg **)p->args.items;
	p->event.n_debug_annotations = p->args.n;
	if (p->n_flows && p->flows_end) {
		p->event.terminating_flow_ids = p->flows;
		p->event.n_terminating_flow_ids = p->n_flows;
	} else if (p->n_flows) {
		p->event.flow_ids = p->flows;
		p->event.n_flow_ids = p->n_flows;
	}
	put(p, &packet);
	for (size_t i = 0; i < TABLES; i++)
		p->fresh[i].n = 0;
	ws_arena_reset(&p->arena);
}
