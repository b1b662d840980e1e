/* SPDX-License-Identifier: MIT */
/* files: the traps of locks on files. Each variant is one of the functions below. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>

#include "fault.h"

static bool fault;
static char path[64];
static volatile int *step; /* shared: how far the two processes have come */

static int open_file(void)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	fault_check(fd < 0 ? -1 : 0, path);
	return fd;
}

static void set_lock(int fd, int command, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET };

	fault_check(fcntl(fd, command, &l), "fcntl"); /* mark: record_lock */
}

static void come(int to)
{
	__atomic_store_n(step, to, __ATOMIC_SEQ_CST);
}

static void await(int to)
{
	while (__atomic_load_n(step, __ATOMIC_SEQ_CST) < to)
		fault_pause();
}

/* A close of another descriptor. */
static void drops(void)
{
	int a = open_file(), b = open_file();

	set_lock(a, fault ? F_SETLK : F_OFD_SETLK, F_WRLCK);
	close(b); /* mark: close_other */
	set_lock(a, fault ? F_SETLK : F_OFD_SETLK, F_UNLCK);
	close(a);
}

static void drops_dup(void)
{
	int a = open_file(), b = dup(a);

	if (fault)
		set_lock(a, F_SETLK, F_WRLCK);
	close(b); /* mark: close_dup */
	if (!fault)
		set_lock(a, F_SETLK, F_WRLCK);
	close(a);
}

static void drops_lockf(void)
{
	int a = open_file(), b = open_file();

	if (!fault)
		close(b);
	fault_check(lockf(a, F_LOCK, 0), "lockf"); /* mark: lockf */
	if (fault)
		close(b); /* mark: close_lockf */
	close(a);
}

/* By a stream: what a library does that reads the same file. */
static void drops_stream(void)
{
	int a = open_file();
	FILE *f = fopen(path, "r");

	fault_check(f ? 0 : -1, "fopen");
	if (fault)
		set_lock(a, F_SETLK, F_WRLCK);
	fclose(f); /* mark: close_stream */
	if (!fault)
		set_lock(a, F_SETLK, F_WRLCK);
	close(a);
}

