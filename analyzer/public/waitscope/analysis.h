/* SPDX-License-Identifier: MIT */
/* analysis.h: the public interface of libwaitscope-analysis: reads recordings of waitscope, runs
 *the analyses, hands out what they found, and writes reports and exports.
 *
 *	struct ws_analysis *analysis;
 *
 *	if (ws_analysis_new(&analysis) < 0)
 *		return -1;
 *	if (ws_analysis_add_trace(analysis, "waitscope.trace") < 0 ||
 *	    ws_analysis_run(analysis) < 0)
 *		fprintf(stderr, "%s\n", ws_analysis_error(analysis));
 *	else
 *		for (size_t i = 0; i < ws_analysis_count(analysis, WS_ANALYSIS_OBJECTS); i++)
 *			puts(ws_analysis_get_object(analysis, i)->name);
 *	ws_analysis_free(analysis);
 *
 * ORDER. New; then traces, options, callbacks; then run, once; then everything that reads results,
 * in any order and as often as you like; then free.
 *
 * RESULTS. What functions return as const pointers is owned by the analysis and lives until
 * ws_analysis_free(), unless it says otherwise. Structs are made by the library only, and later
 * versions add members at their ends: never keep one by value, and never take its size. Numbers of
 * threads, processes and objects, and the order of every list, are those of the JSON report
 * (docs/report.schema.json), whose words are used too. The same traces give the same results.
 *
 * UNITS. Times are nanoseconds: `_ns` of moments is the clock of the trace (CLOCK_MONOTONIC of the
 * recorded host), otherwise a duration. Texts are UTF-8 as far as the program's names are.
 *
 * UNKNOWN. What is not known is WS_ANALYSIS_UNKNOWN where it is a number, and NULL where it is a
 * pointer; the functions of frames and stacks take NULL.
 *
 * ERRORS. An int is 0 or a negative errno, and ws_analysis_error() says in one line what failed, on
 * which file or option, and what to do. A pointer is NULL if there is no such thing, or if memory
 * is out. Before ws_analysis_run() has returned 0 there are no results: counts are 0.
 *
 * THREADS. An analysis is for one thread at a time; different analyses may be used in different
 * threads at once. The library has no state that its users share, prints nothing, sets no signal
 * handler and changes no locale. It starts threads while it reads; callbacks are called in the
 * thread that called the library.
 *
 * DAMAGE. What is cut off or lost in a trace is a warning. libbabeltrace2, which reads the traces,
 * ends the process on some damaged packets, however (docs/library.md): programs that are given
 * traces from anywhere should have ws_analysis_set(analysis, "isolate", "yes").
 */
#ifndef WAITSCOPE_ANALYSIS_H
#define WAITSCOPE_ANALYSIS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* What is not known. */
#define WS_ANALYSIS_UNKNOWN UINT32_MAX

struct ws_analysis;       /* an analysis: traces, options, results */
struct ws_analysis_frame; /* a line of code */
struct ws_analysis_stack; /* a call stack */

/* The version of the library that is linked, such as "0.1.0". */
const char *ws_analysis_version(void);

/* --- making and running one ------------------------------------------------------------------ */

/* 0 with *ret to be freed by ws_analysis_free(), or -ENOMEM. */
int ws_analysis_new(struct ws_analysis **ret);

/* Frees it, with all that it owns. NULL is fine. */
void ws_analysis_free(struct ws_analysis *analysis);

/* Why the last call that failed did, in one line; "" if none has failed. Valid until the next call.
 */
const char *ws_analysis_error(const struct ws_analysis *analysis);

/* One more folder, as `waitscope record` or `lttng` wrote it; several are read as one trace. The
 * text is copied. 0; -EINVAL: the same folder twice; -EBUSY: it has been run; -ENOMEM. */
int ws_analysis_add_trace(struct ws_analysis *analysis, const char *dir);

/* Sets an option. `name` is that of an option of `waitscope report` without its dashes, `value` as
 * there; yes and no for those without a value. For what is read and counted, before the run:
 *   jobs N                  threads that read, at most
 *   min-wait T, pid P, tid P, kind K[,K...], from T, until T    which waits count
 *   class GLOB=CLASS        what waits on objects of such names are; may be set several times
 *   critical-path TID, what-if OBJECT[=none|half] (several times), stuck-after T, at T
 *   sort KEY, group-by WHAT    of the text and the JSON
 *   by WHAT                 of graphs: thread, site, pool, process, object
 *   waits yes               keep every wait, for ws_analysis_each_wait(): it takes room by waits,
 *                           on disk (TMPDIR) where they are many
 *   isolate yes             let a child process read the traces first, and leave out what
 *                           libbabeltrace2 does not survive; it forks
 * For what is written, at any time; of the text, but for `table`:
 *   top N, stacks yes, findings yes    how much of it
 *   width N                 columns; 100
 *   colour yes              the reader's terminal shows colours
 *   utf8 yes                the reader shows UTF-8; otherwise it is plain ASCII
 *   table NAME              of csv: which one
 * Later versions know more. 0; -ENOENT: there is no such option; -EINVAL: it can't have that
 * value; -EBUSY: it has been run; -ENOMEM. */
