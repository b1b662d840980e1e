/* SPDX-License-Identifier: MIT */
/* processes.c: which image of which process an event belongs to, and how each came to its end. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "analyzer/base/grow.h"
#include "analyzer/decode/state.h"

/* Adds a row, and makes it what the pid means from now on. */
static int begin(struct ws_decode *d, int32_t pid, int32_t parent_pid, uint64_t at_ns,
		 uint32_t *process)
{
	struct ws_store *s = d->store;
	struct ws_tables *t = &s->tables;
	uint32_t index = (uint32_t)t->n_processes;
	const char *empty = ws_strings_intern(s->strings, "");
	struct ws_process *p;

	if (!empty || ws_grow(&t->processes, &s->processes_capacity, t->n_processes + 1) ||
	    ws_grow(&d->processes, &d->processes_capacity, t->n_processes + 1) ||
	    ws_map64_put(&d->by_pid, ws_decode_id(d, pid), index))
		return -ENOMEM;
	p = &t->processes[index];
	memset(p, 0, sizeof(*p));
	memset(&d->processes[index], 0, sizeof(d->processes[index]));
	p->pid = pid;
	p->recording = d->origin;
	p->parent_pid = parent_pid;
	if (!ws_map64_get(&d->by_pid, ws_decode_id(d, parent_pid), &p->parent) || p->parent == index)
		p->parent = WS_UNKNOWN;
	d->processes[index].before = WS_UNKNOWN;
	p->name = p->exe = empty;
	p->begin_ns = p->end_ns = at_ns;
	p->end = WS_END_UNKNOWN;
	t->n_processes++;
	*process = index;
	return 0;
}

/* Frees what only running images need. */
static void retire(struct ws_decode *d, uint32_t process)
{
	struct ws_process_state *state = &d->processes[process];

	ws_ranges_free(&state->modules);
	ws_ranges_free(&state->mappings);
	ws_map64_free(&state->stacks);
	ws_map64_free(&state->codes);
	ws_ranges_free(&state->unloaded);
	ws_map64_free(&state->unplaced);
}

int ws_decode_process(struct ws_decode *d, const struct ws_ev_common *e, uint64_t at_ns,
		      uint32_t *process)
{
	if (!ws_map64_get(&d->by_pid, ws_decode_id(d, e->pid), process))
		return begin(d, e->pid, 0, at_ns, process);
	d->store->tables.processes[*process].unrecorded = false;
	/* What never ended may be told after the recorder said when all did. */
	if (at_ns > d->store->tables.processes[*process].end_ns)
		d->store->tables.processes[*process].end_ns = at_ns;
	return 0;
}

/* Sets the names and the parent, as far as the event has them. */
static int name(struct ws_decode *d, uint32_t process, uint64_t at_ns,
		const struct ws_ev_process *e)
{
	struct ws_process *p = &d->store->tables.processes[process];
	const char *comm = ws_strings_intern(d->store->strings, e->name);
	const char *exe = ws_strings_intern(d->store->strings, e->exe);

	if (!comm || !exe)
		return -ENOMEM;
	if (*comm)
		p->name = comm;
	if (*exe)
		p->exe = exe;
	if (e->parent && e->op != WS_PROCESS_SPAWNED)
		p->parent_pid = e->parent;
	if (p->parent == WS_UNKNOWN &&
	    (!ws_map64_get(&d->by_pid, ws_decode_id(d, p->parent_pid), &p->parent) || p->parent == process))
		p->parent = WS_UNKNOWN;
	if (p->unrecorded && at_ns > p->end_ns)
		p->end_ns = at_ns;
	p->unrecorded = false;
	d->processes[process].announced = true;
	return 0;
}

