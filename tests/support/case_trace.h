/* SPDX-License-Identifier: MIT */
/* case_trace.h: records and tables from text, for tests of what comes after decode.
 *
 * A line is `TIME THREAD VERB [WORD...]`. Numbers and indexes are given in order of appearance.
 *   TIME     nanoseconds
 *   THREAD   a name, `A`; in another process than `p`: `q.A`
 *   OBJECT   KIND:name, private to the thread's process; KIND:*name, shared: in one anonymous mapping,
 *            in one mapped file if it is KIND:+name, in sysv_shm:*segment if it is KIND:%name, by itself if it is a file or has an id;
 *            thread:A, joining A; thread:?, joining one of which the handle is known only; process:Q, waiting for that child; process:any, for any child;
 *            record_lock:FILE[START,END), record_lock:FILE[START,...), record_lock:FILE, shared
 *   SITE     function@file:line, or only part of it; `!` before it: code of the runtime;
 *            `inlined@file:line|function@file:line`: innermost first
 *   STACK    SITE<SITE<..., innermost first
 *   WHO      THREAD, THREAD/SITE or THREAD/SITE/STACK
 *
 * Verbs, with words that may be left out in brackets:
 *   begin OBJECT [site=SITE] [stack=STACK] [held=WHO] [data=SYMBOL] [seq=N] [read] [timed] [shared] [again]
 *         [opens]        fifo: it opens one end, and waits for the other
 *         [announced]    all that is known of it is that it began
 *         [began=TIME]   before the record: the stack was taken between
 *         [type=N]       sysv_msg: of the message
 *         [mutex=OBJECT] cond: the one that the call releases
 *   end OUTCOME [error=N] [held=WHO] [index=N] [seq=N]       the innermost wait, unless seq says
 *   also OBJECT [data=SYMBOL] [seq=N] [read]
 *         [holds=N]      how many `held` came before it, which are all that the thread holds
 *   held OBJECT [site=SITE] [stack=STACK] [data=SYMBOL] [read] [seq=N]    of the wait that is to begin
 *   holder WHO [seq=N]
 *   wake OP OBJECT [site=SITE] [hold=SITE] [hold_stack=STACK] [count=N|all] [target=OBJECT] [late]
 *         [read] [locked] [type=N]
 *         [owner=THREAD]         record_lock, flock: main thread of the releaser's process
 *   wake_stack STACK [seq=N]                       of the last wake, unless seq says
 *   object OP OBJECT [name=TEXT] [site=SITE] [data=SYMBOL] [value=N]
 *   edge OBJECT [site=SITE] [stack=STACK] [try] [timed] [read] [last] [file] [held=N] [segment=N]
 *        [syncs=N] [locks=N] it takes the object and holds N others (1), which follow:
 *   holds OBJECT [site=SITE] [stack=STACK] [read] [file]   of the edge before
 *   stats OBJECT [acquired=N] [failed=N] [site=SITE] [data=SYMBOL]     what the thread counted of it
 *   misuse WHAT OBJECT [site=SITE] [stack=STACK] [held=WHO] [mutex=OBJECT] [call=SITE] [robust]
 *   join THREAD segment=N                          the thread has ended; segment N is over
 *   start [creator=THREAD segment=N], exit         of the thread
 *   process OP [of=PROCESS] [parent=PROCESS] [by=THREAD segment=N]       of the thread's process; fork, start: of its parent, of
 *         the image before; start: the parent may be said, too
 *         spawned of=PROCESS [program]: its parent made it, which is no event of the thread
 *   maps [file|sysv]               the process has the mapping of KIND:*, of KIND:+, of KIND:%, of others
 *   reach OBJECT [reads] [writes]  the process says that it has these ends of the pipe open
 *   loss N                                         of events; the thread is `-`
 */
#ifndef WS_CASE_TRACE_H
#define WS_CASE_TRACE_H

#include <stddef.h>

#include "analyzer/decode/record.h"
#include "analyzer/decode/tables.h"

struct case_trace;

/* Ends the program when memory is out, as everything here. */
struct case_trace *case_trace_new(void);
void case_trace_free(struct case_trace *trace);

/* Takes one line. NULL, or what is wrong with it. */
const char *case_trace_line(struct case_trace *trace, const char *line);

/* Valid until the next line. */
const struct ws_record *case_trace_records(const struct case_trace *trace, size_t *n);
/* The same, as decode would leave them; ends are those of the records. */
struct ws_tables *case_trace_tables(struct case_trace *trace);

/* How the text called them; "?" for WS_UNKNOWN. */
const char *case_thread_name(const struct case_trace *trace, uint32_t thread);
const char *case_code_name(const struct case_trace *trace, uint32_t code);
const char *case_stack_name(const struct case_trace *trace, uint32_t stack);
const char *case_object_name(const struct case_trace *trace, const struct ws_object_key *key);

#endif
