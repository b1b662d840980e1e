/* SPDX-License-Identifier: MIT */
/* run_file.c: see run_file.h. */
#include "analyzer/decode/run_file.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int ws_run_file_read(const char *dir, struct ws_run *ret)
{
	char path[PATH_MAX];
	json_t *root, *pid, *status, *end_ns;
	int r = -EINVAL;

	if (snprintf(path, sizeof(path), "%s/" WS_RUN_FILE, dir) >= (int)sizeof(path) ||
	    access(path, F_OK))
		return -ENOENT;
	root = json_load_file(path, 0, NULL);
	pid = json_object_get(root, "pid");
	status = json_object_get(root, "status");
	end_ns = json_object_get(root, "end_ns");
	if (json_is_integer(pid) && (!status || json_is_null(status) || json_is_integer(status))) {
		*ret = (struct ws_run){ .pid = (int32_t)json_integer_value(pid),
					.running = !json_is_integer(status),
					.status = (int)json_integer_value(status),
					.end_ns = json_integer_value(end_ns) > 0
							  ? (uint64_t)json_integer_value(end_ns)
							  : 0 };
		r = 0;
	}
	json_decref(root);
	return r;
}

static uint64_t number(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

int ws_run_file_calls(const char *dir, struct ws_run_call **ret, size_t *n)
{
	char path[PATH_MAX];
	struct ws_run_call *calls = NULL;
	json_t *root, *list, *call;
	size_t i, size;

	if (snprintf(path, sizeof(path), "%s/" WS_RUN_FILE, dir) >= (int)sizeof(path) ||
	    access(path, F_OK))
		return -ENOENT;
	root = json_load_file(path, 0, NULL);
	if (!root)
		return -EINVAL;
	list = json_object_get(root, "announced_calls");
	size = json_array_size(list);
	if (size) {
		calls = calloc(size, sizeof(*calls));
		if (!calls) {
			json_decref(root);
			return -ENOMEM;
		}
	}
	json_array_foreach(list, i, call) {
		calls[i] = (struct ws_run_call){
			.pid = (int32_t)number(call, "pid"),
			.tid = (int32_t)number(call, "tid"),
			.kind = (uint8_t)number(call, "kind"),
			.flags = (uint8_t)number(call, "flags"),
			.object = number(call, "object"),
			.other = number(call, "other"),
			.site = number(call, "site"),
			.begin_ns = number(call, "begin_ns"),
		};
	}
	json_decref(root);
	*ret = calls;
	*n = size;
	return 0;
}

/* Shorter runs than that are not told by a clock with steps of 10 ms. */
#define BUSY_LEAST_NS 100000000.0

double ws_run_file_busy(const char *dir)
{
	char path[PATH_MAX];
	double ns, all, others;
	json_t *root;
	bool known;

	if (snprintf(path, sizeof(path), "%s/" WS_RUN_FILE, dir) >= (int)sizeof(path))
		return -1;
	root = json_load_file(path, 0, NULL);
	ns = (double)number(root, "end_ns") - (double)number(root, "begin_ns");
	all = ns * (double)number(root, "processors");
	others = (double)number(root, "machine_ns") - (double)number(root, "program_ns");
	known = number(root, "machine_ns") && ns >= BUSY_LEAST_NS && all > 0;
	json_decref(root);
	if (!known)
		return -1;
	return others < 0 ? 0 : others < all ? others / all : 1;
}
