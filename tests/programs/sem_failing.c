/* SPDX-License-Identifier: MIT */
/* sem_failing: every way in which a wait on a semaphore of two processes can end, wherever it lies.
 * usage: sem_failing named|shm|memfd|sysv|file
 *
 * Truth: a post, a time limit by either clock and a signal end the waits of the child; a try is
 * none. Then the name is removed, or the segment, while both have it: it is the same object, at
 * another address in each.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAIT_NS = 20000000, SIZE = 8192, OFFSET = 4160 };

static const char *where, *row;
static char name[64];
static struct truth_object object = { "sem", "", NULL, sizeof(sem_t) };
static int fd = -1, segment = -1;
static volatile int *stage; /* how many waits without a limit the child has begun */

/* Maps what the caller has anew: it lies at another address each time. */
static sem_t *get(void)
{
	char *memory;

	if (!strcmp(where, "named"))
		return sem_open(name, O_RDWR);
	memory = segment >= 0 ? shmat(segment, NULL, 0)
			      : mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		truth_die("%s: %s", where, strerror(errno));
	return (sem_t *)(memory + OFFSET);
}

static sem_t *make(void)
{
	sem_t *sem;

	snprintf(name, sizeof(name), "/waitscope-failing-%d", (int)getpid());
	if (!strcmp(where, "named")) {
		object.name = name;
		return sem_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, 0);
	}
	if (!strcmp(where, "shm")) {
		fd = (int)xs(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600));
	} else if (!strcmp(where, "memfd")) {
		fd = (int)xs(memfd_create("waitscope", MFD_CLOEXEC));
	} else if (!strcmp(where, "file")) {
		snprintf(name, sizeof(name), "/tmp/waitscope-failing-%d", (int)getpid());
		fd = (int)xs(open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
	} else if (!strcmp(where, "sysv")) {
		segment = (int)xs(shmget(IPC_PRIVATE, SIZE, 0600));
	} else {
		truth_die("usage: sem_failing named|shm|memfd|sysv|file");
	}
	if (fd >= 0)
		x(ftruncate(fd, SIZE));
	sem = get();
	x(sem_init(sem, 1, 0));
	return sem;
}

/* The name goes; what is open, mapped or attached stays. */
static void forget(void)
{
	if (!strcmp(where, "named"))
		x(sem_unlink(name));
	else if (!strcmp(where, "shm"))
		x(shm_unlink(name));
	else if (!strcmp(where, "file"))
		x(unlink(name));
	else if (segment >= 0)
		x(shmctl(segment, IPC_RMID, NULL));
}

static void next_stage(void)
{
	__atomic_add_fetch(stage, 1, __ATOMIC_RELEASE);
}

static void waits(void *unused)
{
	struct timespec limit;
	sem_t *sem = get();

	(void)unused;
	object.address = sem;
	truth_interrupts(SIGUSR1);
	TRUTH_TRY(&object, x_is(-1, sem_trywait(sem)));
	x_is(EAGAIN, errno);
	truth_case(row, "would_block");
	limit = truth_after_ns(CLOCK_REALTIME, WAIT_NS);
	TRUTH_WAIT(&object, "timeout", x_is(-1, sem_timedwait(sem, &limit)));
	x_is(ETIMEDOUT, errno);
	truth_case(row, "timeout");
	limit = truth_after_ns(CLOCK_MONOTONIC, WAIT_NS);
	TRUTH_WAIT(&object, "timeout", x_is(-1, sem_clockwait(sem, CLOCK_MONOTONIC, &limit)));
	x_is(ETIMEDOUT, errno);
	truth_case(row, "timeout");
	next_stage();
	TRUTH_WAIT(&object, "interrupted", x_is(-1, sem_wait(sem)));
	x_is(EINTR, errno);
	truth_case(row, "interrupted");
	next_stage();
	TRUTH_WAIT(&object, "acquired", x(sem_wait(sem)));
	truth_case(row, "turns");
	next_stage();
	TRUTH_WAIT(&object, "acquired", x(sem_wait(sem)));
	truth_case(row, "unlinked");
	if (strcmp(where, "named"))
		truth_case(segment >= 0 ? "sysv_shm" : "posix_shm",
			   segment >= 0 ? "removed" : "unlinked");
}

static void until_waiting(pid_t pid, int wanted)
{
	truth_until_at_least(stage, wanted);
	truth_until_asleep(pid, SYS_futex);
}

int main(int argc, char **argv)
{
	sem_t *sem;
	pid_t pid;

	where = argc > 1 ? argv[1] : "";
	row = strcmp(where, "named") ? "sem_shared" : "sem_named";
	stage = truth_shared(sizeof(*stage));
	sem = make();
	pid = truth_child(waits, NULL);
	until_waiting(pid, 1);
	x(kill(pid, SIGUSR1));
	until_waiting(pid, 2);
	TRUTH_RELEASE(&object, 1, x(sem_post(sem)));
	until_waiting(pid, 3);
	forget();
	TRUTH_RELEASE(&object, 1, x(sem_post(sem)));
	truth_reap(pid);
	truth_print();
	return 0;
}
