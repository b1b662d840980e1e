/* SPDX-License-Identifier: MIT */
/* tables.h: what the numbers in records stand for.
 *
 * Written by decode only, while the pipeline runs; read by everybody once it has ended. A table
 * only grows: with live and past processes and threads, distinct code locations and distinct
 * stacks, never with events.
 */
#ifndef WS_TABLES_H
#define WS_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WS_BUILD_ID_MAX 32

/* How a process came to its end. */
enum ws_process_end { WS_END_UNKNOWN, WS_END_RUNNING, WS_END_EXITED, WS_END_SIGNALED, WS_END_EXEC };

/* One recording among those that are read together: what has pids of its own. */
struct ws_recording {
	const char *host; /* its name, "" if unknown; Owned by the tables */
	uint32_t dir;     /* number of the given folder that it is in, the first one */
};

/* One incarnation of a process: a program image. */
struct ws_process {
	int32_t pid;
	uint32_t recording;  /* index; 0 also where nothing is known of recordings */
	int32_t parent_pid;
	uint32_t parent;     /* index, or WS_UNKNOWN */
	const char *name;    /* comm; Owned by the tables */
	const char *exe;     /* path, "" if unknown; Owned by the tables */
	uint64_t begin_ns;
	uint64_t end_ns;     /* last thing known of it, where it did not end */
	uint8_t end;         /* enum ws_process_end */
	bool unrecorded;     /* only its parent told of it: it runs something that is not recorded,
			      * or had no time to tell of itself */
	int32_t status;      /* exited: exit status; signaled: the signal */
};

/* One incarnation of a thread. */
struct ws_task {
	int32_t tid;
	uint32_t process; /* index */
	uint32_t creator; /* index of the thread that created it, or WS_UNKNOWN */
	uint32_t start;   /* code index of its start routine, or WS_UNKNOWN */
	const char *name; /* comm, the last one set; Owned by the tables */
	uint64_t begin_ns;
	uint64_t end_ns; /* 0: did not end in the trace */
};

/* One loaded object file; the same file in several processes is one module. */
struct ws_module {
	const char *path; /* "" if unknown; Owned by the tables */
	uint32_t recording; /* without build id: the one that it is of; else the first that has it */
	uint8_t build_id[WS_BUILD_ID_MAX];
	uint32_t build_id_size; /* 0: none */
};

/* One place in code or static data. */
struct ws_code {
	uint32_t module; /* index, or WS_UNKNOWN: `offset` is then the plain address */
	uint64_t offset; /* ELF virtual address within the module */
};

/* One distinct call stack, innermost first, of return addresses. */
struct ws_stack {
	uint32_t *frames; /* code indexes; Owned by the tables; NULL: its definition never came */
	uint32_t depth;
};

struct ws_tables {
	struct ws_recording *recordings;
	size_t n_recordings; /* 0: nothing is known of them, it is taken for one */
	struct ws_process *processes;
	size_t n_processes;
	struct ws_task *threads;
	size_t n_threads;
	struct ws_module *modules;
	size_t n_modules;
	struct ws_code *codes;
	size_t n_codes;
	struct ws_stack *stacks;
	size_t n_stacks;
	uint64_t begin_ns;      /* time of the first event */
	uint64_t end_ns;        /* time of the last event */
	uint64_t events;        /* decoded */
	uint64_t lost_events;   /* discarded by the tracer, as it counted them */
	uint64_t lost_packets;  /* whole packets lost */
	uint64_t foreign;       /* events of other providers, which were passed over */
	uint64_t unmatched;     /* events of ours that made no sense where they stood */
	char **warnings;        /* one line each; Owned by this */
	size_t n_warnings;
};

#endif
