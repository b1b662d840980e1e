/* SPDX-License-Identifier: MIT */
/* session_trace.c: see session_trace.h. */
#include "session_trace.h"

#include <errno.h>
#include <inttypes.h>
#include <lttng/destruction-handle.h>
#include <lttng/lttng.h>
#include <lttng/session-descriptor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "events.h"

#define WAITS_SUBBUFFERS 8
#define DEFS_SUBBUFFERS  4
#define DEFS_SHARE       4 /* `defs` has 1/4 of the bytes of `waits` */

/* Longest time in which a blocking program waits for room. It must end: a consumer that was killed
 * makes none, and the thread that would tell the program so waits for its writers. */
#define BLOCK_MAX_US 10000000

/* Longest wait for the consumer to write out what was recorded: beyond that it hangs. */
#define DRAIN_MAX_MS   60000
#define DRAIN_STEP_MS  2
#define DESTROY_MAX_MS 30000

/* X(event, channel): which channel carries which event, from the one list. */
struct event_row {
	const char *name;
	const char *channel;
};

#define EVENT_ROW(event, fields, channel, doc) { "waitscope:" #event, #channel },
static const struct event_row event_rows[] = { WS_EVENTS(EVENT_ROW) };
#undef EVENT_ROW

static int fail(int code, const char *what, char *reason)
{
	/* liblttng-ctl returns its own negative codes. */
	snprintf(reason, WS_SESSION_REASON_MAX, "LTTng: %s: %s", what, lttng_strerror(code));
	switch (-code) {
	case LTTNG_ERR_NO_SESSIOND:
		return -ECONNREFUSED;
	case LTTNG_ERR_UST_CONSUMER64_FAIL:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

static void session_name(uint32_t run, char name[32])
{
	snprintf(name, 32, "waitscope-%08" PRIx32, run);
}

static struct lttng_domain ust_domain(void)
{
	struct lttng_domain domain;

	memset(&domain, 0, sizeof(domain));
	domain.type = LTTNG_DOMAIN_UST;
	domain.buf_type = LTTNG_BUFFER_PER_UID;
	return domain;
}

static uint64_t floor_power_of_2(uint64_t n)
{
	uint64_t power = 1;

	while (power <= n / 2)
		power *= 2;
	return power;
}

/* Bytes per CPU of channel `waits`, a power of 2. */
static int choose_buffer_bytes(uint64_t wanted, char *reason, uint64_t *bytes)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t chosen = wanted, room = UINT64_MAX;
	struct statvfs shm;

	if (cpus < 1)
		cpus = 1;
	if (statvfs("/dev/shm", &shm) == 0)
		room = (uint64_t)shm.f_bavail * shm.f_frsize / 2 / (uint64_t)cpus;
	room = room / (DEFS_SHARE + 1) * DEFS_SHARE;

	if (!wanted) {
		chosen = WS_BUFFER_TOTAL_BYTES / (uint64_t)cpus;
		if (chosen > WS_BUFFER_MAX_BYTES)
			chosen = WS_BUFFER_MAX_BYTES;
		if (chosen > room)
			chosen = room;
	}
	if (chosen < WS_BUFFER_MIN_BYTES) {
		uint64_t least = WS_BUFFER_MIN_BYTES;

		snprintf(reason, WS_SESSION_REASON_MAX,
			 "--buffer-size: %" PRIu64 " KiB per CPU are too little; give at least %" PRIu64
			 " KiB are needed%s",
			 chosen >> 10, least >> 10,
			 wanted ? "" : ", and /dev/shm has no room for them");
		return -ENOSPC;
	}
	chosen = floor_power_of_2(chosen);
	if (chosen > room) {
		snprintf(reason, WS_SESSION_REASON_MAX,
			 "--buffer-size: %" PRIu64 " KiB per CPU do not fit into /dev/shm; %" PRIu64
			 " KiB would",
			 chosen >> 10, floor_power_of_2(room) >> 10);
		return -ENOSPC;
	}
	*bytes = chosen;
	return 0;
}

static int add_channel(struct lttng_handle *handle, const char *name, uint64_t bytes,
		       uint64_t subbuffers, bool block, char *reason)
{
	struct lttng_domain domain = ust_domain();
	struct lttng_channel *channel = lttng_channel_create(&domain);
	int r;

	if (!channel) {
		snprintf(reason, WS_SESSION_REASON_MAX, "out of memory");
		return -ENOMEM;
	}
	snprintf(channel->name, sizeof(channel->name), "%s", name);
	channel->attr.overwrite = 0;
	channel->attr.num_subbuf = subbuffers;
	channel->attr.subbuf_size = bytes / subbuffers;
	channel->attr.output = LTTNG_EVENT_MMAP;
	r = lttng_channel_set_monitor_timer_interval(channel, 0);
	if (r == 0 && block)
		r = lttng_channel_set_blocking_timeout(channel, BLOCK_MAX_US);
	if (r == 0)
		r = lttng_enable_channel(handle, channel);
	lttng_channel_destroy(channel);
	return r < 0 ? fail(r, name, reason) : 0;
}

static int add_event(struct lttng_handle *handle, const struct event_row *row, const char *filter,
		     char *reason)
{
	struct lttng_event *event = lttng_event_create();
	int r;

	if (!event) {
		snprintf(reason, WS_SESSION_REASON_MAX, "out of memory");
		return -ENOMEM;
	}
	event->type = LTTNG_EVENT_TRACEPOINT;
	event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
	event->loglevel = -1;
	snprintf(event->name, sizeof(event->name), "%s", row->name);
	r = lttng_enable_event_with_filter(handle, event, row->channel, filter);
	lttng_event_destroy(event);
	return r < 0 ? fail(r, row->name, reason) : 0;
}

static int fill_session(struct lttng_handle *handle, const struct ws_session_options *options,
			bool filter, char *reason)
{
	char expression[32];
	uint64_t bytes;
	int r = choose_buffer_bytes(options->buffer_bytes, reason, &bytes);

	if (r == 0)
		r = add_channel(handle, "waits", bytes, WAITS_SUBBUFFERS, options->block, reason);
	if (r == 0)
		r = add_channel(handle, "defs", bytes / DEFS_SHARE, DEFS_SUBBUFFERS, options->block,
				reason);
	snprintf(expression, sizeof(expression), "run == %" PRIu32, options->run);
	for (size_t i = 0; r == 0 && i < sizeof(event_rows) / sizeof(event_rows[0]); i++)
		r = add_event(handle, &event_rows[i], filter ? expression : NULL, reason);
	return r;
}

static void destroy(const char *name)
{
	struct lttng_destruction_handle *handle = NULL;

	if (lttng_destroy_session_ext(name, &handle) != LTTNG_OK)
		return;
	lttng_destruction_handle_wait_for_completion(handle, DESTROY_MAX_MS);
	lttng_destruction_handle_destroy(handle);
}

int ws_trace_session_start(const struct ws_session_options *options, bool filter, char *reason)
{
	struct lttng_domain domain = ust_domain();
	struct lttng_session_descriptor *descriptor;
	struct lttng_handle *handle;
	char name[32];
	int r;

	session_name(options->run, name);
	descriptor = lttng_session_descriptor_local_create(name, options->dir);
	if (!descriptor) {
		snprintf(reason, WS_SESSION_REASON_MAX, "LTTng takes no trace folder named %s",
			 options->dir);
		return -EINVAL;
	}
	r = -(int)lttng_create_session_ext(descriptor);
	lttng_session_descriptor_destroy(descriptor);
	if (r != -LTTNG_OK)
		return fail(r, "create the session", reason);

	handle = lttng_create_handle(name, &domain);
	if (!handle) {
		snprintf(reason, WS_SESSION_REASON_MAX, "out of memory");
		r = -ENOMEM;
	} else {
		r = fill_session(handle, options, filter, reason);
		lttng_destroy_handle(handle);
	}
	if (r == 0) {
		r = lttng_start_tracing(name);
		r = r < 0 ? fail(r, "start the session", reason) : 0;
	}
	if (r < 0)
		destroy(name);
	return r;
}

/* lttng_stop_tracing() does the same with steps of 200 ms. */
static int drain(const char *name, char *reason)
{
	const struct timespec step = { .tv_nsec = DRAIN_STEP_MS * 1000000L };
	int r = lttng_stop_tracing_no_wait(name);

	if (r < 0)
		return fail(r, "stop the session", reason);
	for (unsigned int ms = 0; ms < DRAIN_MAX_MS; ms += DRAIN_STEP_MS) {
		r = lttng_data_pending(name);
		if (r == 0)
			return 0;
		if (r < 0)
			return fail(r, "write out the trace", reason);
		nanosleep(&step, NULL);
	}
	snprintf(reason, WS_SESSION_REASON_MAX,
		 "the trace could not be written out within %d s: it is incomplete",
		 DRAIN_MAX_MS / 1000);
	return -ETIMEDOUT;
}

/* A sub-buffer that is delivered late can carry an older count than the one before it, which LTTng
 * takes for a counter that went round and adds 2^63. The sum is right without that. */
#define LOSS_MASK ((1ull << 63) - 1)

static int count_losses(const char *name, char *reason, struct ws_session_result *result)
{
	struct lttng_domain domain = ust_domain();
	struct lttng_handle *handle = lttng_create_handle(name, &domain);
	struct lttng_channel *channels = NULL;
	uint64_t events = 0, packets = 0;
	int n = handle ? lttng_list_channels(handle, &channels) : -LTTNG_ERR_NOMEM;

	for (int i = 0; i < n; i++) {
		uint64_t count;

		if (lttng_channel_get_discarded_event_count(&channels[i], &count) == 0)
			events += count;
		if (lttng_channel_get_lost_packet_count(&channels[i], &count) == 0)
			packets += count;
	}
	free(channels);
	if (handle)
		lttng_destroy_handle(handle);
	if (n < 0)
		return fail(n, "count lost events", reason);
	result->lost_events = events & LOSS_MASK;
	result->lost_packets = packets & LOSS_MASK;
	return 0;
}

int ws_trace_session_stop(uint32_t run, char *reason, struct ws_session_result *result)
{
	char name[32];
	int r;

	session_name(run, name);
	r = drain(name, reason);
	if (r == 0)
		r = count_losses(name, reason, result);
	return r;
}

void ws_trace_session_destroy(uint32_t run)
{
	char name[32];

	session_name(run, name);
	destroy(name);
}

int ws_trace_session_count(void)
{
	struct lttng_session *sessions = NULL;
	int n = lttng_list_sessions(&sessions);

	free(sessions);
	return n;
}
