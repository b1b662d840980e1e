/* SPDX-License-Identifier: MIT */
/* test_resource.c: shared mappings: which ranges are known as such while the program maps, remaps
 * and unmaps, and what is read from /proc/self/maps. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/fdguard.h"
#include "preload/limits.h"
#include "preload/maps.h"
#include "preload/ranges.h"

#define PAGE ((size_t)4096)

/* LTTng starts its threads anew in a forked child, at which ThreadSanitizer would give up. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0";
}

static bool known(const void *p)
{
	return ws_ranges_touch((uintptr_t)p, (uintptr_t)p + 1);
}

static char *map(void *at, size_t size, int flags)
{
	char *p = mmap(at, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static void shared_is_known_private_is_not(void **state)
{
	char *shared = map(NULL, 3 * PAGE, MAP_SHARED);
	char *private = map(NULL, PAGE, MAP_PRIVATE);

	(void)state;
	assert_true(known(shared) && known(shared + 3 * PAGE - 1));
	assert_false(known(shared - 1) || known(shared + 3 * PAGE));
	assert_false(known(private));
	errno = 0;
	assert_int_equal(munmap(shared, 3 * PAGE), 0);
	assert_int_equal(errno, 0);
	assert_false(known(shared));
	assert_int_equal(munmap(private, PAGE), 0);
}

static void parts_go(void **state)
{
	char *p = map(NULL, 5 * PAGE, MAP_SHARED);

	(void)state;
	assert_int_equal(munmap(p + 2 * PAGE, 1), 0); /* a length is rounded up */
	assert_true(known(p + 2 * PAGE - 1) && known(p + 3 * PAGE));
	assert_false(known(p + 2 * PAGE) || known(p + 3 * PAGE - 1));
	assert_int_equal(munmap(p, PAGE), 0);
	assert_true(!known(p) && known(p + PAGE));
	/* A private mapping over the rest. */
	map(p, 5 * PAGE, MAP_PRIVATE | MAP_FIXED);
	assert_false(ws_ranges_touch((uintptr_t)p, (uintptr_t)p + 5 * PAGE));
	assert_int_equal(munmap(p, 5 * PAGE), 0);
}

static void what_fails_changes_nothing(void **state)
{
	char *p = map(NULL, PAGE, MAP_SHARED);

	(void)state;
	assert_int_equal(munmap(p + 1, PAGE), -1);
	assert_int_equal(errno, EINVAL);
	assert_true(known(p));
	assert_true(mremap(p, PAGE, SIZE_MAX & ~(PAGE - 1), MREMAP_MAYMOVE) == MAP_FAILED);
	assert_true(known(p));
	assert_true(mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED);
	assert_int_equal(errno, EBADF);
	assert_true(known(p));
	assert_int_equal(munmap(p, PAGE), 0);
}

static void mremap_moves_and_copies(void **state)
{
	int fd = memfd_create("moves", 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 8 * (off_t)PAGE), 0);
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *to = map(NULL, 4 * PAGE, MAP_PRIVATE);

	assert_true(p != MAP_FAILED && known(p));
	char *moved = mremap(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	assert_ptr_equal(moved, to);
	assert_true(known(to + 4 * PAGE - 1));
	assert_false(known(p));
	/* An old size of 0: a second mapping of the same. */
	char *copy = mremap(moved, 0, 2 * PAGE, MREMAP_MAYMOVE);

	assert_true(copy != MAP_FAILED);
	assert_true(known(moved) && known(copy));
	moved[0] = 'w';
	assert_int_equal(copy[0], 'w');
	assert_int_equal(munmap(moved, 4 * PAGE), 0);
	assert_int_equal(munmap(copy, 2 * PAGE), 0);
	assert_false(known(moved) || known(copy));
	close(fd);
}

