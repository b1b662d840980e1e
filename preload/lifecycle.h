/* SPDX-License-Identifier: MIT */
/* lifecycle.h: start, fork, exec and end of the process, as far as other files take part. */
#ifndef WS_LIFECYCLE_H
#define WS_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/thread.h"

/* True once the constructor has run and until the library steps aside. */
extern bool ws_active;
/* False: children are not to be recorded (WAITSCOPE_FOLLOW=0). */
extern bool ws_follow;

/* True if the address lies in LTTng's or libunwind's code or in this library: such a call is not
 * the program's. */
bool ws_is_tracer_code(uintptr_t address);

/* Inside a quiet section, before the first events: records the process, its modules, threads and
 * mappings, if a session has begun since they were last recorded. */
void ws_definitions(void);

/* In a fork child, before it runs on and before LTTng does: the tables are the child's own now.
 * `parent_tid` is the parent's thread that forked, in `segment` (lock_edge), by the call at `site`. */
void ws_process_forked(struct ws_thread *self, int32_t parent_tid, uintptr_t site);
/* In a fork child, once LTTng runs: records it, or steps aside if children are not followed. */
void ws_process_follow(struct ws_thread *self, int32_t parent, int32_t parent_tid,
		       uint32_t segment);

/* Each opens a section of its own. */
/* Records that this process ends with `status`, once in its life; by the call at `site`, 0: not
 * known, as in exit(), after the program's handlers. */
void ws_process_exit(struct ws_thread *self, int status, uintptr_t site);
/* The same of the parent, which ended inside libc, by daemon(). */
void ws_process_parent_exited(struct ws_thread *self, int32_t parent, int32_t tid,
			      int32_t grandparent);
/* Records that the image is about to be replaced by `path`, and that it was not after all. */
void ws_process_exec(struct ws_thread *self, const char *path, uintptr_t site);
void ws_process_exec_failed(struct ws_thread *self, const char *path, int error);
/* Records that this process has made a child, by a call that began at `begin_ns` (ws_now_ns); the
 * child may never tell of itself. `program`: it runs another one by now, or has ended before. In the
 * parent only; errno is kept. Nothing where `self` is NULL, or there is no child. */
void ws_process_spawned(struct ws_thread *self, int32_t child, uint64_t begin_ns, bool program);
/* Records that a child was collected with this wait(2) status. */
void ws_process_reaped(struct ws_thread *self, int32_t child, int status);

/* Called by __libc_start_main's wrapper: once all libraries are set up, and before main(). */
void ws_process_start(void);
void ws_process_main(void);
/* What the loader is to call at the very end, after all exit handlers. */
void (*ws_process_at_end(void (*rtld_fini)(void)))(void);

/* Stops recording in this process for good: every wrapper passes through from now on. */
void ws_step_aside(void);
/* True once it has. */
extern bool ws_aside;

#endif
