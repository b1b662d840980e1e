/* SPDX-License-Identifier: MIT */
/* wrap_sysv_sem.c: System V semaphores. An object is one semaphore of a set; who waits for several
 * at once waits for any of them to change.
 *
 * Rules: see export.h. The try is the program's operations with IPC_NOWAIT, in a copy; they are
 * read by copyin.h, since the kernel has not looked at them yet. (A zero time limit is no try: the
 * kernel sleeps for the thread's timer slack, 50 us.) Operations that cannot be copied go straight
 * through. The time limit is never looked at: the try passes it on, so that a bad one is rejected
 * by it.
 *
 * The two sides: to wait for a value is to receive (WS_WAIT_READ, ended by `send`), to wait for
 * zero is the other (ended by `receive`).
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/sem.h>

#include "preload/copyin.h"
#include "preload/export.h"
#include "preload/lifecycle.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/sysv.h"
#include "preload/taken.h"
#include "preload/wait.h"
#include "tracepoints/kinds.h"

/* Operations of one call that are looked at: the kernel's limit (SEMOPM) is 500. */
#define OPS_MAX 512
/* The most that are copied without ado: programs use one to three. */
#define OPS_FEW 8

/* A call under way. */
struct operation {
	struct ws_thread *self;
	int id;
	size_t n;
	struct sembuf *program; /* its own operations, which only the kernel reads */
	struct sembuf *ops;     /* Weak: the copy, of n */
	const struct timespec *limit;
	bool timed;
	uintptr_t site;
};

static uintptr_t key_of(int id, uint64_t number, bool read)
{
	return ws_waiters_key(WS_KIND_SYSV_SEM, (uint32_t)id, number + 1, read);
}

static int real_op(const struct operation *o, struct sembuf *ops)
{
	return o->timed ? ws_real.semtimedop(o->id, ops, o->n, o->limit)
			: ws_real.semop(o->id, ops, o->n);
}

static long value_of(int id, unsigned int number)
{
	return ws_raw_syscall(SYS_semctl, id, number, GETVAL, 0);
}

/* Which operation cannot proceed: the first, in their order, as the values are now. -1: none, by
 * now, or the values may not be read. */
static int find_blocking(const struct operation *o)
{
	if (o->n == 1)
		return 0;
	if (ws_sandboxed)
		return -1;
	for (size_t i = 0; i < o->n; i++) {
		const struct sembuf *op = &o->ops[i];
		long value = value_of(o->id, op->sem_num);

		if (value < 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (o->ops[j].sem_num == op->sem_num)
				value += o->ops[j].sem_op;
		if (op->sem_op == 0 ? value != 0 : value + op->sem_op < 0)
			return (int)i;
	}
	return -1;
}

/* The process that operated on the semaphore last, by its pid: the kernel knows no more. */
static size_t last_process(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max)
{
	long pid = 0;

	if (max && !ws_sandboxed && wait->other != WS_SYSV_WHOLE)
		pid = ws_raw_syscall(SYS_semctl, (long)wait->object, (long)wait->other, GETPID, 0);
	if (pid <= 0 || pid == ws_pid)
		return 0;
	ret[0] = (struct ws_holder_ref){ .tid = (int32_t)pid };
	return 1;
}

static uint8_t side(const struct sembuf *op)
{
	return (uint8_t)(WS_WAIT_SHARED | (op->sem_op ? WS_WAIT_READ : 0));
}

/* The semaphores of a wait beside the first one, counted while it lasts. */
static void others_done(const struct operation **o)
{
	for (size_t i = 0; (*o)->n > 1 && i < (*o)->n; i++)
		ws_waiters_sub(key_of((*o)->id, (*o)->ops[i].sem_num, (*o)->ops[i].sem_op != 0),
			       true);
}

/* It blocks. The program's own operations, flags and limit decide how. */
static __attribute__((noinline)) int block(const struct operation *o)
{
	__attribute__((cleanup(others_done))) const struct operation *counted = o;
	int at = find_blocking(o);
	bool mixed = false;
	uint64_t number = at < 0 ? WS_SYSV_WHOLE : o->ops[at].sem_num;
	uint8_t flags = at < 0 ? WS_WAIT_SHARED | WS_WAIT_READ : side(&o->ops[at]);

	/* All of them, the first one as well: it is not known by which the wait goes on. */
	for (size_t i = 0; counted->n > 1 && i < counted->n; i++)
		ws_waiters_add(key_of(o->id, o->ops[i].sem_num, o->ops[i].sem_op != 0), true);
	ws_sysv_waited(o->self, WS_KIND_SYSV_SEM, o->id, number, o->site);

	WS_WAIT(wait, .self = o->self, .object = (uint32_t)o->id, .other = number,
		.key = key_of(o->id, number, flags & WS_WAIT_READ), .site = o->site,
		.kind = WS_KIND_SYSV_SEM, .holders = last_process,
		.flags = (uint8_t)(flags | (o->limit ? WS_WAIT_TIMED : 0)));
	for (size_t i = 0; i < o->n; i++) {
		const struct sembuf *op = &o->ops[i];

		if ((int)i != at && op->sem_num != number)
			ws_wait_also(&wait, WS_KIND_SYSV_SEM, (uint32_t)o->id, op->sem_num,
				     side(op));
	}

	int r = real_op(o, o->program);

	ws_wait_errno(&wait, r);
	if (r != 0 && errno == EAGAIN) {
		for (size_t i = 0; i < o->n; i++)
			mixed |= o->program[i].sem_flg & IPC_NOWAIT;
		wait.outcome = mixed && !o->limit ? WS_OUTCOME_NO_WAIT : WS_OUTCOME_TIMEOUT;
	}
	return r;
}

static struct ws_wake wake_of(const struct operation *o, uint64_t number, uint8_t op,
			      uint32_t count, bool read)
{
	return (struct ws_wake){
		.self = o->self,
		.object = (uint32_t)o->id,
		.other = number,
		.key = key_of(o->id, number, read),
		.site = o->site,
		.kind = WS_KIND_SYSV_SEM,
		.op = op,
		.shared = true,
		.count = count,
	};
}

/* The wake that an operation is, if it is carried out. False: it changes nothing. */
static bool is_wake(const struct operation *o, const struct sembuf *op, struct ws_wake *ret)
{
	if (op->sem_op == 0)
		return false;
	*ret = op->sem_op > 0 ? wake_of(o, op->sem_num, WS_WAKE_SEND, (uint32_t)op->sem_op, true)
			      : wake_of(o, op->sem_num, WS_WAKE_RECEIVE, WS_WAKE_ALL, false);
	return true;
}

/* For which of the operations somebody waits, a bit each. Those beyond share the last. */
static uint64_t waited_for(const struct operation *o)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < o->n; i++) {
		struct ws_wake wake;

		if (is_wake(o, &o->ops[i], &wake) && ws_waiters_any(wake.key, true))
			mask |= UINT64_C(1) << (i < 63 ? i : 63);
	}
	return mask;
}

