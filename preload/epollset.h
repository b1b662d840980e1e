/* SPDX-License-Identifier: MIT */
/* epollset.h: which files each epoll set of the program is for.
 *
 * epoll_wait() answers with what the program attached to a file, not with the file: so epoll_ctl()
 * is followed. A file is kept with at most two sets of a process, the latest. A set that was not
 * made by this process image (inherited over exec, or duplicated) is read from /proc at its first
 * wait.
 *
 * Rules: no lock, no malloc, errno stays. What is kept may be out of date, for the kernel takes a
 * file that is closed out of its sets by itself: it is only ever a hint at what to look at.
 */
#ifndef WS_EPOLLSET_H
#define WS_EPOLLSET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "preload/pollset.h"

/* A new set has this number. */
void ws_epoll_made(int epfd);
/* epoll_ctl() has succeeded with these arguments. */
void ws_epoll_changed(int epfd, int op, int fd, const struct epoll_event *event);

/* Adds the files of the set, WS_POLL_OBJECTS_MAX at most, to what a wait is for. */
void ws_epoll_collect(struct ws_pollset *set, struct ws_thread *self, int epfd, uintptr_t site);
/* What epoll_wait() answered with. True: *ret is the first of it that is an object. */
bool ws_epoll_ender(const struct ws_pollset *set, struct ws_thread *self, int epfd,
		    const struct epoll_event *events, int n, uintptr_t site,
		    struct ws_wait_other *ret);

#endif
