/* SPDX-License-Identifier: MIT */
/* filter.c: see filter.h. */
#include "analyzer/analyses/filter.h"

bool ws_filter_wait(const struct ws_filter *filter, uint64_t begin_ns, const struct ws_wait *wait)
{
	uint64_t from_ns = wait->begin_ns - begin_ns, to_ns = wait->end_ns - begin_ns;

	if (wait->end_ns - wait->begin_ns < filter->min_wait_ns)
		return false;
	if (filter->kinds && !(filter->kinds & (1u << wait->object->key.kind)))
		return false;
	if (filter->from_ns && to_ns <= filter->from_ns)
		return false;
	return from_ns < filter->to_ns;
}

bool ws_filter_thread(const struct ws_filter *filter, const struct ws_tables *tables,
		      uint32_t thread)
{
	const struct ws_task *task;

	if (thread >= tables->n_threads)
		return !filter->pid && !filter->tid;
	task = &tables->threads[thread];
	if (filter->tid && task->tid != filter->tid)
		return false;
	return !filter->pid || tables->processes[task->process].pid == filter->pid;
}
