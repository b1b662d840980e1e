/* SPDX-License-Identifier: MIT */
/* origins.c: see origins.h. */
#include "analyzer/analyses/origins.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/map64.h"

uint64_t ws_thread_end(const struct ws_tables *tables, uint32_t thread)
{
	const struct ws_task *task = &tables->threads[thread];
	const struct ws_process *process = &tables->processes[task->process];

	if (task->end_ns)
		return task->end_ns;
	switch (process->end) {
	case WS_END_EXITED:
	case WS_END_SIGNALED:
	case WS_END_EXEC:
		return process->end_ns;
	default:
		return tables->end_ns;
	}
}

/* The image that each process's replaced, or WS_UNKNOWN. 0 or -ENOMEM. */
static int find_before(const struct ws_tables *tables, uint32_t *before)
{
	struct ws_map64 by_pid = { 0 };
	int r = 0;

	for (size_t i = 0; i < tables->n_processes && r == 0; i++) {
		uint64_t pid = (uint32_t)tables->processes[i].pid;

		if (!ws_map64_get(&by_pid, pid, &before[i]) ||
		    tables->processes[before[i]].end != WS_END_EXEC)
			before[i] = WS_UNKNOWN;
		r = ws_map64_put(&by_pid, pid, (uint32_t)i);
	}
	ws_map64_free(&by_pid);
	return r;
}

static void find_origins(const struct ws_tables *tables, const uint32_t *before, uint32_t *main_of,
			 uint32_t *origins)
{

	for (size_t i = 0; i < tables->n_processes; i++)
		main_of[i] = WS_UNKNOWN;
	for (size_t i = 0; i < tables->n_threads; i++) {
		uint32_t process = tables->threads[i].process;

		if (main_of[process] == WS_UNKNOWN ||
		    tables->threads[i].tid == tables->processes[process].pid)
			main_of[process] = (uint32_t)i;
	}
	for (size_t i = 0; i < tables->n_threads; i++) {
		const struct ws_task *task = &tables->threads[i];
		const struct ws_process *process = &tables->processes[task->process];
		uint32_t origin = task->creator;

		/* A process is made by its parent, whose main thread stands for it; its image may
		 * have replaced another, whose main thread it was. */
		if (origin == WS_UNKNOWN && task->tid != process->pid)
			origin = main_of[task->process];
		if (origin == WS_UNKNOWN && before[task->process] != WS_UNKNOWN)
			origin = main_of[before[task->process]];
		if (origin == WS_UNKNOWN && process->parent != WS_UNKNOWN)
			origin = main_of[process->parent];
		/* Nobody is made by who came later. */
		if (origin != WS_UNKNOWN &&
		    (origin == i || tables->threads[origin].begin_ns > task->begin_ns ||
		     (tables->threads[origin].begin_ns == task->begin_ns && origin > i)))
			origin = WS_UNKNOWN;
		origins[i] = origin;
	}
}

int ws_origins_find(const struct ws_tables *tables, uint32_t **ret)
{
	uint32_t *main_of = malloc((tables->n_processes + 1) * sizeof(*main_of));
	uint32_t *before = malloc((tables->n_processes + 1) * sizeof(*before));
	uint32_t *origins = malloc((tables->n_threads + 1) * sizeof(*origins));
	int r = main_of && before && origins ? find_before(tables, before) : -ENOMEM;

	if (r == 0)
		find_origins(tables, before, main_of, origins);
	free(main_of);
	free(before);
	if (r < 0) {
		free(origins);
		return r;
	}
	*ret = origins;
	return 0;
}

uint32_t ws_origins_last(const struct ws_tables *tables, int32_t tid)
{
	for (size_t i = tables->n_threads; i-- > 0;) {
		if (tables->threads[i].tid == tid)
			return (uint32_t)i;
	}
	return WS_UNKNOWN;
}
