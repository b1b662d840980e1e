/* SPDX-License-Identifier: MIT */
/* lifecycle.c: start and end of a process, and what a session that begins late must be told.
 *
 * The process ends, for us, after the program's own exit handlers and static destructors, and
 * before the loader runs the libraries' destructors, LTTng's among them. A handler that the
 * constructor registers with on_exit() would come too late (handlers run in reverse order, and
 * glibc registers the loader's after the constructors), and one registered before main() too
 * early for static destructors. So ours takes the loader's place in __libc_start_main()'s
 * arguments, and calls it.
 */
#include "preload/lifecycle.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "preload/call.h"
#include "preload/channel.h"
#include "preload/emit.h"
#include "preload/environment.h"
#include "preload/file_lock.h"
#include "preload/limits.h"
#include "preload/lock_counts.h"
#include "preload/lock_order.h"
#include "preload/misuse.h"
#include "preload/module.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/select.h"
#include "preload/stack.h"
#include "preload/start.h"
#include "preload/sysv.h"
#include "preload/tracers.h"
#include "preload/waiters.h"
#include "tracepoints/format.h"
#include "tracepoints/kinds.h"

#define COMM_BYTES 16 /* TASK_COMM_LEN */

bool ws_active;
bool ws_aside;
bool ws_follow = true;

/* Threads whose names a session that begins late is told; the rest have none in it. */
#define NAMES_MAX 256

static _Atomic bool start_recorded; /* of this image, by this process or the one it forked from */
static _Atomic bool defined;        /* in the session that runs, as far as is known */
static _Atomic bool exit_recorded;
static int exit_status; /* as on_exit() says it; written before the end, by the exiting thread */
static bool exit_status_known;
static void (*loader_fini)(void);

bool ws_is_tracer_code(uintptr_t address)
{
	return ws_module_is_tracer(address);
}

/* Reads a small file without stdio. Empty on failure. */
static void read_comm(const char *path, char *ret)
{
	int fd = ws_raw_open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? fd : ws_raw_read(fd, ret, COMM_BYTES);

	if (fd >= 0)
		ws_raw_close(fd);
	ret[n > 0 ? n - 1 : 0] = '\0'; /* the last byte is a newline */
}

/* `folder`, the number and `file`, in `ret` of 64 bytes. */
static void proc_path(const char *folder, int32_t number, const char *file, char *ret)
{
	char digits[12];
	size_t d = 0;
	char *at = stpcpy(ret, folder);

	for (uint32_t left = (uint32_t)number; d == 0 || left; left /= 10)
		digits[d++] = (char)('0' + left % 10);
	while (d)
		*at++ = digits[--d];
	stpcpy(at, file);
}

/* The name of a thread of this process. Empty: not known. */
static void comm_of(int32_t tid, char *ret)
{
	char path[64];

	ret[0] = '\0';
	if (ws_sandboxed)
		return;
	if (tid == ws_self->tid) {
		ws_raw_syscall(SYS_prctl, PR_GET_NAME, (long)ret, 0, 0);
		return;
	}
	proc_path("/proc/self/task/", tid, "/comm", path);
	read_comm(path, ret);
}

/* Where a link leads, in `ret` of `size` bytes. Empty: not known. */
static void link_of(const char *path, char *ret, size_t size)
{
	ssize_t n = ws_raw_readlink(path, ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
}

/* What a child runs, in `ret` of `size` bytes. Empty: not known. Opens no file, whose number would
 * be missing for a moment. */
static void exe_of(int32_t child, char *ret, size_t size)
{
	char path[64], own[12], shown[64];

	ret[0] = '\0';
	if (ws_sandboxed)
		return;
	/* The pids of /proc may be those of another namespace. */
	proc_path("", ws_pid, "", own);
	link_of("/proc/self", shown, sizeof(shown));
	if (strcmp(own, shown) != 0)
		return;
	proc_path("/proc/", child, "/exe", path);
	link_of(path, ret, size);
}

/* Fills in what all process events have in common, and records it. */
static void record_process(struct ws_ev_process *event)
{
	char comm[COMM_BYTES] = "";

	if (!ws_wanted(process))
		return;
	if (!event->name)
		comm_of(ws_pid, comm);
	event->run = ws_run;
	event->pid = event->pid ? event->pid : ws_pid;
	event->tid = event->tid ? event->tid : ws_self->tid;
	event->format = WS_FORMAT_VERSION;
	if (!event->parent && !ws_sandboxed)
		event->parent = ws_raw_getppid();
	event->name = event->name ? event->name : comm;
	event->exe = event->exe ? event->exe : ws_modules_exe();
	lttng_ust_do_tracepoint(waitscope, process, event);
}

static void record_thread(int32_t tid)
{
	char comm[COMM_BYTES] = "";
	struct ws_ev_thread event = {
		.run = ws_run,
		.pid = ws_pid,
		.tid = tid, /* not the recording thread's */
		.op = WS_THREAD_START,
		.name = comm,
	};

	if (!ws_wanted(thread))
		return;
	comm_of(tid, comm);
	lttng_ust_do_tracepoint(waitscope, thread, &event);
}

void ws_definitions(void)
{
	if (!ws_wanted(process)) {
		if (atomic_load_explicit(&defined, memory_order_relaxed))
			atomic_store_explicit(&defined, false, memory_order_relaxed);
		return;
	}
	if (ws_likely(atomic_load_explicit(&defined, memory_order_relaxed)) || !ws_active)
		return;
	if (atomic_exchange(&defined, true))
		return; /* another thread does it */

	int32_t tids[NAMES_MAX];
	size_t n = ws_thread_tids(tids, NAMES_MAX);
	bool again = atomic_exchange(&start_recorded, true);

	struct ws_ev_process event = { .op = again ? WS_PROCESS_DEFS : WS_PROCESS_START };

	record_process(&event);
	ws_modules_record();
	for (size_t i = 0; i < n; i++)
		record_thread(tids[i]);
	ws_map_record_all();
	if (again) {
		ws_stack_forget();
		ws_file_names_forget();
	}
}

void ws_process_start(void)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return;
	WS_SECTION(self);
	ws_definitions();
}