/* Was carried out: whoever waited before it for what has changed, or waits now, may have been let
 * go. The first may be gone by now, and its count with it. */
static void changed(const struct operation *o, uint64_t waited)
{
	for (size_t i = 0; i < o->n; i++) {
		struct ws_wake wake;

		if (!is_wake(o, &o->ops[i], &wake))
			continue;
		if (ws_unlikely(waited >> (i < 63 ? i : 63) & 1))
			ws_wake_late(&wake);
		else
			ws_wake_after(&wake);
	}
}

/* What the thread takes of a semaphore, or gives back. */
static inline void note_taken(const struct operation *o, const struct sembuf *op)
{
	if (op->sem_op < 0)
		ws_taken_add(WS_KIND_SYSV_SEM, (uint32_t)o->id, op->sem_num, (uint32_t)-op->sem_op,
			     o->site, ws_pid);
	else if (op->sem_op > 0)
		ws_taken_back(WS_KIND_SYSV_SEM, (uint32_t)o->id, op->sem_num, (uint32_t)op->sem_op);
}

static __attribute__((noinline)) int operate(struct operation *o)
{
	int saved = errno;
	bool all_nowait = true, undo = false, only_posts = true;
	struct ws_wake wake;
	uint64_t waited = 0;
	int r;

	for (size_t i = 0; i < o->n; i++) {
		all_nowait &= (o->ops[i].sem_flg & IPC_NOWAIT) != 0;
		undo |= (o->ops[i].sem_flg & SEM_UNDO) != 0;
		only_posts &= o->ops[i].sem_op > 0;
		o->ops[i].sem_flg |= IPC_NOWAIT;
	}
	/* What cannot block is recorded before it lets go, as it should; the rest, which may or may
	 * not be carried out, once it was. */
	only_posts &= o->n == 1;
	if (only_posts) {
		is_wake(o, &o->ops[0], &wake);
		ws_wake_before(&wake);
	} else {
		waited = waited_for(o);
	}
	r = all_nowait ? real_op(o, o->program) : real_op(o, o->ops);
	if (r != 0 && errno == EAGAIN && !all_nowait) {
		errno = saved;
		r = block(o);
	}
	if (only_posts)
		ws_wake_after(&wake);
	else if (r == 0)
		changed(o, waited);
	for (size_t i = 0; i < o->n && r == 0; i++)
		note_taken(o, &o->ops[i]);
	if (ws_unlikely(undo && r == 0))
		ws_sysv_undo(o->self, o->id, o->site);
	return r;
}

/* What most calls are, one operation that nobody waits for: its key is looked up once. */
static inline int operate_on_one(struct operation *o)
{
	struct sembuf *op = &o->ops[0];
	uintptr_t key = key_of(o->id, op->sem_num, op->sem_op > 0);

	if (ws_unlikely(op->sem_op == 0 || op->sem_flg & SEM_UNDO || ws_waiters_any(key, true)))
		return operate(o);

	int saved = errno;
	bool nowait = op->sem_flg & IPC_NOWAIT;

	op->sem_flg |= IPC_NOWAIT;
	int r = real_op(o, nowait ? o->program : op);

	if (r != 0 && errno == EAGAIN && !nowait) {
		errno = saved;
		r = block(o);
	}
	if (r != 0)
		return r;
	if (ws_unlikely(ws_waiters_any(key, true)))
		changed(o, 1); /* somebody came in between */
	note_taken(o, op);
	return r;
}

