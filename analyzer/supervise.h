/* SPDX-License-Identifier: MIT */
/* supervise.h: reads traces in a child process that may die of them, and tries again.
 *
 * Damaged packets make libbabeltrace2 2.0.4 abort, crash or never come back. The work is done in a
 * child, which writes down in shared memory what it gives to the library (source/watch.h). When the
 * child dies of it, or is stuck and is ended, the work is done anew by another child, which leaves
 * out what the last one died of: the rest of that stream, or of that file; it warns of it, and what
 * came before it is kept. In the normal case this costs one fork.
 *
 * The child's stderr is shown when it has ended; a child that died of the library leaves no words,
 * no core and no temporary folders.
 */
#ifndef WS_SUPERVISE_H
#define WS_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/progress.h"
#include "analyzer/source/watch.h"

/* How long one step of libbabeltrace2 (15 events, or the opening of a folder) may take. */
#define WS_PATIENCE_MS 60000

struct ws_supervised {
	const char *name;     /* what messages begin with */
	bool progress;        /* show a line about the progress on stderr if that is a terminal */
	uint32_t patience_ms; /* 0: WS_PATIENCE_MS */
	/* How a command of ours goes about it; set by ws_supervise. NULL: nothing is said, no
	 * signal is touched, and the child leaves by _exit(): for a process that is not ours. */
	const struct ws_supervise_manners *manners;
	/* Where what is to be avoided is copied once the work is done, for who does it again; Weak.
	 * NULL: nobody does. */
	struct ws_watch *learned;

	/* In the child. `watch` is to be handed to the pipeline; what it sets *number to, the
	 * supervisor hands on. The exit status. */
	int (*work)(void *user, struct ws_watch *watch, int64_t *number);
	void *user; /* Weak */
};

/* What is up to the command. */
struct ws_supervise_manners {
	void (*fail)(const char *name, const char *text); /* says why there is nothing */
	void (*words)(int fd); /* shows what the child wrote to its stderr */
	void (*leave)(int status) __attribute__((noreturn)); /* ends the child */
	void (*meant)(int signal); /* a signal that was meant for the command ended the child */
	void (*show)(struct ws_progress *progress, const struct ws_watch *watch, uint64_t now_ms);
	void (*hide)(struct ws_progress *progress);
};

/* The exit status of the work; or that of a failure, said on stderr. A signal that was meant for
 * the command and ended the child ends the caller, too. `number` may be NULL. */
int ws_supervise(const struct ws_supervised *what, int64_t *number);

/* The same with the manners that `what` has. */
int ws_supervise_as(const struct ws_supervised *what, int64_t *number);

#endif
