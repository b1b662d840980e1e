/* SPDX-License-Identifier: MIT */
/* raw.h: system calls without libc: errno stays, nothing is a cancellation point, and no wrapper,
 * ours or another preloaded library's, is entered. Results are 0 or more, or a negative errno. */
#ifndef WS_RAW_H
#define WS_RAW_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>

static inline long ws_raw_syscall(long number, long a, long b, long c, long d)
{
	long result;
	register long r10 __asm__("r10") = d;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

static inline long ws_raw_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* An address, or a negative errno. */
static inline long ws_raw_mmap(size_t size, int protection, int flags, int fd)
{
	long result;
	register long r10 __asm__("r10") = flags;
	register long r8 __asm__("r8") = fd;
	register long r9 __asm__("r9") = 0;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"((long)SYS_mmap), "D"(0L), "S"(size), "d"((long)protection), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline int ws_raw_munmap(void *address, size_t size)
{
	return (int)ws_raw_syscall(SYS_munmap, (long)address, (long)size, 0, 0);
}

static inline int32_t ws_raw_gettid(void)
{
	return (int32_t)ws_raw_syscall(SYS_gettid, 0, 0, 0, 0);
}

static inline int32_t ws_raw_getpid(void)
{
	return (int32_t)ws_raw_syscall(SYS_getpid, 0, 0, 0, 0);
}

static inline int32_t ws_raw_getppid(void)
{
	return (int32_t)ws_raw_syscall(SYS_getppid, 0, 0, 0, 0);
}

static inline int ws_raw_close(int fd)
{
	return (int)ws_raw_syscall(SYS_close, fd, 0, 0, 0);
}

static inline int ws_raw_open(const char *path, int flags)
{
	return (int)ws_raw_syscall(SYS_openat, AT_FDCWD, (long)path, flags, 0);
}

static inline ssize_t ws_raw_read(int fd, void *buffer, size_t size)
{
	return ws_raw_syscall(SYS_read, fd, (long)buffer, (long)size, 0);
}

static inline ssize_t ws_raw_readlink(const char *path, char *buffer, size_t size)
{
	return ws_raw_syscall(SYS_readlink, (long)path, (long)buffer, (long)size, 0);
}

static inline int ws_raw_fcntl(int fd, int command, long argument)
{
	return (int)ws_raw_syscall(SYS_fcntl, fd, command, argument, 0);
}

/* The kernel's struct stat is glibc's on this architecture. */
static inline int ws_raw_fstat(int fd, struct stat *ret)
{
	return (int)ws_raw_syscall(SYS_fstat, fd, (long)ret, 0, 0);
}

static inline int ws_raw_stat(const char *path, struct stat *ret)
{
	return (int)ws_raw_syscall(SYS_stat, (long)path, (long)ret, 0, 0);
}

/* `to` and `was` may be NULL. */
static inline int ws_raw_nofile(const struct rlimit *to, struct rlimit *was)
{
	return (int)ws_raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)to, (long)was);
}

#endif
