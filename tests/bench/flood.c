/* SPDX-License-Identifier: MIT */
/* flood.c: fires as many of the provider's events as are asked for, for traces to time `report` on.
 *
 *	flood EVENTS THREADS [CALLS]
 *
 * Each thread plays two of a program's threads, of which one waits again and again for a mutex that
 * the other releases: wait_begin, wake, wake_stack, wait_end. Before each wait come CALLS events
 * `call`, as in full mode: of every twelve calls of a program, few wait. There are 64 mutexes, 64
 *stacks and 16 places in the code, so that a trace's length is all that grows. The thread n runs on
 *the processor n, so that each fills a stream of its own.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tracepoints/format.h"
#include "tracepoints/waitscope_tp.h"

#define PID     4000
#define TEXT    0x400000
#define MUTEXES 64
#define STACKS  64
#define SITES   16
#define DEPTH   8

static uint64_t events_of_each, calls;

static void define(void)
{
	struct ws_ev_process process = { .pid = PID,
					 .tid = PID,
					 .op = WS_PROCESS_START,
					 .format = WS_FORMAT_VERSION,
					 .parent = 1,
					 .name = "flood",
					 .exe = "/nowhere/flood" };
	struct ws_ev_module module = {
		.pid = PID, .tid = PID, .base = TEXT, .size = 0x100000, .path = "/nowhere/flood"
	};

	lttng_ust_tracepoint(waitscope, process, &process);
	lttng_ust_tracepoint(waitscope, module, &module);
	for (uint32_t id = 1; id <= STACKS; id++) {
		uint64_t frames[DEPTH];
		struct ws_ev_stack stack = {
			.pid = PID, .tid = PID, .id = id, .frames = frames, .depth = DEPTH
		};

		for (uint32_t i = 0; i < DEPTH; i++)
			frames[i] = TEXT + 0x100 * (1 + i * STACKS + (i ? id / 8 : id));
		lttng_ust_tracepoint(waitscope, stack, &stack);
	}
}

static void start(int32_t tid, int32_t creator)
{
	struct ws_ev_thread thread = { .pid = PID,
				       .tid = tid,
				       .op = WS_THREAD_START,
				       .creator = creator,
				       .start = TEXT + 0x40,
				       .name = "worker" };

	lttng_ust_tracepoint(waitscope, thread, &thread);
}

/* Calls that nothing comes of: a mutex is locked and unlocked. */
static void call(uint32_t seq, int32_t tid, uint64_t mutex, uint64_t site)
{
	for (uint64_t i = 0; i < calls; i++) {
		struct timespec now;
		struct ws_ev_call event = { .pid = PID,
					    .tid = tid,
					    .function = (ws_function)(1 + (seq + i) % 8),
					    .kind = WS_KIND_MUTEX,
					    .duration_ns = 30 + (uint32_t)i,
					    .site = site + i,
					    .object = mutex,
					    .args = &mutex,
					    .n_args = 1,
					    .text = "" };

		clock_gettime(CLOCK_MONOTONIC, &now);
		event.begin_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
		lttng_ust_tracepoint(waitscope, call, &event);
	}
}

static void *play(void *arg)
{
	uint32_t n = (uint32_t)(uintptr_t)arg;
	int32_t waiter = PID + 1 + 2 * (int32_t)n, holder = waiter + 1;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(n % (uint32_t)cpus, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	start(waiter, PID);
	start(holder, PID);
	for (uint32_t seq = 1; seq <= events_of_each / (4 + calls); seq++) {
		uint64_t mutex = TEXT + 0x80000 + 64 * ((seq * 7 + n) % MUTEXES);
		uint64_t site = TEXT + 16 * (1 + seq % SITES);
		struct ws_ev_wait_begin begin = { .pid = PID,
						  .tid = waiter,
						  .seq = seq,
						  .kind = WS_KIND_MUTEX,
						  .object = mutex,
						  .site = site,
						  .stack = 1 + seq % STACKS,
						  .holder = holder,
						  .holder_site = site + 4 };
		struct ws_ev_wake wake = { .pid = PID,
					   .tid = holder,
					   .seq = seq,
					   .kind = WS_KIND_MUTEX,
					   .op = WS_WAKE_UNLOCK,
					   .object = mutex,
					   .count = 1,
					   .site = site + 8,
					   .hold_site = site + 4 };
		struct ws_ev_wake_stack stack = {
			.pid = PID, .tid = holder, .seq = seq, .stack = 1 + (seq + 9) % STACKS
		};
		struct ws_ev_wait_end end = { .pid = PID,
					      .tid = waiter,
					      .seq = seq,
					      .outcome = WS_OUTCOME_ACQUIRED,
					      .index = -1 };

		call(seq, seq % 2 ? waiter : holder, mutex, site);
		lttng_ust_tracepoint(waitscope, wait_begin, &begin);
		lttng_ust_tracepoint(waitscope, wake, &wake);
		lttng_ust_tracepoint(waitscope, wake_stack, &stack);
		lttng_ust_tracepoint(waitscope, wait_end, &end);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	uint64_t events = argc >= 3 ? strtoull(argv[1], NULL, 10) : 0;
	unsigned long threads = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
	pthread_t ids[64];

	if (!events || !threads || threads > 64) {
		fprintf(stderr, "usage: flood EVENTS THREADS [CALLS]\n");
		return 2;
	}
	calls = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	events_of_each = events / threads;
	define();
	for (unsigned long i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, play, (void *)(uintptr_t)i))
			return 1;
	for (unsigned long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return 0;
}
