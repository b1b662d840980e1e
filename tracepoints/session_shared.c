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
#define CALL_OVER_NS 2000000

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

/* The calls that are announced now; how many. */
static size_t collect(const struct ws_shared *shared, struct ws_session_call *calls,
		      uint64_t *owners)
{
	struct ws_shared_clock now;
	size_t n = 0;

	ws_shared_clock_read(&now);
	for (size_t i = 0; i < WS_SHARED_CALLS; i++) {
		const struct ws_shared_call *entry = &shared->calls[i];
		uint64_t owner = atomic_load_explicit(&entry->owner, memory_order_relaxed);

		/* acquire: before the rest; pairs with the release in ws_plain_announce(). */
		if (!owner || atomic_load_explicit(&entry->said, memory_order_acquire) != owner)
			continue;
		owners[n] = owner;
		calls[n++] = (struct ws_session_call){
			.pid = entry->pid,
			.tid = (int32_t)(uint32_t)owner,
			.kind = entry->kind,
			.flags = entry->flags,
			.object = entry->object,
			.other = entry->other,
			.site = entry->site,
			.begin_ns = ws_shared_clock_ns(entry->since, &shared->clock, &now),
		};
	}
	return n;
}

/* Those that are still announced a moment later: the others did not block. */
static size_t collect_lasting(const struct ws_shared *shared, struct ws_session_call *calls)
{
	const struct timespec moment = { 0, CALL_OVER_NS };
	struct ws_session_call later[WS_SHARED_CALLS];
	uint64_t owners[WS_SHARED_CALLS], later_owners[WS_SHARED_CALLS];
	size_t n = collect(shared, calls, owners), n_later, kept = 0;

	if (n == 0)
		return 0;
	nanosleep(&moment, NULL);
	n_later = collect(shared, later, later_owners);
	/* Both are in the order of the entries. */
	for (size_t i = 0, k = 0; i < n; i++) {
		for (size_t j = k; j < n_later; j++) {
			if (later_owners[j] != owners[i])
				continue;
			calls[kept++] = calls[i];
			k = j + 1;
			break;
		}
	}
	return kept;
}

int ws_session_calls(const struct ws_session *session, struct ws_session_call **ret, size_t *n)
{
	int fd = open(ws_session_waiters(session), O_RDONLY | O_CLOEXEC);
	struct ws_session_call *calls = malloc(WS_SHARED_CALLS * sizeof(*calls));
	const struct ws_shared *shared = MAP_FAILED;
	struct stat st;
	int r = 0;

	if (fd < 0 || !calls) {
		r = fd < 0 ? -errno : -ENOMEM;
	} else if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(*shared)) {
		r = -EINVAL; /* the programs can write to it */
	} else {
		shared = mmap(NULL, sizeof(*shared), PROT_READ, MAP_SHARED, fd, 0);
		if (shared == MAP_FAILED)
			r = -errno;
	}
	if (fd >= 0)
		close(fd);
	if (r < 0) {
		free(calls);
		return r;
	}
	*n = shared->clock.tsc ? collect_lasting(shared, calls) : 0;
	*ret = calls;
	munmap((void *)(uintptr_t)shared, sizeof(*shared));
	return 0;
}
