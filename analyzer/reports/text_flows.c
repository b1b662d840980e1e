/* SPDX-License-Identifier: MIT */
/* text_flows.c: see text_flows.h.
 *
 * Back-pressure in words: a writer waits while what it writes to is full, so those who read are the
 * bottleneck; a reader waits while it is empty, so those who write are. Which of the two, the
 * longer waiting tells; both are said where neither is small beside the other.
 */
#include "analyzer/reports/text_flows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/base/words.h"

/* Waiting below this part of the other side's is not worth a line. */
#define SMALL_PART 4

/* Processes that are told one by one; how many more there are is a number. */
#define FLOWS_MAX 4

/* "12.3 MB" */
static void set_bytes(struct ws_cell *cell, double bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	size_t unit = 0;

	while (bytes >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1000;
		unit++;
	}
	ws_cell_set(cell, false, "%.*f %s",
		    unit == 0 || bytes >= 99.95 ? 0
		    : bytes < 9.995             ? 2
						: 1,
		    bytes, units[unit]);
}

static void set_process(struct ws_cell *cell, bool utf8, const struct ws_tables *tables,
			uint32_t process)
{
	const struct ws_process *p = &tables->processes[process];

	ws_cell_set(cell, utf8, "%.100s[%" PRId32 "]", p->name, p->pid);
}

/* ", xz[12] read 4.30 MB (1.20 MB/s)" */
static void print_moved(struct ws_page *page, const struct ws_tables *tables,
			const struct ws_flow *flow, bool out, bool first, size_t indent)
{
	uint64_t bytes = out ? flow->bytes_out : flow->bytes_in;
	struct ws_cell cell, who, amount, rate;

	set_process(&who, page->utf8, tables, flow->process);
	set_bytes(&amount, (double)bytes);
	if (flow->span_ns)
		set_bytes(&rate, (double)bytes * 1e9 / (double)flow->span_ns);
	else
		ws_cell_set(&rate, false, "?");
	ws_cell_set(&cell, page->utf8, "%.200s %s %.20s (%.20s/s)", who.text,
		    out ? "wrote" : "read", amount.text, rate.text);
	ws_page_flow(page, cell.text, first ? "" : ", ", indent);
}

static void print_all_moved(struct ws_page *page, const struct ws_tables *tables,
			    const struct ws_object_contention *object, size_t label, size_t indent)
{
	size_t shown = 0, more = 0;

	for (int in = 0; in < 2; in++) {
		for (size_t i = 0; i < object->n_flows; i++) {
			const struct ws_flow *flow = &object->flows[i];

			if (!(in ? flow->bytes_in : flow->bytes_out))
				continue;
			if (shown == FLOWS_MAX) {
				more++;
				continue;
			}
			if (!shown)
				ws_page_text(page, "moved", label);
			print_moved(page, tables, flow, !in, !shown++, indent);
		}
	}
	if (more) {
		struct ws_cell cell;

		ws_cell_set(&cell, false, "%zu more", more);
		ws_page_flow(page, cell.text, ", ", indent);
	}
	if (shown)
		ws_page_end(page);
}

/* Those at one end, in words: the one name, or how many there are. False: nobody is known. */
static bool set_end(struct ws_cell *cell, bool utf8, const struct ws_tables *tables,
		    const struct ws_object_contention *object, bool writes)
{
	struct ws_cell count;
	size_t n = 0;

	for (size_t i = 0; i < object->n_flows; i++) {
		const struct ws_flow *flow = &object->flows[i];

		if (!(writes ? flow->writes : flow->reads))
			continue;
		if (!n++)
			set_process(cell, utf8, tables, flow->process);
	}
	if (n > 1) {
		ws_cell_noun(&count, n, writes ? "writer" : "reader");
		ws_cell_set(cell, utf8, "%.60s", count.text);
	}
	return n > 0;
}

static void print_waited(struct ws_page *page, const struct ws_tables *tables,
			 const struct ws_object_contention *object, bool full, size_t label,
			 size_t indent)
{
	uint64_t ns = full ? object->full_ns : object->empty_ns;
	struct ws_cell cell, who, other, time;
	uint8_t kind = ws_object_polled(object->object)->key.kind;

	if (!ns || ns < (full ? object->empty_ns : object->full_ns) / SMALL_PART ||
	    !set_end(&who, page->utf8, tables, object, full))
		return;
	ws_cell_time(&time, page->utf8, ns);
	ws_page_text(page, "pressure", label);
	if (!set_end(&other, page->utf8, tables, object, !full)) {
		ws_cell_set(&cell, page->utf8,
			    "%.200s waited %.20s on %s %s: who is at its other end "
			    "was not seen",
			    who.text, time.text, full ? "a full" : "an empty", ws_kind_word(kind));
		ws_page_flow(page, cell.text, "", indent);
		ws_page_end(page);
		return;
	}
	ws_cell_set(&cell, page->utf8, "%.200s waited %.20s on %s %s: %.200s %s the bottleneck",
		    who.text, time.text, full ? "a full" : "an empty", ws_kind_word(kind),
		    other.text, strchr(other.text, '[') ? "is" : "are");
	ws_page_flow(page, cell.text, "", indent);
	ws_page_end(page);
}

