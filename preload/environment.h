/* SPDX-License-Identifier: MIT */
/* environment.h: the variables that make a program's children recorded too, kept through exec.
 *
 * A program may hand an environment of its own to exec, or have changed its own. Then what was
 * there when it started is added, in memory on the caller's stack: exec may be called in a signal
 * handler, after fork() in a program with threads, and after vfork(). Everything else of the
 * environment stays as it is, and all of one that has WAITSCOPE_FOLLOW=0 and not our library: that
 * is how a recorder that is recorded itself starts its daemons.
 */
#ifndef WS_ENVIRONMENT_H
#define WS_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Notes the variables as they are now; the constructor calls it. */
void ws_environment_save(void);

/* Programs write their titles over the memory of their first environment, into which LTTng keeps
 * pointers, by which it finds its daemon in a forked child. Called in the child, before LTTng
 * starts there and again after it: puts our copy there and the program's bytes back. */
void ws_environment_exchange(void);

/* What is to become of an environment. Filled by ws_environment_plan(). */
struct ws_environment {
	char *const *given;  /* Weak: the caller's; NULL: empty */
	const char *preload; /* the value of its LD_PRELOAD; NULL: it has none */
	size_t n;            /* its entries */
	size_t bytes;        /* memory that ws_environment_make() needs; 0: leave it as it is */
	bool keep;           /* children are recorded: add; otherwise take away */
};

void ws_environment_plan(struct ws_environment *plan, char *const *given);
/* The new environment, made in `memory` of plan->bytes. */
char **ws_environment_make(const struct ws_environment *plan, void *memory);

#endif
