/* SPDX-License-Identifier: MIT */
/* digest.h: one recording, reduced to what can be compared with another: objects, lines of code,
 * orders of locks, findings and deadlocks by keys that survive (identity.h), with their figures.
 *
 * It stands alone: it needs neither the trace nor the model it was made of. Written as JSON, it
 * passes from the process that read the trace to the one that compares, and a baseline (gate.h) is
 * one without the distributions.
 *
 * Order: objects by key, lines by module, function, file, line and offset; the rest as its parts.
 * The same trace gives the same digest.
 */
#ifndef WS_DIGEST_H
#define WS_DIGEST_H

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/identity.h"

/* A line of code. Empty strings and zeroes are what is not known. */
struct ws_digest_site {
	const char *module;   /* see identity.h */
	const char *function; /* see identity.h */
	const char *file;     /* source path */
	uint32_t line;
	uint64_t offset; /* ELF virtual address within the module */
};

/* What a line of code has to do with the waits on one object. */
struct ws_digest_use {
	uint32_t site;             /* index, or WS_UNKNOWN */
	struct ws_histogram waits; /* Owned by the digest */
};

struct ws_digest_object {
	uint8_t kind;              /* enum ws_kind */
	uint8_t how;               /* enum ws_identity */
	const char *module;        /* see ws_object_identity */
	const char *label;         /* the same */
	const char *name;          /* for people, with its kind: that of the first of them */
	uint32_t site;             /* INIT, USE: index of where; or WS_UNKNOWN */
	uint32_t members;          /* so many objects of the run had this key */
	struct ws_histogram waits; /* Owned by the digest */
	uint64_t by_class[WS_CLASS_COUNT]; /* of the time */
	uint64_t open;                     /* waits that were open at the end */
	uint64_t unknown_ns;               /* of the time: no holder or waker is known */
	uint64_t acquired;     /* times it was taken; 0: nobody said so, or it is no lock */
	uint64_t waited;       /* of these, after a wait */
	uint64_t running_ns;   /* of the time: a holder ran, or nobody knows what it did */
	uint64_t scheduler_ns; /* of the time: a holder or the waiter was kept from running */
	uint64_t path_ns; /* of the critical path: what it would save at most without its waits */
	double variance;  /* of the sum of the waits, as slices.h has it; of a group the largest */
	struct ws_digest_use *waiters; /* Owned by the digest; by site */
	size_t n_waiters;
	struct ws_digest_use *holders; /* the same; owned kinds only */
	size_t n_holders;
};

/* A lock was taken while another was held. Objects are indexes. */
struct ws_digest_edge {
	uint32_t held, taken;
	uint32_t held_site, taken_site; /* indexes, or WS_UNKNOWN: of the first time */
};

struct ws_digest_finding {
	uint8_t rule;      /* enum ws_rule */
	const char *title; /* as it was said of this run */
	uint32_t *objects; /* indexes, ascending; Owned by the digest */
	size_t n_objects;
	uint32_t site;        /* of the first evidence that has one, index, or WS_UNKNOWN */
	const char *evidence; /* the text of that evidence; "" if there is none */
};

struct ws_digest_step {
	uint32_t holds, wants;         /* indexes */
	uint32_t hold_site, want_site; /* indexes, or WS_UNKNOWN */
};

struct ws_digest_deadlock {
	uint8_t verdict; /* enum ws_verdict; never SUPPRESSED */
	const char *reason;
	struct ws_digest_step *cycle; /* Owned by the digest */
	size_t n_cycle;
};

/* A file of code. */
struct ws_digest_module {
	const char *name;     /* see identity.h */
	const char *build_id; /* in hex, "" if there is none */
	bool program;         /* a process ran it */
};

struct ws_digest {
	const char *path; /* the trace folder, or file, as it was given */
	uint64_t duration_ns;
	uint64_t active_ns; /* time for which threads ran, or waited for what another held */
	uint64_t events, lost_events, lost_packets;
	uint64_t uncertain_waits, lost_waits, open_waits;
	uint64_t frames, unresolved_frames;
	bool path_known;  /* the critical path */
	uint64_t path_ns; /* its length */
	double busy;      /* part of the processors that others used meanwhile; < 0: not known */
	struct ws_digest_module *modules; /* Owned by this, as all that follow; by name */
	size_t n_modules;
	struct ws_digest_site *sites;
	size_t n_sites;
	struct ws_digest_object *objects;
	size_t n_objects;
	struct ws_digest_edge *edges;
	size_t n_edges;
	struct ws_digest_finding *findings;
	size_t n_findings;
	struct ws_digest_deadlock *deadlocks;
	size_t n_deadlocks;
	struct ws_arena strings;
};

/* What a digest is made of. Everything is borrowed for the call. */
struct ws_digest_source {
	const char *path;
	const struct ws_context *context; /* see ws_analyses_context */
	const struct ws_results *results;
	const struct ws_model_counts *counts;
	uint64_t frames, unresolved_frames;
	double busy; /* as in ws_digest */
};

/* 0 or -ENOMEM with *ret untouched. The setup must have asked for slices. */
int ws_digest_make(const struct ws_digest_source *source, struct ws_digest **ret);

/* An empty one, to be filled by hand. NULL: out of memory. */
struct ws_digest *ws_digest_new(void);
void ws_digest_free(struct ws_digest *digest); /* NULL is fine */

/* The class of most of the time; of several the first. */
enum ws_class ws_digest_class(const struct ws_digest_object *object);

/* True if the recording lost something: then what is not in it may have been all the same. */
bool ws_digest_lacks(const struct ws_digest *digest);

/* Orders of lines and objects by what they are, as they stand in a digest. */
int ws_digest_site_compare(const struct ws_digest_site *a, const struct ws_digest_site *b);
int ws_digest_object_compare(const struct ws_digest *a, const struct ws_digest_object *x,
			     const struct ws_digest *b, const struct ws_digest_object *y);

#endif
