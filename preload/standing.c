/* SPDX-License-Identifier: MIT */
/* standing.c: see standing.h. */
#include "preload/standing.h"

#include <linux/magic.h>
#include <sys/statfs.h>

#include "preload/emit.h"
#include "preload/file_lock.h"
#include "preload/lifecycle.h"
#include "preload/lock_order.h"
#include "preload/object.h"
#include "preload/raw.h"
#include "preload/resource.h"
#include "preload/select.h"
#include "preload/taken.h"

__thread struct ws_taken ws_taken[WS_TAKEN_MAX] __attribute__((tls_model("initial-exec")));

/* An open end, or both. */
struct end {
	uint64_t ino;
	uint64_t dev;
	uint8_t ends; /* WS_END_* */
	uint8_t told; /* the same, as it was last recorded */
};

static struct {
	_Atomic int32_t busy; /* pid of the process a thread of which looks, and owns the rest; 0: none */
	_Atomic int32_t looked_in; /* pid of the process that has looked; its negative, or another
				    * one: look again */
	_Atomic uint64_t is_end[WS_ENDS_FDS / 64]; /* numbers that were ends of pipes then */
	struct end ends[WS_ENDS_MAX];
	uint32_t n;
} known;

/* True if the number is an end of a pipe. */
static bool look_at(int fd, struct end *ret)
{
	struct statfs fs;
	struct stat st;
	long mode;

	if (ws_raw_syscall(SYS_fstat, fd, (long)&st, 0, 0) != 0 || !S_ISFIFO(st.st_mode) ||
	    ws_raw_syscall(SYS_fstatfs, fd, (long)&fs, 0, 0) != 0 || fs.f_type != PIPEFS_MAGIC)
		return false;
	mode = ws_raw_syscall(SYS_fcntl, fd, F_GETFL, 0, 0);
	if (mode < 0)
		return false;
	*ret = (struct end){ .ino = st.st_ino, .dev = st.st_dev };
	switch (mode & O_ACCMODE) {
	case O_RDONLY:
		ret->ends = WS_END_READS;
		break;
	case O_WRONLY:
		ret->ends = WS_END_WRITES;
		break;
	default: /* by way of /proc/PID/fd */
		ret->ends = WS_END_READS | WS_END_WRITES;
	}
	return true;
}

static void add_end(const struct end *found)
{
	for (uint32_t i = 0; i < known.n; i++) {
		if (known.ends[i].ino == found->ino && known.ends[i].dev == found->dev) {
			known.ends[i].ends |= found->ends;
			return;
		}
	}
	if (known.n < WS_ENDS_MAX)
		known.ends[known.n++] = *found;
	else
		ws_limit_reached(WS_LIMIT_pipe_ends);
}

static void look(void)
{
	for (uint32_t i = 0; i < known.n; i++)
		known.ends[i].ends = 0;
	for (int word = 0; word < WS_ENDS_FDS / 64; word++) {
		uint64_t is_end = 0;

		for (int bit = 0; bit < 64; bit++) {
			struct end found;

			if (!look_at(word * 64 + bit, &found))
				continue;
			is_end |= UINT64_C(1) << bit;
			add_end(&found);
		}
		atomic_store_explicit(&known.is_end[word], is_end, memory_order_relaxed);
	}
}

/* Records what has changed; forgets what is gone. */
static void tell(struct ws_thread *self)
{
	struct ws_section ws_section_here = { .self = self }; /* the caller's section is open */
	uint32_t kept = 0;

	for (uint32_t i = 0; i < known.n; i++) {
		struct end *end = &known.ends[i];
		struct ws_ev_pipe_ends event = { .object = end->ino,
						 .other = end->dev,
						 .ends = end->ends };

		if (end->ends != end->told && (ws_likely(!ws_select_on) ||
					       ws_select_object(WS_KIND_PIPE, end->ino, end->dev)))
			ws_emit(pipe_ends, &event);
		end->told = end->ends;
		if (end->ends)
			known.ends[kept++] = *end;
	}
	known.n = kept;
}

/* False: another thread of this process looks. A parent's that looked as it forked is not here. */
static bool enter(void)
{
	int32_t owner = 0;

	if (atomic_compare_exchange_strong_explicit(&known.busy, &owner, ws_pid,
						    memory_order_acquire, memory_order_relaxed))
		return true;
	return owner != ws_pid &&
	       atomic_compare_exchange_strong_explicit(&known.busy, &owner, ws_pid,
						       memory_order_acquire, memory_order_relaxed);
}

static void leave(void)
{
	atomic_store_explicit(&known.busy, 0, memory_order_release);
}

