/* SPDX-License-Identifier: MIT */
/* wrap_process.c: processes that begin, fork, end and collect their children.
 *
 * LTTng must be told of each fork (its locks, its threads), but not of vfork: that child shares
 * the parent's memory, and nothing in it may change or record anything.
 */
#include <errno.h>
#include <lttng/ust-fork.h>
#include <pthread.h>

#include "preload/clock.h"
#include "preload/emit.h"
#include "preload/environment.h"
#include "preload/lifecycle.h"
#include "preload/lock_order.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/stack.h"
#include "preload/wait.h"

/* Processes that wait for children, counted together: nobody asks, since a child's end is recorded
 * in any case. */
#define WS_PROCESS_KEY ws_waiters_key(WS_KIND_PROCESS, 0, 0, false)

/* A child of _Fork(), or of a fork inside our own work: LTTng's locks may be held for ever. */
static bool lttng_lost;

WS_EXPORT int __libc_start_main(int (*main_fn)(int, char **, char **), int argc, char **argv,
				void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
				void *stack_end);

static int (*program_main)(int, char **, char **);

/* Both calls below are tail calls, so that the program's stacks end as they do without us. */
static int ws_main(int argc, char **argv, char **envp)
{
	ws_process_main();
	return program_main(argc, argv, envp);
}

/* `init` and `fini` are given by programs linked against glibc before 2.34, and NULL since. */
WS_EXPORT int __libc_start_main(int (*main_fn)(int, char **, char **), int argc, char **argv,
				void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
				void *stack_end)
{
	program_main = main_fn;
	ws_process_start();
	return ws_real.__libc_start_main(ws_main, argc, argv, init, fini,
					 ws_process_at_end(rtld_fini), stack_end);
}

/* What surrounds a call that forks. */
struct forking {
	struct ws_thread *self; /* NULL: the library has stepped aside */
	int32_t parent;         /* pid of the caller */
	int32_t tid;            /* of the caller */
	uint32_t segment;       /* of the caller, see lock_edge in events.h */
	uint64_t begin_ns;      /* when it was called */
	bool lttng;             /* LTTng takes part */
	sigset_t mask;          /* the caller's, while LTTng blocks all signals */
};

static void fork_before(struct forking *f, uintptr_t site)
{
	f->self = ws_thread();
	f->parent = ws_pid;
	f->begin_ns = f->self ? ws_now_ns() : 0;
	f->tid = f->self ? f->self->tid : 0;
	f->segment = f->self ? ws_segment_next(f->self) : 0;
	f->lttng = (f->self || ws_aside) && !lttng_lost && !ws_is_tracer_code(site);
	if (!f->lttng)
		return;
	if (f->self)
		f->self->quiet = WS_QUIET_FORK;
	lttng_ust_before_fork(&f->mask);
	ws_stack_fork_before();
}

/* In both processes; `made`: what the call gave, the child's pid in the parent. True: this is the
 * child. errno is kept. */
static bool fork_after(struct forking *f, pid_t made, uintptr_t site)
{
	int saved = errno;
	bool child = ws_raw_getpid() != f->parent;

	if (!f->lttng) {
		/* LTTng's own children are left alone; the program's, forked where LTTng could
		 * not be told (a signal handler inside our own work), are not recorded. */
		if (child && !ws_is_tracer_code(site)) {
			ws_pid = ws_raw_getpid();
			lttng_lost = true;
			ws_step_aside();
		}
		errno = saved;
		return child;
	}
	ws_stack_fork_after(child);
	if (child) {
		if (f->self)
			ws_process_forked(f->self, f->tid, site);
		else
			ws_pid = ws_raw_getpid();
		if (_r_debug.r_state == RT_CONSISTENT) {
			ws_environment_exchange();
			lttng_ust_after_fork_child(&f->mask);
			ws_environment_exchange();
		} else {
			/* Another thread of the parent was in the midst of dlopen(). LTTng's start
			 * calls it too, and the loader ends a process that does so in this state.
			 * So LTTng only gives back its locks. */
			lttng_ust_after_fork_parent(&f->mask);
			lttng_lost = true;
			ws_step_aside();
		}
	} else {
		lttng_ust_after_fork_parent(&f->mask);
	}
	if (f->self && !lttng_lost) {
		f->self->quiet = WS_QUIET_NOT;
		if (child)
			ws_process_follow(f->self, f->parent, f->tid, f->segment);
		else
			ws_process_spawned(f->self, made, f->begin_ns, false);
	}
	errno = saved;
	return child;
}

