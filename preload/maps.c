/* SPDX-License-Identifier: MIT */
/* maps.c: see maps.h. */
#include "preload/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "preload/fdguard.h"
#include "preload/raw.h"

/* Which part of a line the next character belongs to. */
enum part { START, END, FLAGS, OFFSET, MAJOR, MINOR, INODE, GAP, PATH };

struct parser {
	struct ws_maps_line line;
	enum part part;
	size_t at; /* within the part */
	uint64_t number;
	unsigned int major;
};

static uint64_t digit(char c)
{
	return (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* A number is over: where it belongs. */
static void number_ends(struct parser *p)
{
	switch (p->part) {
	case START:
		p->line.start = p->number;
		break;
	case END:
		p->line.end = p->number;
		break;
	case OFFSET:
		p->line.offset = p->number;
		break;
	case MAJOR:
		p->major = (unsigned int)p->number;
		break;
	case MINOR:
		p->line.dev = makedev(p->major, (unsigned int)p->number);
		break;
	case INODE:
		p->line.ino = p->number;
		break;
	default:
		break;
	}
	p->number = 0;
	p->at = 0;
	p->part++;
}

/* "start-end rwxs offset major:minor inode     path" */
static void feed(struct parser *p, char c)
{
	switch (p->part) {
	case START:
	case END:
	case OFFSET:
	case MAJOR:
	case MINOR:
		if (c == '-' || c == ' ' || c == ':')
			number_ends(p);
		else
			p->number = p->number * 16 + digit(c);
		break;
	case INODE:
		if (c == ' ')
			number_ends(p);
		else
			p->number = p->number * 10 + digit(c);
		break;
	case FLAGS:
		if (p->at == 3)
			p->line.shared = c == 's';
		if (c == ' ')
			number_ends(p);
		else
			p->at++;
		break;
	case GAP:
		if (c == ' ')
			break;
		p->part = PATH;
		p->at = 0;
		/* fall through */
	case PATH:
		if (p->at < sizeof(p->line.path) - 1)
			p->line.path[p->at++] = c;
		break;
	}
}

static void line_begins(struct parser *p)
{
	p->part = START;
	p->at = 0;
	p->number = 0;
}

int ws_maps_read_fd(int fd, bool (*each)(const struct ws_maps_line *line, void *context),
		    void *context)
{
	struct parser p;
	char buffer[2048];
	ssize_t n;

	line_begins(&p);
	while ((n = ws_raw_read(fd, buffer, sizeof(buffer))) > 0 || n == -EINTR) {
		for (ssize_t i = 0; i < n; i++) {
			if (buffer[i] != '\n') {
				feed(&p, buffer[i]);
				continue;
			}
			if (p.part == INODE)
				number_ends(&p);
			p.line.path[p.part == PATH ? p.at : 0] = '\0';
			if (!each(&p.line, context))
				return 0;
			line_begins(&p);
		}
	}
	return (int)n;
}

int ws_maps_read(bool (*each)(const struct ws_maps_line *line, void *context), void *context)
{
	int fd = ws_fd_open("/proc/self/maps", O_RDONLY);

	if (fd < 0)
		return fd;

	int r = ws_maps_read_fd(fd, each, context);

	ws_fd_close(fd);
	return r;
}
