/* SPDX-License-Identifier: MIT */
/* prototypes.h: the system headers that declare what functions.def lists, and the wrappers' names.
 *
 * A wrapper is written under the name of its function, and is called ws_wrap_NAME in the library:
 * the name itself is that of the thunk in front of it (thunk.c).
 */
#ifndef WS_PROTOTYPES_H
#define WS_PROTOTYPES_H

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

/* Macros in the way of the functions of that name. */
#undef fread_unlocked
#undef fwrite_unlocked

/* What glibc exports and its headers do not declare, at least not without fortification. */
int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
		      void (*)(void), void *);
void __longjmp_chk(struct __jmp_buf_tag e[1], int v) __attribute__((noreturn));
mqd_t __mq_open_2(const char *n, int f);
int __xpg_sigpause(int s);
int __sigpause(int s, int i);
int capset(void *h, const void *d);
ssize_t __read_chk(int fd, void *p, size_t n, size_t s);
int __poll_chk(struct pollfd *f, nfds_t n, int t, size_t s);
int __ppoll_chk(struct pollfd *f, nfds_t n, const struct timespec *t, const sigset_t *m, size_t s);
ssize_t __recv_chk(int fd, void *p, size_t n, size_t s, int f);
ssize_t __recvfrom_chk(int fd, void *p, size_t n, size_t s, int f, struct sockaddr *a,
		       socklen_t *l);
int __open_2(const char *p, int f);
int __openat_2(int d, const char *p, int f);
size_t __fread_chk(void *p, size_t z, size_t s, size_t n, FILE *f);
size_t __fread_unlocked_chk(void *p, size_t z, size_t s, size_t n, FILE *f);
char *__fgets_chk(char *p, size_t z, int n, FILE *f);
char *__fgets_unlocked_chk(char *p, size_t z, int n, FILE *f);
wchar_t *__fgetws_chk(wchar_t *p, size_t z, int n, FILE *f);
wchar_t *__fgetws_unlocked_chk(wchar_t *p, size_t z, int n, FILE *f);
int __isoc99_scanf(const char *p, ...);
int __isoc99_fscanf(FILE *f, const char *p, ...);
int __isoc99_vscanf(const char *p, va_list a);
int __isoc99_vfscanf(FILE *f, const char *p, va_list a);
int __isoc99_wscanf(const wchar_t *p, ...);
int __isoc99_fwscanf(FILE *f, const wchar_t *p, ...);
int __isoc99_vwscanf(const wchar_t *p, va_list a);
int __isoc99_vfwscanf(FILE *f, const wchar_t *p, va_list a);
int __printf_chk(int i, const char *p, ...);
int __fprintf_chk(FILE *f, int i, const char *p, ...);
int __vprintf_chk(int i, const char *p, va_list a);
int __vfprintf_chk(FILE *f, int i, const char *p, va_list a);
int __dprintf_chk(int fd, int i, const char *p, ...);
int __vdprintf_chk(int fd, int i, const char *p, va_list a);
int __wprintf_chk(int i, const wchar_t *p, ...);
int __fwprintf_chk(FILE *f, int i, const wchar_t *p, ...);
int __vwprintf_chk(int i, const wchar_t *p, va_list a);
int __vfwprintf_chk(FILE *f, int i, const wchar_t *p, va_list a);

#define WS_FN(name, version, ret, params, args, family, flags)                                     \
	extern __typeof__(name) name __asm__("ws_wrap_" #name);
#define WS_ALIAS(name, of)
#include "preload/functions.def"
#undef WS_FN
#undef WS_ALIAS

#endif
