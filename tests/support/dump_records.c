/* SPDX-License-Identifier: MIT */
/* dump_records.c: what decode makes of a trace, a line a record: `dump_records [-t] DIR...`.
 *
 * A debugging aid. Numbers are replaced by what the tables say of them: pid/tid, and
 * module+offset for code. With -t the tables follow.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/pipeline.h"

static const char *const kinds[] = {
#define WORD(sym, word, n) [n] = #word,
	WS_KINDS(WORD)
};
static const char *const outcomes[] = { WS_OUTCOMES(WORD) };
static const char *const wake_ops[] = { WS_WAKE_OPS(WORD) };
static const char *const object_ops[] = { WS_OBJECT_OPS(WORD) };
static const char *const thread_ops[] = { WS_THREAD_OPS(WORD) };
static const char *const process_ops[] = { WS_PROCESS_OPS(WORD) };

/* The records, kept until the tables are complete. */
struct kept {
	struct ws_record *records;
	size_t n, capacity;
};

static int keep(void *user, const struct ws_record *records, size_t n, struct ws_error *error)
{
	struct kept *kept = user;

	if (ws_grow(&kept->records, &kept->capacity, kept->n + n))
		return ws_error_set(error, -ENOMEM, "out of memory");
	memcpy(kept->records + kept->n, records, n * sizeof(*records));
	kept->n += n;
	return 0;
}

static void print_code(const struct ws_tables *t, const char *label, uint32_t code)
{
	const struct ws_code *c;

	if (code == WS_UNKNOWN)
		return;
	c = &t->codes[code];
	if (c->module == WS_UNKNOWN) {
		printf(" %s=0x%" PRIx64, label, c->offset);
	} else {
		const char *path = t->modules[c->module].path, *slash = strrchr(path, '/');

		printf(" %s=%s+0x%" PRIx64, label, slash ? slash + 1 : path, c->offset);
	}
}

static void print_stack(const struct ws_tables *t, const char *label, uint32_t stack)
{
	if (stack == WS_UNKNOWN)
		return;
	printf(" %s=#%u", label, stack);
	if (!t->stacks[stack].frames)
		printf("(undefined)");
}

static void print_thread(const struct ws_tables *t, const char *label, uint32_t thread)
{
	if (thread == WS_UNKNOWN)
		return;
	printf(" %s=%d/%d", label, t->processes[t->threads[thread].process].pid,
	       t->threads[thread].tid);
}

static void print_object(const struct ws_tables *t, const char *label,
			 const struct ws_object_key *key)
{
	if (!key->kind)
		return;
	printf(" %s=%s:", label, kinds[key->kind]);
	if (key->kind == WS_KIND_THREAD)
		printf("%d", t->threads[key->offset].tid);
	else if (key->process != WS_UNKNOWN)
		printf("%d:0x%" PRIx64, t->processes[key->process].pid, key->offset);
	else
		printf("shared(%" PRIx64 ":%" PRIu64 ",%u)+0x%" PRIx64, key->dev, key->ino,
		       key->origin, key->offset);
}

static void print_holder(const struct ws_tables *t, const struct ws_holder *holder)
{
	print_thread(t, "holder", holder->thread);
	print_code(t, "held_at", holder->site);
	print_stack(t, "hold_stack", holder->stack);
}

static void print_wait_begin(const struct ws_tables *t, const struct ws_record *r)
{
	printf("wait_begin seq=%u", r->wait_begin.seq);
	print_object(t, "object", &r->wait_begin.object);
	print_object(t, "mutex", &r->wait_begin.mutex);
	if (r->wait_begin.flags)
		printf(" flags=%u", r->wait_begin.flags);
	print_code(t, "data", r->wait_begin.data);
	print_code(t, "site", r->wait_begin.site);
	print_stack(t, "stack", r->wait_begin.stack);
	print_holder(t, &r->wait_begin.holder);
}

static void print_wake(const struct ws_tables *t, const struct ws_record *r)
{
	printf("wake seq=%u %s", r->wake.seq, wake_ops[r->wake.op]);
	print_object(t, "object", &r->wake.object);
	print_object(t, "target", &r->wake.target);
	if (r->wake.flags)
		printf(" flags=%u", r->wake.flags);
	if (r->wake.count == WS_WAKE_ALL)
		printf(" count=all");
	else
		printf(" count=%u", r->wake.count);
	print_code(t, "data", r->wake.data);
	print_code(t, "site", r->wake.site);
	print_holder(t, &r->wake.hold);
}

