/* SPDX-License-Identifier: MIT */
/* run_file.c: see run_file.h. */
#include "analyzer/decode/run_file.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
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
