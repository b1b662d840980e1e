/* SPDX-License-Identifier: MIT */
/* same_calls: semaphores, threads, C11, once, futexes, memory and files: every function in success
 * and in each documented failure; prints what it gave.
 *
 * Truth: the same text with and without tracing.
 */
#include "tests/support/show.h"
#include "tests/support/truth.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

static const struct timespec past = { 1, 0 }, bad_low = { 1, -1 }, bad_high = { 1, 1000000000 };
static const clockid_t bad_clock = CLOCK_PROCESS_CPUTIME_ID;

static void unnamed_semaphores(void)
{
	struct timespec soon = truth_after_ns(CLOCK_REALTIME, 2000000);
	sem_t sem;
	int value = -1;

	SHOW(sem_init(&sem, 0, (unsigned)INT_MAX + 1));
	SHOW(sem_init(&sem, 0, 1));
	SHOW(sem_wait(&sem));
	SHOW(sem_trywait(&sem));
	SHOW(sem_timedwait(&sem, &past));
	SHOW(sem_timedwait(&sem, &soon));
	SHOW(sem_timedwait(&sem, &bad_low));
	SHOW(sem_timedwait(&sem, &bad_high));
	SHOW(sem_clockwait(&sem, CLOCK_MONOTONIC, &past));
	SHOW(sem_clockwait(&sem, bad_clock, &past));
	SHOW(sem_post(&sem));
	SHOW(sem_getvalue(&sem, &value));
	printf("value %d\n", value);
	SHOW(sem_timedwait(&sem, &bad_low)); /* looked at although it is free */
	SHOW(sem_clockwait(&sem, bad_clock, &past));
	SHOW(sem_timedwait(&sem, &past));
	SHOW(sem_destroy(&sem));
	SHOW(sem_init(&sem, 1, INT_MAX));
	SHOW(sem_post(&sem)); /* EOVERFLOW */
	SHOW(sem_trywait(&sem));
	SHOW(sem_destroy(&sem));
}

static void named_semaphores(void)
{
	char name[64], long_name[400] = "/";
	sem_t *sem, *again;

	snprintf(name, sizeof(name), "/waitscope-test-%d", (int)getpid());
	memset(long_name + 1, 'x', sizeof(long_name) - 2);
	SHOW_IS(SEM_FAILED, sem_open(name, 0));
	SHOW_IS(SEM_FAILED, sem_open("", 0));
	SHOW_IS(SEM_FAILED, sem_open("/", O_CREAT, 0600, 0));
	SHOW_IS(SEM_FAILED, sem_open(long_name, O_CREAT, 0600, 0));
	SHOW_IS(SEM_FAILED, sem_open(name, O_CREAT, 0600, (unsigned)INT_MAX + 1));
	SHOW_IS(SEM_FAILED, sem = sem_open(name, O_CREAT | O_EXCL, 0600, 1));
	SHOW_IS(SEM_FAILED, sem_open(name, O_CREAT | O_EXCL, 0600, 1));
	SHOW_IS(sem, again = sem_open(name, O_CREAT, 0600, 7));
	SHOW(sem_wait(sem));
	SHOW(sem_trywait(again));
	SHOW(sem_post(again));
	SHOW(sem_trywait(sem));
	SHOW(sem_close(again));
	SHOW(sem_close(sem));
	SHOW(sem_unlink(name));
	SHOW(sem_unlink(name));
	SHOW(sem_unlink(long_name));
}

static void *end_at_once(void *result)
{
	return result;
}

static void *stay(void *step)
{
	truth_until_at_least(step, 1);
	pthread_exit((void *)5);
}

static void threads(void)
{
	static volatile int detached_step; /* its thread may read it until it has run */
	volatile int step = 0;
	struct timespec soon = truth_after_ns(CLOCK_REALTIME, 2000000);
	pthread_attr_t attr;
	pthread_t thread;
	void *result = NULL;
	char name[20] = "";

	SHOW(pthread_join(pthread_self(), NULL)); /* EDEADLK */
	SHOW(pthread_create(&thread, NULL, end_at_once, (void *)3));
	SHOW(pthread_join(thread, &result));
	printf("result %ld\n", (long)result);
	SHOW(pthread_create(&thread, NULL, stay, (void *)&step));
	SHOW(pthread_tryjoin_np(thread, &result));
	SHOW(pthread_timedjoin_np(thread, &result, &past));
	SHOW(pthread_timedjoin_np(thread, &result, &soon));
	SHOW(pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &past));
	SHOW(pthread_clockjoin_np(thread, &result, bad_clock, &past));
	SHOW(pthread_setname_np(thread, "a-name-that-is-too-long"));
	SHOW(pthread_setname_np(thread, "fits"));
	SHOW(pthread_getname_np(thread, name, sizeof(name)));
	printf("name %s\n", name);
	step = 1;
	SHOW(pthread_join(thread, &result));
	printf("result %ld\n", (long)result);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	SHOW(pthread_create(&thread, &attr, stay, (void *)&detached_step));
	SHOW(pthread_join(thread, &result)); /* EINVAL */
	SHOW(pthread_tryjoin_np(thread, &result));
	SHOW(pthread_timedjoin_np(thread, &result, &past));
	SHOW(pthread_detach(thread));
	detached_step = 1;
	step = 0;
	SHOW(pthread_create(&thread, NULL, stay, (void *)&step));
	SHOW(pthread_cancel(thread));
	SHOW(pthread_join(thread, &result));
	printf("cancelled %d\n", result == PTHREAD_CANCELED);
}

