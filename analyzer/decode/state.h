/* SPDX-License-Identifier: MIT */
/* state.h: what decode knows while it runs, for its own files only. */
#ifndef WS_DECODE_STATE_H
#define WS_DECODE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/base/arena.h"
#include "analyzer/base/map64.h"
#include "analyzer/decode/decode.h"
#include "analyzer/decode/ranges.h"

/* What is known of a process incarnation beyond its row in the tables. */
struct ws_process_state {
	struct ws_ranges modules;  /* thing: index of the module; offset: ELF virtual address */
	struct ws_ranges mappings; /* thing: index in ws_decode.backings; offset: byte in it */
	struct ws_map64 stacks;    /* stack id -> index of the stack */
	struct ws_map64 codes;     /* address -> code index; emptied when modules change */
	struct ws_ranges unloaded; /* where modules were: what was met there is of none to come */
	struct ws_map64 unplaced;  /* address where no module was yet -> code index, of this
				    * process alone */
	uint64_t exec_ns;          /* when it was about to exec; 0: it is not */
	uint64_t group;  /* process group, as its last wait for a signal said; 0: not known */
	uint32_t before; /* the image that it replaced, or WS_UNKNOWN */
	bool announced;  /* start, fork or defs was seen */
	bool ended;      /* exit or reaped was seen */
	bool copied;     /* it has what its parent had as it was forked */
};

/* What is known of a thread incarnation beyond its row. */
struct ws_task_state {
	struct ws_ev_range range; /* the last one: of the wait or wake to come with its number */
	bool started;             /* its start was seen */
	bool ended;               /* its exit was seen */
};

/* What is mapped: the shared half of an object's identity. */
struct ws_backing {
	uint64_t dev;
	uint64_t ino;
	uint8_t origin; /* enum ws_map_origin */
};

/* Children whose end is remembered in case that the thread that made them says so later only, since
 * another one was faster to collect them. What is beyond is taken to be there still. */
#define WS_REAPS_MAX 64

struct ws_stack_node;

struct ws_decode {
	struct ws_store *store;            /* Weak */
	const struct ws_decode_sink *sink; /* Weak */
	struct ws_record_batch *batch;     /* Owned by this; NULL: none yet */

	uint16_t origin;    /* of the event that is being decoded: index of its recording */
	uint16_t *hosts;    /* Owned by this; for each recording: which host's it is */
	int64_t *shifts_ns; /* Owned by this; for each recording: from its clock to ours */
	size_t hosts_capacity, shifts_capacity;

	struct ws_raw *calls; /* Owned by this; those that never ended, by time */
	size_t n_calls, next_call, calls_capacity;

	struct ws_process_state *processes; /* one for each row of the table */
	size_t processes_capacity;
	struct ws_task_state *threads; /* one for each row of the table */
	size_t threads_capacity;
	struct ws_map64 by_pid;    /* origin << 32 | pid -> the incarnation now */
	struct ws_map64 reaped;    /* the same -> how many children with it were collected */
	struct {
		uint64_t id; /* origin << 32 | pid */
		uint64_t at_ns;
	} reaps[WS_REAPS_MAX];     /* the latest, in a circle */
	size_t next_reap;
	struct ws_map64 by_thread; /* process index << 32 | tid -> the incarnation now */
	struct ws_map64 by_tid;    /* origin << 32 | tid -> the thread that had it last, in any
				    * process */

	struct ws_map64 *codes; /* for each module: offset -> code index */
	size_t codes_capacity;
	struct ws_map64 plain_codes;    /* address outside of all modules -> code index */
	struct ws_map64 by_module_name; /* address of the interned name -> module */
	struct ws_stack_node *stacks;   /* uthash: frames -> stack */
	struct ws_arena stack_nodes;    /* its nodes */

	struct ws_map64 fifos; /* see objects.c -> how often it was made anew, and if it was now */

	struct ws_backing *backings; /* Owned by this */
	size_t n_backings, backings_capacity;
};

/* What a pid or tid of the event's recording is looked up by. */
static inline uint64_t ws_decode_id(const struct ws_decode *d, int32_t id)
{
	return (uint64_t)d->origin << 32 | (uint32_t)id;
}

/* The host of the event's recording. */
static inline uint16_t ws_decode_host(const struct ws_decode *d)
{
	return d->origin < d->store->tables.n_recordings ? d->hosts[d->origin] : 0;
}

/* events.c */

