/* SPDX-License-Identifier: MIT */
/* identity.h: what an object, a line of code or a thread is in any run of a program: the keys by
 * which two recordings are compared.
 *
 * A key has nothing in it that changes from run to run: no address, no pid or tid, no number that
 * the system gives out. Where a key is not enough (lines move as code is edited, a lock has no name
 * at all), matching.h works it out with both sides at hand. docs/diff.md has the rules for users.
 *
 * Objects, the first rule that fits (enum ws_identity):
 *
 *   1. name: it was given one: an IPC name, a path, a socket's address, a System V key. Numbers in
 *      it that are pids or tids of the recording read `#`; an address's port from WS_PORT_EPHEMERAL
 *      on reads `*`. Pipes and sockets without a name: the programs at their ends. Record locks:
 *      file and bytes.
 *   2. role: a thread that is joined, a child that is waited for, a sleep, a poll: whose it is, see
 *      below.
 *   3. data: the data symbol that it lies in, and how far into it: `cache_lock`, `table+0x40`.
 *   4. init: where it was initialised: module, function and line.
 *   5. use: nothing of all this. Where it was waited for or taken says what it is.
 *
 * Several objects of one run with the same key are one: the locks that a loop initialises are a
 * group.
 *
 * Threads: by the name that the program gave it, with `#` for the numbers in it; else by the
 * function that it started in; else it is its process's main thread. Processes: by the file that
 * they run.
 *
 * Modules: by the file's name, without the version of a shared library.
 *
 * Functions: demangled, without what the compiler adds to the name of a copy (.isra.0,
 * .constprop.1, .part.0, .cold).
 */
#ifndef WS_IDENTITY_H
#define WS_IDENTITY_H

#include "analyzer/analyses/setup.h"

/* Ports from here on are given out by the system (net.ipv4.ip_local_port_range). */
#define WS_PORT_EPHEMERAL 32768

/* X(SYMBOL, word): by which rule an object is known. */
#define WS_IDENTITIES(X)                                                                           \
	X(NAME, name)                                                                              \
	X(ROLE, role)                                                                              \
	X(DATA, data)                                                                              \
	X(INIT, init)                                                                              \
	X(USE, use)

#define WS_IDENTITY_ENUM(sym, word) WS_IDENTITY_##sym,
enum ws_identity { WS_IDENTITIES(WS_IDENTITY_ENUM) WS_IDENTITY_COUNT };
#undef WS_IDENTITY_ENUM

/* The key of an object. All strings are owned by the arena they were made in. */
struct ws_object_identity {
	uint8_t kind;       /* enum ws_kind */
	uint8_t how;        /* enum ws_identity */
	const char *module; /* of its data or its init, the program of its role; "" if none */
	const char *label;  /* name, role, or symbol and offset; "": INIT and USE have none */
	const struct ws_frame
		*at; /* INIT: where; USE: where it was first waited for or taken, which
		      * is for people only; NULL otherwise, or if that is unknown */
};

/* `display` is what reports call it (names.h). 0 or -ENOMEM with *ret untouched. */
int ws_identity_of_object(const struct ws_context *context, const struct ws_object *object,
			  const char *display, struct ws_arena *strings,
			  struct ws_object_identity *ret);

/* "worker-#", "accept_loop()", "main"; WS_UNKNOWN gives "unknown". 0 or -ENOMEM. */
int ws_identity_of_thread(const struct ws_context *context, uint32_t thread,
			  struct ws_arena *strings, const char **ret);

/* The name of the file that the process runs; "" if that is unknown. */
const char *ws_identity_of_process(const struct ws_tables *tables, uint32_t process);

/* The name of a module's file without its version: "libfoo.so". NULL gives "". 0 or -ENOMEM. */
int ws_identity_of_module(const char *path, struct ws_arena *strings, const char **ret);

/* The function without what the compiler added. NULL gives "". 0 or -ENOMEM. */
int ws_identity_of_function(const char *function, struct ws_arena *strings, const char **ret);

const char *ws_identity_word(enum ws_identity how);
/* 0, or -EINVAL: there is no such word. */
int ws_identity_of_word(const char *word, uint8_t *ret);

#endif
