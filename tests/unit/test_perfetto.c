/* SPDX-License-Identifier: MIT */
/* test_perfetto: what goes onto which track, for waits that recordings have but rarely. The numbers
 * of the format itself are checked by tests/exports/perfetto.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/exports/export.h"
#include "perfetto.pb-c.h"
#include "tests/support/case_report.h"

#define MOST 32

typedef Waitscope__Perfetto__TracePacket Packet;
typedef Waitscope__Perfetto__TrackEvent Event;

/* An event, with the packet that it is in. */
struct event {
	uint64_t at_ns;
	const Event *event;
};

struct read {
	Packet *packets[4 * MOST]; /* Owned by this */
	size_t n_packets;
	struct event events[MOST]; /* in order of time, then of the file */
	size_t n;
};

/* The packets of a trace, and its events but that on the trace itself. */
static void read_trace(const struct case_report *report, struct read *ret)
{
	const struct ws_export_wish wish = { 0 };
	struct ws_error error;
	char *bytes = NULL;
	size_t size, at = 0;
	FILE *to = open_memstream(&bytes, &size);
	bool first = true;

	*ret = (struct read){ 0 };
	assert_non_null(to);
	assert_int_equal(ws_export_perfetto(&report->report, &wish, to, &error), 0);
	assert_int_equal(fclose(to), 0);
	while (at < size) {
		size_t length = 0;
		Packet *packet;

		assert_int_equal(bytes[at++], 0x0a);
		for (unsigned int shift = 0;; shift += 7) {
			unsigned char c = (unsigned char)bytes[at++];

			length |= (size_t)(c & 0x7f) << shift;
			if (c < 0x80)
				break;
		}
		packet = waitscope__perfetto__trace_packet__unpack(NULL, length,
								   (const uint8_t *)bytes + at);
		assert_non_null(packet);
		ret->packets[ret->n_packets++] = packet;
		if (packet->track_event && !first)
			ret->events[ret->n++] =
				(struct event){ packet->timestamp, packet->track_event };
		first &= !packet->track_event;
		at += length;
	}
	free(bytes);
	/* The order of the file is kept among equal ones: few, and sorted by insertion. */
	for (size_t i = 1; i < ret->n; i++) {
		struct event event = ret->events[i];
		size_t k = i;

		for (; k && ret->events[k - 1].at_ns > event.at_ns; k--)
			ret->events[k] = ret->events[k - 1];
		ret->events[k] = event;
	}
}

static void free_read(struct read *read)
{
	for (size_t i = 0; i < read->n_packets; i++)
		waitscope__perfetto__trace_packet__free_unpacked(read->packets[i], NULL);
}

/* One event: its type, time and track. */
static void is_event(const struct read *read, size_t i, uint32_t type, uint64_t at_ns,
		     uint64_t track)
{
	assert_true(i < read->n);
	assert_int_equal(read->events[i].at_ns, at_ns);
	assert_int_equal(read->events[i].event->type, type);
	assert_int_equal(read->events[i].event->track_uuid, track);
}

enum { BEGIN = 1, END, INSTANT, COUNTER };

static void make(const char *text, struct case_trace **trace, struct case_report *report,
		 struct read *read)
{
	const struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX }, .journal = true };

	*trace = case_trace_parse(text);
	case_report_make_as(*trace, &setup, report);
	read_trace(report, read);
}

static void drop(struct case_trace *trace, struct case_report *report, struct read *read)
{
	free_read(read);
	case_report_free(report);
	case_trace_free(trace);
}

