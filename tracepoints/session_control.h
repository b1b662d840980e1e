/* SPDX-License-Identifier: MIT */
/* session_control.h: the control process of a session, and what it and its owner say to each other.
 *
 * Over a SOCK_SEQPACKET pair, one struct ws_session_message a message:
 *
 *     control -> owner   STARTED | FAILED          once, after the start
 *     owner -> control   STOP                      or the end of the socket, which means the same
 *     control -> owner   STOPPED | FAILED          the trace is complete, or why it is not
 *
 * FAILED may also come between the two: the daemon died. After STOPPED or FAILED the control
 * process takes everything away and exits.
 */
#ifndef WS_SESSION_CONTROL_H
#define WS_SESSION_CONTROL_H

#include "session.h"

enum ws_session_message_type {
	WS_SESSION_STARTED = 1,
	WS_SESSION_FAILED,
	WS_SESSION_STOP,
	WS_SESSION_STOPPED,
};

struct ws_session_message {
	uint32_t type;                      /* enum ws_session_message_type */
	int32_t code;                       /* FAILED: negative errno */
	uint32_t daemon;                    /* STARTED: enum ws_session_daemon */
	char home[WS_SESSION_PATH_MAX];     /* STARTED: the private folder */
	struct ws_session_result result;    /* STOPPED */
	char reason[WS_SESSION_REASON_MAX]; /* FAILED: one line for people */
};

/* The body of the control process, in a forked child. `fd` is its end of the pair. Returns its
 * exit status. */
int ws_session_control(const struct ws_session_options *options, int fd);

#endif