static int c11_end(void *argument)
{
	thrd_exit((int)(intptr_t)argument);
}

static int c11_locked(void *mutex)
{
	SHOW(mtx_trylock(mutex));
	SHOW(mtx_timedlock(mutex, &past));
	SHOW(mtx_timedlock(mutex, &bad_low));
	return 0;
}

static void c11_once(void)
{
	printf("once\n");
}

static void c11(void)
{
	static once_flag flag = ONCE_FLAG_INIT;
	mtx_t mutex;
	cnd_t cond;
	thrd_t thread;
	int result = -1;

	SHOW(mtx_init(&mutex, 99));
	SHOW(mtx_init(&mutex, mtx_timed | mtx_recursive));
	SHOW(mtx_lock(&mutex));
	SHOW(mtx_lock(&mutex));
	SHOW(mtx_trylock(&mutex));
	SHOW(mtx_timedlock(&mutex, &past));
	for (int i = 0; i < 3; i++)
		SHOW(mtx_unlock(&mutex));
	SHOW(thrd_create(&thread, c11_locked, &mutex));
	SHOW(thrd_join(thread, &result));
	SHOW(mtx_unlock(&mutex));
	SHOW(mtx_unlock(&mutex)); /* one too many */
	SHOW(cnd_init(&cond));
	SHOW(mtx_lock(&mutex));
	SHOW(cnd_timedwait(&cond, &mutex, &past));
	SHOW(cnd_timedwait(&cond, &mutex, &bad_low));
	SHOW(mtx_unlock(&mutex));
	SHOW(cnd_signal(&cond));
	SHOW(cnd_broadcast(&cond));
	SHOW((cnd_destroy(&cond), 0));
	SHOW((mtx_destroy(&mutex), 0));
	SHOW(thrd_create(&thread, c11_end, (void *)6));
	SHOW(thrd_join(thread, &result));
	printf("result %d\n", result);
	SHOW(thrd_create(&thread, c11_end, (void *)6));
	SHOW(thrd_detach(thread));
	SHOW((call_once(&flag, c11_once), 0));
	SHOW((call_once(&flag, c11_once), 0));
}

static void once(void)
{
	static pthread_once_t control = PTHREAD_ONCE_INIT;

	SHOW(pthread_once(&control, c11_once));
	SHOW(pthread_once(&control, c11_once));
}

