/* SPDX-License-Identifier: MIT */
/* pollset.c: see pollset.h. */
#include "preload/pollset.h"


#include "preload/channel.h"
#include "preload/clock.h"
#include "preload/fdkind.h"
#include "preload/limits.h"
#include "preload/resource.h"
#include "preload/signals.h"
#include "preload/sockname.h"

void ws_pollset_begin(struct ws_pollset *set)
{
	set->n = 0;
	set->now_ns = ws_now_ns();
}

bool ws_pollset_object(struct ws_thread *self, int fd, bool reading, uintptr_t site,
		       uint64_t now_ns, struct ws_wait_other *ret)
{
	if (ws_sandboxed || (unsigned int)fd >= WS_FDS_MAX)
		return false;

	struct ws_fd_entry *entry = &ws_fds[fd];
	uint64_t word = ws_fd_word(fd);

	if (now_ns - entry->verified_ns > WS_FD_TRUST_NS) {
		if (!ws_fd_verify(fd, word))
			word = ws_fd_word(fd);
		entry->verified_ns = now_ns;
	}

	uint8_t kind = ws_fd_event_kind(word);

	if (kind == WS_KIND_NONE)
		return false;
	if (kind == WS_KIND_SIGNAL) { /* a signalfd is for what is sent to the process */
		*ret = (struct ws_wait_other){
			.object = (uintptr_t)ws_pid,
			.key = ws_signals_key(ws_pid),
			.kind = WS_KIND_SIGNAL,
			.flags = WS_WAIT_SHARED | WS_WAIT_READ,
		};
		return true;
	}
	if (kind == WS_KIND_PIPE || kind == WS_KIND_FIFO)
		ws_channel_pipe_waits();
	if (WS_FD_KIND(word) == WS_FD_PACKET && reading)
		ws_waiters_moved(WS_DATAGRAMS_KEY, true);
	ws_fd_name(self, fd, word, site);
	*ret = (struct ws_wait_other){
		.object = entry->object,
		.other = entry->other,
		.key = entry->own_key | (uintptr_t)reading,
		.kind = kind,
		.flags = (uint8_t)(WS_WAIT_SHARED | (reading ? WS_WAIT_READ : 0)),
	};
	return true;
}

void ws_pollset_add(struct ws_pollset *set, struct ws_thread *self, int fd, bool reading,
		    uintptr_t site)
{
	if (set->n == WS_POLL_OBJECTS_MAX) { /* and it is not looked at, for there may be many */
		ws_limit_reached(WS_LIMIT_poll_objects);
		return;
	}
	set->fds[set->n] = fd;
	if (ws_pollset_object(self, fd, reading, site, set->now_ns, &set->objects[set->n]))
		set->n++;
}

int32_t ws_pollset_which(const struct ws_pollset *set, int fd, bool reading)
{
	int32_t other_side = WS_POLL_OTHER;

	for (size_t i = 0; i < set->n; i++) {
		if (set->fds[i] != fd)
			continue;
		if (!(set->objects[i].flags & WS_WAIT_READ) == !reading)
			return (int32_t)i + 2;
		other_side = (int32_t)i + 2; /* an end or an error ends both */
	}
	return other_side;
}

void ws_pollset_ended(const struct ws_pollset *set, struct ws_wait *wait, int fd, bool reading)
{
	struct ws_wait_other more;

	wait->which = ws_pollset_which(set, fd, reading);
	/* One beyond the limit is still told by name. */
	if (wait->which != WS_POLL_OTHER || set->n < WS_POLL_OBJECTS_MAX || !wait->begun ||
	    !ws_pollset_object(wait->self, fd, reading, wait->site, set->now_ns, &more))
		return;
	ws_wait_also(wait, more.kind, more.object, more.other, more.flags);
	wait->which = (int32_t)set->n + 2;
}

void ws_poll_outcome(struct ws_wait *wait, int result)
{
	if (result == 0)
		wait->outcome = WS_OUTCOME_TIMEOUT;
	else
		ws_wait_errno(wait, result < 0 ? -1 : 0);
}
