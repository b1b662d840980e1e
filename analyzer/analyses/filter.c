/* SPDX-License-Identifier: MIT */
/* filter.c: see filter.h. */
#include "analyzer/analyses/filter.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/base/words.h"

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

bool ws_filter_object(const struct ws_filter *filter, const struct ws_object *object,
		      const char *name)
{
	const char *kind = ws_kind_word(object->key.kind);
	char id[16], both[1024];

	if (!filter->n_objects)
		return true;
	snprintf(id, sizeof(id), "%" PRIu32, object->id);
	snprintf(both, sizeof(both), "%s %s", kind, name);
	for (size_t i = 0; i < filter->n_objects; i++) {
		const char *glob = filter->objects[i];

		if (fnmatch(glob, name, 0) == 0 || fnmatch(glob, both, 0) == 0 ||
		    strcmp(glob, id) == 0)
			return true;
	}
	return false;
}
