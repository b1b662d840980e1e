/* SPDX-License-Identifier: MIT */
/* proc_locks.c: see proc_locks.h. A line of /proc/locks is
 *	1: POSIX  ADVISORY  WRITE 1234 fe:00:1065387 0 EOF
 * with "->" before the class where somebody waits; one of fdinfo has "lock:" in front. */
#include "preload/proc_locks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "preload/fdguard.h"
#include "preload/raw.h"

/* Longest line that is looked at; the kernel's are below 100 bytes. */
#define LINE_BYTES 256

/* The next word of *at, which is moved behind it; NULL: there is none. */
static const char *word(const char **at, size_t *length)
{
	const char *begin = *at;

	while (*begin == ' ' || *begin == '\t')
		begin++;
	*length = strcspn(begin, " \t");
	*at = begin + *length;
	return *length ? begin : NULL;
}

static bool is(const char *text, size_t length, const char *expected)
{
	return length == strlen(expected) && memcmp(text, expected, length) == 0;
}

/* A number in `base` up to `end`, which `*at` is moved to. */
static bool number(const char **at, unsigned int base, char end, uint64_t *ret)
{
	uint64_t value = 0;
	const char *c = *at;

	for (;; c++) {
		unsigned int digit;

		if (*c >= '0' && *c <= '9')
			digit = (unsigned int)(*c - '0');
		else if (*c >= 'a' && *c <= 'f')
			digit = (unsigned int)(*c - 'a') + 10;
		else
			break;
		if (digit >= base)
			return false;
		value = value * base + digit;
	}
	if (c == *at || (*c != end && !(end == ' ' && (*c == '\0' || *c == '\t'))))
		return false;
	*at = c;
	*ret = value;
	return true;
}

/* "fe:00:1065387" */
static bool file(const char *at, struct ws_proc_lock *ret)
{
	uint64_t major, minor;

	if (!number(&at, 16, ':', &major) || (at++, !number(&at, 16, ':', &minor)) ||
	    (at++, !number(&at, 10, ' ', &ret->ino)))
		return false;
	ret->dev = makedev((unsigned int)major, (unsigned int)minor);
	return true;
}

bool ws_proc_locks_parse(const char *line, struct ws_proc_lock *ret)
{
	size_t n;
	const char *w = word(&line, &n);
	uint64_t value;

	if (w && is(w, n, "lock:"))
		w = word(&line, &n);
	if (!w || w[n - 1] != ':')
		return false;

	w = word(&line, &n);
	if (!w)
		return false;
	if (is(w, n, "POSIX"))
		ret->class = WS_LOCK_POSIX;
	else if (is(w, n, "OFDLCK"))
		ret->class = WS_LOCK_OFD;
	else if (is(w, n, "FLOCK"))
		ret->class = WS_LOCK_FLOCK;
	else
		return false; /* "->", a lease, a mandate */

	if (!word(&line, &n)) /* ADVISORY */
		return false;
	w = word(&line, &n);
	if (!w)
		return false;
	ret->write = is(w, n, "WRITE") || is(w, n, "RW");

	w = word(&line, &n);
	if (!w)
		return false;
	ret->pid = -1;
	if (w[0] != '-') {
		if (!number(&w, 10, ' ', &value))
			return false;
		ret->pid = (int32_t)value;
	}
	w = word(&line, &n);
	if (!w || !file(w, ret))
		return false;
	w = word(&line, &n);
	if (!w || !number(&w, 10, ' ', &ret->start))
		return false;
	w = word(&line, &n);
	if (!w)
		return false;
	ret->end = UINT64_MAX;
	if (!is(w, n, "EOF")) {
		if (!number(&w, 10, ' ', &value))
			return false;
		ret->end = value + 1;
	}
	return true;
}

int ws_proc_locks_read_fd(int fd, bool (*each)(const struct ws_proc_lock *lock, void *context),
			  void *context)
{
	char buffer[4096], line[LINE_BYTES];
	size_t length = 0;
	ssize_t n;

	while ((n = ws_raw_read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			struct ws_proc_lock lock;

			if (buffer[i] != '\n') {
				if (length < LINE_BYTES - 1)
					line[length++] = buffer[i];
				continue;
			}
			line[length] = '\0';
			length = 0;
			if (ws_proc_locks_parse(line, &lock) && !each(&lock, context))
				return 0;
		}
	}
	return (int)n;
}

int ws_proc_locks_read(bool (*each)(const struct ws_proc_lock *lock, void *context), void *context)
{
	int fd = ws_fd_open("/proc/locks", O_RDONLY);
	int r;

	if (fd < 0)
		return -ENOENT;
	r = ws_proc_locks_read_fd(fd, each, context);
	ws_fd_close(fd);
	return r;
}
