/* SPDX-License-Identifier: MIT */
/* epollset.c: see epollset.h. */
#include "preload/epollset.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "preload/fdguard.h"
#include "preload/fdkind.h"
#include "preload/limits.h"
#include "preload/raw.h"
#include "preload/resource.h"

/* Sets of one process that a file is known to be in. */
#define PER_FD 2

/* Numbers of one set that are gone through for a wait: a set is mostly dense, and this takes as
 * long as the call. Beyond, files are not known (limit `poll_objects`). */
#define SCAN_MAX 4096

#define WRITE_EVENTS (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

/* A file in a set: set + 1 (low 32 bits), events (high). 0: none. */
struct interest {
	_Atomic uint64_t word;
	_Atomic uint64_t data; /* as the program gave it */
};

#define WORD(epfd, events)     ((uint64_t)(uint32_t)((epfd) + 1) | (uint64_t)(events) << 32)
#define WORD_IS_IN(word, epfd) ((uint32_t)(word) == (uint32_t)((epfd) + 1))
#define WORD_EVENTS(word)      ((uint32_t)((word) >> 32))

static struct interest interests[WS_FDS_MAX][PER_FD];

/* By its number. All zero: not known. */
struct set {
	_Atomic bool known; /* from its beginning, or by /proc */
	_Atomic int low;    /* lowest number in it, and one */
	_Atomic int high;   /* highest, and one; 0: it is empty */
};

static struct set sets[WS_FDS_MAX];

static bool in_range(int fd)
{
	return (unsigned int)fd < WS_FDS_MAX;
}

static struct interest *find(int epfd, int fd)
{
	for (int i = 0; i < PER_FD; i++) {
		struct interest *in = &interests[fd][i];

		if (WORD_IS_IN(atomic_load_explicit(&in->word, memory_order_acquire), epfd))
			return in;
	}
	return NULL;
}

static void add(int epfd, int fd, uint32_t events, uint64_t data)
{
	struct set *set = &sets[epfd];
	struct interest *in = find(epfd, fd);
	int low = atomic_load_explicit(&set->low, memory_order_relaxed);
	int high = atomic_load_explicit(&set->high, memory_order_relaxed);

	for (int i = 0; !in && i < PER_FD; i++) {
		if (atomic_load_explicit(&interests[fd][i].word, memory_order_relaxed) == 0)
			in = &interests[fd][i];
	}
	if (!in)
		in = &interests[fd][PER_FD - 1];
	atomic_store_explicit(&in->data, data, memory_order_relaxed);
	/* release: the data before it; pairs with the acquire in find(). */
	atomic_store_explicit(&in->word, WORD(epfd, events), memory_order_release);
	while ((low == 0 || low > fd + 1) && !atomic_compare_exchange_weak(&set->low, &low, fd + 1))
		;
	while (high < fd + 1 && !atomic_compare_exchange_weak(&set->high, &high, fd + 1))
		;
}

static void drop(int epfd, int fd)
{
	struct interest *in = find(epfd, fd);

	if (in)
		atomic_store_explicit(&in->word, 0, memory_order_relaxed);
}

/* The numbers to go through: [*first, *end). */
static void bounds(int epfd, int *first, int *end)
{
	*first = atomic_load_explicit(&sets[epfd].low, memory_order_relaxed) - 1;
	*end = atomic_load_explicit(&sets[epfd].high, memory_order_relaxed);
	if (*first < 0)
		*first = *end = 0;
	if (*end - *first > SCAN_MAX) {
		*end = *first + SCAN_MAX;
		ws_limit_reached(WS_LIMIT_poll_objects);
	}
}

/* What the number stood for before is gone. */
static void clear(int epfd)
{
	int first, end;

	bounds(epfd, &first, &end);
	for (int fd = first; fd < end; fd++)
		drop(epfd, fd);
	atomic_store_explicit(&sets[epfd].low, 0, memory_order_relaxed);
	atomic_store_explicit(&sets[epfd].high, 0, memory_order_relaxed);
}

void ws_epoll_made(int epfd)
{
	if (!in_range(epfd))
		return;
	clear(epfd);
	atomic_store_explicit(&sets[epfd].known, true, memory_order_relaxed);
}

void ws_epoll_changed(int epfd, int op, int fd, const struct epoll_event *event)
{
	if (!in_range(epfd) || !in_range(fd))
		return;
	if (op == EPOLL_CTL_DEL)
		drop(epfd, fd);
	else if (op == EPOLL_CTL_ADD || op == EPOLL_CTL_MOD)
		add(epfd, fd, event->events, event->data.u64);
}

