/* SPDX-License-Identifier: MIT */
/* test_fdguard.c: the tracer's fds stay out of the program's way, and survive it. Every test runs
 * in a child of its own, whose fds and limits it may ruin. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/fdguard.h"
#include "preload/raw.h"

/* LTTng starts its threads anew in a forked child, at which ThreadSanitizer would give up. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0";
}

/* In the child: cmocka's assertions belong to the parent. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void in_child(void (*test)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		closefrom(3); /* what the runner left open */
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void limit_to(rlim_t soft, rlim_t hard)
{
	struct rlimit limit = { .rlim_cur = soft, .rlim_max = hard };

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* What an fd is a copy of. */
static ino_t inode(int fd)
{
	struct stat st;

	CHECK(fstat(fd, &st) == 0);
	return st.st_ino;
}

/* One fd that stands for LTTng's; `ino` says which file it is. */
static int guarded(ino_t *ino)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	CHECK(close(ends[0]) == 0);
	*ino = inode(ends[1]);

	int fd = ws_fd_take(ends[1]);

	CHECK(fd >= 0);
	return fd;
}

static int lowest_free(void)
{
	int fd = dup(STDERR_FILENO);

	CHECK(fd >= 0 && close(fd) == 0);
	return fd;
}

static void moves(void)
{
	ino_t ino;
	int lowest = lowest_free();
	int fd = guarded(&ino);
	struct rlimit limit;

	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(fd >= 1024 || (rlim_t)fd >= limit.rlim_cur / 2);
	CHECK(ws_raw_fcntl(fd, F_GETFD, 0) == FD_CLOEXEC);
	CHECK(ws_fd_is_guarded(fd));
	CHECK(inode(fd) == ino);
	CHECK(lowest_free() == lowest);
}

static void moves_beyond_the_limit(void)
{
	struct rlimit limit;
	ino_t ino;

	limit_to(32, 2000);
	int fd = guarded(&ino);

	CHECK(fd >= 1024);
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(limit.rlim_cur == 32 && limit.rlim_max == 2000);
	/* All that the limit allows is there for the program. */
	for (int i = lowest_free(); i < 32; i++)
		CHECK(dup(STDERR_FILENO) == i);
	CHECK(dup(STDERR_FILENO) == -1 && errno == EMFILE);
	CHECK(dup2(STDERR_FILENO, fd) == -1 && errno == EBADF);
	CHECK(inode(fd) == ino);
}

static void leaves_the_program_half(void)
{
	int ends[2], n = 0;

	limit_to(32, 32);
	CHECK(pipe(ends) == 0);
	for (int fd; (fd = dup(ends[1])) >= 0; n++) {
		int high = ws_fd_take(fd);

		if (high < 0) {
			CHECK(high == -EMFILE && is_open(fd));
			break;
		}
		CHECK(high >= 16);
	}
	CHECK(n == 16);
}

static void is_not_open(void)
{
	ino_t ino;
	int fd = guarded(&ino);

	CHECK(close(fd) == -1 && errno == EBADF);
	CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
	CHECK(dup(fd) == -1 && errno == EBADF);
	CHECK(inode(fd) == ino);
	CHECK(close(ws_fd_release(fd)) == 0);
	CHECK(!is_open(fd) && !ws_fd_is_guarded(fd));
}

/* Opens fds among two guarded ones; `mine` are the program's. */
static void among(ino_t ino[2], int guards[2], int mine[3])
{
	guards[0] = guarded(&ino[0]);
	mine[0] = fcntl(STDERR_FILENO, F_DUPFD, 3);
	mine[1] = fcntl(STDERR_FILENO, F_DUPFD, guards[0]);
	guards[1] = guarded(&ino[1]);
	mine[2] = fcntl(STDERR_FILENO, F_DUPFD, guards[1]);
	CHECK(mine[0] < guards[0] && guards[0] < mine[1]);
	CHECK(mine[1] < guards[1] && guards[1] < mine[2]);
}

