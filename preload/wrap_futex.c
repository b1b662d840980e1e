/* SPDX-License-Identifier: MIT */
/* wrap_futex.c: futexes by syscall(): Rust, cgo, std::atomic::wait, locks made by hand.
 *
 * Rules: see export.h. syscall() itself is a jump for everything else: vfork and clone return
 * twice, which a C frame does not survive. FUTEX_WAIT has no form that only tries: the call is
 * announced as a wait, and was none (no_wait) where the word had changed. The word is never read
 * here before the kernel has accepted its address.
 */
#include <errno.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <time.h>

#include "preload/export.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/wait.h"

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

struct call {
	struct ws_thread *self;
	uint32_t *word;
	int op; /* without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME */
	bool shared;
	uint32_t val;
	long a[7]; /* as given to syscall(), the number first */
	uintptr_t site;
};

static long real_call(const struct call *c)
{
	return ws_real.syscall(c->a[0], c->a[1], c->a[2], c->a[3], c->a[4], c->a[5], c->a[6]);
}

static void futex_result(struct ws_wait *wait, long r)
{
	ws_wait_errno(wait, r == -1 ? -1 : 0);
	if (r == -1 && errno == EAGAIN)
		wait->outcome = WS_OUTCOME_NO_WAIT;
}

static long futex_wait(const struct call *c)
{
	WS_WAIT(wait, .self = c->self, .object = (uintptr_t)c->word, .other = c->val,
		.site = c->site, .kind = WS_KIND_FUTEX,
		.flags = (uint8_t)((c->shared ? WS_WAIT_SHARED : 0) |
				   (c->a[4] ? WS_WAIT_TIMED : 0)));
	long r = real_call(c);

	futex_result(&wait, r);
	return r;
}

/* Waits on the word, to be moved by the kernel to the PI futex `to`, which it then owns. */
static long futex_wait_requeue_pi(const struct call *c)
{
	uintptr_t to = (uintptr_t)c->a[5];

	WS_WAIT(wait, .self = c->self, .object = (uintptr_t)c->word, .other = c->val,
		.site = c->site, .kind = WS_KIND_FUTEX,
		.flags = (uint8_t)((c->shared ? WS_WAIT_SHARED : 0) |
				   (c->a[4] ? WS_WAIT_TIMED : 0)));
	long r = real_call(c);

	futex_result(&wait, r);
	if (r == 0)
		ws_held_add(c->self, to, WS_KIND_FUTEX, 0, c->site, wait.stack);
	return r;
}

static long futex_wake(const struct call *c, uint8_t op, uintptr_t to)
{
	struct ws_wake wake = {
		.self = c->self,
		.object = (uintptr_t)c->word,
		.other = to,
		.site = c->site,
		.kind = WS_KIND_FUTEX,
		.op = op,
		.shared = c->shared,
		/* The kernel takes a count of 0 as 1, and INT_MAX is "all" by custom. */
		.count = c->val == 0            ? 1
			 : c->val >= 0x7fffffff ? WS_WAKE_ALL
						: c->val,
	};

	if (to)
		ws_waiters_moved(to, c->shared);
	ws_wake_before(&wake);
	long r = real_call(c);

	ws_wake_after(&wake);
	return r;
}

/* FUTEX_WAKE_OP: val waiters of the first word, and val2 of the second if its old value says so. */
static long futex_wake_op(const struct call *c)
{
	struct ws_wake second = {
		.self = c->self,
		.object = (uintptr_t)c->a[5],
		.site = c->site,
		.kind = WS_KIND_FUTEX,
		.op = WS_WAKE_FUTEX_WAKE,
		.shared = c->shared,
		.count = (uint32_t)c->a[4] ? (uint32_t)c->a[4] : 1,
	};

	ws_wake_before(&second);
	long r = futex_wake(c, WS_WAKE_FUTEX_WAKE, 0);

	ws_wake_after(&second);
	return r;
}