static void note_status(int status, void *unused)
{
	(void)unused;
	exit_status = status;
	exit_status_known = true;
}

void ws_process_main(void)
{
	on_exit(note_status, NULL);
}

/* glibc calls every exit handler with (argument, status); ours is registered by it in the place
 * of the loader's, with no argument. The status is used only where exit() came before main(). */
static void at_end(void *unused, int status)
{
	struct ws_thread *self = ws_thread();

	(void)unused;
	if (self)
		ws_process_exit(self, exit_status_known ? exit_status : status, 0);
	if (loader_fini)
		loader_fini();
}

void (*ws_process_at_end(void (*rtld_fini)(void)))(void)
{
	loader_fini = rtld_fini;
	return (void (*)(void))(uintptr_t)at_end;
}

static void record_limits(void)
{
	static const char *const names[] = {
#define WS_LIMIT_NAME(name, reason) #name,
		WS_LIMITS(WS_LIMIT_NAME)
#undef WS_LIMIT_NAME
	};
	struct ws_section ws_section_here = { .self = ws_self }; /* the caller's section is open */

	for (size_t i = 0; i < WS_LIMIT_COUNT; i++) {
		struct ws_ev_limit event = {
			.value = atomic_load_explicit(&ws_limits[i], memory_order_relaxed),
			.name = names[i],
		};

		if (event.value)
			ws_emit(limit, &event);
	}
}

void ws_process_exit(struct ws_thread *self, int status, uintptr_t site)
{
	if (ws_active && (ws_sandboxed || ws_raw_getpid() == ws_pid))
		ws_file_locks_end(self, false, site);
	if (ws_active && (ws_sandboxed || ws_raw_getpid() == ws_pid)) {
		ws_channels_end(self);
		ws_sysv_flush(self);
		ws_misuse_ends(self, true, site);
		ws_lock_counts_flush_all(self);
	}

	WS_SECTION(self);
	if (!ws_active || !ws_wanted(process))
		return;
	/* A child made by a bare system call shares this wrapper, but not its parent's end. */
	if ((!ws_sandboxed && ws_raw_getpid() != ws_pid) || atomic_exchange(&exit_recorded, true))
		return;
	ws_definitions();
	record_limits();
	/* What the parent's wait() will see of it. */
	struct ws_ev_process event = { .op = WS_PROCESS_EXIT, .status = status & 0xff };

	record_process(&event);
}

void ws_process_parent_exited(struct ws_thread *self, int32_t parent, int32_t tid,
			      int32_t grandparent)
{
	WS_SECTION(self);
	struct ws_ev_process event = {
		.op = WS_PROCESS_EXIT, .pid = parent, .tid = tid, .parent = grandparent
	};

	record_process(&event);
}

void ws_process_exec(struct ws_thread *self, const char *path, uintptr_t site)
{
	ws_channels_exec(self, site);
	ws_sysv_flush(self);
	ws_lock_counts_flush_all(self);
	ws_file_locks_end(self, true, 0);

	WS_SECTION(self);
	struct ws_ev_process event = { .op = WS_PROCESS_EXEC, .exe = path };

	ws_definitions();
	record_process(&event);
}

void ws_process_exec_failed(struct ws_thread *self, const char *path, int error)
{
	WS_SECTION(self);
	struct ws_ev_process event = { .op = WS_PROCESS_EXEC_FAILED, .status = error, .exe = path };

	record_process(&event);
}

