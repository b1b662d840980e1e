/* SPDX-License-Identifier: MIT */
/* flows.h: who is at the ends of a pipe and the like, and what it is called by them. */
#ifndef WS_FLOWS_H
#define WS_FLOWS_H

#include "analyzer/analyses/contention.h"
#include "analyzer/base/arena.h"

/* The flows of one object while they are collected. */
struct ws_flow_list {
	struct ws_flow *flows; /* Owned by this */
	size_t n, size;
};

/* The flow of a process, made if there is none; NULL: out of memory. */
struct ws_flow *ws_flow_get(struct ws_flow_list *list, uint32_t process);

/* By process, in memory of `strings`. 0 or -ENOMEM. */
int ws_flows_finish(const struct ws_flow_list *list, struct ws_arena *strings,
		    struct ws_object_contention *object);

void ws_flow_list_free(struct ws_flow_list *list);

/* "pipe tar→xz", "socket client↔server": by those who write and those who read, whose flows are
 * finished. -ENOENT: nobody is known; -ENOMEM; or 0, and *ret is owned by `strings`. */
int ws_flows_name(const struct ws_object_contention *object, const struct ws_tables *tables,
		  struct ws_arena *strings, const char **ret);

#endif
