/* SPDX-License-Identifier: MIT */
/* wrap_sysv_msg.c: System V message queues.
 *
 * Rules: see export.h. The try is the call with IPC_NOWAIT, which changes nothing where it fails.
 * To receive is the reading side (WS_WAIT_READ). The messages themselves are the kernel's to read;
 * only the type of one that somebody waits for is looked at, by copyin.h.
 */
#include <errno.h>
#include <sys/msg.h>

#include "preload/copyin.h"
#include "preload/emit.h"
#include "preload/export.h"
#include "preload/fill.h"
#include "preload/lifecycle.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/select.h"
#include "preload/sysv.h"
#include "preload/wait.h"
#include "tracepoints/kinds.h"

static uintptr_t key_of(int id, bool read)
{
	return ws_waiters_key(WS_KIND_SYSV_MSG, (uint32_t)id, 0, read);
}

/* What went through the queues that this process uses most: those that meet at one place in the
 * table are counted by turns, each recorded as the other comes. */
#define FLOWS      64
#define FLOW_CALLS (UINT64_C(1) << 40) /* one message, beside the bytes below; see channel.h */
#define FLOW_MUCH  (UINT64_C(1) << 62)
#define FLOW_WORTH 1024 /* messages that are worth an event at the end of a wait */

static struct flow {
	_Atomic uint64_t id; /* of the queue, and 1; 0: unused */
	_Atomic uint64_t in, out;
	struct ws_fill fill;
} flows[FLOWS];

static __attribute__((noinline)) void flow_record(struct ws_thread *self, struct flow *flow)
{
	uint64_t in = atomic_exchange(&flow->in, 0), out = atomic_exchange(&flow->out, 0);
	struct ws_ev_transfer event = {
		.kind = WS_KIND_SYSV_MSG,
		.object = atomic_load(&flow->id) - 1,
		.bytes_in = in % FLOW_CALLS,
		.bytes_out = out % FLOW_CALLS,
		.calls_in = (uint32_t)(in / FLOW_CALLS),
		.calls_out = (uint32_t)(out / FLOW_CALLS),
		.ends = (uint8_t)((in ? WS_END_READS : 0) | (out ? WS_END_WRITES : 0)),
	};

	ws_fill_take(&flow->fill, &event.fill, &event.room);
	if ((!in && !out) || !ws_wanted(transfer))
		return;
	if (ws_unlikely(ws_select_on) && !ws_select_object(WS_KIND_SYSV_MSG, event.object, 0))
		return;
	WS_SECTION(self);
	ws_definitions();
	ws_emit(transfer, &event);
}

/* The counters of that queue: from now on they are its. */
static inline struct flow *flow_of(struct ws_thread *self, int id)
{
	struct flow *flow = &flows[(uint32_t)id % FLOWS];

	if (ws_unlikely(atomic_load_explicit(&flow->id, memory_order_relaxed) !=
			(uint64_t)(uint32_t)id + 1)) {
		if (atomic_load_explicit(&flow->id, memory_order_relaxed))
			flow_record(self, flow);
		atomic_store_explicit(&flow->id, (uint64_t)(uint32_t)id + 1, memory_order_relaxed);
	}
	return flow;
}

/* How full it is, in a wait that has taken so many bytes. */
static void look_at_fill(struct ws_thread *self, int id, uint64_t taken)
{
	struct ws_fill *fill = &flow_of(self, id)->fill;
	struct msqid_ds ds;

	if (!ws_sandboxed && ws_fill_is_due(fill) &&
	    ws_raw_syscall(SYS_msgctl, id, IPC_STAT, (long)&ds, 0) == 0)
		ws_fill_note(fill, taken, ds.__msg_cbytes, ds.msg_qbytes);
}

/* A message of that size went through. */
static inline void flow_count(struct ws_thread *self, int id, bool reading, size_t bytes)
{
	struct flow *flow = flow_of(self, id);
	uint64_t was = atomic_fetch_add_explicit(reading ? &flow->in : &flow->out,
						 FLOW_CALLS + bytes, memory_order_relaxed);

	if (ws_unlikely((was & FLOW_MUCH) || (was & (FLOW_CALLS / 2))))
		flow_record(self, flow);
}

/* At the end of a wait, where an event more is nothing: a process that is killed takes less with
 * it. */
static void flow_after_wait(struct ws_thread *self, int id)
{
	struct flow *flow = &flows[(uint32_t)id % FLOWS];
	uint64_t much = FLOW_WORTH * FLOW_CALLS;

	if (atomic_load_explicit(&flow->in, memory_order_relaxed) >= much ||
	    atomic_load_explicit(&flow->out, memory_order_relaxed) >= much)
		flow_record(self, flow);
}

void ws_sysv_flush(struct ws_thread *self)
{
	for (size_t i = 0; i < FLOWS; i++)
		if (atomic_load_explicit(&flows[i].id, memory_order_relaxed))
			flow_record(self, &flows[i]);
}

void ws_sysv_forked(void)
{
	for (size_t i = 0; i < FLOWS; i++) {
		atomic_store_explicit(&flows[i].in, 0, memory_order_relaxed);
		atomic_store_explicit(&flows[i].out, 0, memory_order_relaxed);
		atomic_store_explicit(&flows[i].fill.most, 0, memory_order_relaxed);
	}
}

/* The type of a message to be sent; 0, which no message has: not known. */
static long type_of(const void *message)
{
	long type;

	return ws_copy_in(&type, message, sizeof(type)) == 0 ? type : 0;
}