void ws_process_reaped(struct ws_thread *self, int32_t child, int status)
{
	struct ws_ev_process event = { .op = WS_PROCESS_REAPED, .child = child, .status = status };

	event.segment = ws_segment_next(self);
	WS_SECTION(self);

	ws_definitions();
	record_process(&event);
}

void ws_process_spawned(struct ws_thread *self, int32_t child, uint64_t begin_ns, bool program)
{
	struct ws_ev_process event = {
		.op = WS_PROCESS_SPAWNED, .child = child, .status = program, .begin_ns = begin_ns
	};
	char exe[512];

	if (!self || child <= 0)
		return;
	WS_SECTION(self);
	if (!ws_wanted(process))
		return;
	ws_definitions();
	if (program) {
		exe_of(child, exe, sizeof(exe));
		event.exe = exe;
		event.name = strrchr(exe, '/') ? strrchr(exe, '/') + 1 : exe;
	}
	record_process(&event);
}

void ws_process_forked(struct ws_thread *self, int32_t parent_tid, uintptr_t site)
{
	ws_pid = ws_raw_getpid();
	ws_misuse_forked(self, parent_tid, site);
	ws_thread_forked(self);
	ws_lock_orders_forked();
	ws_waiters_forked();
	ws_fd_forked();
	ws_sysv_forked();
	ws_file_locks_forked();
	ws_starts_forked();
	ws_tracers_forked();
	atomic_store_explicit(&exit_recorded, false, memory_order_relaxed);
	for (size_t i = 0; i < WS_LIMIT_COUNT; i++)
		atomic_store_explicit(&ws_limits[i], 0, memory_order_relaxed);
}

void ws_process_follow(struct ws_thread *self, int32_t parent, int32_t parent_tid, uint32_t segment)
{
	if (!ws_follow) {
		ws_step_aside();
		return;
	}

	WS_SECTION(self);
	if (!ws_wanted(process)) {
		atomic_store_explicit(&defined, false, memory_order_relaxed);
		return;
	}

	struct ws_ev_process event = { .op = WS_PROCESS_FORK,
				       .parent = parent,
				       .parent_tid = parent_tid,
				       .segment = segment };

	record_process(&event);
	atomic_store_explicit(&start_recorded, true, memory_order_relaxed);
	ws_definitions(); /* where the parent had none to inherit */
}

void ws_step_aside(void)
{
	ws_aside = true;
	ws_active = false;
	if (ws_self && ws_self->quiet != WS_QUIET_FOREIGN)
		ws_self->quiet = WS_QUIET_ASIDE;
}

/* There in programs with ThreadSanitizer only: in a library of its own, or in the program. */
void __tsan_init(void) __attribute__((weak));

/* At a thread's end libunwind drops what it knows of it, under a lock, when the sanitizer's library
 * has dropped the thread already, and crashes at that lock. The runtime in a program does not. */
static bool unwinding_crashes(void)
{
	struct link_map *map = NULL;
	Dl_info info;

	return __tsan_init &&
	       dladdr1((void *)(uintptr_t)__tsan_init, &info, (void **)&map, RTLD_DL_LINKMAP) &&
	       map->l_name[0];
}

static enum ws_stack_mode stack_mode(const char *word)
{
	if (word && strcmp(word, "none") == 0)
		return WS_STACKS_NONE;
	if ((word && strcmp(word, "caller") == 0) || unwinding_crashes())
		return WS_STACKS_CALLER;
	return WS_STACKS_FULL;
}

__attribute__((constructor)) static void start(void)
{
	const char *run = getenv("WAITSCOPE_RUN");
	const char *shared = getenv("WAITSCOPE_SHARED");
	const char *follow = getenv("WAITSCOPE_FOLLOW");
	const char *mode = getenv("WAITSCOPE_MODE");
	bool full, by_function;

	ws_pid = ws_raw_getpid();
	ws_run = run ? (uint32_t)strtoul(run, NULL, 10) : 0;
	ws_stack_mode = stack_mode(getenv("WAITSCOPE_STACKS"));
	ws_follow = !follow || strcmp(follow, "0") != 0;
	ws_real_resolve();
	ws_modules_init();
	ws_environment_save();
	if (shared && shared[0])
		ws_waiters_map(shared);
	ws_active = true;
	by_function = ws_select_start(getenv("WAITSCOPE_ONLY"), getenv("WAITSCOPE_EXCEPT"));
	full = mode && strcmp(mode, "full") == 0;
	if (full || by_function)
		ws_calls_start(full);
}

/* The libraries' destructors run in the order of their needs: ours before LTTng's. A vfork child
 * that calls exit() must not end the recording of its parent, whose memory it shares. */
__attribute__((destructor)) static void end(void)
{
	if (ws_raw_getpid() == ws_pid)
		ws_step_aside();
}