static int emit_by(struct ws_decode *d, uint64_t at_ns, uint32_t process, uint32_t thread, uint8_t op,
		   uint32_t by, uint32_t segment)
{
	struct ws_record *record;
	int r = ws_decode_record(d, WS_RECORD_PROCESS, at_ns, process, thread, &record);

	if (!r) {
		record->process_step.by = by;
		record->process_step.segment = segment;
		const struct ws_process *p = &d->store->tables.processes[process];

		record->process_step.op = op;
		record->process_step.program =
			op == WS_PROCESS_SPAWNED && !d->processes[process].copied;
		record->process_step.pid = p->pid;
		record->process_step.parent = p->parent;
		record->process_step.before = d->processes[process].before;
	}
	return r;
}

static int emit(struct ws_decode *d, uint64_t at_ns, uint32_t process, uint32_t thread, uint8_t op)
{
	return emit_by(d, at_ns, process, thread, op, WS_UNKNOWN, 0);
}

/* Emits the step with the event's thread, which is of `process`. */
static int emit_own(struct ws_decode *d, const struct ws_raw *raw, uint32_t process, uint8_t op)
{
	uint32_t thread;
	int r = ws_decode_thread(d, process, raw->common.tid, raw->at_ns, &thread);

	return r ? r : emit(d, raw->at_ns, process, thread, op);
}

static int on_start(struct ws_decode *d, const struct ws_raw *raw)
{
	const struct ws_ev_process *e = &raw->process;
	uint32_t old, process = WS_UNKNOWN, before = WS_UNKNOWN;
	int r;

	if (ws_map64_get(&d->by_pid, ws_decode_id(d, e->pid), &old)) {
		struct ws_process_state *state = &d->processes[old];

		if (state->exec_ns) {
			struct ws_process *p = &d->store->tables.processes[old];

			before = old;
			p->end = WS_END_EXEC;
			p->status = 0;
			p->end_ns = raw->at_ns;
			r = emit(d, raw->at_ns, old, WS_UNKNOWN, WS_PROCESS_EXEC);
			if (r)
				return r;
			retire(d, old);
		} else if (!state->announced && !state->ended) {
			process = old; /* its first events came before its announcement */
			if (state->copied)
				retire(d, old); /* not of this image */
			state->copied = false;
		} else {
			retire(d, old);
		}
	}
	if (process == WS_UNKNOWN && (r = begin(d, e->pid, e->parent, raw->at_ns, &process)))
		return r;
	d->processes[process].before = before;
	r = name(d, process, raw->at_ns, e);
	return r ? r : emit_own(d, raw, process, WS_PROCESS_START);
}

static int inherit(struct ws_decode *d, uint32_t child, uint32_t parent)
{
	struct ws_process_state *to = &d->processes[child];
	const struct ws_process_state *from = &d->processes[parent];

	if (ws_ranges_copy(&to->modules, &from->modules) ||
	    ws_ranges_copy(&to->unloaded, &from->unloaded) ||
	    ws_ranges_copy(&to->mappings, &from->mappings) ||
	    ws_map64_copy(&to->stacks, &from->stacks))
		return -ENOMEM;
	return 0;
}

/* The pid is another process's: the end of one that only its parent told of was not seen. */
static int lose(struct ws_decode *d, uint32_t process, uint64_t at_ns)
{
	if (!d->store->tables.processes[process].unrecorded || d->processes[process].ended)
		return 0;
	d->processes[process].ended = true;
	d->store->tables.processes[process].end_ns = at_ns;
	return emit(d, at_ns, process, WS_UNKNOWN, WS_PROCESS_REAPED);
}

static bool was_reaped(const struct ws_decode *d, int32_t pid, uint64_t since_ns)
{
	for (size_t i = 0; i < WS_REAPS_MAX; i++) {
		if (d->reaps[i].id == ws_decode_id(d, pid) && d->reaps[i].at_ns >= since_ns)
			return true;
	}
	return false;
}

/* `process` is the parent. What a copy of it has is taken now: it may be long until the child tells
 * of itself, and the parent goes on meanwhile. */