static struct ws_wake wake_of(struct ws_thread *self, int id, uint8_t op, uintptr_t site)
{
	return (struct ws_wake){
		.self = self,
		.object = (uint32_t)id,
		.key = key_of(id, op == WS_WAKE_SEND),
		.site = site,
		.kind = WS_KIND_SYSV_MSG,
		.op = op,
		.shared = true,
		.count = 1,
	};
}

static __attribute__((noinline)) int send_blocked(struct ws_thread *self, int id, const void *p,
						  size_t n, int f, uintptr_t site)
{
	ws_sysv_waited(self, WS_KIND_SYSV_MSG, id, WS_SYSV_WHOLE, site);
	look_at_fill(self, id, 0);

	WS_WAIT(wait, .self = self, .object = (uint32_t)id, .other = (uintptr_t)type_of(p),
		.key = key_of(id, false), .site = site, .kind = WS_KIND_SYSV_MSG,
		.flags = WS_WAIT_SHARED);
	int r = ws_real.msgsnd(id, p, n, f);

	ws_wait_errno(&wait, r);
	flow_after_wait(self, id);
	return r;
}

WS_EXPORT int msgsnd(int id, const void *p, size_t n, int f)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.msgsnd(id, p, n, f);

	struct ws_wake wake = wake_of(self, id, WS_WAKE_SEND, WS_SITE);
	int saved = errno;

	if (ws_unlikely(ws_waiters_any(wake.key, true))) {
		wake.other = (uintptr_t)type_of(p);
		ws_wake_before(&wake);
	}
	int r = ws_real.msgsnd(id, p, n, f | IPC_NOWAIT);

	if (ws_unlikely(r != 0 && errno == EAGAIN && !(f & IPC_NOWAIT))) {
		wake.begun = false; /* it did not happen yet */
		errno = saved;
		r = send_blocked(self, id, p, n, f, WS_SITE);
	}
	if (r == 0 || wake.begun)
		ws_wake_after(&wake);
	if (r == 0)
		flow_count(self, id, false, n);
	return r;
}

static __attribute__((noinline)) ssize_t receive_blocked(struct ws_thread *self, int id, void *p,
							 size_t n, long type, int f, uintptr_t site)
{
	ws_sysv_waited(self, WS_KIND_SYSV_MSG, id, WS_SYSV_WHOLE, site);

	WS_WAIT(wait, .self = self, .object = (uint32_t)id,
		.other = (f & MSG_EXCEPT) ? 0 : (uintptr_t)type, .key = key_of(id, true),
		.site = site, .kind = WS_KIND_SYSV_MSG, .flags = WS_WAIT_SHARED | WS_WAIT_READ);
	ssize_t r = ws_real.msgrcv(id, p, n, type, f);

	ws_wait_errno(&wait, r < 0 ? -1 : 0);
	if (r > 0)
		look_at_fill(self, id, (uint64_t)r);
	flow_after_wait(self, id);
	return r;
}

WS_EXPORT ssize_t msgrcv(int id, void *p, size_t n, long type, int f)
{
	struct ws_thread *self = ws_thread();

	/* MSG_COPY takes nothing away, and is refused without IPC_NOWAIT. */
	if (!self || (f & MSG_COPY))
		return ws_real.msgrcv(id, p, n, type, f);

	self->syncs++;

	struct ws_wake wake = wake_of(self, id, WS_WAKE_RECEIVE, WS_SITE);
	int saved = errno;

	ws_wake_before(&wake);
	ssize_t r = ws_real.msgrcv(id, p, n, type, f | IPC_NOWAIT);

	if (ws_unlikely(r < 0 && errno == ENOMSG && !(f & IPC_NOWAIT))) {
		wake.begun = false;
		errno = saved;
		r = receive_blocked(self, id, p, n, type, f, WS_SITE);
	}
	if (r >= 0 || wake.begun)
		ws_wake_after(&wake);
	if (r >= 0)
		flow_count(self, id, true, (size_t)r);
	return r;
}

WS_EXPORT int msgget(key_t key, int flags)
{
	struct ws_thread *self = ws_thread();

	if (!self || ws_sandboxed)
		return ws_real.msgget(key, flags);

	bool made = key == IPC_PRIVATE || ((flags & IPC_CREAT) && !ws_sysv_exists(SYS_msgget, key));
	int id = ws_real.msgget(key, flags);

	if (id >= 0)
		ws_sysv_got(self, WS_KIND_SYSV_MSG, id, key, made, 0, WS_SITE);
	return id;
}

WS_EXPORT int msgctl(int id, int command, struct msqid_ds *ds)
{
	struct ws_thread *self = ws_thread();

	if (!self || command != IPC_RMID)
		return ws_real.msgctl(id, command, ds);

	struct ws_wake wake = wake_of(self, id, WS_WAKE_REMOVE, WS_SITE);

	/* It ends everybody's wait, of either side. */
	wake.sure =
		ws_waiters_any(key_of(id, false), true) || ws_waiters_any(key_of(id, true), true);
	wake.count = WS_WAKE_ALL;
	ws_wake_before(&wake);
	int r = ws_real.msgctl(id, command, ds);

	if (wake.begun)
		ws_wake_after(&wake);
	if (r == 0)
		ws_sysv_removed(self, WS_KIND_SYSV_MSG, id, WS_SITE);
	return r;
}

WS_EXPORT key_t ftok(const char *path, int project)
{
	key_t key = ws_real.ftok(path, project);
	int saved = errno;

	if (key != (key_t)-1 && ws_thread())
		ws_sysv_key(key, path, project);
	errno = saved;
	return key;
}
