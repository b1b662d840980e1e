/* SPDX-License-Identifier: MIT */
/* session_daemon.h: the LTTng session daemon that a recording uses, and its private folder.
 *
 * Used by the control process only: it changes the namespace, the environment and the signal
 * mask of the process that calls it.
 */
#ifndef WS_SESSION_DAEMON_H
#define WS_SESSION_DAEMON_H

#include "session.h"

/* A daemon in use. All zero but the fds, which are -1, before the start. */
struct ws_daemon {
	enum ws_session_daemon kind;
	char home[WS_SESSION_PATH_MAX]; /* the private folder; "": there is none */
	pid_t pid;                      /* of the daemon, where it is our child; 0: it is not */
	int pid_fd;                     /* readable once that daemon ended; -1: not our child */
	int rundir_fd;                  /* locked while in use, see session_daemon.c; -1: none */
	int start_fd;                   /* locked while the session is made; -1: not */
};

/* Makes the private folder and finds or starts a daemon, which answers when this returns; the
 * environment is set so that liblttng-ctl talks to it. With the machine's daemon, others
 * wait for ws_daemon_settled. 0, or a negative errno with `reason` set; ws_daemon_stop is
 * due in both cases. */
int ws_daemon_start(struct ws_daemon *daemon, char *reason);

/* The session exists: the next recording may look for the machine's daemon. */
void ws_daemon_settled(struct ws_daemon *daemon);

/* True if the daemon complained that a file system was full. */
bool ws_daemon_saw_full_disk(const struct ws_daemon *daemon);

/* The last error line of the daemon's log into `text`; "" if there is none. */
void ws_daemon_last_error(const struct ws_daemon *daemon, char *text, size_t size);

/* Ends the daemon where it is ours to end, with all its children, and removes the folder.
 * `complete`: everything is written, so that our own daemon may end without ceremony. */
void ws_daemon_stop(struct ws_daemon *daemon, bool complete);

/* Removes a private folder; for the owner of a control process that was killed, too. */
void ws_daemon_remove_home(const char *home);

#endif
