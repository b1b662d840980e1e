/* SPDX-License-Identifier: MIT */
/* same_storm: threads fork, spawn, load code and list it, all at once and for one contended lock.
 *
 * Truth: it ends, and so does every child: none waits for a thread that it has not got.
 */
#include "tests/support/truth.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static _Atomic bool over;

static void *locker(void *arg)
{
	while (!over) {
		x(pthread_mutex_lock(&gate));
		for (volatile int i = 0; i < 300; i++)
			;
		x(pthread_mutex_unlock(&gate));
	}
	return arg;
}

/* Holds the loader's lock while it waits for ours. */
static int look(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)info;
	(void)size;
	(void)arg;
	x(pthread_mutex_lock(&gate));
	x(pthread_mutex_unlock(&gate));
	return 0;
}

static void *lister(void *arg)
{
	while (!over)
		dl_iterate_phdr(look, NULL);
	return arg;
}

static void *loader(void *arg)
{
	while (!over) {
		void *module = dlopen("libresolv.so.2", RTLD_NOW);

		if (!module)
			truth_die("%s", dlerror());
		x(dlclose(module));
	}
	return arg;
}

static void collect(pid_t pid, int wanted)
{
	int status;

	x_is(pid, waitpid(pid, &status, 0));
	x_is(wanted << 8, status);
}

static void *parent(void *arg)
{
	char *const argv[] = { "true", NULL };

	for (int i = 0; i < 15; i++) {
		pid_t pid;

		x(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ));
		collect(pid, 0);
		pid = vfork();
		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		collect(pid, 0);
		pid = (pid_t)xs(fork());
		if (pid == 0) {
			alarm(20); /* a child that hangs is an error, not a test that does */
			_exit(5);
		}
		collect(pid, 5);
	}
	return arg;
}

int main(void)
{
	void *(*const routines[])(void *) = { locker, locker, lister, loader };
	pthread_t others[4], parents[2];

	alarm(90);
	for (int i = 0; i < 4; i++)
		x(pthread_create(&others[i], NULL, routines[i], NULL));
	for (int i = 0; i < 2; i++)
		x(pthread_create(&parents[i], NULL, parent, NULL));
	for (int i = 0; i < 2; i++)
		x(pthread_join(parents[i], NULL));
	over = true;
	for (int i = 0; i < 4; i++)
		x(pthread_join(others[i], NULL));
	printf("all came back\n");
	return 0;
}