/* What an event says of who took something: the call and its stack, in the words of its process. */
int ws_decode_event_hold(struct ws_decode *d, uint32_t process, uint64_t site, uint32_t stack,
			 struct ws_holder *holder);

/* The same with its thread; see ws_decode_holder for `own`. */
int ws_decode_event_holder(struct ws_decode *d, uint32_t process, bool own, uint64_t at_ns,
			   int32_t tid, uint64_t site, uint32_t stack, struct ws_holder *to);

/* The object of an event, by address or id; of kind thread it is the one with the tid `other`. */
int ws_decode_event_object(struct ws_decode *d, uint32_t process, uint8_t kind, uint64_t address,
			   uint64_t other, uint64_t at_ns, struct ws_object_key *key,
			   uint32_t *data);

/* locks.c: each fills the record's own part from its event. */

int ws_decode_wait_held(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			struct ws_record *record);
int ws_decode_lock_edge(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			struct ws_record *record);
int ws_decode_lock_held(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			struct ws_record *record);
int ws_decode_lock_stats(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			 struct ws_record *record);
int ws_decode_misuse(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
		     struct ws_record *record);

/* processes.c */

/* The incarnation that the event's pid has now; begins one where there is none. */
int ws_decode_process(struct ws_decode *d, const struct ws_ev_common *e, uint64_t at_ns,
		      uint32_t *process);

/* The image that the pid means now; WS_UNKNOWN: none that is known to run. */
uint32_t ws_decode_process_now(const struct ws_decode *d, int32_t pid);

/* Takes up a `process` event; emits its records. */
int ws_decode_process_event(struct ws_decode *d, const struct ws_raw *raw);

/* threads.c */

/* The incarnation that the tid has now in the process; begins one where there is none. */
int ws_decode_thread(struct ws_decode *d, uint32_t process, int32_t tid, uint64_t at_ns,
		     uint32_t *thread);

/* The thread with that tid as seen from `process`; WS_UNKNOWN if tid is 0 or nobody knows it. If
 * `own`, a thread that nobody has seen yet must be one of `process`. */
int ws_decode_holder(struct ws_decode *d, uint32_t process, int32_t tid, bool own, uint64_t at_ns,
		     uint32_t *thread);

/* Takes up a `thread` event; emits its record. */
int ws_decode_thread_event(struct ws_decode *d, const struct ws_raw *raw);

/* places.c */

/* The code index of an address in the process now; WS_UNKNOWN for 0. */
int ws_decode_code(struct ws_decode *d, uint32_t process, uint64_t address, uint32_t *code);

/* The same, but WS_UNKNOWN if the address lies in no module. */
int ws_decode_data(struct ws_decode *d, uint32_t process, uint64_t address, uint32_t *code);

/* The stack that the id stands for in the process; WS_UNKNOWN for 0. */
int ws_decode_stack(struct ws_decode *d, uint32_t process, uint32_t id, uint32_t *stack);

int ws_decode_module_event(struct ws_decode *d, uint32_t process, const struct ws_ev_module *e);
int ws_decode_stack_event(struct ws_decode *d, uint32_t process, const struct ws_ev_stack *e);

/* Frees the tables of codes, modules and stacks. */
void ws_decode_free_places(struct ws_decode *d);

/* objects.c */

/* The identity of the object at an address of the process (or with that id), of enum ws_kind
 * `kind`; `other` is the device of kinds that are files. Not for threads. */
void ws_decode_object(const struct ws_decode *d, uint32_t process, uint8_t kind, uint64_t address,
		      uint64_t other, struct ws_object_key *key);

/* Takes up that a FIFO was made or its name removed; to be called before its identity is asked. */
int ws_decode_fifo(struct ws_decode *d, const struct ws_ev_object *e);

/* The identity of a thread that is joined. */
void ws_decode_thread_object(uint32_t thread, struct ws_object_key *key);

int ws_decode_map_event(struct ws_decode *d, uint32_t process, const struct ws_ev_map *e);
int ws_decode_unmap_event(struct ws_decode *d, uint32_t process, const struct ws_ev_unmap *e);

/* decode.c */

/* A record to be filled in, zeroed, with its first members set. */
int ws_decode_record(struct ws_decode *d, uint8_t type, uint64_t at_ns, uint32_t process,
		     uint32_t thread, struct ws_record **record);

/* calls.c */

/* The next of the calls that never ended, if it began by `before_ns`: as its wait_begin. */
bool ws_decode_next_call(struct ws_decode *d, uint64_t before_ns, const struct ws_raw **ret);

#endif
