/* SPDX-License-Identifier: MIT */
/* private.h: the live state of the model, shared by the files of this room only. */
#ifndef WS_MODEL_PRIVATE_H
#define WS_MODEL_PRIVATE_H

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "analyzer/model/model.h"

/* A wake, shared by the object that it may still end waits on, the thread whose stack for it may
 * still come, and the waits that it ended. */
struct wake {
	struct ws_wake pub;
	uint64_t ord;  /* its place among all records */
	uint32_t seq;  /* number within its thread */
	uint32_t left; /* waits that it may still end; WS_WAKE_ALL: no limit */
	uint32_t refs;
	int64_t type;  /* sysv_msg: of the message that is sent; 0: not known */
	uint32_t owner; /* record_lock, flock: the releasing process's main thread; else WS_UNKNOWN */
	uint8_t end;        /* socket: from which end, 0 or 1 */
	bool read;          /* a shared hold was released: no reader waited for it */
	bool polled;        /* it ended the wait of a poll, which uses none up */
	bool complete;      /* its stack arrived or will not */
	struct wait *ended; /* waits that it ended, held back until it is complete; `next_state` */
	struct wake *prev, *next; /* in object.wakes, oldest first */
};

/* A holder that a wait began with. */
struct named_holder {
	struct ws_holder who;
	bool released;
};

/* One more object that may end a wait. */
struct other {
	struct object *object;
	uint8_t flags; /* WS_WAIT_*: which side of it */
	uint8_t end;   /* socket: at which end, 0 or 1 */
};

/* A wait: open, or ended and not handed out yet. */
struct wait {
	struct ws_wait pub;
	struct object *object; /* the same as pub.object; poll that ended: whose wakes may end it */
	uint32_t seq;
	int64_t type;                /* sysv_msg: of the message that is wanted; 0: any */
	uint8_t end;                 /* socket: at which end, 0 or 1 */
	uint64_t begin_ord, end_ord; /* places among all records */
	uint64_t next_event_ns;      /* first event of its thread after its begin; 0: none yet */
	bool followed;               /* next_event_ns is set */
	struct ws_object_key mutex;  /* cond: what the call itself is to release; kind 0: it did */
	struct wake *waker;          /* holds a reference; NULL: none */

	/* Owned kinds. */
	struct named_holder *named; /* Owned by this */
	size_t n_named;
	struct ws_charge *charges; /* Owned by this; pub.charges once handed out */
	size_t n_charges, charges_size;
	struct ws_piece *pieces; /* Owned by this; pub.pieces once handed out */
	size_t n_pieces, pieces_size;
	uint64_t cursor_ns; /* the last release, or the begin */
	struct ws_holder last_releaser;
	uint64_t last_release_ord;
	struct wake *last_release; /* holds a reference; NULL: no release was seen */

	struct other *others; /* Owned by this: more objects that may end it, as recorded */
	size_t n_others, others_size;
	uint32_t said;        /* thread that ended it, as wait_end says; WS_UNKNOWN: it does not */
	int32_t ender; /* which of all its objects ended it: 0 `object`, 1 the first of `others`;
			* -1: not known */

	struct wake *first; /* channel: the first that a reader waited for; holds a reference; or NULL */
	struct object *moved_to; /* futex_requeue: wakes on this may end it too; NULL: not moved */

	struct wait *prev_open, *next_open;   /* in object.open, oldest first */
	struct wait *prev_moved, *next_moved; /* in moved_to->moved */
	struct wait *prev_state, *next_state; /* in object.late or wake.ended, oldest first */
	struct wait *outer;                   /* the wait of this thread that this one nests in */
};

/* A process that was seen to use one end of an object. */
struct end_user {
	uint32_t process;
	uint8_t end; /* socket: 0 or 1; otherwise 0 */
};

struct object {
	struct ws_object pub;
	struct end_user *users; /* Owned by this: of pipes and the like, see ends.c */
	size_t n_users, users_size;
	UT_hash_handle hh;   /* in model.objects by pub.key, while it is the live incarnation */
	struct object *next; /* in model.retired */
	bool destroyed;

	struct wait *open;  /* by prev_open */
	struct wait *moved; /* by prev_moved */
	struct wait *late;  /* ended, and may be claimed by a late wake */
	size_t n_open;      /* of `open` and `moved`, and waits on several objects */
	struct wake *wakes; /* not used up, oldest first */
	bool polled;        /* a poll was for it, of which only the end may say so */