static __attribute__((noinline)) int operate_on_many(struct operation *o)
{
	struct sembuf ops[OPS_MAX];

	o->ops = ops;
	return ws_copy_in(ops, o->program, o->n * sizeof(*ops)) ? real_op(o, o->program)
								: operate(o);
}

static inline int begin(struct operation *o)
{
	struct sembuf few[OPS_FEW];

	o->self = ws_thread();
	if (o->self)
		o->self->syncs++;
	if (!o->self || o->n == 0 || o->n > OPS_MAX)
		return real_op(o, o->program);
	if (ws_unlikely(o->n > OPS_FEW))
		return operate_on_many(o);
	o->ops = few;
	if (ws_copy_in(few, o->program, o->n * sizeof(*few)))
		return real_op(o, o->program);
	return o->n == 1 ? operate_on_one(o) : operate(o);
}

WS_EXPORT int semop(int id, struct sembuf *ops, size_t n)
{
	struct operation o = { .id = id, .program = ops, .n = n, .site = WS_SITE };

	return begin(&o);
}

WS_EXPORT int semtimedop(int id, struct sembuf *ops, size_t n, const struct timespec *t)
{
	struct operation o = {
		.id = id, .program = ops, .n = n, .limit = t, .timed = true, .site = WS_SITE
	};

	return begin(&o);
}

WS_EXPORT int semget(key_t key, int n, int flags)
{
	struct ws_thread *self = ws_thread();

	if (!self || ws_sandboxed)
		return ws_real.semget(key, n, flags);

	bool made = key == IPC_PRIVATE || ((flags & IPC_CREAT) && !ws_sysv_exists(SYS_semget, key));
	int id = ws_real.semget(key, n, flags);

	if (id >= 0)
		ws_sysv_got(self, WS_KIND_SYSV_SEM, id, key, made, (uint64_t)n, WS_SITE);
	return id;
}

/* The wakes of a whole set, each semaphore's where somebody waits for it; 0 for `op` is the late
 * look, after the call. */
static void wake_set(const struct operation *o, uint8_t op, bool late)
{
	struct semid_ds ds;
	uint64_t n = 0;

	if (!ws_sandboxed && ws_raw_syscall(SYS_semctl, o->id, 0, IPC_STAT, (long)&ds) >= 0)
		n = ds.sem_nsems;
	for (uint64_t i = 0; i <= n; i++) {
		uint64_t number = i < n ? i : WS_SYSV_WHOLE;

		/* Without the recording's table nobody's waiting is known but to the kernel. */
		if (!ws_waiters_shared && i < n &&
		    ws_raw_syscall(SYS_semctl, o->id, (long)i, GETNCNT, 0) <= 0 &&
		    ws_raw_syscall(SYS_semctl, o->id, (long)i, GETZCNT, 0) <= 0)
			continue;
		if (!ws_waiters_any(key_of(o->id, number, true), true) &&
		    !ws_waiters_any(key_of(o->id, number, false), true))
			continue;

		struct ws_wake wake = wake_of(o, number, op, WS_WAKE_ALL, true);

		ws_wake_record(&wake, late ? WS_WAKE_LATE : 0);
		ws_wake_stack(&wake);
	}
}

/* The value of one semaphore is set: it is 0, or may be what others wait for. */
static int set_value(struct operation *o, int number, int value, void *argument)
{
	struct ws_wake wake =
		value > 0 ? wake_of(o, (uint64_t)number, WS_WAKE_SEND, (uint32_t)value, true)
			  : wake_of(o, (uint64_t)number, WS_WAKE_RECEIVE, WS_WAKE_ALL, false);

	ws_wake_before(&wake);
	int r = ws_real.semctl(o->id, number, SETVAL, argument);

	ws_wake_after(&wake);
	return r;
}

WS_EXPORT int semctl(int id, int number, int command, ...)
{
	struct operation o = { .self = ws_thread(), .id = id, .site = WS_SITE };
	va_list args;

	va_start(args, command);
	void *argument = va_arg(args, void *); /* union semun is passed as a pointer is */

	va_end(args);
	if (!o.self)
		return ws_real.semctl(id, number, command, argument);
	switch (command) {
	case SETVAL:
		return set_value(&o, number, (int)(intptr_t)argument, argument);
	case SETALL:
		wake_set(&o, WS_WAKE_BROADCAST, false);
		break;
	case IPC_RMID:
		wake_set(&o, WS_WAKE_REMOVE, false);
		break;
	default:
		break;
	}
	int r = ws_real.semctl(id, number, command, argument);

	if (command == IPC_RMID && r == 0)
		ws_sysv_removed(o.self, WS_KIND_SYSV_SEM, id, o.site);
	return r;
}