static void check_among(ino_t ino[2], int guards[2], int mine[3], bool open)
{
	for (int i = 0; i < 3; i++)
		CHECK(is_open(mine[i]) == open);
	for (int i = 0; i < 2; i++)
		CHECK(inode(guards[i]) == ino[i]);
}

static void close_range_goes_round(void)
{
	ino_t ino[2];
	int guards[2], mine[3];

	among(ino, guards, mine);
	CHECK(close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0);
	check_among(ino, guards, mine, true);
	CHECK(fcntl(mine[1], F_GETFD) == FD_CLOEXEC);
	CHECK(close_range(9, 8, 0) == -1 && errno == EINVAL);
	CHECK(close_range(3, ~0u, 1 << 30) == -1 && errno == EINVAL);
	CHECK(close_range((unsigned int)guards[0], (unsigned int)guards[0], 0) == 0);
	check_among(ino, guards, mine, true);
	errno = 0;
	CHECK(close_range(3, ~0u, 0) == 0 && errno == 0);
	check_among(ino, guards, mine, false);
}

static void close_range_may_begin_and_end_with_ours(void)
{
	ino_t ino[2];
	int guards[2], mine[3];

	among(ino, guards, mine);
	CHECK(close_range((unsigned int)guards[0], (unsigned int)guards[1], CLOSE_RANGE_UNSHARE) ==
	      0);
	CHECK(is_open(mine[0]) && !is_open(mine[1]) && is_open(mine[2]));
	CHECK(inode(guards[0]) == ino[0] && inode(guards[1]) == ino[1]);
}

static void closefrom_goes_round(void)
{
	ino_t ino[2];
	int guards[2], mine[3];

	among(ino, guards, mine);
	errno = 0;
	closefrom(3);
	CHECK(errno == 0);
	check_among(ino, guards, mine, false);
	CHECK(is_open(STDERR_FILENO));
	closefrom(-5);
	CHECK(!is_open(STDERR_FILENO));
}

static void dup2_gets_the_number(void)
{
	ino_t ino;
	int fd = guarded(&ino);

	CHECK(dup2(1000, fd) == -1 && errno == EBADF);
	CHECK(inode(fd) == ino && ws_fd_actual(fd) == fd);
	CHECK(dup2(fd, 5) == -1 && errno == EBADF);
	CHECK(dup3(STDERR_FILENO, fd, O_CLOEXEC) == fd);
	CHECK(inode(fd) == inode(STDERR_FILENO) && !ws_fd_is_guarded(fd));

	int moved = ws_fd_actual(fd);

	CHECK(moved != fd && inode(moved) == ino && ws_fd_is_guarded(moved));
	/* Once more: the tracer still remembers the first number. */
	CHECK(dup2(STDERR_FILENO, moved) == moved);
	CHECK(ws_fd_actual(fd) != moved && inode(ws_fd_actual(fd)) == ino);
	/* The program's close is for the program's file, the tracer's for its own. */
	CHECK(close(fd) == 0);
	int actual = ws_fd_actual(fd);

	CHECK(ws_fd_release(fd) == actual && !ws_fd_is_guarded(actual));
	CHECK(ws_fd_actual(fd) == fd);
	CHECK(ws_fd_aliases == 0);
}

static void a_number_never_means_two_files(void)
{
	ino_t first, second;
	int fd = guarded(&first);

	CHECK(dup2(STDERR_FILENO, fd) == fd && close(fd) == 0);
	/* The number is free again, but the tracer knows another file by it. */
	int other = guarded(&second);

	CHECK(other != fd && inode(other) == second && inode(ws_fd_actual(fd)) == first);
}