int ws_analysis_set(struct ws_analysis *analysis, const char *name, const char *value);

/* ws_analysis_render() will be asked for this format: some are made from what is only kept if they
 * are (those whose `expected` is 1). 0; -ENOENT: there is no such format; -EBUSY: it has been run.
 */
int ws_analysis_expect(struct ws_analysis *analysis, const char *format);

/* How far the reading is. */
struct ws_analysis_progress {
	uint64_t events;      /* read so far */
	uint64_t bytes;       /* of trace read so far */
	uint64_t bytes_total; /* 0: not known */
};

/* To be called about ten times a second while traces are read; fn NULL: no more. Another value than
 * 0 ends the run, which returns -ECANCELED. */
typedef int ws_analysis_progress_fn(void *user, const struct ws_analysis_progress *progress);
void ws_analysis_on_progress(struct ws_analysis *analysis, ws_analysis_progress_fn *fn, void *user);

/* To be called at the end of the run for each thing that a reader of the results must know; the
 * same lines are WS_ANALYSIS_WARNINGS. fn NULL: no more. */
typedef void ws_analysis_warning_fn(void *user, const char *text);
void ws_analysis_on_warning(struct ws_analysis *analysis, ws_analysis_warning_fn *fn, void *user);

/* Reads the traces and runs all analyses. Once.
 * 0, or a negative errno, after which there are no results:
 *   -ENOENT     there is no such folder, or none was added
 *   -ENOTDIR    it is no folder
 *   -EINVAL     it holds no trace, or nothing of it can be read
 *   -ENODATA    it is a trace without an event of waitscope's
 *   -ENOTSUP    it was recorded by a newer waitscope
 *   -ERANGE     option `at` is after the end of the trace
 *   -ECANCELED  the progress callback ended it
 *   -EBUSY      it has been run
 *   -ENOMEM, or what reading met. */
int ws_analysis_run(struct ws_analysis *analysis);

/* --- results --------------------------------------------------------------------------------- */

/* What there are lists of. */
enum ws_analysis_list {
	WS_ANALYSIS_PROCESSES = 1,
	WS_ANALYSIS_THREADS,
	WS_ANALYSIS_KINDS,     /* of objects that were waited for */
	WS_ANALYSIS_OBJECTS,   /* first those that were waited for, by time, most first; then others
				* that findings and deadlocks name */
	WS_ANALYSIS_EDGES,     /* who waited for whom, by time, most first */
	WS_ANALYSIS_FINDINGS,  /* the most severe first */
	WS_ANALYSIS_DEADLOCKS, /* those that occurred first */
	WS_ANALYSIS_WARNINGS,
	WS_ANALYSIS_WAITS, /* one by one, if option `waits` is set */
};

/* How many there are of a list; 0 of one that this version does not have. */
size_t ws_analysis_count(const struct ws_analysis *analysis, enum ws_analysis_list list);

/* The whole. */
struct ws_analysis_summary {
	uint64_t begin_ns;     /* moment of the first event */
	uint64_t duration_ns;  /* to the last one */
	uint64_t events;       /* that were read */
	uint64_t lost_events;  /* that the tracer discarded, as it counted */
	uint64_t lost_packets; /* whole packets lost */
	uint64_t waits;        /* that count */
	uint64_t wait_ns;      /* sum of their times */
	uint64_t unknown_ns;   /* of that: neither holder nor waker is known */
	uint64_t open_waits;   /* not over at the end of the trace */
};

/* NULL: it was not run. */
const struct ws_analysis_summary *ws_analysis_get_summary(struct ws_analysis *analysis);

/* A warning by index. */
const char *ws_analysis_get_warning(const struct ws_analysis *analysis, size_t index);

/* A process, from one exec to the next. */
struct ws_analysis_process {
	uint32_t id; /* its index */
	int32_t pid;
	int32_t parent_pid;
	int32_t status;    /* end `exited`: exit status; `signaled`: the signal */
	const char *name;  /* the kernel's, at most 15 bytes */
	const char *exe;   /* path; NULL: unknown */
	const char *end;   /* running, exited, signaled, exec, unknown */
	uint64_t begin_ns; /* moments */
	uint64_t end_ns;
};
const struct ws_analysis_process *ws_analysis_get_process(struct ws_analysis *analysis,
							  size_t index);