WS_EXPORT pid_t fork(void)
{
	struct forking f;
	uintptr_t site = WS_SITE;

	fork_before(&f, site);

	pid_t r = ws_real.fork();

	fork_after(&f, r, site);
	return r;
}

WS_EXPORT int forkpty(int *master, char *name, const struct termios *t, const struct winsize *w)
{
	struct forking f;
	uintptr_t site = WS_SITE;

	fork_before(&f, site);

	int r = ws_real.forkpty(master, name, t, w);

	fork_after(&f, r, site);
	return r;
}

/* Runs no fork handlers and may be called in a signal handler: LTTng cannot be told. */
WS_EXPORT pid_t _Fork(void)
{
	struct ws_thread *self = ws_thread();
	uint64_t begin_ns = self ? ws_now_ns() : 0;
	pid_t r = ws_real._Fork();

	if (r == 0) {
		ws_pid = ws_raw_getpid();
		lttng_lost = true;
		ws_step_aside();
	} else {
		ws_process_spawned(self, r, begin_ns, false);
	}
	return r;
}

WS_EXPORT int daemon(int nochdir, int noclose)
{
	struct forking f;
	uintptr_t site = WS_SITE;
	int32_t grandparent = ws_raw_getppid();

	fork_before(&f, site);

	int r = ws_real.daemon(nochdir, noclose);

	/* The parent is gone: it left by _exit(0) inside libc. A failure may come back in either.
	 */
	if (fork_after(&f, 0, site) && f.self && ws_active)
		ws_process_parent_exited(f.self, f.parent, f.tid, grandparent);
	return r;
}

struct clone_start {
	int (*fn)(void *);
	void *arg;
	struct forking forking;
	uintptr_t site;
};

static int clone_child(void *p)
{
	struct clone_start *start = p;

	fork_after(&start->forking, 0, start->site);

	int r = start->fn(start->arg);
	struct ws_thread *self = ws_thread();
	int32_t tids[2];

	if (self)
		ws_process_exit(self, r, 0);
	/* clone() ends this thread only, and LTTng's threads would keep the process alive. */
	if (start->forking.lttng && ws_thread_tids(tids, 2) <= 1)
		ws_raw_syscall(SYS_exit_group, r, 0, 0, 0);
	return r;
}

/* A child that is in its parent's memory while that is held up. */
struct vfork_start {
	int (*fn)(void *);
	void *arg;
};

/* As ws_vfork_returned() in the child. */
static int vfork_child(void *p)
{
	const struct vfork_start *start = p;

	ws_self->quiet = WS_QUIET_VFORK;
	return start->fn(start->arg);
}

WS_EXPORT int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	struct clone_start start = { .fn = fn, .arg = arg, .site = WS_SITE };
	va_list more;

	/* Always read: what the caller did not pass is passed on as the noise that it is. */
	va_start(more, arg);
	void *a = va_arg(more, void *);
	void *b = va_arg(more, void *);
	void *c = va_arg(more, void *);
	va_end(more);

	struct ws_thread *self = ws_thread();
	uint64_t begin_ns = self ? ws_now_ns() : 0;

	if (flags & CLONE_VM) {
		/* A process in our memory is not to touch it: as after vfork(). */
		if (self && !(flags & CLONE_THREAD))
			self->quiet = WS_QUIET_VFORK;

		if (!(flags & CLONE_VFORK) || flags & CLONE_THREAD)
			return ws_real.clone(fn, stack, flags, arg, a, b, c);

		struct vfork_start told = { fn, arg };
		bool tell = self && fn && !(flags & CLONE_SETTLS);
		int r = tell ? ws_real.clone(vfork_child, stack, flags, &told, a, b, c)
			     : ws_real.clone(fn, stack, flags, arg, a, b, c);

		ws_process_spawned(ws_thread(), r, begin_ns, true);
		return r;
	}
	if (!fn || !stack)
		return ws_real.clone(fn, stack, flags, arg, a, b, c);

	/* What LTTng closes and opens in a child that shares our descriptors would be ours: without
	 * it then, and so unrecorded. */
	if (flags & CLONE_FILES)
		start.forking.parent = ws_pid;
	else
		fork_before(&start.forking, start.site);

	int r = ws_real.clone(clone_child, stack, flags, &start, a, b, c);

	fork_after(&start.forking, r, start.site);
	if (flags & CLONE_FILES)
		ws_process_spawned(self, r, begin_ns, false);
	return r;
}