static void sysv_segments(void **state)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE - 1, 0600);
	char *p = shmat(id, NULL, 0);

	(void)state;
	assert_true(p != (char *)-1);
	assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
	assert_true(known(p) && known(p + 3 * PAGE - 1));
	assert_int_equal(shmdt(p + PAGE), -1);
	assert_int_equal(errno, EINVAL);
	assert_true(known(p));
	assert_int_equal(shmdt(p), 0);
	assert_false(known(p));
	assert_int_equal(shmdt(p), -1);
}

static void devices_are_none_of_ours(void **state)
{
	int fd = open("/dev/zero", O_RDWR);
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	(void)state;
	assert_true(p != MAP_FAILED && known(p)); /* anonymous in another way */
	assert_int_equal(munmap(p, PAGE), 0);
	close(fd);
}

static void outputs_are_the_kernels(void **state)
{
	struct stat st;
	int lowest = dup(0);
	int fd;

	(void)state;
	shm_unlink("/ws-test-resource"); /* of a run that failed */
	close(lowest);
	fd = shm_open("/ws-test-resource", O_CREAT | O_RDWR | O_EXCL, 0600);
	assert_int_equal(fd, lowest);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(shm_open("/ws-test-resource", O_CREAT | O_EXCL, 0600), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(shm_unlink("/ws-test-resource"), 0);
	assert_int_equal(shm_unlink("/ws-test-resource"), -1);
	assert_int_equal(errno, ENOENT);
	close(fd);
}

/* More mappings than the table holds. */
static void beyond_the_table_all_is_possible(void **state)
{
	static char *maps[WS_RANGES_MAX + 8];
	char *private = map(NULL, PAGE, MAP_PRIVATE);

	(void)state;
	for (size_t i = 0; i < WS_RANGES_MAX + 8; i++)
		maps[i] = map(NULL, PAGE, MAP_SHARED);
	assert_true(ws_limits[WS_LIMIT_shared_maps] >= 8);
	for (size_t i = 0; i < WS_RANGES_MAX + 8; i++) {
		assert_true(known(maps[i]));
		assert_int_equal(munmap(maps[i], PAGE), 0);
	}
	assert_true(known(private)); /* it may be one that did not fit */
	assert_int_equal(munmap(private, PAGE), 0);
	atomic_store(&ws_ranges_overflowed, false);
	assert_false(known(maps[0]) || known(maps[WS_RANGES_MAX + 7]));
}

static void *maps_and_unmaps(void *unused)
{
	(void)unused;
	for (int i = 0; i < 300; i++) {
		char *p = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED || !known(p) || munmap(p + PAGE, PAGE) != 0 || !known(p) ||
		    !known(p + 3 * PAGE) || munmap(p, 4 * PAGE) != 0)
			return "lost";
	}
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	pthread_t threads[4];
	void *failed;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, maps_and_unmaps, NULL), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