static void futexes(void)
{
	uint32_t word = 1, other = 2, pi = 0;
	struct timespec soon = { 0, 2000000 }, never = { 0, -1 };
	struct futex_waitv list[2] = {
		{ .val = 1, .uaddr = (uintptr_t)&word, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG },
		{ .val = 3, .uaddr = (uintptr_t)&other, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG },
	};

	SHOW(syscall(SYS_futex, &word, FUTEX_WAIT, 2, NULL));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &soon));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &never));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, (void *)8));
	SHOW(syscall(SYS_futex, NULL, FUTEX_WAIT, 0, NULL));
	SHOW(syscall(SYS_futex, (char *)&word + 1, FUTEX_WAIT, 0, NULL));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 1, &past, NULL, 1));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 1, &past, NULL, 0));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAKE, 1));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
	SHOW(syscall(SYS_futex, &word, FUTEX_REQUEUE, 1, 1, &other));
	SHOW(syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &other, 9));
	SHOW(syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE, -1, 1, &other, 1));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAKE_OP, 1, 1, &other,
		     FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0)));
	SHOW(other);
	SHOW(syscall(SYS_futex, &word, 99, 0, NULL));
	SHOW(syscall(SYS_futex, &pi, FUTEX_UNLOCK_PI));
	SHOW(syscall(SYS_futex, &pi, FUTEX_LOCK_PI, 0, NULL));
	SHOW(syscall(SYS_futex, &pi, FUTEX_LOCK_PI, 0, NULL));
	SHOW(syscall(SYS_futex, &pi, FUTEX_TRYLOCK_PI, 0, NULL));
	SHOW(syscall(SYS_futex, &pi, FUTEX_UNLOCK_PI));
	SHOW(pi);
	SHOW(syscall(SYS_futex, &pi, 13, 0, NULL)); /* LOCK_PI2 */
	SHOW(syscall(SYS_futex, &pi, FUTEX_UNLOCK_PI));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_REQUEUE_PI, 7, NULL, &pi));
	SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_REQUEUE_PI, 1, NULL, &word));
	SHOW(syscall(SYS_futex_waitv, list, 2, 0, &past, CLOCK_MONOTONIC));
	list[1].val = 9;
	SHOW(syscall(SYS_futex_waitv, list, 2, 0, &past, CLOCK_MONOTONIC));
	SHOW(syscall(SYS_futex_waitv, list, 0, 0, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(SYS_futex_waitv, list, 129, 0, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(SYS_futex_waitv, list, 1, 1, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(SYS_futex_waitv, (void *)8, 1, 0, NULL, CLOCK_MONOTONIC));
	list[0].flags = 0;
	SHOW(syscall(SYS_futex_waitv, list, 1, 0, &past, CLOCK_MONOTONIC));
}

static void other_system_calls(void)
{
	int status = 0;
	long pid;
	void *memory;

	SHOW(syscall(-1));
	SHOW(syscall(100000));
	SHOW(syscall(SYS_getpid) == getpid());
	SHOW(syscall(SYS_close, -1));
	SHOW(syscall(SYS_write, 1, "", 0));
	memory = (void *)syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				 0);
	SHOW(memory == MAP_FAILED);
	SHOW(syscall(SYS_munmap, memory, 4096));
	fflush(stdout);
	pid = syscall(SYS_fork);
	if (pid == 0)
		_exit(3);
	waitpid((pid_t)pid, &status, 0);
	SHOW(status);
}

static void memory(void)
{
	char name[64], long_name[400] = "/";
	int fd, id;
	void *at, *moved;

	snprintf(name, sizeof(name), "/waitscope-test-%d", (int)getpid());
	memset(long_name + 1, 'x', sizeof(long_name) - 2);
	SHOW(shm_open(name, O_RDWR, 0));
	SHOW(shm_open(long_name, O_RDWR | O_CREAT, 0600));
	SHOW(shm_open("", O_RDWR | O_CREAT, 0600));
	SHOW(fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	SHOW(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	SHOW(ftruncate(fd, 8192));
	SHOW_IS(MAP_FAILED, at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	SHOW_IS(MAP_FAILED, moved = mremap(at, 8192, 4096, 0));
	SHOW_IS(at, moved);
	SHOW_IS(MAP_FAILED, moved = mremap(at, 4096, 8192, MREMAP_MAYMOVE));
	SHOW_IS(MAP_FAILED, mremap(moved, 8192, 4096, MREMAP_FIXED)); /* EINVAL */
	SHOW(munmap(moved, 8192));
	SHOW(munmap((char *)moved + 1, 8192));
	SHOW(munmap(moved, 0));
	SHOW_IS(MAP_FAILED, mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0));
	SHOW_IS(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 1));
	SHOW_IS(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, 99, 0));
	SHOW_IS(MAP_FAILED, mmap(NULL, 4096, PROT_READ, 0, fd, 0));
	SHOW(close(fd));
	SHOW(shm_unlink(name));
	SHOW(shm_unlink(name));
	SHOW(fd = memfd_create("name", MFD_CLOEXEC));
	SHOW(memfd_create("name", 0xffff));
	SHOW(close(fd));
	SHOW((id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600)) == -1);
	SHOW_IS((void *)-1, at = shmat(id, NULL, 0));
	SHOW_IS((void *)-1, shmat(-1, NULL, 0));
	SHOW_IS((void *)-1, shmat(id, (void *)1, 0));
	SHOW(shmdt(at));
	SHOW(shmdt(at));
	SHOW(shmctl(id, IPC_RMID, NULL));
}

static void files(void)
{
	SHOW(close(-1));
	SHOW(close(99));
	SHOW(dup2(99, 5));
	SHOW(dup2(1, -1));
	SHOW(dup2(1, 1));
	SHOW(dup3(1, 1, 0));
	SHOW(dup3(1, 5, 0xffff));
	SHOW(dup2(1, 5));
	SHOW(close_range(6, 5, 0));
	SHOW(close_range(5, 5, 0xff));
	SHOW(close_range(5, 5, 0));
	SHOW(fcntl(5, F_GETFD));
	SHOW(open("/dev/null", O_RDONLY));
	SHOW((closefrom(3), 0));
	SHOW(fcntl(3, F_GETFD));
}

int main(void)
{
	unnamed_semaphores();
	named_semaphores();
	threads();
	c11();
	once();
	futexes();
	other_system_calls();
	memory();
	files();
	return 0;
}