/* The kernel has accepted the word's address when this runs: its try said EAGAIN. */
static size_t pi_holders(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max)
{
	int32_t owner = (int32_t)(__atomic_load_n((uint32_t *)wait->object, __ATOMIC_RELAXED) &
				  FUTEX_TID_MASK);
	struct ws_held held;

	(void)max;
	if (owner == 0)
		return 0;
	*ret = (struct ws_holder_ref){.tid = owner};
	if (ws_held_find(owner, wait->object, &held)) {
		ret->site = held.site;
		ret->stack = held.stack;
	}
	return 1;
}

static long futex_lock_pi(const struct call *c)
{
	int saved = errno;
	long r = ws_real.syscall(SYS_futex, c->a[1],
				 FUTEX_TRYLOCK_PI | (c->shared ? 0 : FUTEX_PRIVATE_FLAG), 0, 0, 0,
				 0);
	uint32_t stack = 0;

	if (r == -1 && errno == EAGAIN) {
		errno = saved;

		WS_WAIT(wait, .self = c->self, .object = (uintptr_t)c->word, .site = c->site,
			.kind = WS_KIND_FUTEX,
			.flags = (uint8_t)((c->shared ? WS_WAIT_SHARED : 0) |
					   (c->a[4] ? WS_WAIT_TIMED : 0)),
			.holders = pi_holders);
		r = real_call(c);
		ws_wait_errno(&wait, r == -1 ? -1 : 0);
		stack = wait.stack;
	} else if (r == -1) {
		/* Whatever is wrong with the word, the lock is to say it. */
		errno = saved;
		r = real_call(c);
	}
	if (r == 0)
		ws_held_add(c->self, (uintptr_t)c->word, WS_KIND_FUTEX, 0, c->site, stack);
	return r;
}

static long futex_unlock_pi(const struct call *c)
{
	struct ws_wake wake = {
		.self = c->self,
		.object = (uintptr_t)c->word,
		.site = c->site,
		.kind = WS_KIND_FUTEX,
		.op = WS_WAKE_UNLOCK,
		.shared = c->shared,
		.count = 1,
	};

	ws_wake_before(&wake);
	long r = real_call(c);

	ws_wake_after(&wake);
	if (r == 0)
		ws_held_remove(c->self, (uintptr_t)c->word);
	return r;
}

/* The words of a futex_waitv() call, counted as waited for while it blocks: the first by the wait
 * itself, the others here. */
struct words {
	struct futex_waitv list[FUTEX_WAITV_MAX]; /* a copy: the program may change its own */
	unsigned long n;
};

static inline bool word_is_shared(const struct futex_waitv *w)
{
	return !(w->flags & FUTEX_PRIVATE_FLAG);
}

static void words_done(struct words *w)
{
	for (unsigned long i = 1; i < w->n; i++)
		ws_waiters_sub(w->list[i].uaddr, word_is_shared(&w->list[i]));
}

/* futex_waitv(2): one wait on any of several words. Its time limit is absolute, so one in the past
 * makes it a try; what that accepts (ETIMEDOUT) may be read here, and nothing else. */