/* vfork() returns twice, the second time on a stack that the child has used since. So nothing of
 * ours may be left on it: the program's return address is kept with the thread, and what is to be
 * done comes before and after, in calls that have returned when the child goes on. */

struct vfork_plan {
	uintptr_t real;
	uintptr_t comes_back; /* 0: it is to be jumped to, and returns to the program */
};
struct vfork_result {
	intptr_t result;
	uintptr_t site; /* where to go on */
};

/* `stack`: the caller's, without the return address `site`. */
struct vfork_plan ws_vfork_prepare(uintptr_t stack, uintptr_t site);
struct vfork_result ws_vfork_returned(uintptr_t stack, intptr_t result);

/* The call that has that stack, or a free place; NULL: there is none. A place that was never given
 * back, since a signal handler left the call by longjmp(), is taken by the next on that stack. */
static struct ws_vfork *vfork_of(struct ws_thread *self, uintptr_t stack)
{
	struct ws_vfork *unused = NULL;

	for (size_t i = 0; i < WS_VFORKS_MAX; i++) {
		if (self->vforks[i].stack == stack)
			return &self->vforks[i];
		if (!self->vforks[i].stack)
			unused = &self->vforks[i];
	}
	return unused;
}

__attribute__((used)) struct vfork_plan ws_vfork_prepare(uintptr_t stack, uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	struct ws_vfork *call = self ? vfork_of(self, stack) : NULL;

	if (!ws_active && !ws_aside)
		ws_real_resolve(); /* the stub that resolves itself has a frame that returns twice
				    */
	if (call)
		*call = (struct ws_vfork){ stack, site, ws_now_ns() };
	if (self)
		self->quiet = WS_QUIET_VFORK;
	return (struct vfork_plan){ (uintptr_t)ws_real.vfork, call != NULL };
}

/* In the child, which is in its parent's memory, it says no more than that, once more: a signal handler
 * that came between the two may have used the library, to which its thread was no child's yet. */
__attribute__((used)) struct vfork_result ws_vfork_returned(uintptr_t stack, intptr_t result)
{
	struct ws_vfork *call = vfork_of(ws_self, stack);
	struct ws_vfork was = *call;

	if (result == 0) {
		ws_self->quiet = WS_QUIET_VFORK;
	} else {
		call->stack = 0;
		ws_process_spawned(ws_thread(), (int32_t)result, was.begin_ns, true);
	}
	return (struct vfork_result){ result, was.site };
}

__asm__(".text\n"
	".hidden ws_wrap_vfork\n"
	".globl ws_wrap_vfork\n"
	".type ws_wrap_vfork, @function\n"
	"ws_wrap_vfork:\n"
	"	.cfi_startproc\n"
	"	leaq 8(%rsp), %rdi\n"
	"	movq (%rsp), %rsi\n"
	"	subq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	call ws_vfork_prepare\n"
	"	addq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	testq %rdx, %rdx\n"
	"	jne 1f\n"
	"	jmp *%rax\n"
	"1:	addq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	.cfi_undefined %rip\n" /* it is nowhere on the stack: no stack is taken through here
					*/
	"	call *%rax\n"
	"	movq %rsp, %rdi\n"
	"	movslq %eax, %rsi\n"
	"	call ws_vfork_returned\n"
	"	pushq %rdx\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	.cfi_offset %rip, -8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size ws_wrap_vfork, . - ws_wrap_vfork\n");

WS_EXPORT void _exit(int status)
{
	struct ws_thread *self = ws_thread();

	if (self)
		ws_process_exit(self, status, WS_SITE);
	ws_real._exit(status);
	__builtin_unreachable();
}

WS_EXPORT void _Exit(int status)
{
	struct ws_thread *self = ws_thread();

	if (self)
		ws_process_exit(self, status, WS_SITE);
	ws_real._Exit(status);
	__builtin_unreachable();
}

/* Its handlers run after this: waits in them follow the exit event. */
WS_EXPORT void quick_exit(int status)
{
	struct ws_thread *self = ws_thread();

	if (self)
		ws_process_exit(self, status, WS_SITE);
	ws_real.quick_exit(status);
	__builtin_unreachable();
}

static void reaped(pid_t child, int status)
{
	struct ws_thread *self;

	if (child <= 0 || !(WIFEXITED(status) || WIFSIGNALED(status)))
		return;
	self = ws_thread();
	if (self)
		ws_process_reaped(self, child, status);
}

