/* SPDX-License-Identifier: MIT */
/* record_text.c: see record_text.h. */
#include "tests/support/record_text.h"
#include "tracepoints/functions.h"

#include <inttypes.h>
#include <string.h>

static const char *const kinds[] = {
#define WORD(sym, word, n) [n] = #word,
	WS_KINDS(WORD)
};
static const char *const outcomes[] = { WS_OUTCOMES(WORD) };
static const char *const wake_ops[] = { WS_WAKE_OPS(WORD) };
static const char *const object_ops[] = { WS_OBJECT_OPS(WORD) };
static const char *const thread_ops[] = { WS_THREAD_OPS(WORD) };
static const char *const process_ops[] = { WS_PROCESS_OPS(WORD) };

static void print_code(FILE *f, const struct ws_tables *t, const char *label, uint32_t code)
{
	const struct ws_code *c;

	if (code == WS_UNKNOWN)
		return;
	c = &t->codes[code];
	if (c->module == WS_UNKNOWN) {
		fprintf(f, " %s=0x%" PRIx64, label, c->offset);
	} else {
		const char *path = t->modules[c->module].path, *slash = strrchr(path, '/');

		fprintf(f, " %s=%s+0x%" PRIx64, label, slash ? slash + 1 : path, c->offset);
	}
}

static void print_stack(FILE *f, const struct ws_tables *t, const char *label, uint32_t stack)
{
	if (stack == WS_UNKNOWN)
		return;
	fprintf(f, " %s=#%u", label, stack);
	if (!t->stacks[stack].frames)
		fprintf(f, "(undefined)");
}

static void print_thread(FILE *f, const struct ws_tables *t, const char *label, uint32_t thread)
{
	if (thread == WS_UNKNOWN)
		return;
	fprintf(f, " %s=%d/%d", label, t->processes[t->threads[thread].process].pid,
		t->threads[thread].tid);
}

static void print_object(FILE *f, const struct ws_tables *t, const char *label,
			 const struct ws_object_key *key)
{
	if (!key->kind)
		return;
	fprintf(f, " %s=%s:", label, kinds[key->kind]);
	if (key->kind == WS_KIND_THREAD && key->process == WS_UNKNOWN)
		fprintf(f, "%d", t->threads[key->offset].tid);
	else if (key->kind == WS_KIND_RECORD_LOCK)
		fprintf(f, "shared(%" PRIx64 ":%" PRIu64 ")[%" PRIu64 "+%" PRIu64 "]", key->dev,
			key->ino, key->offset, key->length);
	else if (key->process != WS_UNKNOWN)
		fprintf(f, "%d:0x%" PRIx64, t->processes[key->process].pid, key->offset);
	else
		fprintf(f, "shared(%" PRIx64 ":%" PRIu64 ",%u)+0x%" PRIx64, key->dev, key->ino,
			key->origin, key->offset);
}

static void print_holder(FILE *f, const struct ws_tables *t, const struct ws_holder *holder)
{
	print_thread(f, t, "holder", holder->thread);
	print_code(f, t, "held_at", holder->site);
	print_stack(f, t, "hold_stack", holder->stack);
}

static void print_wait_begin(FILE *f, const struct ws_tables *t, const struct ws_record *r)
{
	fprintf(f, "wait_begin seq=%u", r->wait_begin.seq);
	print_object(f, t, "object", &r->wait_begin.object);
	print_object(f, t, "mutex", &r->wait_begin.mutex);
	if (r->wait_begin.flags)
		fprintf(f, " flags=%u", r->wait_begin.flags);
	print_code(f, t, "data", r->wait_begin.data);
	print_code(f, t, "site", r->wait_begin.site);
	print_stack(f, t, "stack", r->wait_begin.stack);
	print_holder(f, t, &r->wait_begin.holder);
}

static void print_wake(FILE *f, const struct ws_tables *t, const struct ws_record *r)
{
	fprintf(f, "wake seq=%u %s", r->wake.seq, wake_ops[r->wake.op]);
	print_object(f, t, "object", &r->wake.object);
	print_object(f, t, "target", &r->wake.target);
	if (r->wake.flags)
		fprintf(f, " flags=%u", r->wake.flags);
	if (r->wake.count == WS_WAKE_ALL)
		fprintf(f, " count=all");
	else
		fprintf(f, " count=%u", r->wake.count);
	print_code(f, t, "data", r->wake.data);
	print_code(f, t, "site", r->wake.site);
	print_holder(f, t, &r->wake.hold);
}

static void print_call(FILE *f, const struct ws_tables *t, const struct ws_record *r)
{
	const char *name = r->call.function < WS_FUNCTION_COUNT
				   ? ws_functions[r->call.function].name
				   : "?";

	fprintf(f, "call %s kind=%u flags=%u args=", name, r->call.kind, r->call.flags);
	for (uint8_t i = 0; i < r->call.n_args; i++)
		fprintf(f, "%s0x%" PRIx64, i ? "," : "", r->call.args[i]);
	fprintf(f, " object=0x%" PRIx64 " result=%" PRId64 " error=%d took=%" PRIu64,
		r->call.object, r->call.result, r->call.error, r->call.duration_ns);
	print_code(f, t, "site", r->call.site);
	if (*r->call.text)
		fprintf(f, " text=%s", r->call.text);
}