/* A flock that two processes share. */
static void inherited(void)
{
	int fd = open_file();
	pid_t pid;

	flock(fd, LOCK_EX); /* mark: parent_lock */
	pid = fork();
	if (pid == 0) {
		if (!fault) {
			close(fd);
			fd = open_file();
			if (flock(fd, LOCK_EX | LOCK_NB) == 0)
				_exit(1);
		}
		flock(fd, LOCK_UN); /* mark: child_unlock */
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	flock(fd, LOCK_UN);
	close(fd);
}

static void inherited_taken(void)
{
	int fd = open_file();
	pid_t pid;

	flock(fd, LOCK_EX); /* mark: first_lock */
	pid = fork();
	if (pid == 0) {
		if (fault)
			flock(fd, LOCK_EX | LOCK_NB); /* mark: second_lock */
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	close(fd);
}

/* Two ways to lock one file. */
static void lock_flock(int fd)
{
	flock(fd, LOCK_EX); /* mark: by_flock */
	flock(fd, LOCK_UN);
}

static void lock_lockf(int fd)
{
	fault_check(lockf(fd, F_LOCK, 0), "lockf"); /* mark: by_lockf */
	fault_check(lockf(fd, F_ULOCK, 0), "lockf");
}

static void mixed(void)
{
	pid_t pid = fork();
	int fd = open_file();

	if (pid == 0) {
		lock_flock(fd);
		_exit(0);
	}
	if (fault)
		lock_lockf(fd);
	else
		lock_flock(fd);
	waitpid(pid, NULL, 0);
	close(fd);
}

/* Both kinds in both processes: each excludes the other. */
static void mixed_both(void)
{
	pid_t pid = fork();
	int fd = open_file();

	if (pid == 0) {
		lock_flock(fd);
		if (!fault)
			lock_lockf(fd);
		_exit(0);
	}
	if (!fault)
		lock_flock(fd);
	lock_lockf(fd);
	waitpid(pid, NULL, 0);
	close(fd);
}

/* Two parts of a file, or a file and a mutex, in contradicting orders, one process after the other. */
static void lock_byte(int fd, off_t byte, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	fault_check(fcntl(fd, F_SETLKW, &l), "fcntl"); /* mark: byte */
}

static void two_bytes(int fd, off_t first, off_t second)
{
	lock_byte(fd, first, F_WRLCK);
	lock_byte(fd, second, F_WRLCK);
	lock_byte(fd, second, F_UNLCK);
	lock_byte(fd, first, F_UNLCK);
}

static void order_bytes(void)
{
	pid_t pid = fork();
	int fd = open_file();

	if (pid == 0) {
		await(1);
		two_bytes(fd, fault ? 1 : 0, fault ? 0 : 1);
		_exit(0);
	}
	two_bytes(fd, 0, 1);
	come(1);
	waitpid(pid, NULL, 0);
	close(fd);
}

/* In opposite orders, where whoever finds a byte taken goes away: as SQLite does. */
static void try_two_bytes(int fd, int first, int second)
{
	const int bytes[] = { first, second };

	for (int i = 0; i < 2; i++) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

		l.l_start = bytes[i];
		fault_check(fcntl(fd, fault ? F_SETLKW : F_SETLK, &l), "fcntl"); /* mark: try_byte */
	}
	set_lock(fd, F_SETLK, F_UNLCK);
}

static void order_tried(void)
{
	pid_t pid = fork();
	int fd = open_file();

	if (pid == 0) {
		await(1);
		try_two_bytes(fd, 1, 0);
		_exit(0);
	}
	try_two_bytes(fd, 0, 1);
	come(1);
	waitpid(pid, NULL, 0);
	close(fd);
}

static void order_flocks_tried(void)
{
	pid_t pid = fork();
	int a = open_file(), b;
	char second[80];

	snprintf(second, sizeof(second), "%s.second", path);
	b = open(second, O_RDWR | O_CREAT, 0600);
	fault_check(b < 0 ? -1 : 0, second);
	if (pid == 0)
		await(1);
	flock(pid == 0 ? b : a, LOCK_EX | LOCK_NB); /* mark: first_try */
	flock(pid == 0 ? a : b, fault ? LOCK_EX : LOCK_EX | LOCK_NB); /* mark: second_try */
	flock(a, LOCK_UN);
	flock(b, LOCK_UN);
	if (pid == 0)
		_exit(0);
	come(1);
	waitpid(pid, NULL, 0);
	unlink(second);
	close(a);
	close(b);
}

static pthread_mutex_t *shared;

static void file_and_mutex(int fd, bool file_first)
{
	if (file_first)
		flock(fd, LOCK_EX); /* mark: file_first */
	pthread_mutex_lock(shared); /* mark: mutex */
	if (!file_first)
		flock(fd, LOCK_EX); /* mark: file_second */
	flock(fd, LOCK_UN);
	pthread_mutex_unlock(shared);
}

static void order_file(void)
{
	pthread_mutexattr_t a;
	int fd;
	pid_t pid;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(shared, &a);
	pid = fork();
	fd = open_file();
	if (pid == 0) {
		await(1);
		file_and_mutex(fd, !fault);
		_exit(0);
	}
	file_and_mutex(fd, true);
	come(1);
	waitpid(pid, NULL, 0);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} variants[] = {
		{ "drops", drops },
		{ "drops_dup", drops_dup },
		{ "drops_lockf", drops_lockf },
		{ "drops_stream", drops_stream },
		{ "inherited", inherited },
		{ "inherited_taken", inherited_taken },
		{ "mixed", mixed },
		{ "mixed_both", mixed_both },
		{ "order_bytes", order_bytes },
		{ "order_tried", order_tried },
		{ "order_flocks_tried", order_flocks_tried },
		{ "order_file", order_file },
	};
	const char *name = fault_variant(argc, argv, 0);

	fault = fault_is(argc, argv);
	snprintf(path, sizeof(path), "/tmp/waitscope-fault-%d", (int)getpid());
	step = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		if (strcmp(variants[i].name, name) != 0)
			continue;
		variants[i].run();
		unlink(path);
		fault_done();
		return 0;
	}
	return 2;
}