struct ws_analysis_thread {
	uint32_t id;      /* its index */
	uint32_t process; /* index */
	int32_t tid;
	const char *name; /* the kernel's, the last one set */
	uint64_t begin_ns;
	uint64_t end_ns; /* 0: it did not end in the trace */
	uint64_t waits;  /* of its own, that count */
	uint64_t wait_ns;
};
const struct ws_analysis_thread *ws_analysis_get_thread(struct ws_analysis *analysis, size_t index);

/* All waits for objects of one kind. */
struct ws_analysis_kind {
	const char *kind; /* mutex, rwlock, cond, ... */
	uint64_t waits;
	uint64_t wait_ns;
};
const struct ws_analysis_kind *ws_analysis_get_kind(struct ws_analysis *analysis, size_t index);

/* A thread at a place in the code. Has no more members in later versions. */
struct ws_analysis_place {
	uint32_t thread; /* index, or WS_ANALYSIS_UNKNOWN */
	uint32_t reserved;
	const struct ws_analysis_frame *site;  /* first frame outside the runtime; NULL: unknown */
	const struct ws_analysis_stack *stack; /* NULL: not taken, or lost */
};

/* What one thread at one place has to do with the waits for an object. */
struct ws_analysis_share {
	struct ws_analysis_place place;
	uint64_t waits;
	uint64_t wait_ns; /* waiters: waited; holders, wakers: were waited for */
	uint64_t max_ns;
};

struct ws_analysis_object {
	uint32_t id;         /* which findings and the like refer to; not its index */
	const char *kind;    /* mutex, rwlock, cond, ... */
	const char *name;    /* what people call it */
	const char *scope;   /* private: to a process; shared */
	uint64_t waits;      /* that count; 0: it is only named */
	uint64_t wait_ns;    /* sum of their times */
	uint64_t unknown_ns; /* of that: neither holder nor waker is known */
	uint64_t min_ns;     /* of the waits */
	uint64_t p50_ns;     /* percentiles, 0.8 % off at most */
	uint64_t p95_ns;
	uint64_t p99_ns;
	uint64_t max_ns;
	/* By time, most first. */
	const struct ws_analysis_share *const *waiters;
	size_t n_waiters;
	const struct ws_analysis_share *const *holders;
	size_t n_holders;
	const struct ws_analysis_share *const *wakers;
	size_t n_wakers;
};
const struct ws_analysis_object *ws_analysis_get_object(struct ws_analysis *analysis, size_t index);

/* The one with this id; NULL: there is none. */
const struct ws_analysis_object *ws_analysis_object_by_id(struct ws_analysis *analysis,
							  uint32_t id);

/* A thread waited for another. */
struct ws_analysis_edge {
	struct ws_analysis_place waiter;
	struct ws_analysis_place blocker;
	uint32_t object;    /* id */
	uint32_t needs_all; /* 1: the waiter needs all of its blockers; 0: any of them */
	uint64_t waits;
	uint64_t wait_ns;
};
const struct ws_analysis_edge *ws_analysis_get_edge(struct ws_analysis *analysis, size_t index);

/* A fact that something rests on. */
struct ws_analysis_evidence {
	uint64_t at_ns;                 /* moment; 0: not at one time */
	const char *text;               /* a sentence without full stop */
	struct ws_analysis_place place; /* thread WS_ANALYSIS_UNKNOWN: of nobody */
};

/* Something that is wrong. docs/findings.md has the rules. */
struct ws_analysis_finding {
	const char *rule;
	const char *severity;    /* error, warning, note */
	const char *title;       /* a sentence without full stop */
	const uint32_t *objects; /* ids */
	size_t n_objects;
	const struct ws_analysis_evidence *const *evidence;
	size_t n_evidence;
};
const struct ws_analysis_finding *ws_analysis_get_finding(struct ws_analysis *analysis,
							  size_t index);

/* A thread of a deadlock: it holds what the one before wants, and wants what the next one holds. */
struct ws_analysis_step {
	uint32_t holds; /* id of the object */
	uint32_t wants; /* id of the object */
	const char *holds_name;
	const char *wants_name;
	struct ws_analysis_place hold; /* the thread, where it took what it holds */
	struct ws_analysis_place want; /* the same thread, where it waits */
	uint64_t hold_ns;              /* moment since which it holds it; 0: not known */
	uint64_t want_ns;              /* moment since which it waits; 0: not at one time */
};

