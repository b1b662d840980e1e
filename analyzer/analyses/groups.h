/* SPDX-License-Identifier: MIT */
/* groups.h: what contention.c collects and result.c makes the answer from. */
#ifndef WS_GROUPS_H
#define WS_GROUPS_H

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/analyses/contention.h"

/* All members are 32 bits wide: no padding, so that keys can be compared and hashed as bytes. */
struct waiter_key {
	uint32_t object; /* ws_object.id */
	uint32_t thread;
	uint32_t site;
	uint32_t stack;
};

/* Waits of one thread at one place on one object. */
struct waiter {
	struct waiter_key key;
	uint32_t id; /* dense, in order of appearance */
	uint32_t process;
	const struct ws_object *object; /* Weak: owned by the model */
	struct ws_histogram waits;
	struct ws_histogram unended; /* of these, the open ones on an object without an owner */
	uint64_t outcomes[WS_OUTCOME_COUNT];
	uint64_t open;
	uint64_t lost;
	bool reads; /* it waits for something to read */
	bool opens; /* a FIFO: it waits for somebody to open the other end */
	UT_hash_handle hh;
};

enum role { ROLE_HOLDER, ROLE_WAKER, ROLE_LAST };

struct link_key {
	uint32_t waiter; /* waiter.id */
	uint32_t role;   /* enum role */
	uint32_t thread;
	uint32_t site;
	uint32_t stack;
};

/* What one holder or waker has to do with the waits of one waiter group. */
struct link {
	struct link_key key;
	const struct waiter *waiter; /* Weak: owned by the same contention */
	struct ws_histogram waits;
	UT_hash_handle hh;
};

/* A place from which an object was ever released. */
struct releaser {
	struct waiter_key key;
	uint32_t process;
	UT_hash_handle hh;
};

struct flow_key {
	uint32_t object; /* ws_object.id */
	uint32_t process;
};

/* What one process moved through one object. */
struct flow {
	struct flow_key key;
	uint64_t bytes_in, bytes_out; /* read, written */
	uint64_t calls_in, calls_out;
	uint32_t priority_low, priority_high; /* mq: of the messages, and one; 0: none */
	uint64_t fill, room; /* as in ws_transfer: the most */
	uint8_t ends; /* WS_END_* */
	uint64_t until_ns;
	UT_hash_handle hh;
};

struct ws_contention {
	struct ws_filter filter;
	uint64_t begin_ns;
	struct waiter *waiters; /* in order of appearance, as uthash keeps it */
	uint32_t n_waiters;
	struct link *links;
	struct releaser *releasers;
	struct flow *flows;
};

#endif