static int on_spawned(struct ws_decode *d, const struct ws_raw *raw, uint32_t process)
{
	const struct ws_ev_process *e = &raw->process;
	uint32_t child, by;
	int r = 0;

	if (e->child <= 0 || e->child == e->pid) {
		d->store->tables.unmatched++;
		return 0;
	}
	if (ws_map64_get(&d->by_pid, ws_decode_id(d, e->child), &child)) {
		if (d->store->tables.processes[child].begin_ns >= e->begin_ns)
			return 0; /* it was faster to tell of itself */
		r = lose(d, child, raw->at_ns);
		retire(d, child);
	}
	if (r || was_reaped(d, e->child, e->begin_ns))
		return r;
	r = begin(d, e->child, e->pid, raw->at_ns, &child);
	if (!r)
		r = name(d, child, raw->at_ns, e);
	if (r)
		return r;
	d->store->tables.processes[child].unrecorded = true;
	d->processes[child].announced = false;
	d->processes[child].copied = !e->status;
	if (!e->status)
		r = inherit(d, child, process);
	if (!r)
		r = ws_decode_thread(d, process, raw->common.tid, raw->at_ns, &by);
	return r ? r : emit_by(d, raw->at_ns, child, WS_UNKNOWN, WS_PROCESS_SPAWNED, by, 0);
}

static int on_fork(struct ws_decode *d, const struct ws_raw *raw)
{
	const struct ws_ev_process *e = &raw->process;
	uint32_t old, parent, thread, by = WS_UNKNOWN, process = WS_UNKNOWN;
	int r;

	if (ws_map64_get(&d->by_pid, ws_decode_id(d, e->pid), &old)) {
		int32_t known = d->store->tables.processes[old].parent_pid;

		if (!d->processes[old].announced && !d->processes[old].ended &&
		    (!known || known == e->parent))
			process = old; /* its parent was faster, or its own first events were */
		else if ((r = lose(d, old, raw->at_ns)))
			return r;
		if (process == WS_UNKNOWN || !d->processes[old].copied)
			retire(d, old);
	}
	if (process == WS_UNKNOWN && (r = begin(d, e->pid, e->parent, raw->at_ns, &process)))
		return r;
	r = name(d, process, raw->at_ns, e);
	if (!r && !d->processes[process].copied &&
	    d->store->tables.processes[process].parent != WS_UNKNOWN)
		r = inherit(d, process, d->store->tables.processes[process].parent);
	parent = d->store->tables.processes[process].parent;
	if (!r && parent != WS_UNKNOWN && e->parent_tid)
		r = ws_decode_holder(d, parent, e->parent_tid, false, raw->at_ns, &by);
	if (!r)
		r = ws_decode_thread(d, process, raw->common.tid, raw->at_ns, &thread);
	return r ? r : emit_by(d, raw->at_ns, process, thread, WS_PROCESS_FORK, by, e->segment);
}

/* What a wait(2) status says; false: it is no end. */
static bool set_end(struct ws_process *p, int status)
{
	if (WIFEXITED(status)) {
		p->end = WS_END_EXITED;
		p->status = WEXITSTATUS(status);
	} else if (WIFSIGNALED(status)) {
		p->end = WS_END_SIGNALED;
		p->status = WTERMSIG(status);
	} else {
		return false;
	}
	return true;
}