/* One of wait(), waitpid(), wait3(), wait4(). */
struct waiting {
	enum { WAIT, WAITPID, WAIT3, WAIT4 } form;
	pid_t pid; /* as given; -1 in those that have none */
	int *status;
	int options;
	struct rusage *usage;
};

static pid_t real_wait(const struct waiting *w, int options)
{
	switch (w->form) {
	case WAIT:
		/* It has no options: the try is by waitpid(), which is otherwise the same. */
		return options ? ws_real.waitpid(-1, w->status, options) : ws_real.wait(w->status);
	case WAITPID:
		return ws_real.waitpid(w->pid, w->status, options);
	case WAIT3:
		return ws_real.wait3(w->status, options, w->usage);
	default:
		return ws_real.wait4(w->pid, w->status, options, w->usage);
	}
}

/* The wait itself, for one child (`child`) or any (0). */
static pid_t block(struct ws_thread *self, const struct waiting *w, uintptr_t site)
{
	WS_WAIT(wait, .self = self, .object = w->pid > 0 ? (uintptr_t)w->pid : 0,
		.key = WS_PROCESS_KEY, .site = site, .kind = WS_KIND_PROCESS,
		.flags = WS_WAIT_SHARED);
	pid_t r = real_wait(w, w->options);

	ws_wait_errno(&wait, r == -1 ? -1 : 0);
	if (r > 0)
		wait.ender = r;
	return r;
}

/* The caller's own `status` is given to the kernel, and read only where the kernel has filled it
 * in. A try leaves it alone, and the usage, unless it collects a child. */
static pid_t wait_for(struct waiting w, uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	int own = 0, saved = errno;
	pid_t r = 0;

	if (!self)
		return real_wait(&w, w.options);
	if (!w.status)
		w.status = &own;
	if (!(w.options & WNOHANG))
		pthread_testcancel();
	r = real_wait(&w, w.options | WNOHANG);
	if (r == 0 && !(w.options & WNOHANG)) {
		errno = saved;
		r = block(self, &w, site);
	}
	if (r > 0)
		reaped(r, *w.status);
	return r;
}

WS_EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait_for((struct waiting){ WAITPID, pid, status, options, NULL }, WS_SITE);
}

WS_EXPORT pid_t wait(int *status)
{
	return wait_for((struct waiting){ WAIT, -1, status, 0, NULL }, WS_SITE);
}

WS_EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait_for((struct waiting){ WAIT3, -1, status, options, usage }, WS_SITE);
}

WS_EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	return wait_for((struct waiting){ WAIT4, pid, status, options, usage }, WS_SITE);
}

/* What a waitid() that collected something says of its child. */
static void reaped_info(const siginfo_t *info, int options)
{
	if ((options & WNOWAIT) || info->si_pid <= 0)
		return;
	if (info->si_code == CLD_EXITED)
		reaped(info->si_pid, W_EXITCODE(info->si_status & 0xff, 0));
	else if (info->si_code == CLD_KILLED)
		reaped(info->si_pid, info->si_status);
	else if (info->si_code == CLD_DUMPED)
		reaped(info->si_pid, info->si_status | WCOREFLAG);
}

static int block_id(struct ws_thread *self, idtype_t type, id_t id, siginfo_t *info, int options,
		    uintptr_t site)
{
	WS_WAIT(wait, .self = self, .object = type == P_PID ? id : 0, .key = WS_PROCESS_KEY,
		.site = site, .kind = WS_KIND_PROCESS, .flags = WS_WAIT_SHARED);
	int r = ws_real.waitid(type, id, info, options);

	ws_wait_errno(&wait, r);
	if (r == 0)
		wait.ender = info->si_pid;
	else if (errno == EAGAIN) /* a pidfd that does not block */
		wait.outcome = WS_OUTCOME_NO_WAIT;
	return r;
}

/* The kernel fills in `info` whatever comes of the call, so that a try leaves no trace in it. */
WS_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	struct ws_thread *self = ws_thread();
	siginfo_t own = { 0 };
	siginfo_t *got = info ? info : &own; /* Linux allows NULL */
	int saved = errno;

	if (!self)
		return ws_real.waitid(type, id, info, options);
	if (!(options & WNOHANG))
		pthread_testcancel();

	int r = ws_real.waitid(type, id, got, options | WNOHANG);

	/* With WNOHANG and nothing to collect, the pid is 0. */
	if (r == 0 && got->si_pid == 0 && !(options & WNOHANG)) {
		errno = saved;
		r = block_id(self, type, id, got, options, WS_SITE);
	}
	if (r == 0)
		reaped_info(got, options);
	return r;
}
