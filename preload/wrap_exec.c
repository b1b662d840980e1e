/* SPDX-License-Identifier: MIT */
/* wrap_exec.c: programs that take the place of this one, or are started beside it: their
 * environment keeps what makes them recorded too.
 *
 * system() and popen() hand on `environ` inside libc and are not wrapped: in a program that has
 * emptied it, what they start is not recorded.
 */
#include <alloca.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "preload/call.h"
#include "preload/clock.h"
#include "preload/emit.h"
#include "preload/environment.h"
#include "preload/lifecycle.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"

/* A thread's stack may be as small as 16 KiB; what is larger is mapped. */
#define STACK_BYTES_MAX 4096

static void *map_memory(size_t bytes)
{
	long r = ws_raw_mmap(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	return r < 0 ? NULL : (void *)r;
}

/* The environment for a new program, in memory of the calling function. */
struct child_env {
	char *const *env;
	void *mapped; /* NULL: it is on the stack, or the caller's own */
	size_t bytes;
};

static void child_env_end(struct child_env *c)
{
	if (c->mapped)
		ws_raw_munmap(c->mapped, c->bytes);
}

/* A macro, since alloca() is the caller's. */
#define CHILD_ENV(name, given)                                                                     \
	__attribute__((cleanup(child_env_end))) struct child_env name = { .env = (given) };        \
	do {                                                                                       \
		struct ws_environment plan;                                                        \
		void *memory = NULL;                                                               \
                                                                                                   \
		ws_environment_plan(&plan, name.env);                                              \
		name.bytes = plan.bytes;                                                           \
		if (plan.bytes > STACK_BYTES_MAX)                                                  \
			memory = name.mapped = map_memory(plan.bytes);                             \
		else if (plan.bytes)                                                               \
			memory = alloca(plan.bytes);                                               \
		if (memory)                                                                        \
			name.env = ws_environment_make(&plan, memory);                             \
	} while (0)

/* glibc declares that these are never NULL, which makes the compiler drop every test for it; the
 * kernel rejects them, and so the program may pass them. */
static const char *maybe_null(const char *p)
{
	__asm__("" : "+r"(p));
	return p ? p : "";
}

static void before(struct ws_thread *self, const char *path, uintptr_t site)
{
	if (self)
		ws_process_exec(self, maybe_null(path), site);
}

static int after(struct ws_thread *self, const char *path, int r)
{
	if (self)
		ws_process_exec_failed(self, maybe_null(path), errno);
	return r;
}

WS_EXPORT int execve(const char *path, char *const *argv, char *const *envp)
{
	struct ws_thread *self = ws_thread();
	CHILD_ENV(child, envp);

	before(self, path, WS_SITE);
	return after(self, path, ws_real.execve(path, argv, child.env));
}

WS_EXPORT int execv(const char *path, char *const *argv)
{
	struct ws_thread *self = ws_thread();
	CHILD_ENV(child, environ);

	before(self, path, WS_SITE);
	return after(self, path, ws_real.execve(path, argv, child.env));
}

WS_EXPORT int execvpe(const char *file, char *const *argv, char *const *envp)
{
	struct ws_thread *self = ws_thread();
	CHILD_ENV(child, envp);

	before(self, file, WS_SITE);
	return after(self, file, ws_real.execvpe(file, argv, child.env));
}

WS_EXPORT int execvp(const char *file, char *const *argv)
{
	struct ws_thread *self = ws_thread();
	CHILD_ENV(child, environ);

	before(self, file, WS_SITE);
	return after(self, file, ws_real.execvpe(file, argv, child.env));
}

/* The arguments of execl() and its kin, gathered on the stack as glibc does, and like it not
 * looking whether the first is NULL; `more` is left behind the NULL that ends them. A macro, since
 * alloca() is the caller's. */
#define GATHER(argv, first, more)                                                                  \
	do {                                                                                       \
		va_list count;                                                                     \
		size_t n = 1;                                                                      \
                                                                                                   \
		va_copy(count, more);                                                              \
		while (va_arg(count, char *))                                                      \
			n++;                                                                       \
		va_end(count);                                                                     \
		argv = alloca((n + 1) * sizeof(char *));                                           \
		argv[0] = (char *)(uintptr_t)(first);                                              \
		for (size_t i = 1; i <= n; i++)                                                    \
			argv[i] = va_arg(more, char *);                                            \
	} while (0)

WS_EXPORT int execl(const char *path, const char *arg, ...)
{
	struct ws_thread *self = ws_thread();
	CHILD_ENV(child, environ);
	char **argv;
	va_list more;

	va_start(more, arg);
	GATHER(argv, arg, more);
	va_end(more);
	before(self, path, WS_SITE);
	int r = after(self, path, ws_real.execve(path, argv, child.env));

	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int execlp(const char *file, const char *arg, ...)
{
	struct ws_thread *self = ws_thread();
	CHILD_ENV(child, environ);
	char **argv;
	va_list more;

	va_start(more, arg);
	GATHER(argv, arg, more);
	va_end(more);
	before(self, file, WS_SITE);
	int r = after(self, file, ws_real.execvpe(file, argv, child.env));

	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int execle(const char *path, const char *arg, ...)
{
	struct ws_thread *self = ws_thread();
	char **argv;
	va_list more;

	va_start(more, arg);
	GATHER(argv, arg, more);
	CHILD_ENV(child, va_arg(more, char *const *));
	va_end(more);
	before(self, path, WS_SITE);
	int r = after(self, path, ws_real.execve(path, argv, child.env));

	WS_CALL_DONE(r);
	return r;
}

/* "/proc/self/fd/N" in `ret` of 32 bytes: where the kernel knows the file's name. */
static const char *fd_path(int fd, char *ret)
{
	char digits[12];
	size_t d = 0;
	char *at = stpcpy(ret, "/proc/self/fd/");

	for (unsigned int left = (unsigned int)fd; d == 0 || left; left /= 10)
		digits[d++] = (char)('0' + left % 10);
	while (d)
		*at++ = digits[--d];
	*at = '\0';
	return ret;
}

/* The file behind the descriptor, in `ret` of `size` bytes. Empty: not known. */
static const char *fd_target(int fd, char *ret, size_t size)
{
	char link[32];
	ssize_t n = ws_sandboxed ? 0 : ws_raw_readlink(fd_path(fd, link), ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
	return ret;
}

WS_EXPORT int fexecve(int fd, char *const *argv, char *const *envp)
{
	struct ws_thread *self = ws_thread();
	char path[512] = "";
	CHILD_ENV(child, envp);

	if (self)
		fd_target(fd, path, sizeof(path));
	before(self, path, WS_SITE);
	return after(self, path, ws_real.fexecve(fd, argv, child.env));
}

WS_EXPORT int execveat(int fd, const char *path, char *const *argv, char *const *envp, int flags)
{
	struct ws_thread *self = ws_thread();
	char target[512] = "";
	const char *name = path;
	CHILD_ENV(child, envp);

	if (self && (flags & AT_EMPTY_PATH) && !maybe_null(path)[0])
		name = fd_target(fd, target, sizeof(target));
	before(self, name, WS_SITE);
	return after(self, name, ws_real.execveat(fd, path, argv, child.env, flags));
}

WS_EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
			  const posix_spawnattr_t *attr, char *const *argv, char *const *envp)
{
	struct ws_thread *self = ws_thread();
	uint64_t begin_ns = self ? ws_now_ns() : 0;
	pid_t own = 0, *made = pid ? pid : &own;
	CHILD_ENV(child, envp);

	int r = ws_real.posix_spawn(made, path, actions, attr, argv, child.env);

	if (r == 0)
		ws_process_spawned(self, *made, begin_ns, true);
	return r;
}

WS_EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attr, char *const *argv, char *const *envp)
{
	struct ws_thread *self = ws_thread();
	uint64_t begin_ns = self ? ws_now_ns() : 0;
	pid_t own = 0, *made = pid ? pid : &own;
	CHILD_ENV(child, envp);

	int r = ws_real.posix_spawnp(made, file, actions, attr, argv, child.env);

	if (r == 0)
		ws_process_spawned(self, *made, begin_ns, true);
	return r;
}