static void gives_up_what_has_no_other_place(void)
{
	int ends[2], high = -1;

	limit_to(32, 32);
	CHECK(pipe(ends) == 0);
	for (int fd; (fd = dup(ends[1])) >= 0;) {
		int taken = ws_fd_take(fd);

		if (taken < 0)
			break;
		high = taken;
	}
	CHECK(dup2(STDERR_FILENO, high) == high);
	CHECK(inode(high) == inode(STDERR_FILENO) && !ws_fd_is_guarded(high));
	CHECK(ws_fd_actual(high) == -1);
	CHECK(ws_fd_release(high) == -1 && ws_fd_actual(high) == high);
}

static void next_finds_the_lowest(void)
{
	unsigned int base = WS_FD_MAX - 128; /* LTTng's own, if a daemon runs, are far below */

	ws_fd_guard((int)base + 63);
	ws_fd_guard((int)base + 64);
	ws_fd_guard(WS_FD_MAX - 1);
	ws_fd_guard(WS_FD_MAX); /* not ours to know */
	CHECK(ws_fd_next(base, ~0u) == (int)base + 63);
	CHECK(ws_fd_next(base + 63, base + 63) == (int)base + 63);
	CHECK(ws_fd_next(base, base + 62) == -1);
	CHECK(ws_fd_next(base + 64, ~0u) == (int)base + 64);
	CHECK(ws_fd_next(base + 65, ~0u) == WS_FD_MAX - 1);
	CHECK(ws_fd_next(WS_FD_MAX, ~0u) == -1);
	CHECK(!ws_fd_is_guarded(-1) && !ws_fd_is_guarded(WS_FD_MAX));
}

static void own_use_is_short(void)
{
	int lowest = lowest_free();
	int fd = ws_fd_open("/proc/self/maps", O_RDONLY);

	CHECK(fd > lowest && lowest_free() == lowest);
	CHECK(close(fd) == -1 && errno == EBADF);
	ws_fd_close(fd);
	CHECK(!is_open(fd) && !ws_fd_is_guarded(fd));
	CHECK(ws_fd_open("/nowhere", O_RDONLY) == -1);
}

static void *takes_and_releases(void *unused)
{
	for (int i = 0; i < 2000; i++) {
		ino_t ino;
		int fd = guarded(&ino);

		CHECK(fd >= 1024);
		ws_fd_close(fd);
	}
	return unused;
}

static void two_threads_leave_the_limit(void)
{
	pthread_t threads[2];
	struct rlimit limit;

	limit_to(32, 2000);
	for (int i = 0; i < 2; i++)
		CHECK(pthread_create(&threads[i], NULL, takes_and_releases, NULL) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(limit.rlim_cur == 32 && limit.rlim_max == 2000);
	CHECK(ws_fd_next(1024, ~0u) == -1 || !is_open(ws_fd_next(1024, ~0u)));
}

#define TEST(name)                                                                                 \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(name);                                                                    \
	}
TEST(moves)
TEST(moves_beyond_the_limit)
TEST(leaves_the_program_half)
TEST(is_not_open)
TEST(close_range_goes_round)
TEST(close_range_may_begin_and_end_with_ours)
TEST(closefrom_goes_round)
TEST(dup2_gets_the_number)
TEST(a_number_never_means_two_files)
TEST(gives_up_what_has_no_other_place)
TEST(two_threads_leave_the_limit)
TEST(next_finds_the_lowest)
TEST(own_use_is_short)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_moves_beyond_the_limit),
		cmocka_unit_test(test_leaves_the_program_half),
		cmocka_unit_test(test_is_not_open),
		cmocka_unit_test(test_close_range_goes_round),
		cmocka_unit_test(test_close_range_may_begin_and_end_with_ours),
		cmocka_unit_test(test_closefrom_goes_round),
		cmocka_unit_test(test_dup2_gets_the_number),
		cmocka_unit_test(test_a_number_never_means_two_files),
		cmocka_unit_test(test_gives_up_what_has_no_other_place),
		cmocka_unit_test(test_two_threads_leave_the_limit),
		cmocka_unit_test(test_next_finds_the_lowest),
		cmocka_unit_test(test_own_use_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