static long futex_waitv(const struct call *c)
{
	static const struct timespec past = {0, 0};
	int saved = errno;
	long r = ws_real.syscall(SYS_futex_waitv, c->a[1], c->a[2], c->a[3], (long)&past,
				 CLOCK_MONOTONIC, 0);

	if (r != -1)
		return r;
	if (errno != ETIMEDOUT) {
		errno = saved;
		return real_call(c);
	}
	errno = saved;

	__attribute__((cleanup(words_done))) struct words words;
	const struct futex_waitv *list = words.list;

	words.n = (unsigned long)c->a[2];
	for (unsigned long i = 0; i < words.n; i++)
		words.list[i] = ((const struct futex_waitv *)c->a[1])[i];
	for (unsigned long i = 1; i < words.n; i++)
		ws_waiters_add(list[i].uaddr, word_is_shared(&list[i]));

	WS_WAIT(wait, .self = c->self, .object = list[0].uaddr, .other = list[0].val,
		.site = c->site, .kind = WS_KIND_FUTEX,
		.flags = (uint8_t)((word_is_shared(&list[0]) ? WS_WAIT_SHARED : 0) |
				   (c->a[4] ? WS_WAIT_TIMED : 0)));
	for (unsigned long i = 1; i < words.n; i++)
		ws_wait_also(&wait, WS_KIND_FUTEX, list[i].uaddr, 0,
			     word_is_shared(&list[i]) ? WS_WAIT_SHARED : 0);
	r = real_call(c);

	futex_result(&wait, r);
	if (r >= 0)
		wait.which = (int32_t)r + 1;
	return r;
}

/* Where syscall() goes for SYS_futex and SYS_futex_waitv, with the program's return address. */
__attribute__((used)) long ws_syscall_futex(long number, long a, long b, long c, long d, long e,
					    long f)
{
	struct call call = {
		.self = ws_thread(),
		.word = (uint32_t *)a,
		.op = (int)b & FUTEX_CMD_MASK,
		.shared = !(b & FUTEX_PRIVATE_FLAG),
		.val = (uint32_t)c,
		.a = {number, a, b, c, d, e, f},
		.site = WS_SITE,
	};

	if (!call.self)
		return real_call(&call);
	if (number == SYS_futex_waitv)
		return futex_waitv(&call);

	switch (call.op) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return futex_wait(&call);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return futex_wake(&call, WS_WAKE_FUTEX_WAKE, 0);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
	case FUTEX_CMP_REQUEUE_PI:
		return futex_wake(&call, WS_WAKE_FUTEX_REQUEUE, (uintptr_t)e);
	case FUTEX_WAKE_OP:
		return futex_wake_op(&call);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(&call);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(&call);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(&call);
	default:
		return real_call(&call);
	}
}

/* Where it goes for SYS_seccomp: from then on nothing may be called that the program does not call
 * itself. Set before, since the filter may be for all threads at once. */
__attribute__((used)) long ws_syscall_seccomp(long number, long a, long b, long c, long d, long e,
					      long f)
{
	bool was = ws_sandboxed;

	if (a != SECCOMP_GET_ACTION_AVAIL && a != SECCOMP_GET_NOTIF_SIZES)
		ws_sandboxed = true;
	long r = ws_real.syscall(number, a, b, c, d, e, f);

	if (r < 0)
		ws_sandboxed = was;
	return r;
}

/* syscall(): arguments and return address stay where they are on every path. */
__asm__(".text\n"
	".hidden ws_wrap_syscall\n"
	".globl ws_wrap_syscall\n"
	".type ws_wrap_syscall, @function\n"
	".p2align 4\n"
	"ws_wrap_syscall:\n"
	"	.cfi_startproc\n"
	"	cmpq $202, %rdi\n" /* SYS_futex */
	"	je ws_syscall_futex\n"
	"	cmpq $449, %rdi\n" /* SYS_futex_waitv */
	"	je ws_syscall_futex\n"
	"	cmpq $317, %rdi\n" /* SYS_seccomp */
	"	je ws_syscall_seccomp\n"
	"	movq ws_real_syscall@GOTPCREL(%rip), %rax\n"
	"	movq (%rax), %rax\n"
	"	jmp *(%rax)\n"
	"	.cfi_endproc\n"
	".size ws_wrap_syscall, . - ws_wrap_syscall\n");

/* For the jump above: where the pointer is. */
__attribute__((used)) long (*const *const ws_real_syscall)(long, long, long, long, long, long,
							   long) = &ws_real.syscall;
_Static_assert(SYS_futex == 202 && SYS_futex_waitv == 449 && SYS_seccomp == 317,
	       "the numbers in the assembly");
