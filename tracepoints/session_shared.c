/* SPDX-License-Identifier: MIT */
/* session_shared.c: see session_shared.h, and for ws_session_calls() session.h. */
#include "session_shared.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "session.h"
#include "shared.h"

/* What a call that does not block is over in, long before. */
#define CALL_OVER_NS 5000000

/* The time stamp counter runs at one rate, whatever the processor does. */
static bool counter_is_even(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8);
}

int ws_session_shared_make(int fd)
{
	struct ws_shared_clock clock;
	const ssize_t size = sizeof(clock);
	/* Allocated now: a full file system must not reach the program as SIGBUS. */
	int r = fchmod(fd, 0666) < 0 ? errno : posix_fallocate(fd, 0, sizeof(struct ws_shared));

	if (r)
		return -r;
	if (!counter_is_even())
		return 0;
	ws_shared_clock_read(&clock);
	if (pwrite(fd, &clock, sizeof(clock), offsetof(struct ws_shared, clock)) != size)
		return -EIO;
	return 0;
}
