/* SPDX-License-Identifier: MIT */
/* same_points.h: what the parts of same_points share: calls, what they wait for, and the functions
 * as the linker knows them, whatever the headers make of their names. */
#ifndef WS_SAME_POINTS_H
#define WS_SAME_POINTS_H

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <threads.h>
#include <unistd.h>
#include <wchar.h>

/* x_NAME is NAME. Those of any number of arguments are called without any here. */
#define WS_FN(name, version, ret, params, args, family, flags)                                     \
	extern ret x_##name params __asm__(#name);
#define WS_ALIAS(name, of)
#include "preload/functions.def"
#undef WS_FN
#undef WS_ALIAS

enum { AHEAD_S = 1000 }; /* a limit that is never reached */

/* What a call waits for. */
struct fixture {
	/* Makes it, so that the call has to wait or can go on at once. */
	void (*make)(bool blocked);
	/* Says what state it is in, and takes it down. `undone`: the call did not return, or
	 * failed. */
	void (*state)(bool undone);
	/* Lets the waiting call go on; NULL where only a signal or a cancellation does. */
	void (*satisfy)(void);
	/* The caller's cleanup; what it gives is said. May be NULL. */
	int (*clean)(void);
	unsigned int flags;
};

enum {
	NEVER_WAITS = 1,  /* it cannot be made to wait here */
	ALWAYS_WAITS = 2, /* nor to go on at once */
	STAYS = 4,        /* no cancellation ends it */
	SPOILS = 8,       /* what is left of the call is a loose end of glibc's: in a child */
	OWN_SIGNAL = 16,  /* satisfied by a signal to the process, which a child has not got */
};

/* A call that waits. */
struct point {
	const char *name; /* mostly a row of functions.def */
	const struct fixture *fixture;
	long (*call)(void);
};

/* For lists of C(name, fixture, call): a function and a row of the table of each. */
#define POINT_CALL(name, what, expression)                                                         \
	static long call_##name(void)                                                              \
	{                                                                                          \
		return (long)(expression);                                                         \
	}
#define POINT_ROW(name, what, expression) { #name, &(what), call_##name },

/* The tables of the parts. */
extern const struct point lock_points[], file_points[], stream_points[];
extern const size_t lock_points_n, file_points_n, stream_points_n;

/* Prints by system calls alone: streams are what is tried. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A pipe of one page: empty, full, or (ready) with a line in it or all its room. */
extern int ends[2];
enum { ROOM = 4096 };
void empty_pipe(bool blocked);
void full_pipe(bool blocked);
void write_line(void);
void read_page(void);
int in_pipe(int fd); /* bytes that it holds */

#endif
