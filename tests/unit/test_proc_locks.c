/* SPDX-License-Identifier: MIT */
/* test_proc_locks.c: lines of /proc/locks and of fdinfo: what is a lock that is held, and which. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/proc_locks.h"

static void lines_of_the_kernel(void **state)
{
	struct ws_proc_lock lock;

	(void)state;
	assert_true(
		ws_proc_locks_parse("1: POSIX  ADVISORY  WRITE 32650 fe:01:1065387 0 EOF", &lock));
	assert_int_equal(lock.class, WS_LOCK_POSIX);
	assert_true(lock.write);
	assert_int_equal(lock.pid, 32650);
	assert_int_equal(lock.dev, makedev(0xfe, 1));
	assert_int_equal(lock.ino, 1065387);
	assert_int_equal(lock.start, 0);
	assert_true(lock.end == UINT64_MAX);

	assert_true(ws_proc_locks_parse("22: OFDLCK ADVISORY  READ -1 00:2e:2 10 19", &lock));
	assert_int_equal(lock.class, WS_LOCK_OFD);
	assert_false(lock.write);
	assert_int_equal(lock.pid, -1);
	assert_int_equal(lock.start, 10);
	assert_int_equal(lock.end, 20);

	assert_true(
		ws_proc_locks_parse("lock:\t1: FLOCK  ADVISORY  WRITE 7 08:01:12 0 EOF", &lock));
	assert_int_equal(lock.class, WS_LOCK_FLOCK);
	assert_int_equal(lock.ino, 12);
}

static void what_is_not_held(void **state)
{
	static const char *const lines[] = {
		"1: -> POSIX  ADVISORY  WRITE 32650 fe:00:1065387 0 EOF",
		"1: LEASE  ACTIVE    READ 1 fe:00:7 0 EOF",
		"pos:\t0",
		"flags:\t02100002",
		"",
		":",
		"1:",
		"1: POSIX",
		"1: POSIX ADVISORY WRITE",
		"1: POSIX ADVISORY WRITE 12",
		"1: POSIX ADVISORY WRITE x fe:00:7 0 EOF",
		"1: POSIX ADVISORY WRITE 12 fe:00 0 EOF",
		"1: POSIX ADVISORY WRITE 12 fe:00:7",
		"1: POSIX ADVISORY WRITE 12 fe:00:7 0",
		"1: POSIX ADVISORY WRITE 12 fe:00:7 0 1x",
	};
	struct ws_proc_lock lock;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(ws_proc_locks_parse(lines[i], &lock));
}

struct sought {
	ino_t ino;
	enum ws_lock_class class;
	struct ws_proc_lock found;
	int n;
};

static bool each(const struct ws_proc_lock *lock, void *context)
{
	struct sought *s = context;

	if (lock->ino == s->ino && lock->class == s->class) {
		s->found = *lock;
		s->n++;
	}
	return true;
}

/* What this kernel says of locks of our own, in both places. */
static void our_own_locks(void **state)
{
	char name[] = "/tmp/waitscope-test-XXXXXX", path[64];
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 7 };
	struct sought s = { .class = WS_LOCK_POSIX };
	int fd = mkstemp(name), info;
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(fstat(fd, &st), 0);
	s.ino = st.st_ino;
	assert_int_equal(ws_proc_locks_read(each, &s), 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(fcntl(fd, F_SETLK, &l), 0);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_int_equal(ws_proc_locks_read(each, &s), 0);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.found.pid, getpid());
	assert_int_equal(s.found.start, 5);
	assert_int_equal(s.found.end, 12);
	assert_true(s.found.write);

	s = (struct sought){ .ino = st.st_ino, .class = WS_LOCK_FLOCK };
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY);
	assert_int_equal(ws_proc_locks_read_fd(info, each, &s), 0);
	assert_int_equal(s.n, 1);
	assert_false(s.found.write);
	close(info);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_kernel),
		cmocka_unit_test(what_is_not_held),
		cmocka_unit_test(our_own_locks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
