/* SPDX-License-Identifier: MIT */
/* file_poll.c: sleeps between tries for a lock on a file. See file_poll.h. */
#include "preload/file_poll.h"

#include <errno.h>

#include "preload/byte_waiters.h"

enum state {
	NO_TRY,
	TRIED, /* in vain, and has not slept since */
	SLEPT, /* after a try in vain */
	POLLS, /* tried in vain again: `last` says what */
};

__thread uint8_t ws_file_poll_state __attribute__((tls_model("initial-exec")));

/* What the thread's last try asked for. */
static __thread struct {
	struct ws_file_wait want;
	struct ws_holder_ref holders[WS_FILE_POLL_HOLDERS];
	size_t n_holders;
	struct ws_wait_other bytes[WS_BYTE_KEYS];
	size_t n_bytes;
} last __attribute__((tls_model("initial-exec")));

void ws_file_poll_failed(struct ws_thread *self, int fd, enum ws_lock_class class, bool write,
			 struct ws_extent extent, uintptr_t site)
{
	int saved = errno;

	if (ws_file_poll_state == NO_TRY || ws_file_poll_state == TRIED) {
		ws_file_poll_state = TRIED;
		return;
	}
	ws_file_poll_state = TRIED;
	if (ws_file_wait_prepare(self, &last.want, fd, class, write, extent, site)) {
		const struct ws_wait wait = { .self = self, .context = &last.want };

		last.n_holders = ws_file_wait_holders(&wait, last.holders, WS_FILE_POLL_HOLDERS);
		last.n_bytes = 0;
		if (class != WS_LOCK_FLOCK)
			last.n_bytes =
				ws_byte_waiters(&last.want.file, last.want.extent, last.bytes);
		ws_file_poll_state = POLLS;
	}
	errno = saved;
}

/* As of the try: the file is closed by now, and the end of the sleep has nobody to name. */
static size_t holders_then(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max)
{
	size_t n = last.n_holders < max ? last.n_holders : max;

	(void)wait;
	for (size_t i = 0; i < n; i++)
		ret[i] = last.holders[i];
	return n;
}

void ws_file_poll_sleeps(struct ws_wait *wait)
{
	uint8_t kind;

	if (ws_file_poll_state != POLLS) {
		ws_file_poll_state = SLEPT;
		return;
	}
	ws_file_poll_state = SLEPT; /* each try has one sleep */
	kind = ws_lock_kind(last.want.class);
	wait->kind = kind;
	wait->object = last.want.file.ino;
	wait->other = last.want.file.dev;
	wait->key = ws_waiters_key(kind, last.want.file.ino, last.want.file.dev, false);
	wait->flags |= (uint8_t)(WS_WAIT_SHARED | (last.want.write ? 0 : WS_WAIT_READ));
	wait->holders = holders_then;
	if (kind == WS_KIND_RECORD_LOCK) {
		wait->range = &last.want.range;
		wait->others = last.bytes;
		wait->n_others = last.n_bytes;
		wait->others_unsaid = true;
	}
	ws_waiters_add(ws_waiters_key(kind, 0, 0, false), true);
}

void ws_file_poll_slept(const struct ws_wait *wait)
{
	ws_file_waiting_end(&wait->kind);
}
