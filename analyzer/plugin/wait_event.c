/* SPDX-License-Identifier: MIT */
/* wait_event.c: see wait_event.h. */
#include "analyzer/plugin/wait_event.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum form { TEXT, UNSIGNED, SIGNED };

struct member {
	const char *name;
	enum form form;
};

/* In this order they are written. */
static const struct member wait_members[] = {
	{ "begin_ns", UNSIGNED }, { "end_ns", UNSIGNED },    { "duration_ns", UNSIGNED },
	{ "kind", TEXT },         { "object_id", UNSIGNED }, { "object", TEXT },
	{ "outcome", TEXT },      { "error", SIGNED },       { "uncertain", UNSIGNED },
	{ "waiter_pid", SIGNED }, { "waiter_tid", SIGNED },  { "waiter", TEXT },
	{ "waiter_site", TEXT },  { "waker_pid", SIGNED },   { "waker_tid", SIGNED },
	{ "waker", TEXT },        { "waker_site", TEXT },    { "wake_op", TEXT },
	{ "woken_ns", UNSIGNED },
};

/* Of each of the holders. */
static const struct member holder_members[] = {
	{ "pid", SIGNED }, { "tid", SIGNED },  { "thread", TEXT },
	{ "site", TEXT },  { "ns", UNSIGNED },
};

#define N(array) (sizeof(array) / sizeof(*(array)))

static bt_field_class *class_of(bt_trace_class *trace, enum form form)
{
	switch (form) {
	case TEXT:
		return bt_field_class_string_create(trace);
	case UNSIGNED:
		return bt_field_class_integer_unsigned_create(trace);
	default:
		return bt_field_class_integer_signed_create(trace);
	}
}

/* Adds the class, whose reference it takes, to the structure. */
static int append(bt_field_class *structure, const char *name, bt_field_class *class)
{
	int r = class && !bt_field_class_structure_append_member(structure, name, class) ? 0
											 : -ENOMEM;

	bt_field_class_put_ref(class);
	return r;
}

static bt_field_class *make_structure(bt_trace_class *trace, const struct member *members, size_t n)
{
	bt_field_class *structure = bt_field_class_structure_create(trace);

	for (size_t i = 0; structure && i < n; i++) {
		if (append(structure, members[i].name, class_of(trace, members[i].form)) < 0) {
			bt_field_class_put_ref(structure);
			return NULL;
		}
	}
	return structure;
}

static bt_field_class *make_payload(bt_trace_class *trace)
{
	bt_field_class *payload = make_structure(trace, wait_members, N(wait_members));
	bt_field_class *holder = make_structure(trace, holder_members, N(holder_members));
	/* CTF wants to be told of the length by a field of its own. */
	bt_field_class *length = bt_field_class_integer_unsigned_create(trace);
	bt_field_class *holders = NULL;
	int r = -ENOMEM;

	if (payload && length &&
	    !bt_field_class_structure_append_member(payload, "n_holders", length)) {
		if (holder)
			holders = bt_field_class_array_dynamic_create(trace, holder, length);
		r = append(payload, "holders", holders);
	}
	bt_field_class_put_ref(length);
	bt_field_class_put_ref(holder);
	if (r < 0) {
		bt_field_class_put_ref(payload);
		return NULL;
	}
	return payload;
}

/* The clock, if it counts ns, as times of the trace do; otherwise one of ours that does. */
static const bt_clock_class *clock_of(bt_self_component *self, const bt_clock_class *clock)
{
	bt_clock_class *own;

	if (bt_clock_class_get_frequency(clock) == 1000000000) {
		bt_clock_class_get_ref(clock);
		return clock;
	}
	own = bt_clock_class_create(self);
	if (own)
		bt_clock_class_set_origin_is_unix_epoch(own,
							bt_clock_class_origin_is_unix_epoch(clock));
	return own;
}

int ws_wait_stream_make(bt_self_component *self, const bt_clock_class *clock,
			struct ws_wait_stream *ret)
{
	bt_trace_class *trace_class = bt_trace_class_create(self);
	bt_stream_class *stream_class = trace_class ? bt_stream_class_create(trace_class) : NULL;
	bt_event_class *event_class = stream_class ? bt_event_class_create(stream_class) : NULL;
	bt_field_class *payload = event_class ? make_payload(trace_class) : NULL;
	bt_trace *trace = payload ? bt_trace_create(trace_class) : NULL;
	bt_stream *stream = NULL;
	bool ok = trace && (clock = clock_of(self, clock));