	/* record_lock: a range of `file`, whose list it is in while waits on it are open or late. */
	struct object *file;   /* NULL: another kind; a whole file: itself */
	struct object *ranges; /* of a whole file: those that are waited for, by prev_range */
	struct object *prev_range, *next_range;
	bool listed;
	struct ws_object_key released; /* of a whole file: the range of `release` */

	struct wake *release; /* the last release; holds a reference; NULL: none. Owned kinds */
	struct ws_holder releaser; /* whose it was, and how that came by the object */

	struct ws_holder acquirer; /* who acquired it last by a wait; thread WS_UNKNOWN: nobody */
	uint64_t acquirer_ord;
};

struct thread {
	uint32_t index;
	uint32_t process;
	struct wait *top; /* innermost open wait; by `outer` */
	size_t depth;
	struct wait *late[WS_LATE_MAX]; /* oldest first; NULL from n_late on */
	size_t n_late;
	struct wake *pending[WS_PENDING_MAX]; /* hold references; oldest first */
	size_t n_pending;
	struct thread *prev, *next; /* in the list of its process */
	struct ws_lock_edge *edge;  /* Owned by this: the one whose held locks follow; NULL: none */
	uint32_t edge_seq, edge_wants;
};

/* A process that used SEM_UNDO on a set of System V semaphores. */
struct undo {
	uint32_t process;
	uint64_t set; /* semid */
};

struct ws_model {
	struct ws_model_observer observer;
	bool *heard; /* Owned by this: by index, the threads of which the observer heard a record */
	size_t heard_size;
	struct ws_model_counts counts;
	uint64_t ord; /* number of the current record, from 1 */
	uint64_t now_ns;
	uint32_t next_id;

	struct object *objects;  /* live incarnations, by key */
	struct object *retired;  /* past ones that had waits */
	struct thread **threads; /* by index; NULL: not seen, or ended */
	size_t n_threads;
	struct thread **processes; /* by index: the live threads of each */
	size_t n_processes;
	struct undo *undos; /* Owned by this: of processes that have not ended */
	size_t n_undos, undos_size;
	struct wake *spare_wakes; /* reuse instead of malloc; by `next` */
	struct wait *spare_waits; /* the same; by `next_open` */
};

/* objects.c */

/* The live incarnation for a key; made if there is none. `fresh` asks for a new one if the present
 * one was destroyed. 0 or -ENOMEM. */
int ws_object_get(struct ws_model *model, const struct ws_object_key *key, uint32_t data,
		  bool fresh, struct object **ret);
/* What the waits of polls count for that are ended by `of`. 0 or -ENOMEM. */
int ws_object_get_poll(struct ws_model *model, struct object *of, struct object **ret);
/* The live incarnation, or NULL. */
struct object *ws_object_find(struct ws_model *model, const struct ws_object_key *key);
/* An OBJECT record. 0 or -ENOMEM. */
int ws_object_event(struct ws_model *model, const struct ws_record *record);
void ws_objects_free(struct ws_model *model);

/* ranges.c: record locks: a release concerns every wait for bytes of the file that it touches. */

/* True if two ranges of one file have a byte in common. */
bool ws_range_overlaps(const struct ws_object_key *a, const struct ws_object_key *b);
/* The object has an open wait: it is to be among its file's. */
void ws_range_listed(struct object *object);
/* Calls `each` for the objects of the file that are waited for and overlap the key. Returns the
 * first result below 0, else 0. */
int ws_ranges_each(struct object *object, int (*each)(struct object *object, void *context),
		   void *context);
/* A release of these bytes, for waits whose record comes after it. Takes a reference. */
void ws_range_released(struct ws_model *model, struct object *object, struct wake *wake,
		       const struct ws_holder *holder);

/* undo.c: System V semaphores and the ends of processes. 0 or -ENOMEM. */
int ws_undo_note(struct ws_model *model, const struct ws_record *record); /* OBJECT, `undo` */
/* A PROCESS record: EXIT, or REAPED for one whose exit was not recorded. */
int ws_undo_process_ends(struct ws_model *model, const struct ws_record *record);

/* owned.c: the rules for owned kinds. 0 or -ENOMEM. */
int ws_owned_begin(struct wait *wait, const struct ws_holder *holder);
int ws_owned_named(struct wait *wait, const struct ws_holder *holder);
/* `at_ns`: when the release took effect for this wait. */
int ws_owned_release(struct wait *wait, struct wake *wake, const struct ws_holder *holder,
		     uint64_t at_ns);