struct ws_analysis_deadlock {
	const char *verdict; /* occurred, predictable, order_only, suppressed */
	const char *reason;  /* a sentence without full stop */
	uint64_t at_ns;      /* moment at which it was closed; 0: at no certain time */
	uint64_t until_ns;   /* moment at which something broke it; 0: nothing did */
	const struct ws_analysis_step *const *steps;
	size_t n_steps;
	const struct ws_analysis_evidence *const *evidence;
	size_t n_evidence;
};
const struct ws_analysis_deadlock *ws_analysis_get_deadlock(struct ws_analysis *analysis,
							    size_t index);

/* Who a wait was for, and how much of it. */
struct ws_analysis_charge {
	struct ws_analysis_place place; /* where it took what it held */
	uint64_t ns;
};

/* One interval in which a thread was blocked. */
struct ws_analysis_wait {
	uint64_t begin_ns; /* moments */
	uint64_t end_ns;
	struct ws_analysis_place waiter;
	uint32_t process; /* index of the waiter's */
	uint32_t object;  /* id */
	const char *kind; /* the object's */
	const char *name; /* the object's */
	/* acquired, timeout, interrupted, cancelled, removed, error; open: not over at the end of
	 * its thread or of the trace; unknown: its end was lost. */
	const char *outcome;
	int32_t error;      /* errno of the call; 0: none */
	uint32_t uncertain; /* 1: events were lost while it lasted: whom it was for is not known */
	/* Who held the object. Of those that have owners only, else there are none; the time for
	 * which nobody is known has a thread WS_ANALYSIS_UNKNOWN. Of several readers that held it
	 * at once each has the time in full. */
	const struct ws_analysis_charge *charges; /* an array: charges have no more members later */
	size_t n_charges;
	/* Who let it go. */
	struct ws_analysis_place waker; /* thread WS_ANALYSIS_UNKNOWN: nobody, or not known */
	const char *wake_op;            /* unlock, post, signal, ...; NULL: no waker */
	uint64_t woken_ns;              /* moment at which it did; 0: no waker */
};

/* Calls `fn` for every wait that counts, by begin; the wait and what it points to, but for frames,
 * stacks and texts, is valid in the call only. Another value than 0 ends it and is returned. 0;
 * -EINVAL: option `waits` was not set, or it was not run; -ENOMEM. */
typedef int ws_analysis_wait_fn(void *user, const struct ws_analysis_wait *wait);
int ws_analysis_each_wait(struct ws_analysis *analysis, ws_analysis_wait_fn *fn, void *user);

/* --- code ------------------------------------------------------------------------------------ */

/* How many frames a stack has, and one of them, the innermost first. NULL has none. */
size_t ws_analysis_stack_depth(const struct ws_analysis_stack *stack);
const struct ws_analysis_frame *ws_analysis_stack_frame(const struct ws_analysis_stack *stack,
							size_t index);

/* What is known of a frame; of NULL, nothing is. */
const char *ws_analysis_frame_function(const struct ws_analysis_frame *frame); /* NULL: unknown */
const char *ws_analysis_frame_file(const struct ws_analysis_frame *frame);     /* NULL: unknown */
uint32_t ws_analysis_frame_line(const struct ws_analysis_frame *frame);        /* 0: unknown */
const char *ws_analysis_frame_module(const struct ws_analysis_frame *frame);   /* NULL: unknown */
/* Virtual address within the module; the plain address where that is not known. */
uint64_t ws_analysis_frame_offset(const struct ws_analysis_frame *frame);
/* 1: the function was inlined into the next frame. */
int ws_analysis_frame_is_inlined(const struct ws_analysis_frame *frame);

/* --- reports and exports --------------------------------------------------------------------- */

/* A format that results can be written in. */
struct ws_analysis_format {
	const char *name;    /* text, json, html, graph-dot, folded, ... */
	const char *summary; /* a line for people */
	uint32_t binary;     /* 1: no text */
	uint32_t expected;   /* 1: ws_analysis_expect() must have said so before the run */
};

/* The format of that index; NULL: there are no more. Needs no run. */
const struct ws_analysis_format *ws_analysis_get_format(struct ws_analysis *analysis, size_t index);

/* Takes the next bytes of what is written. 0, or a negative errno that ends it. */
typedef int ws_analysis_write_fn(void *user, const void *bytes, size_t n);

/* Writes the results in a format. 0; -ENOENT: there is no such format; -EINVAL: it was not run, or
 * the format was not expected; -ENOMEM; or what `write` returned. */
int ws_analysis_render(struct ws_analysis *analysis, const char *format,
		       ws_analysis_write_fn *write, void *user);

/* The same into a file, which is replaced only once all is written. The same errors, and what
 * writing met. */
int ws_analysis_render_file(struct ws_analysis *analysis, const char *format, const char *path);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