/* Maps and unmaps in a sandbox that kills for the system calls which tell of mappings. */
static void in_a_sandbox(bool by_syscall)
{
	static const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fstat, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_readlink, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_shmctl, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog filter = { sizeof(program) / sizeof(program[0]),
					   (struct sock_filter *)program };
	int id = shmget(IPC_PRIVATE, PAGE, 0600);
	int fd = memfd_create("sandboxed", 0);
	int unlinked = shmat(id, NULL, 0) != (void *)-1 && shmctl(id, IPC_RMID, NULL) == 0;

	if (!unlinked || ftruncate(fd, (off_t)PAGE) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		_exit(2);
	if (by_syscall ? syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter)
		       : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		_exit(3);
	void *file = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	void *anonymous = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void *segment = shmat(id, NULL, 0);

	_exit(file != MAP_FAILED && anonymous != MAP_FAILED && segment != (void *)-1 &&
			      munmap(file, PAGE) == 0 && munmap(anonymous, PAGE) == 0
		      ? 0
		      : 4);
}

static void a_sandbox_is_not_touched(void **state)
{
	(void)state;
	for (int by_syscall = 0; by_syscall < 2; by_syscall++) {
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			in_a_sandbox(by_syscall);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

struct seen {
	struct ws_maps_line lines[8];
	size_t n, stop_after;
};

static bool see(const struct ws_maps_line *line, void *context)
{
	struct seen *seen = context;

	seen->lines[seen->n++] = *line;
	return seen->n != seen->stop_after;
}

static int fd_with(const char *text)
{
	int fd = memfd_create("maps", 0);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void lines_of_maps(void **state)
{
	static struct seen seen;
	int fd = fd_with(
		"00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/dbus-daemon\n"
		"7f0000000000-7f0000001000 rw-s 0001f000 00:1a0 18446744073709551615 /dev/shm/a b\n"
		"7f0000002000-7f0000003000 rw-p 00000000 00:00 0 \n"
		"7f0000004000-7f0000005000 ---s 00000000 00:01 2049                  /dev/zero "
		"(deleted)\n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0   [vsyscall]\n");

	(void)state;
	assert_int_equal(ws_maps_read_fd(fd, see, &seen), 0);
	close(fd);
	assert_int_equal(seen.n, 5);
	assert_int_equal(seen.lines[0].start, 0x400000);
	assert_int_equal(seen.lines[0].end, 0x452000);
	assert_int_equal(seen.lines[0].dev, makedev(8, 2));
	assert_int_equal(seen.lines[0].ino, 173521);
	assert_false(seen.lines[0].shared);
	assert_string_equal(seen.lines[0].path, "/usr/bin/dbus-daemon");
	assert_true(seen.lines[1].shared);
	assert_int_equal(seen.lines[1].offset, 0x1f000);
	assert_int_equal(seen.lines[1].dev, makedev(0, 0x1a0));
	assert_true(seen.lines[1].ino == UINT64_MAX);
	assert_string_equal(seen.lines[1].path, "/dev/shm/a b");
	assert_string_equal(seen.lines[2].path, "");
	assert_int_equal(seen.lines[2].ino, 0);
	assert_true(seen.lines[3].shared);
	assert_string_equal(seen.lines[3].path, "/dev/zero (deleted)");
	assert_true(seen.lines[4].start == 0xffffffffff600000);
	assert_string_equal(seen.lines[4].path, "[vsyscall]");
}

static void long_paths_are_cut(void **state)
{
	static struct seen seen;
	char text[3000] = "1000-2000 rw-s 00000000 00:01 7 /";
	size_t n = strlen(text);

	(void)state;
	memset(text + n, 'x', sizeof(text) - n);
	strcpy(text + sizeof(text) - 40, "\n3000-4000 rw-p 00000000 00:02 8 /y\n");
	int fd = fd_with(text);

	assert_int_equal(ws_maps_read_fd(fd, see, &seen), 0);
	close(fd);
	assert_int_equal(seen.n, 2);
	assert_int_equal(strlen(seen.lines[0].path), WS_MAPS_PATH - 1);
	assert_int_equal(seen.lines[1].start, 0x3000);
	assert_string_equal(seen.lines[1].path, "/y");
}

static void reading_stops_when_told(void **state)
{
	static struct seen seen = { .stop_after = 2 };

	(void)state;
	int lowest = dup(0);

	close(lowest);
	assert_int_equal(ws_maps_read(see, &seen), 0);
	assert_int_equal(dup(0), lowest); /* its fd is closed */
	close(lowest);
	assert_int_equal(seen.n, 2);
	assert_true(seen.lines[0].end <= seen.lines[1].start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_is_known_private_is_not),
		cmocka_unit_test(parts_go),
		cmocka_unit_test(what_fails_changes_nothing),
		cmocka_unit_test(mremap_moves_and_copies),
		cmocka_unit_test(sysv_segments),
		cmocka_unit_test(devices_are_none_of_ours),
		cmocka_unit_test(outputs_are_the_kernels),
		cmocka_unit_test(a_sandbox_is_not_touched),
		cmocka_unit_test(threads_do_not_disturb_each_other),
		cmocka_unit_test(beyond_the_table_all_is_possible),
		cmocka_unit_test(lines_of_maps),
		cmocka_unit_test(long_paths_are_cut),
		cmocka_unit_test(reading_stops_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