/* A number after `word` in a line, and some spaces. False: there is none. */
static bool field(const char *line, const char *word, unsigned int base, uint64_t *ret)
{
	const char *at = strstr(line, word);

	if (!at)
		return false;
	at += strlen(word);
	while (*at == ' ' || *at == '\t')
		at++;
	*ret = 0;
	for (;; at++) {
		unsigned int digit = *at >= '0' && *at <= '9'   ? (unsigned int)(*at - '0')
				     : *at >= 'a' && *at <= 'f' ? (unsigned int)(*at - 'a' + 10)
								: base;

		if (digit >= base)
			return true;
		*ret = *ret * base + digit;
	}
}

/* "tfd:        5 events:       19 data:                5  pos:0 ino:1e sdev:f" */
static void read_line(int epfd, const char *line)
{
	uint64_t fd, events, data;

	if (field(line, "tfd:", 10, &fd) && field(line, "events:", 16, &events) &&
	    field(line, "data:", 16, &data) && in_range((int)fd))
		add(epfd, (int)fd, (uint32_t)events, data);
}

/* Reads from /proc what is in a set that was made elsewhere. */
static void learn(int epfd)
{
	char path[40] = "/proc/self/fdinfo/", digits[12], text[1024];
	size_t length = strlen(path), d = 0, n = 0;
	uint32_t left = (uint32_t)epfd;
	ssize_t got;
	int fd;

	do
		digits[d++] = (char)('0' + left % 10);
	while (left /= 10);
	while (d)
		path[length++] = digits[--d];
	path[length] = '\0';

	atomic_store_explicit(&sets[epfd].known, true, memory_order_relaxed);
	fd = ws_fd_open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while ((got = ws_raw_read(fd, text + n, sizeof(text) - 1 - n)) > 0) {
		char *line = text, *end;

		n += (size_t)got;
		text[n] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end = '\0';
			read_line(epfd, line);
			line = end + 1;
		}
		n -= (size_t)(line - text);
		memmove(text, line, n);
		if (n == sizeof(text) - 1)
			n = 0; /* no line of ours is that long */
	}
	ws_fd_close(fd);
}

void ws_epoll_collect(struct ws_pollset *set, struct ws_thread *self, int epfd, uintptr_t site)
{
	int first, end;

	ws_pollset_begin(set);
	if (!in_range(epfd) || ws_sandboxed)
		return;
	if (!atomic_load_explicit(&sets[epfd].known, memory_order_relaxed))
		learn(epfd);
	bounds(epfd, &first, &end);
	for (int fd = first; fd < end; fd++) {
		const struct interest *in = find(epfd, fd);
		uint32_t events;

		if (!in)
			continue;
		if (set->n == WS_POLL_OBJECTS_MAX) {
			ws_limit_reached(WS_LIMIT_poll_objects);
			break;
		}
		events = WORD_EVENTS(atomic_load_explicit(&in->word, memory_order_relaxed));
		if (events & EPOLLIN || !(events & WRITE_EVENTS))
			ws_pollset_add(set, self, fd, true, site);
		if (events & WRITE_EVENTS)
			ws_pollset_add(set, self, fd, false, site);
	}
}

/* The object of one of the set's files; what is counted is in `set`. */
static bool object_of(const struct ws_pollset *set, struct ws_thread *self, int fd, bool reading,
		      uintptr_t site, struct ws_wait_other *ret)
{
	int32_t which = ws_pollset_which(set, fd, reading);

	if (which != WS_POLL_OTHER) {
		*ret = set->objects[which - 2];
		return true;
	}
	return ws_pollset_object(self, fd, reading, site, set->now_ns, ret);
}

static bool is_the_one(int epfd, int fd, uint64_t data)
{
	const struct interest *in = in_range(fd) ? find(epfd, fd) : NULL;

	return in && atomic_load_explicit(&in->data, memory_order_relaxed) == data;
}

bool ws_epoll_ender(const struct ws_pollset *set, struct ws_thread *self, int epfd,
		    const struct epoll_event *events, int n, uintptr_t site,
		    struct ws_wait_other *ret)
{
	int first, end;

	if (!in_range(epfd) || ws_sandboxed)
		return false;
	bounds(epfd, &first, &end);
	for (int i = 0; i < n; i++) {
		bool reading = !(events[i].events & WRITE_EVENTS) || events[i].events & EPOLLIN;
		uint64_t data = events[i].data.u64;

		/* Most programs attach the number itself. */
		if (is_the_one(epfd, events[i].data.fd, data) &&
		    object_of(set, self, events[i].data.fd, reading, site, ret))
			return true;
		for (int fd = first; fd < end; fd++) {
			if (is_the_one(epfd, fd, data) &&
			    object_of(set, self, fd, reading, site, ret))
				return true;
		}
	}
	return false;
}