/* True if a release was seen that the holder named at the beginning did not come after. */
bool ws_owned_is_released(const struct wait *wait);
/* The wait is over, pub.end_ns and outcome are set: charges what is left. */
int ws_owned_end(struct wait *wait, const struct ws_holder *holder);

/* wakes.c: the life of wakes, and the rules for kinds without an owner. */

int ws_wake_new(struct ws_model *model, struct object *object, const struct ws_record *record,
		struct wake **ret); /* one reference, the caller's */
/* The wake is complete but for its stack: tells the observer. What that returned. */
int ws_wake_tell(struct ws_model *model, const struct wake *wake);
void ws_wake_ref(struct wake *wake);
/* False if it cannot be what the wait was for. */
bool ws_wake_concerns(const struct wake *wake, const struct wait *wait);
void ws_wake_unref(struct ws_model *model, struct wake *wake); /* NULL is fine */
/* The wake may end waits on the object from now on. */
void ws_wake_offer(struct ws_model *model, struct object *object, struct wake *wake);
/* A wait has begun: a wake that came before its record, but in it, may be the one. */
void ws_wake_look_back(struct ws_model *model, struct wait *wait);
/* Drops the wakes that no open wait of the object can need. */
void ws_wakes_trim(struct ws_model *model, struct object *object);
/* The wake that ended `wait` (which is still among the open ones), used up once more, with a
 * reference for the caller; NULL: none is known. */
struct wake *ws_wake_take(struct ws_model *model, struct wait *wait);
/* Its stack is known, or will not be: tells the observer and hands out the waits that it held. */
int ws_wake_complete(struct ws_model *model, struct wake *wake);
/* A thread's wake waits for its stack; completes the oldest when there are too many. */
int ws_wake_pend(struct ws_model *model, struct thread *thread, struct wake *wake);

/* locks.c: the order of locks, how often they are taken, and what is done wrong. 0, -ENOMEM or what the
 * observer returned. */
int ws_locks_edge(struct ws_model *model, struct thread *thread, const struct ws_record *record);
int ws_locks_held(struct ws_model *model, struct thread *thread, const struct ws_record *record);
int ws_locks_count(struct ws_model *model, const struct ws_record *record);
int ws_locks_misuse(struct ws_model *model, const struct ws_record *record);
void ws_locks_forget(struct thread *thread); /* frees what is not complete */

/* ends.c: who uses pipes and the like. 0, -ENOMEM or what the observer returned. */

/* The process uses that end. */
int ws_end_note(struct object *object, uint32_t process, uint8_t end);
/* A TRANSFER record. */
int ws_end_transfer(struct ws_model *model, const struct ws_record *record);
/* A process is gone: before its threads are forgotten. */
int ws_ends_process_ends(struct ws_model *model, const struct ws_record *record);

/* waits.c: the life of waits. */

int ws_wait_begin(struct ws_model *model, struct thread *thread, const struct ws_record *record);
int ws_wait_end(struct ws_model *model, struct thread *thread, const struct ws_record *record);
/* One more object that may end the thread's wait. 0 or -ENOMEM. */
int ws_wait_object(struct ws_model *model, struct thread *thread, const struct ws_record *record);
/* Closes the innermost wait of a thread without an end of its own. */
int ws_wait_close(struct ws_model *model, struct thread *thread, uint64_t at_ns);
/* Sets the waker and hands the wait out, at once or when the waker is complete. `wait` is in no
 * list. Takes over the reference to `waker`, which may be NULL. */
int ws_wait_finish(struct ws_model *model, struct wait *wait, struct wake *waker);
/* Hands the wait out and frees it. */
int ws_wait_hand_out(struct ws_model *model, struct wait *wait);
/* A late wake claims an ended wait of the object. *claimed_end_ns stays untouched if there is none,
 * in which case the result is 0, else 1, or a negative errno. */
int ws_wait_claim_late(struct ws_model *model, struct object *object, struct wake *wake,
		       const struct ws_holder *holder, uint64_t *claimed_end_ns);
/* A wake that ends everybody claims the ended waits that were open at its place among records. */
int ws_wait_claim_all(struct ws_model *model, struct object *object, struct wake *wake);
/* The waits of a thread that are kept for late wakes are handed out as they are. */
int ws_wait_flush_late(struct ws_model *model, struct thread *thread);
void ws_wait_free(struct ws_model *model, struct wait *wait);

#endif