static void print_record(const struct ws_tables *t, const struct ws_record *r)
{
	printf("%" PRIu64 " ", r->at_ns - t->begin_ns);
	if (r->process != WS_UNKNOWN)
		printf("%d/", t->processes[r->process].pid);
	if (r->thread != WS_UNKNOWN)
		printf("%d ", t->threads[r->thread].tid);
	else
		printf("- ");
	switch (r->type) {
	case WS_RECORD_WAIT_BEGIN:
		print_wait_begin(t, r);
		break;
	case WS_RECORD_WAIT_END:
		printf("wait_end seq=%u %s", r->wait_end.seq, outcomes[r->wait_end.outcome]);
		if (r->wait_end.error)
			printf(" error=%d", r->wait_end.error);
		if (r->wait_end.index >= 0)
			printf(" index=%d", r->wait_end.index);
		print_holder(t, &r->wait_end.holder);
		break;
	case WS_RECORD_WAIT_OBJECT:
		printf("wait_object seq=%u", r->wait_object.seq);
		print_object(t, "object", &r->wait_object.object);
		print_code(t, "data", r->wait_object.data);
		break;
	case WS_RECORD_HOLDER:
		printf("holder seq=%u", r->holder.seq);
		print_holder(t, &r->holder.holder);
		break;
	case WS_RECORD_WAKE:
		print_wake(t, r);
		break;
	case WS_RECORD_WAKE_STACK:
		printf("wake_stack seq=%u", r->wake_stack.seq);
		print_stack(t, "stack", r->wake_stack.stack);
		break;
	case WS_RECORD_OBJECT:
		printf("object %s", object_ops[r->object.op]);
		print_object(t, "object", &r->object.object);
		printf(" value=%" PRIu64, r->object.value);
		print_code(t, "data", r->object.data);
		print_code(t, "site", r->object.site);
		if (*r->object.name)
			printf(" name=%s", r->object.name);
		break;
	case WS_RECORD_THREAD:
		printf("thread %s", thread_ops[r->thread_step.op]);
		break;
	case WS_RECORD_PROCESS:
		printf("process %s", process_ops[r->process_step.op]);
		break;
	case WS_RECORD_LOSS:
		printf("loss events=%" PRIu64 " packets=%" PRIu64, r->loss.events, r->loss.packets);
		break;
	default:
		printf("type %u", r->type);
	}
	putchar('\n');
}

static void print_tables(const struct ws_tables *t)
{
	static const char *const ends[] = { "unknown", "running", "exited", "signaled", "exec" };

	for (size_t i = 0; i < t->n_processes; i++) {
		const struct ws_process *p = &t->processes[i];

		printf("process %zu pid=%d parent=%d name=%s exe=%s end=%s status=%d ns=%" PRIu64
		       "..%" PRIu64 "\n",
		       i, p->pid, p->parent_pid, p->name, p->exe, ends[p->end], p->status,
		       p->begin_ns - t->begin_ns, p->end_ns - t->begin_ns);
	}
	for (size_t i = 0; i < t->n_threads; i++) {
		const struct ws_task *k = &t->threads[i];

		printf("thread %zu pid=%d tid=%d name=%s", i, t->processes[k->process].pid, k->tid,
		       k->name);
		print_thread(t, "creator", k->creator);
		print_code(t, "start", k->start);
		putchar('\n');
	}
	for (size_t i = 0; i < t->n_modules; i++)
		printf("module %zu %s build_id_size=%u\n", i, t->modules[i].path,
		       t->modules[i].build_id_size);
	for (size_t i = 0; i < t->n_stacks; i++) {
		printf("stack #%zu", i);
		for (uint32_t f = 0; f < t->stacks[i].depth; f++)
			print_code(t, "", t->stacks[i].frames[f]);
		putchar('\n');
	}
	printf("events=%" PRIu64 " foreign=%" PRIu64 " lost_events=%" PRIu64 " lost_packets=%" PRIu64
	       " unmatched=%" PRIu64 " ns=%" PRIu64 "\n",
	       t->events, t->foreign, t->lost_events, t->lost_packets, t->unmatched,
	       t->end_ns - t->begin_ns);
}

int main(int argc, char **argv)
{
	int tables = argc > 1 && !strcmp(argv[1], "-t");
	int quiet = argc > 1 && !strcmp(argv[1], "-q"); /* only reads: for measuring */
	struct kept kept = { 0 };
	const struct ws_pipeline_sink sink = { &kept, quiet ? NULL : keep };
	struct ws_error error = { "" };
	struct ws_trace *trace;
	const struct ws_tables *t;

	if (argc < 2 + (tables || quiet)) {
		fprintf(stderr, "usage: dump_records [-t|-q] DIR...\n");
		return 2;
	}
	argv += 1 + (tables || quiet);
	argc -= 1 + (tables || quiet);
	if (ws_pipeline_run((const char *const *)argv, (size_t)argc, &sink, &trace, &error)) {
		fprintf(stderr, "dump_records: %s\n", error.text);
		return 1;
	}
	t = ws_trace_tables(trace);
	for (size_t i = 0; i < kept.n; i++)
		print_record(t, &kept.records[i]);
	if (tables || quiet)
		print_tables(t);
	for (size_t i = 0; i < t->n_warnings; i++)
		printf("warning: %s\n", t->warnings[i]);
	free(kept.records);
	ws_trace_free(trace);
	return 0;
}