	/* A clock class is const to who did not make it, and not to whom it is set for. */
	ok = ok && !bt_stream_class_set_default_clock_class(stream_class, (bt_clock_class *)clock);
	if (trace)
		bt_clock_class_put_ref(clock);
	ok = ok && !bt_stream_class_set_name(stream_class, "waitscope waits");
	ok = ok && !bt_event_class_set_name(event_class, WS_WAIT_EVENT);
	ok = ok && !bt_event_class_set_payload_field_class(event_class, payload);
	ok = ok && !bt_trace_set_name(trace, "waitscope");
	if (ok)
		stream = bt_stream_create(stream_class, trace);
	ok = ok && stream && !bt_stream_set_name(stream, "waitscope-waits");
	if (ok) {
		*ret = (struct ws_wait_stream){ .event_class = event_class, .stream = stream };
	} else {
		bt_stream_put_ref(stream);
		bt_event_class_put_ref(event_class);
	}
	bt_trace_put_ref(trace);
	bt_field_class_put_ref(payload);
	bt_stream_class_put_ref(stream_class);
	bt_trace_class_put_ref(trace_class);
	return ok ? 0 : -ENOMEM;
}

void ws_wait_stream_free(struct ws_wait_stream *stream)
{
	bt_stream_put_ref(stream->stream);
	bt_event_class_put_ref(stream->event_class);
	*stream = (struct ws_wait_stream){ .stream = NULL };
}

/* One structure that is filled, member after member. */
struct filler {
	bt_field *structure; /* Weak */
	uint64_t at;
	int result;
};

static bt_field *next(struct filler *f)
{
	return bt_field_structure_borrow_member_field_by_index(f->structure, f->at++);
}

static void put_unsigned(struct filler *f, uint64_t value)
{
	bt_field_integer_unsigned_set_value(next(f), value);
}

static void put_signed(struct filler *f, int64_t value)
{
	bt_field_integer_signed_set_value(next(f), value);
}

static void put_text(struct filler *f, const char *text)
{
	if (bt_field_string_set_value(next(f), text))
		f->result = -ENOMEM;
}

/* "fetch() cache.c:12", as far as it is known. */
static void put_site(struct filler *f, const struct ws_analysis_frame *frame)
{
	const char *function = ws_analysis_frame_function(frame);
	const char *file = ws_analysis_frame_file(frame);
	const char *module = ws_analysis_frame_module(frame);
	const char *base = file && strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	char text[4096];
	int n = 0;

	if (!frame)
		snprintf(text, sizeof(text), "unknown");
	else if (function)
		n = snprintf(text, sizeof(text), "%s%s", function,
			     strchr(function, '(') ? "" : "()");
	else
		snprintf(text, sizeof(text), "%s+0x%llx", module ? module : "unknown",
			 (unsigned long long)ws_analysis_frame_offset(frame));
	if (function && base && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, " %s:%u", base,
			 ws_analysis_frame_line(frame));
	put_text(f, text);
}

/* pid, tid, name; -1 and "unknown" where they are not known. */
static void put_thread(struct filler *f, struct ws_analysis *analysis, uint32_t index)
{
	const struct ws_analysis_thread *thread = ws_analysis_get_thread(analysis, index);
	const struct ws_analysis_process *process =
		thread ? ws_analysis_get_process(analysis, thread->process) : NULL;

	put_signed(f, process ? process->pid : -1);
	put_signed(f, thread ? thread->tid : -1);
	put_text(f, thread ? thread->name : "unknown");
}

static void put_holders(struct filler *f, struct ws_analysis *analysis,
			const struct ws_analysis_wait *wait)
{
	bt_field *holders = next(f);

	if (bt_field_array_dynamic_set_length(holders, wait->n_charges)) {
		f->result = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < wait->n_charges; i++) {
		struct filler one = { .structure = bt_field_array_borrow_element_field_by_index(
					      holders, i) };

		put_thread(&one, analysis, wait->charges[i].place.thread);
		put_site(&one, wait->charges[i].place.site);
		put_unsigned(&one, wait->charges[i].ns);
		if (one.result)
			f->result = one.result;
	}
}

int ws_wait_event_fill(struct ws_analysis *analysis, const struct ws_analysis_wait *wait,
		       bt_event *event)
{
	struct filler f = { .structure = bt_event_borrow_payload_field(event) };

	put_unsigned(&f, wait->begin_ns);
	put_unsigned(&f, wait->end_ns);
	put_unsigned(&f, wait->end_ns - wait->begin_ns);
	put_text(&f, wait->kind);
	put_unsigned(&f, wait->object);
	put_text(&f, wait->name);
	put_text(&f, wait->outcome);
	put_signed(&f, wait->error);
	put_unsigned(&f, wait->uncertain);
	put_thread(&f, analysis, wait->waiter.thread);
	put_site(&f, wait->waiter.site);
	put_thread(&f, analysis, wait->waker.thread);
	put_site(&f, wait->waker.site);
	put_text(&f, wait->wake_op ? wait->wake_op : "unknown");
	put_unsigned(&f, wait->woken_ns);
	put_unsigned(&f, wait->n_charges);
	put_holders(&f, analysis, wait);
	return f.result;
}