/* Those at a socket but one, in words. False: there is nobody. */
static bool set_others(struct ws_cell *cell, bool utf8, const struct ws_tables *tables,
		       const struct ws_object_contention *object, size_t but)
{
	struct ws_cell count;

	if (object->n_flows < 2)
		return false;
	if (object->n_flows == 2) {
		set_process(cell, utf8, tables, object->flows[!but].process);
		return true;
	}
	ws_cell_noun(&count, object->n_flows - 1, "other");
	ws_cell_set(cell, utf8, "%.60s", count.text);
	return true;
}

/* One side of a socket, whose bottleneck is the other, whatever it waited for. */
static void print_side(struct ws_page *page, const struct ws_tables *tables,
		       const struct ws_object_contention *object, size_t side, bool full,
		       size_t label, size_t indent)
{
	const struct ws_flow *flow = &object->flows[side];
	struct ws_cell cell, who, other, time;

	set_process(&who, page->utf8, tables, flow->process);
	ws_cell_time(&time, page->utf8, full ? flow->full_ns : flow->empty_ns);
	if (set_others(&other, page->utf8, tables, object, side))
		ws_cell_set(&cell, page->utf8,
			    "%.200s waited %.20s on %s socket: %.200s %s the bottleneck", who.text,
			    time.text, full ? "a full" : "an empty", other.text,
			    strchr(other.text, '[') ? "is" : "are");
	else
		ws_cell_set(&cell, page->utf8,
			    "%.200s waited %.20s on %s socket: who is at its other end was not seen",
			    who.text, time.text, full ? "a full" : "an empty");
	ws_page_text(page, "pressure", label);
	ws_page_flow(page, cell.text, "", indent);
	ws_page_end(page);
}

/* A socket is two channels: each process waits for the other, and which matters the times tell. */
static void print_sides(struct ws_page *page, const struct ws_tables *tables,
			const struct ws_object_contention *object, size_t label, size_t indent)
{
	uint64_t most = 0;
	size_t shown = 0;

	for (size_t i = 0; i < object->n_flows; i++) {
		const struct ws_flow *flow = &object->flows[i];

		most = flow->full_ns > most ? flow->full_ns : most;
		most = flow->empty_ns > most ? flow->empty_ns : most;
	}
	for (size_t i = 0; most && i < object->n_flows && shown < FLOWS_MAX; i++) {
		for (int full = 1; full >= 0 && shown < FLOWS_MAX; full--) {
			const struct ws_flow *flow = &object->flows[i];
			uint64_t ns = full ? flow->full_ns : flow->empty_ns;

			if (!ns || ns < most / SMALL_PART)
				continue;
			print_side(page, tables, object, i, full, label, indent);
			shown++;
		}
	}
}

static void print_limits(struct ws_page *page, const struct ws_object_contention *object,
			 size_t label, size_t indent)
{
	uint64_t value = object->object->value;
	struct ws_cell cell, number;
	uint32_t low = 0, high = 0;

	if (!value)
		return;
	ws_cell_noun(&number, value >> 32, "message");
	ws_cell_set(&cell, false, "at most %.60s of %" PRIu64 " B", number.text,
		    value & UINT32_MAX);
	ws_page_text(page, "holds", label);
	ws_page_flow(page, cell.text, "", indent);
	for (size_t i = 0; i < object->n_flows; i++) {
		const struct ws_flow *flow = &object->flows[i];

		if (flow->priority_low && (!low || flow->priority_low < low))
			low = flow->priority_low;
		high = flow->priority_high > high ? flow->priority_high : high;
	}
	if (high > 1) { /* not all of the same, which is 0 */
		ws_cell_set(&cell, false, "priorities %" PRIu32 " to %" PRIu32 " seen", low - 1,
			    high - 1);
		ws_page_flow(page, cell.text, ", ", indent);
	}
	ws_page_end(page);
}

/* "filled  up to 65.5 kB of 65.5 kB" */
static void print_fill(struct ws_page *page, const struct ws_object_contention *object,
		       size_t label, size_t indent)
{
	struct ws_cell cell, most, room;

	if (!object->fill)
		return;
	ws_page_text(page, "filled", label);
	if (ws_object_polled(object->object)->key.kind == WS_KIND_MQ) {
		ws_cell_count(&most, object->fill);
		ws_cell_noun(&room, object->room, "message");
	} else {
		set_bytes(&most, (double)object->fill);
		set_bytes(&room, (double)object->room);
	}
	if (object->room)
		ws_cell_set(&cell, page->utf8, "up to %.60s of %.60s", most.text, room.text);
	else
		ws_cell_set(&cell, page->utf8, "up to %.60s", most.text);
	ws_page_flow(page, cell.text, "", indent);
	ws_page_end(page);
}

void ws_text_flows(struct ws_page *page, const struct ws_tables *tables,
		   const struct ws_object_contention *object, size_t label, size_t indent)
{
	uint8_t kind = ws_object_polled(object->object)->key.kind;

	if (!ws_kind_carries(kind))
		return;
	if (kind == WS_KIND_MQ)
		print_limits(page, object, label, indent);
	print_all_moved(page, tables, object, label, indent);
	print_fill(page, object, label, indent);
	if (kind == WS_KIND_SOCKET) {
		print_sides(page, tables, object, label, indent);
		return;
	}
	print_waited(page, tables, object, true, label, indent);
	print_waited(page, tables, object, false, label, indent);
}