/* `process` is the collecting one. */
static int on_reaped(struct ws_decode *d, const struct ws_raw *raw, uint32_t process)
{
	const struct ws_ev_process *e = &raw->process;
	struct ws_process *p;
	uint32_t child, by, reaped = 0;
	int r;

	ws_map64_get(&d->reaped, ws_decode_id(d, e->child), &reaped);
	if (ws_map64_put(&d->reaped, ws_decode_id(d, e->child), reaped + 1))
		return -ENOMEM;
	d->reaps[d->next_reap].id = ws_decode_id(d, e->child);
	d->reaps[d->next_reap].at_ns = raw->at_ns;
	d->next_reap = (d->next_reap + 1) % WS_REAPS_MAX;
	if (!ws_map64_get(&d->by_pid, ws_decode_id(d, e->child), &child))
		return 0; /* a child that was not recorded */
	p = &d->store->tables.processes[child];
	if (p->end == WS_END_EXEC || !set_end(p, e->status))
		return 0;
	if (!d->processes[child].ended)
		p->end_ns = raw->at_ns; /* at the latest */
	d->processes[child].ended = true;
	d->processes[child].exec_ns = 0;
	r = ws_decode_thread(d, process, raw->common.tid, raw->at_ns, &by);
	if (!r)
		r = emit_by(d, raw->at_ns, child, WS_UNKNOWN, WS_PROCESS_REAPED, by, e->segment);
	retire(d, child);
	return r;
}

int ws_decode_process_event(struct ws_decode *d, const struct ws_raw *raw)
{
	const struct ws_ev_process *e = &raw->process;
	uint32_t process;
	int r;

	if (e->op == WS_PROCESS_START)
		return on_start(d, raw);
	if (e->op == WS_PROCESS_FORK)
		return on_fork(d, raw);
	r = ws_decode_process(d, &raw->common, raw->at_ns, &process);
	if (r)
		return r;
	switch (e->op) {
	case WS_PROCESS_EXEC:
		d->processes[process].exec_ns = raw->at_ns ? raw->at_ns : 1;
		return 0;
	case WS_PROCESS_EXEC_FAILED:
		d->processes[process].exec_ns = 0;
		return 0;
	case WS_PROCESS_EXIT:
		d->processes[process].ended = true;
		d->store->tables.processes[process].end = WS_END_EXITED;
		d->store->tables.processes[process].status = e->status;
		return emit_own(d, raw, process, WS_PROCESS_EXIT);
	case WS_PROCESS_REAPED:
		return on_reaped(d, raw, process);
	case WS_PROCESS_DEFS:
		return name(d, process, raw->at_ns, e);
	case WS_PROCESS_SPAWNED:
		return on_spawned(d, raw, process);
	default:
		d->store->tables.unmatched++;
		return 0;
	}
}

uint32_t ws_decode_process_now(const struct ws_decode *d, int32_t pid)
{
	uint32_t process;

	return ws_map64_get(&d->by_pid, ws_decode_id(d, pid), &process) && !d->processes[process].ended
		       ? process
		       : WS_UNKNOWN;
}

static void set_end_in(struct ws_decode *d, int32_t pid, bool running, int status, uint64_t end_ns)
{
	struct ws_tables *tables = &d->store->tables;
	struct ws_process *p;
	uint32_t process;

	if (!ws_map64_get(&d->by_pid, ws_decode_id(d, pid), &process))
		return;
	p = &tables->processes[process];
	if (!running)
		set_end(p, status);
	else if (p->end == WS_END_UNKNOWN)
		p->end = WS_END_RUNNING;
	/* An end that the process recorded itself is the better one. */
	if (!d->processes[process].ended && end_ns > p->end_ns) {
		p->end_ns = end_ns;
		if (end_ns > tables->end_ns)
			tables->end_ns = end_ns;
	}
}

void ws_decode_set_end(struct ws_decode *d, uint32_t dir, int32_t pid, bool running, int status,
		       uint64_t end_ns)
{
	const struct ws_tables *tables = &d->store->tables;

	d->origin = 0;
	if (!tables->n_recordings && dir == 0)
		set_end_in(d, pid, running, status, end_ns);
	for (size_t i = 0; i < tables->n_recordings; i++) {
		if (tables->recordings[i].dir != dir)
			continue;
		d->origin = (uint16_t)i;
		set_end_in(d, pid, running, status,
			   end_ns ? end_ns + (uint64_t)d->shifts_ns[i] : 0);
	}
}