/* Slices end before those around them, and at one time before the next begins. */
static void nested(void **state)
{
	struct case_trace *trace;
	struct case_report report;
	struct read read;
	uint64_t own;

	(void)state;
	make("0 A start\n"
	     "10 A begin sem:s seq=1\n"
	     "20 A begin sem:t seq=2\n"
	     "40 A end acquired seq=2\n"
	     "40 A end acquired seq=1\n"
	     "40 A begin sem:s seq=3\n"
	     "50 A end acquired seq=3",
	     &trace, &report, &read);
	own = read.events[0].event->track_uuid;
	assert_int_equal(read.n, 6);
	is_event(&read, 0, BEGIN, 10, own);
	is_event(&read, 1, BEGIN, 20, own);
	is_event(&read, 2, END, 40, own);
	is_event(&read, 3, END, 40, own);
	is_event(&read, 4, BEGIN, 40, own);
	is_event(&read, 5, END, 50, own);
	drop(trace, &report, &read);
}

/* One that does not nest has a track of its own below the thread's. */
static void overlapping(void **state)
{
	struct case_trace *trace;
	struct case_report report;
	struct read read;
	uint64_t own, other;
	bool known = false;

	(void)state;
	make("0 A start\n"
	     "10 A begin sem:s\n"
	     "30 A end acquired\n"
	     "32 A begin sem:t began=20\n"
	     "40 A end acquired",
	     &trace, &report, &read);
	assert_int_equal(read.n, 4);
	own = read.events[0].event->track_uuid;
	other = read.events[1].event->track_uuid;
	assert_int_not_equal(own, other);
	is_event(&read, 0, BEGIN, 10, own);
	is_event(&read, 1, BEGIN, 20, other);
	is_event(&read, 2, END, 30, own);
	is_event(&read, 3, END, 40, other);
	for (size_t i = 0; i < read.n_packets; i++) {
		const Waitscope__Perfetto__TrackDescriptor *track =
			read.packets[i]->track_descriptor;

		if (track && track->uuid == other) {
			assert_int_equal(track->parent_uuid, own);
			known = true;
		}
	}
	assert_true(known);
	drop(trace, &report, &read);
}

/* One operation that lets two go is one event with two arrows; a late one stands at the end. */
static void arrows(void **state)
{
	struct case_trace *trace;
	struct case_report report;
	struct read read;
	const Event *wake;
	uint64_t waker;

	(void)state;
	make("0 W start\n"
	     "0 A start\n"
	     "0 B start\n"
	     "10 A begin cond:c\n"
	     "20 B begin cond:c\n"
	     "30 W wake broadcast cond:c count=all\n"
	     "35 A end acquired\n"
	     "40 B end acquired\n"
	     "50 A begin sem:s\n"
	     "60 A end acquired\n"
	     "70 W wake post sem:s late count=1",
	     &trace, &report, &read);
	/* The counter of the condition comes beside: two waited at once. */
	for (size_t i = 0, k = 0; i < read.n; i++) {
		if (read.events[i].event->type != COUNTER)
			read.events[k++] = read.events[i];
		if (i + 1 == read.n)
			read.n = k;
	}
	assert_int_equal(read.n, 11);
	wake = read.events[2].event;
	waker = wake->track_uuid;
	is_event(&read, 2, INSTANT, 30, waker);
	assert_int_equal(wake->n_flow_ids, 2);
	is_event(&read, 3, END, 35, read.events[0].event->track_uuid);
	is_event(&read, 4, INSTANT, 35, read.events[0].event->track_uuid);
	assert_int_equal(read.events[4].event->n_terminating_flow_ids, 1);
	assert_int_equal(read.events[4].event->terminating_flow_ids[0], wake->flow_ids[0]);
	is_event(&read, 6, INSTANT, 40, read.events[1].event->track_uuid);
	assert_int_equal(read.events[6].event->terminating_flow_ids[0], wake->flow_ids[1]);
	is_event(&read, 8, INSTANT, 60, waker);
	assert_int_equal(read.events[8].event->n_flow_ids, 1);
	is_event(&read, 10, INSTANT, 60, read.events[0].event->track_uuid);
	assert_int_equal(read.events[10].event->terminating_flow_ids[0],
			 read.events[8].event->flow_ids[0]);
	drop(trace, &report, &read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nested),
		cmocka_unit_test(overlapping),
		cmocka_unit_test(arrows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