/* False: which ends the process has open cannot be looked for. */
static bool record_ends(struct ws_thread *self)
{
	int32_t looked_in = atomic_load_explicit(&known.looked_in, memory_order_relaxed);

	if (ws_likely(looked_in == ws_pid))
		return true;
	if (ws_sandboxed)
		return false;
	if (!enter())
		return true;
	/* Before looking: what changes meanwhile is looked for again. */
	atomic_store_explicit(&known.looked_in, ws_pid, memory_order_seq_cst);
	if (looked_in && looked_in != -ws_pid)
		known.n = 0; /* it is the parent's: the child tells all that it has */
	look();
	tell(self);
	leave();
	return true;
}

/* It has to be looked again, by whoever waits next. */
static void look_again(void)
{
	int32_t looked_in = atomic_load_explicit(&known.looked_in, memory_order_relaxed);

	if (looked_in == ws_pid || !looked_in)
		atomic_store_explicit(&known.looked_in, -ws_pid, memory_order_seq_cst);
}

void ws_standing_pipe(const int fds[2], uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	struct stat st;

	if (!self || ws_sandboxed)
		return;
	look_again();
	if (ws_raw_syscall(SYS_fstat, fds[0], (long)&st, 0, 0) != 0)
		return;
	ws_object_record_at(self, WS_KIND_PIPE, WS_OBJECT_INIT, st.st_ino, st.st_dev, 0, NULL,
			    site);
	/* That says that both ends are open. */
	if (!enter())
		return;
	if (known.n < WS_ENDS_MAX)
		known.ends[known.n++] = (struct end){
			.ino = st.st_ino,
			.dev = st.st_dev,
			.told = WS_END_READS | WS_END_WRITES,
		};
	leave();
}

void ws_standing_closed(int fd)
{
	if (fd < 0 || fd >= WS_ENDS_FDS)
		return;
	if (ws_unlikely(atomic_load_explicit(&known.is_end[fd / 64], memory_order_relaxed) >>
				(fd % 64) &
			1))
		look_again();
}

/* False: it is not to be recorded. */
static bool emit_held(struct ws_thread *self, struct ws_ev_wait_held *event)
{
	struct ws_section ws_section_here = { .self = self }; /* the caller's section is open */

	if (ws_unlikely(ws_select_on) &&
	    !ws_select_object(event->kind, event->object, event->other))
		return false;
	ws_emit(wait_held, event);
	return true;
}

/* A lock on a file, which the thread's array has as a mark. */
static bool set_file(const struct ws_held *held, struct ws_ev_wait_held *event)
{
	struct ws_file_hold hold;
	struct ws_file file;

	/* A flock that came by fork: whoever has the open file may let go of it, the parent as well. */
	if (!ws_file_hold_marked(held->object, &hold, &file) || !hold.tid)
		return false;
	event->kind = ws_lock_kind(hold.class);
	event->object = file.ino;
	event->other = file.dev;
	event->start = hold.extent.start;
	event->length = hold.extent.end == UINT64_MAX ? 0 : hold.extent.end - hold.extent.start;
	event->site = hold.held.site;
	event->stack = hold.held.stack;
	return true;
}

uint32_t ws_standing_record(const struct ws_wait *wait)
{
	struct ws_thread *self = wait->self;
	uint32_t n = WS_HELD_COUNT(atomic_load_explicit(&self->held_word, memory_order_relaxed));
	uint32_t told = 1;
	bool all = record_ends(self); /* none was left out */

	if (n > WS_HELD_MAX)
		n = WS_HELD_MAX;
	for (uint32_t i = 0; i < n; i++) {
		const struct ws_held *held = &self->held[i];
		struct ws_ev_wait_held event = {
			.seq = wait->seq,
			.kind = (uint8_t)held->kind,
			.flags = held->flags & WS_HOLD_READ,
			.object = held->object,
			.site = held->site,
			.stack = held->stack,
		};

		/* Who waits on a condition variable gives its mutex up. */
		if (wait->kind == WS_KIND_COND && held->object == wait->other)
			continue;
		if (ws_lock_is_mark(held->object) && !set_file(held, &event))
			continue;
		all = emit_held(self, &event) && all;
		told++;
	}
	for (size_t i = 0; i < WS_TAKEN_MAX; i++) {
		const struct ws_taken *taken = &ws_taken[i];
		struct ws_ev_wait_held event = {
			.seq = wait->seq,
			.kind = taken->kind,
			.object = taken->object,
			.other = taken->other,
			.site = taken->site,
		};

		if (!taken->n || taken->pid != ws_pid)
			continue;
		all = emit_held(self, &event) && all;
		told++;
	}
	return all ? told : 0;
}
