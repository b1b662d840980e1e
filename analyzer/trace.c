/* SPDX-License-Identifier: MIT */
/* trace.c: see trace.h. */
#include "analyzer/trace.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/decode/run_file.h"

struct ws_trace {
	struct ws_store *store; /* Owned by this */
};

struct ws_trace *ws_trace_of(struct ws_store *store)
{
	struct ws_trace *trace = calloc(1, sizeof(*trace));

	if (trace)
		trace->store = store;
	return trace;
}

const struct ws_tables *ws_trace_tables(const struct ws_trace *trace)
{
	return &trace->store->tables;
}

void ws_trace_free(struct ws_trace *trace)
{
	if (!trace)
		return;
	ws_store_free(trace->store);
	free(trace);
}

int ws_trace_read_ends(const char *const *dirs, size_t n_dirs, struct ws_store *store,
		       struct ws_decode *decode)
{
	int r = 0;

	for (size_t i = 0; i < n_dirs && !r; i++) {
		struct ws_run run;

		switch (ws_run_file_read(dirs[i], &run)) {
		case 0:
			ws_decode_set_end(decode, (uint32_t)i, run.pid, run.running, run.status,
					  run.end_ns);
			break;
		case -ENOENT:
			break;
		default:
			r = ws_store_warn(store, "%s/" WS_RUN_FILE " is damaged and was not used",
					  dirs[i]);
		}
	}
	return r;
}

int ws_trace_read_calls(const char *const *dirs, size_t n_dirs, struct ws_decode *decode)
{
	int r = 0;

	for (size_t i = 0; i < n_dirs && !r; i++) {
		struct ws_run_call *calls;
		size_t n;

		r = ws_run_file_calls(dirs[i], &calls, &n);
		if (r == -ENOENT || r == -EINVAL) {
			r = 0;
			continue;
		}
		if (!r) {
			r = ws_decode_add_calls(decode, (uint32_t)i, calls, n);
			free(calls);
		}
	}
	return r;
}

int ws_trace_check(const struct ws_store *store, const char *name, struct ws_error *error)
{
	const struct ws_tables *t = &store->tables;

	if (t->events)
		return 0;
	return ws_error_set(error, -ENODATA, "%s: it holds no event of waitscope's%s%s", name,
			    t->n_warnings ? ": " : "; record the program with `waitscope record`",
			    t->n_warnings ? t->warnings[0] : "");
}
