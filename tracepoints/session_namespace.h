/* SPDX-License-Identifier: MIT */
/* session_namespace.h: a mount namespace in which LTTng's run directory is the caller's own.
 *
 * As root lttng-sessiond and liblttng-ctl know one place only, /var/run/lttng. In a mount namespace
 * of its own a process can have that place for itself, and its daemon there.
 */
#ifndef WS_SESSION_NAMESPACE_H
#define WS_SESSION_NAMESPACE_H

/* Moves the calling process, which must be single-threaded, and its later children into a mount
 * namespace with a run directory (/var/run, mostly /run) of their own. In it everything is as
 * outside, but for `lttng`, which is empty. Needs CAP_SYS_ADMIN. 0 or a negative errno, and then
 * the mounts that the process sees are as before. */
int ws_namespace_enter(void);

#endif