void ws_record_text(FILE *f, const struct ws_tables *t, const struct ws_record *r)
{
	fprintf(f, "%" PRIu64 " ", r->at_ns - t->begin_ns);
	if (r->process != WS_UNKNOWN)
		fprintf(f, "%d/", t->processes[r->process].pid);
	if (r->thread != WS_UNKNOWN)
		fprintf(f, "%d ", t->threads[r->thread].tid);
	else
		fprintf(f, "- ");
	switch (r->type) {
	case WS_RECORD_WAIT_BEGIN:
		print_wait_begin(f, t, r);
		break;
	case WS_RECORD_WAIT_END:
		fprintf(f, "wait_end seq=%u %s", r->wait_end.seq, outcomes[r->wait_end.outcome]);
		if (r->wait_end.error)
			fprintf(f, " error=%d", r->wait_end.error);
		if (r->wait_end.index >= 0)
			fprintf(f, " index=%d", r->wait_end.index);
		print_holder(f, t, &r->wait_end.holder);
		if (r->wait_end.ran)
			fprintf(f, " ran=%" PRIu64, r->wait_end.ran - 1);
		break;
	case WS_RECORD_WAIT_OBJECT:
		fprintf(f, "wait_object seq=%u", r->wait_object.seq);
		print_object(f, t, "object", &r->wait_object.object);
		print_code(f, t, "data", r->wait_object.data);
		break;
	case WS_RECORD_HOLDER:
		fprintf(f, "holder seq=%u", r->holder.seq);
		print_holder(f, t, &r->holder.holder);
		break;
	case WS_RECORD_WAKE:
		print_wake(f, t, r);
		break;
	case WS_RECORD_WAKE_STACK:
		fprintf(f, "wake_stack seq=%u", r->wake_stack.seq);
		print_stack(f, t, "stack", r->wake_stack.stack);
		break;
	case WS_RECORD_OBJECT:
		fprintf(f, "object %s", object_ops[r->object.op]);
		print_object(f, t, "object", &r->object.object);
		fprintf(f, " value=%" PRIu64, r->object.value);
		print_code(f, t, "data", r->object.data);
		print_code(f, t, "site", r->object.site);
		if (*r->object.name)
			fprintf(f, " name=%s", r->object.name);
		break;
	case WS_RECORD_HELD:
		fprintf(f, "held seq=%u%s", r->held.seq, r->held.flags & WS_HOLD_READ ? " read" : "");
		print_object(f, t, "object", &r->held.object);
		print_code(f, t, "data", r->held.data);
		print_code(f, t, "site", r->held.site);
		print_stack(f, t, "stack", r->held.stack);
		break;
	case WS_RECORD_REACH:
		fprintf(f, "reach");
		if (r->reach.object.kind) {
			print_object(f, t, "object", &r->reach.object);
			fprintf(f, " ends=%u", r->reach.ends);
		} else {
			fprintf(f, " memory=%" PRIu64 ":%" PRIu64 ",%u", r->reach.object.dev,
				r->reach.object.ino, r->reach.object.origin);
		}
		break;
	case WS_RECORD_CALL:
		print_call(f, t, r);
		break;
	case WS_RECORD_THREAD:
		fprintf(f, "thread %s", thread_ops[r->thread_step.op]);
		if (r->thread_step.op == WS_THREAD_PRIORITY)
			fprintf(f, " policy=%d priority=%d nice=%d", r->thread_step.policy,
				r->thread_step.priority, r->thread_step.nice);
		break;
	case WS_RECORD_PROCESS:
		fprintf(f, "process %s%s", process_ops[r->process_step.op],
			r->process_step.program ? " program" : "");
		break;
	case WS_RECORD_LOSS:
		fprintf(f, "loss events=%" PRIu64 " packets=%" PRIu64, r->loss.events,
			r->loss.packets);
		break;
	default:
		fprintf(f, "type %u", r->type);
	}
	fputc('\n', f);
}

void ws_tables_text(FILE *f, const struct ws_tables *t)
{
	static const char *const ends[] = { "unknown", "running", "exited", "signaled", "exec" };

	for (size_t i = 0; i < t->n_processes; i++) {
		const struct ws_process *p = &t->processes[i];

		fprintf(f,
			"process %zu pid=%d parent=%d name=%s exe=%s end=%s status=%d ns=%" PRIu64
			"..%" PRIu64 "%s\n",
			i, p->pid, p->parent_pid, p->name, p->exe, ends[p->end], p->status,
			p->begin_ns - t->begin_ns, p->end_ns - t->begin_ns,
			p->unrecorded ? " unrecorded" : "");
	}
	for (size_t i = 0; i < t->n_threads; i++) {
		const struct ws_task *k = &t->threads[i];

		fprintf(f, "thread %zu pid=%d tid=%d name=%s", i, t->processes[k->process].pid,
			k->tid, k->name);
		print_thread(f, t, "creator", k->creator);
		print_code(f, t, "start", k->start);
		fputc('\n', f);
	}
	for (size_t i = 0; i < t->n_modules; i++)
		fprintf(f, "module %zu %s build_id_size=%u\n", i, t->modules[i].path,
			t->modules[i].build_id_size);
	for (size_t i = 0; i < t->n_stacks; i++) {
		fprintf(f, "stack #%zu", i);
		for (uint32_t k = 0; k < t->stacks[i].depth; k++)
			print_code(f, t, "frame", t->stacks[i].frames[k]);
		fputc('\n', f);
	}
	fprintf(f,
		"events=%" PRIu64 " foreign=%" PRIu64 " lost_events=%" PRIu64
		" lost_packets=%" PRIu64 " unmatched=%" PRIu64 " ns=%" PRIu64 "\n",
		t->events, t->foreign, t->lost_events, t->lost_packets, t->unmatched,
		t->end_ns - t->begin_ns);
}
