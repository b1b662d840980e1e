/* SPDX-License-Identifier: MIT */
/* decode.h: raw events into typed records and the tables that give their numbers a meaning.
 *
 * Events come in time order and are taken one after the other: what an address, a tid or a stack
 * id means depends on what was said before. The rules:
 *
 * Recordings. A pid, tid or address means something within its recording only. Objects of the
 *   kernel and in shared memory are the host's.
 * Processes. `start` and `fork` begin an incarnation of a pid. `start` after `exec` ends the old
 *   one as EXEC; after an exit, or where nobody told of an end, the old one keeps what is known of
 *   its end. A pid that nobody announced gets an incarnation without a name at its first event; a
 *   `start` or `defs` later gives that one its name. A forked child begins with a copy of its
 *   parent's modules, mappings and stack ids as they are at its own first event; what the parent
 *   changed between the fork and that event is seen by the child, too.
 * Ends. `exit` says EXITED. `reaped`, from the parent, and the recorder's file are what the kernel
 *   said and override it. RUNNING is what the recorder's file says of a program that still ran. A
 *   process of which nothing says that it died stays UNKNOWN: it may have been killed unseen.
 * Threads. `start` begins an incarnation of a tid in its process if the one before has ended; a
 *   repeated `start` (definitions come again) does not. An event after `exit` without a new `start`
 *   belongs to the thread that ended (destructors of thread-local data). Threads that have not
 *   ended when their process ends, end with it.
 * Holders are tids: of the same process if it has such a thread, otherwise of the process that last
 *   had one (tids are unique on a host). One that nobody has seen yet is a thread of the same
 *   process if the object is private, and unknown otherwise.
 * Objects. An address in a mapping of shared memory is (device, inode, offset), the same in every
 *   process; any other address is private to the process. A joined thread is the thread.
 * Stacks. An id may be used before its definition comes. Equal stacks are one, in all processes.
 */
#ifndef WS_DECODE_H
#define WS_DECODE_H

#include <stddef.h>

#include "analyzer/base/arena.h"
#include "analyzer/base/error.h"
#include "analyzer/decode/record.h"
#include "analyzer/decode/run_file.h"
#include "analyzer/decode/store.h"
#include "analyzer/source/raw.h"

/* How many records a batch holds: as many bytes as a batch of raw events, about. */
#define WS_RECORD_BATCH 512

struct ws_record_batch {
	size_t n;
	struct ws_arena texts; /* the records' that are of no use later */
	struct ws_record records[WS_RECORD_BATCH];
};

/* Where empty batches come from and filled ones go; as in source.h. */
struct ws_decode_sink {
	void *user; /* Weak: handed back to the callbacks */
	int (*empty)(void *user, struct ws_record_batch **batch);
	int (*filled)(void *user, struct ws_record_batch *batch);
};

struct ws_decode;

/* Begins, with tables that go to `store`. Both must outlive the result. NULL: memory is out. */
struct ws_decode *ws_decode_new(struct ws_store *store, const struct ws_decode_sink *sink);

/* Adds the next recording that events are from, by their `origin`: of which host ("": not known), in
 * which of the given folders, and what to add to its clock to get the trace's. 0 or -ENOMEM. */
int ws_decode_add_origin(struct ws_decode *decode, const char *host, uint32_t dir,
			 int64_t shift_ns);

/* Adds calls that never ended, which a recording of the folder number `dir` tells of (run_file.h).
 * Before any event. 0 or -ENOMEM. */
int ws_decode_add_calls(struct ws_decode *decode, uint32_t dir, const struct ws_run_call *calls,
			size_t n);

/* Decodes the next `n` events. 0, -ENOMEM, or what a callback returned. */
int ws_decode_events(struct ws_decode *decode, const struct ws_raw *events, size_t n);

/* Says how the process with that pid in a recording of the folder number `dir`, the last incarnation
 * of it, ended: `status` is a wait(2)
 * status. With `running`, that it still ran at the end. `end_ns` is when that was (its own clock; 0:
 * not known): a program that hangs records nothing, and its waits last until it is ended all the
 * same. Nothing if the trace has no such pid. */
void ws_decode_set_end(struct ws_decode *decode, uint32_t dir, int32_t pid, bool running,
		       int status, uint64_t end_ns);

/* Hands the last batch over and completes the tables. 0, -ENOMEM, or what a callback returned. */
int ws_decode_finish(struct ws_decode *decode);

/* Frees what decoding needed, not the store. NULL is fine. */
void ws_decode_free(struct ws_decode *decode);

#endif
