/* SPDX-License-Identifier: MIT */
/* fuzz_model.c: any records in any order, of threads that there are, through the model and on to a
 * report. Decode would make fewer of them: it knows who is alive. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define PROCESSES 3
#define THREADS   8
#define CODES     6
#define STACKS    4

static uint32_t thread(struct fuzz_input *in)
{
	uint8_t n = fuzz_byte(in) % (THREADS + 1);

	return n < THREADS ? n : WS_UNKNOWN;
}

static uint32_t code(struct fuzz_input *in)
{
	uint8_t n = fuzz_byte(in) % (CODES + 1);

	return n < CODES ? n : WS_UNKNOWN;
}

static uint32_t stack(struct fuzz_input *in)
{
	uint8_t n = fuzz_byte(in) % (STACKS + 1);

	return n < STACKS ? n : WS_UNKNOWN;
}

static struct ws_holder holder(struct fuzz_input *in)
{
	struct ws_holder h = { .thread = thread(in) };

	h.site = code(in);
	h.stack = stack(in);
	return h;
}

static struct ws_object_key object(struct fuzz_input *in, uint32_t process)
{
	struct ws_object_key key = { .kind = (uint8_t)(1 + fuzz_byte(in) % (WS_KIND_COUNT - 1)),
				     .process = WS_UNKNOWN,
				     .offset = fuzz_byte(in) % 4 };

	switch (ws_kind_naming(key.kind)) {
	case WS_NAMED_BY_ADDRESS:
		if (fuzz_byte(in) % 2) {
			key.origin = WS_MAP_FILE;
			key.ino = 7;
		} else {
			key.process = process;
		}
		break;
	case WS_NAMED_BY_TASK:
		key.process = process;
		break;
	default:
		break;
	}
	if (key.kind == WS_KIND_THREAD || key.kind == WS_KIND_SLEEP)
		key.offset %= THREADS;
	if (key.kind == WS_KIND_RECORD_LOCK) {
		key.ino = 5;
		key.offset = fuzz_number(in, 8);
		key.length = fuzz_number(in, 8);
	}
	return key;
}

static void fill(struct fuzz_input *in, struct ws_record *r)
{
	switch (r->type) {
	case WS_RECORD_WAIT_BEGIN:
		r->wait_begin.begin_ns = r->at_ns - (r->at_ns ? fuzz_byte(in) % r->at_ns : 0);
		r->wait_begin.seq = fuzz_byte(in) % 8;
		r->wait_begin.flags = fuzz_byte(in);
		r->wait_begin.end = fuzz_byte(in) % 2;
		r->wait_begin.object = object(in, r->process);
		if (r->wait_begin.object.kind == WS_KIND_COND) {
			r->wait_begin.mutex = (struct ws_object_key){ .kind = WS_KIND_MUTEX,
								      .process = r->process,
								      .offset = 1 };
		}
		r->wait_begin.data = code(in);
		r->wait_begin.site = code(in);
		r->wait_begin.stack = stack(in);
		r->wait_begin.holder = holder(in);
		r->wait_begin.held = fuzz_byte(in) % 4;
		break;
	case WS_RECORD_WAIT_END:
		r->wait_end.seq = fuzz_byte(in) % 8;
		r->wait_end.outcome = (uint8_t)(1 + fuzz_byte(in) % (WS_OUTCOME_COUNT - 1));
		r->wait_end.error = fuzz_byte(in);
		r->wait_end.index = fuzz_byte(in) % 4 - 1;
		r->wait_end.holder = holder(in);
		r->wait_end.ran = fuzz_byte(in);
		break;
	case WS_RECORD_HOLDER:
		r->holder.seq = fuzz_byte(in) % 8;
		r->holder.holder = holder(in);
		break;
	case WS_RECORD_WAIT_OBJECT:
		r->wait_object.seq = fuzz_byte(in) % 8;
		r->wait_object.object = object(in, r->process);
		r->wait_object.data = code(in);
		r->wait_object.flags = fuzz_byte(in);
		break;
	case WS_RECORD_WAKE:
		r->wake.seq = fuzz_byte(in) % 8;
		r->wake.op = (uint8_t)(1 + fuzz_byte(in) % (WS_WAKE_COUNT - 1));
		r->wake.flags = fuzz_byte(in);
		r->wake.object = object(in, r->process);
		if (r->wake.op == WS_WAKE_FUTEX_REQUEUE)
			r->wake.target = r->wake.object;
		r->wake.target.offset ^= 1;
		r->wake.count = (uint32_t)fuzz_number(in, 4);
		r->wake.data = code(in);
		r->wake.site = code(in);
		r->wake.hold = holder(in);
		r->wake.hold.thread = r->thread;
		r->wake.owner = thread(in);
		break;
	case WS_RECORD_WAKE_STACK:
		r->wake_stack.seq = fuzz_byte(in) % 8;
		r->wake_stack.stack = stack(in);
		break;
	case WS_RECORD_OBJECT:
		r->object.op = (uint8_t)(1 + fuzz_byte(in) % (WS_OBJECT_COUNT - 1));
		r->object.object = object(in, r->process);
		r->object.value = fuzz_number(in, 8);
		r->object.data = code(in);
		r->object.site = code(in);
		r->object.name = fuzz_byte(in) % 2 ? "name" : "";
		break;
	case WS_RECORD_THREAD:
		r->thread_step.op = (uint8_t)(1 + fuzz_byte(in) % (WS_THREAD_COUNT - 1));
		r->thread_step.creator = thread(in);
		r->thread_step.joined = thread(in);
		break;
	case WS_RECORD_PROCESS:
		r->process_step.op = (uint8_t)(1 + fuzz_byte(in) % (WS_PROCESS_COUNT - 1));
		r->process_step.pid = 100 + (int32_t)r->process;
		r->process_step.parent = WS_UNKNOWN;
		r->process_step.before = WS_UNKNOWN;
		r->process_step.by = WS_UNKNOWN;
		if (r->process_step.op == WS_PROCESS_REAPED ||
		    r->process_step.op == WS_PROCESS_EXEC ||
		    r->process_step.op == WS_PROCESS_SPAWNED)
			r->thread = WS_UNKNOWN;
		break;
	case WS_RECORD_TRANSFER:
		r->transfer.object = object(in, r->process);
		r->transfer.ends = fuzz_byte(in) % 4;
		r->transfer.bytes_in = fuzz_number(in, 8);
		r->transfer.bytes_out = fuzz_number(in, 8);
		break;
	case WS_RECORD_HELD:
		r->held.seq = fuzz_byte(in) % 8;
		r->held.object = object(in, r->process);
		r->held.data = code(in);
		r->held.site = code(in);
		r->held.stack = stack(in);
		break;
	default:
		r->type = WS_RECORD_LOSS;
		r->process = r->thread = WS_UNKNOWN;
		r->loss.events = fuzz_byte(in);
		r->loss.packets = fuzz_byte(in) % 2;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input in = { .bytes = bytes, .size = size };
	struct fuzz_report *report = fuzz_report_new();
	struct ws_process processes[PROCESSES] = { 0 };
	struct ws_task threads[THREADS] = { 0 };
	struct ws_module module = { .path = "/nowhere/fuzz" };
	struct ws_code codes[CODES] = { 0 };
	uint32_t frames[STACKS] = { 0, 1, 2, 3 };
	struct ws_stack stacks[STACKS] = { 0 };
	struct ws_tables tables = { .processes = processes,
				    .n_processes = PROCESSES,
				    .threads = threads,
				    .n_threads = THREADS,
				    .modules = &module,
				    .n_modules = 1,
				    .codes = codes,
				    .n_codes = CODES,
				    .stacks = stacks,
				    .n_stacks = STACKS };
	uint64_t now_ns = 0;

	for (uint32_t i = 0; i < PROCESSES; i++)
		processes[i] = (struct ws_process){ .pid = 100 + (int32_t)i,
						    .parent = i ? 0 : WS_UNKNOWN,
						    .name = "fuzz",
						    .exe = "" };
	for (uint32_t i = 0; i < THREADS; i++)
		threads[i] = (struct ws_task){ .tid = 100 + (int32_t)i,
					       .process = i % PROCESSES,
					       .creator = WS_UNKNOWN,
					       .start = WS_UNKNOWN,
					       .name = "t" };
	for (uint32_t i = 0; i < CODES; i++)
		codes[i] = (struct ws_code){ .module = i % 2 ? 0 : WS_UNKNOWN, .offset = i };
	for (uint32_t i = 1; i < STACKS; i++) /* the first one's definition never came */
		stacks[i] = (struct ws_stack){ .frames = frames, .depth = i };
	while (in.at < in.size) {
		struct ws_record record = { 0 };

		now_ns += fuzz_number(&in, 8) % ((uint64_t)1 << 40);
		record.at_ns = now_ns;
		record.type = (uint8_t)(1 + fuzz_byte(&in) % (WS_RECORD_HELD + 1));
		record.thread = fuzz_byte(&in) % THREADS;
		record.process = threads[record.thread].process;
		fill(&in, &record);
		tables.events++;
		fuzz_report_record(report, &record);
	}
	tables.end_ns = now_ns;
	fuzz_report_finish(report, &tables);
	return 0;
}
