/* SPDX-License-Identifier: MIT */
/* processes: contradicting orders of two locks in shared memory, in processes that can meet, and in such
 * that cannot.
 *
 * Variants: reaped (twin: the parent takes them once the child is collected), forked (twin: before it
 * makes the child), robust (as reaped, with robust mutexes), piped (the child begins when the parent has
 * told it so by a pipe, which makes it order only; twin: it takes them in the same order).
 */
#include <sys/mman.h>

#include "fault.h"

static bool fault;
static pthread_mutex_t *locks; /* two */
static volatile int *turn;

static void a_then_b(void)
{
	pthread_mutex_lock(&locks[0]); /* mark: a_first */
	pthread_mutex_lock(&locks[1]); /* mark: b_second */
	pthread_mutex_unlock(&locks[1]);
	pthread_mutex_unlock(&locks[0]);
}

static void b_then_a(void)
{
	pthread_mutex_lock(&locks[1]); /* mark: b_first */
	pthread_mutex_lock(&locks[0]); /* mark: a_second */
	pthread_mutex_unlock(&locks[0]);
	pthread_mutex_unlock(&locks[1]);
}

static void await_turn(int n)
{
	while (__atomic_load_n(turn, __ATOMIC_ACQUIRE) < n)
		fault_pause();
}

static void set_turn(int n)
{
	__atomic_store_n(turn, n, __ATOMIC_RELEASE);
}

int main(int argc, char **argv)
{
	const char *variant = fault_variant(argc, argv, 0);
	bool forked = !strcmp(variant, "forked"), piped = !strcmp(variant, "piped");
	pthread_mutexattr_t attributes;
	int ends[2];
	char byte = 0;
	pid_t pid;

	fault = fault_is(argc, argv);
	locks = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	turn = (volatile int *)(locks + 2);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	if (!strcmp(variant, "robust"))
		pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&locks[0], &attributes);
	pthread_mutex_init(&locks[1], &attributes);
	fault_check(pipe(ends), "pipe");
	if (!fault && forked)
		a_then_b();
	pid = fork();
	if (pid == 0) {
		if (piped && read(ends[0], &byte, 1) != 1)
			_exit(1);
		if (piped && !fault)
			a_then_b();
		else
			b_then_a();
		set_turn(1);
		_exit(0);
	}
	if (piped) {
		a_then_b();
		fault_check(write(ends[1], &byte, 1) == 1 ? 0 : -1, "write");
		await_turn(1);
		waitpid(pid, NULL, 0);
		fault_done();
		return 0;
	}
	await_turn(1);
	if (!fault)
		waitpid(pid, NULL, 0);
	if (fault || !forked)
		a_then_b();
	if (fault)
		waitpid(pid, NULL, 0);
	fault_done();
	return 0;
}
