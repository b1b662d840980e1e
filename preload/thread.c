/* SPDX-License-Identifier: MIT */
/* thread.c: slots of threads and the locks that they hold.
 *
 * Rules: no malloc, no lock; a slot's memory is never unmapped; a signal handler may interrupt
 * any line here and take and release locks of its own.
 */
#include "preload/thread.h"

#include <sys/mman.h>
#include <time.h>

#include "preload/emit.h"
#include "preload/lifecycle.h"
#include "preload/limits.h"
#include "preload/lock_counts.h"
#include "preload/lock_order.h"
#include "preload/plain.h"
#include "preload/raw.h"

#define CHUNK 64 /* slots mapped at a time */

__thread struct ws_thread *ws_self;

/* 0: free; otherwise the tid, or CLAIMED while it is being set up. Dense, since a blocked thread
 * looks through it for the holder. */
#define CLAIMED (-1)
static _Atomic int32_t slot_tids[WS_THREADS_MAX];
static _Atomic int32_t slots_used; /* no slot at or above it was ever taken */
static struct ws_thread *_Atomic chunks[WS_THREADS_MAX / CHUNK];

/* Tids of threads that have ended, by a hash of their handles, until they are joined. What falls out
 * was detached, or is joined without its tid. */
#define ENDED 1024
static struct {
	_Atomic uintptr_t handle;
	_Atomic int32_t tid;
} ended[ENDED];

static size_t ended_place(uintptr_t handle)
{
	return handle * UINT64_C(0x9e3779b97f4a7c15) >> 54;
}

/* Threads that are never recorded share one slot: LTTng's own, and those that are gone. */
static struct ws_thread nobody = { .quiet = WS_QUIET_FOREIGN };

static struct ws_thread *slot_at(int32_t i)
{
	struct ws_thread *chunk = atomic_load_explicit(&chunks[i / CHUNK], memory_order_acquire);

	return chunk ? &chunk[i % CHUNK] : NULL;
}

static struct ws_thread *slot_map(int32_t i)
{
	struct ws_thread *chunk = atomic_load_explicit(&chunks[i / CHUNK], memory_order_acquire);

	if (!chunk) {
		size_t size = CHUNK * sizeof(struct ws_thread);
		struct ws_thread *none = NULL;
		long r = ws_raw_mmap(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

		if (r < 0)
			return NULL;
		chunk = (struct ws_thread *)r;
		/* release: pairs with the acquire loads above; the loser takes the winner's. */
		if (!atomic_compare_exchange_strong_explicit(&chunks[i / CHUNK], &none, chunk,
							     memory_order_acq_rel,
							     memory_order_acquire)) {
			ws_raw_munmap(chunk, size);
			chunk = none;
		}
	}
	return &chunk[i % CHUNK];
}

static struct ws_thread *slot_claim(int32_t tid)
{
	for (int32_t i = 0; i < WS_THREADS_MAX; i++) {
		int32_t was = 0;

		if (atomic_load_explicit(&slot_tids[i], memory_order_relaxed) != 0)
			continue;
		if (!atomic_compare_exchange_strong(&slot_tids[i], &was, CLAIMED))
			continue;

		struct ws_thread *slot = slot_map(i);

		if (!slot) {
			atomic_store(&slot_tids[i], 0);
			return NULL;
		}

		int32_t used = atomic_load(&slots_used);

		while (used <= i && !atomic_compare_exchange_weak(&slots_used, &used, i + 1))
			;
		slot->quiet = WS_QUIET_NOT;
		slot->leaving = false;
		slot->tid = tid;
		slot->slot = i;
		slot->wait_seq = 0;
		slot->wake_seq = 0;
		slot->n_open = 0;
		slot->n_keys = 0;
		slot->n_calls = 0;
		slot->n_texts = 0;
		slot->once = NULL;
		for (size_t k = 0; k < WS_VFORKS_MAX; k++)
			slot->vforks[k].stack = 0;
		slot->calm = 0;
		slot->calm_needed = WS_PLAIN_CALM;
		slot->plain = 0;
		slot->looked = 0;
		atomic_store_explicit(&slot->held_word, 0, memory_order_relaxed);
		atomic_store_explicit(&slot->handle, 0, memory_order_relaxed);
		slot->segment = 1;
		slot->syncs = 0;
		slot->edge_seq = 0;
		slot->told = 0;
		ws_lock_orders_forget(slot);
		/* release: whoever finds the tid finds the slot set up (find_slot). */
		atomic_store_explicit(&slot_tids[i], tid, memory_order_release);
		return slot;
	}
	return NULL;
}

static struct ws_thread *find_slot(int32_t tid)
{
	int32_t used = atomic_load_explicit(&slots_used, memory_order_acquire);

	for (int32_t i = 0; i < used; i++)
		if (atomic_load_explicit(&slot_tids[i], memory_order_acquire) == tid)
			return slot_at(i);
	return NULL;
}

struct ws_thread *ws_thread_slow(void)
{
	struct ws_thread *self = ws_self;

	if (!self) {
		if (ws_aside)
			return NULL;
		self = slot_claim(ws_raw_gettid());
		if (!self) {
			ws_limit_reached(WS_LIMIT_threads);
			ws_self = &nobody;
			return NULL;
		}
		ws_self = self;
		ws_thread_arm(self);
		return self;
	}

	if (self->quiet == WS_QUIET_VFORK) {
		/* Parent and child share this memory; only the parent may go on with it. */
		if (ws_raw_getpid() != ws_pid)
			return NULL;
		self->quiet = WS_QUIET_NOT;
		return self;
	}
	if (self->quiet <= WS_QUIET_LAST)
		return NULL;
	/* A wrapper of this thread is at work further out, and this is its own call. If its frame
	 * lies deeper than this one, it is gone: a signal handler left it by longjmp(). */
	if ((uintptr_t)__builtin_frame_address(0) > self->quiet) {
		self->quiet = WS_QUIET_NOT;
		return self;
	}
	return NULL;
}

void ws_thread_foreign(void)
{
	ws_self = &nobody;
}

void ws_thread_gone(struct ws_thread *self)
{
	uintptr_t handle = atomic_load_explicit(&self->handle, memory_order_relaxed);

	if (handle) {
		atomic_store_explicit(&ended[ended_place(handle)].tid, self->tid,
				      memory_order_relaxed);
		atomic_store_explicit(&ended[ended_place(handle)].handle, handle,
				      memory_order_relaxed);
	}
	ws_self = &nobody;
	ws_plain_drop(self, UINTPTR_MAX);
	atomic_store_explicit(&self->handle, 0, memory_order_relaxed);
	atomic_store_explicit(&self->held_word, 0, memory_order_relaxed);
	atomic_store_explicit(&slot_tids[self->slot], 0, memory_order_release);
}

void ws_thread_forked(struct ws_thread *self)
{
	int32_t used = atomic_load(&slots_used);

	for (int32_t i = 0; i < used; i++) {
		struct ws_thread *slot = slot_at(i);

		if (!slot || slot == self)
			continue;
		atomic_store(&slot->held_word, 0);
		atomic_store(&slot->handle, 0);
		atomic_store(&slot_tids[i], 0);
	}
	if (self != &nobody) {
		self->segment = 1;
		self->syncs = 0;
		ws_lock_orders_forget(self);
		ws_lock_counts_forget(self);
		self->tid = ws_raw_gettid();
		self->n_open = 0;
		self->n_keys = 0;
		self->plain = 0; /* it is the parent's, if any */
		self->calm = 0;
		atomic_store(&slot_tids[self->slot], self->tid);
	}
}

int32_t ws_thread_tid_of(pthread_t handle)
{
	int32_t used = atomic_load_explicit(&slots_used, memory_order_acquire);

	for (int32_t i = 0; i < used; i++) {
		int32_t tid = atomic_load_explicit(&slot_tids[i], memory_order_acquire);
		struct ws_thread *slot = tid > 0 ? slot_at(i) : NULL;

		if (slot &&
		    atomic_load_explicit(&slot->handle, memory_order_relaxed) == (uintptr_t)handle)
			return tid;
	}

	/* A new thread takes its slot when it first runs. Until then libc alone knows its tid, and
	 * tells it in this only: the kernel's clocks of threads are ~tid << 3 | what they count. */
	clockid_t clock;

	return pthread_getcpuclockid(handle, &clock) == 0 ? ~(clock >> 3) : 0;
}

int32_t ws_thread_joined(pthread_t handle)
{
	size_t i = ended_place((uintptr_t)handle);
	uintptr_t was = (uintptr_t)handle;

	/* It has ended, so what it wrote is here: join() orders the two. */
	if (!atomic_compare_exchange_strong(&ended[i].handle, &was, 0))
		return 0;
	return atomic_load_explicit(&ended[i].tid, memory_order_relaxed);
}

void ws_threads_each(void (*each)(struct ws_thread *thread))
{
	int32_t used = atomic_load_explicit(&slots_used, memory_order_acquire);

	for (int32_t i = 0; i < used; i++) {
		int32_t tid = atomic_load_explicit(&slot_tids[i], memory_order_acquire);
		struct ws_thread *slot = tid > 0 ? slot_at(i) : NULL;

		if (slot)
			each(slot);
	}
}

bool ws_thread_known(int32_t tid)
{
	return tid && find_slot(tid);
}

size_t ws_thread_tids(int32_t *tids, size_t max)
{
	int32_t used = atomic_load_explicit(&slots_used, memory_order_acquire);
	size_t n = 0;

	for (int32_t i = 0; i < used && n < max; i++) {
		int32_t tid = atomic_load_explicit(&slot_tids[i], memory_order_acquire);

		if (tid > 0)
			tids[n++] = tid;
	}
	return n;
}

void ws_held_refill(struct ws_thread *self, uint32_t n, uintptr_t object, uint8_t kind,
		    uint8_t flags, uintptr_t site, uint32_t stack)
{
	struct ws_held *entry = &self->held[n];

	entry->object = object;
	entry->site = site;
	entry->stack = stack;
	entry->kind = kind;
	entry->flags = flags;
}

void ws_held_add_slow(struct ws_thread *self, uintptr_t object, uint8_t kind, uint8_t flags,
		      uintptr_t site, uint32_t stack)
{
	uint64_t word = atomic_load_explicit(&self->held_word, memory_order_relaxed);
	uint32_t n = WS_HELD_COUNT(word);
	struct ws_held *entry = &self->held[n];

	if (n >= WS_HELD_MAX) {
		ws_limit_reached(WS_LIMIT_held_locks);
		return;
	}
	if (entry->object == object && entry->count < UINT16_MAX)
		entry->count++;
	else
		ws_lock_count(self, entry);
	ws_held_refill(self, n, object, kind, flags, site, stack);
	/* As in ws_held_add(). */
	atomic_store_explicit(&self->held_word, word + WS_HELD_CHANGE + 1, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
	if (*(volatile uintptr_t *)&entry->object != object)
		ws_held_refill(self, n, object, kind, flags, site, stack);
	if (n > 0)
		ws_lock_order(self, n);
}

void ws_held_remove_slow(struct ws_thread *self, uintptr_t object)
{
	uint64_t word = atomic_load_explicit(&self->held_word, memory_order_relaxed);
	uint32_t n = WS_HELD_COUNT(word);

	for (uint32_t i = n; i-- > 0;) {
		if (self->held[i].object != object)
			continue;
		/* Readers look at the places that move: first the word changes, and they look
		 * again; it changes once more when all is done. */
		atomic_store_explicit(&self->held_word, word + WS_HELD_CHANGE,
				      memory_order_relaxed);
		atomic_thread_fence(memory_order_release);
		ws_lock_count(self, &self->held[i]);
		for (; i + 1 < n; i++)
			self->held[i] = self->held[i + 1];
		self->held[i].count = 0; /* it moved down with its entry */
		atomic_store_explicit(&self->held_word, word + 2 * WS_HELD_CHANGE - 1,
				      memory_order_release);
		return;
	}
}

const struct ws_held *ws_held_own(const struct ws_thread *self, uintptr_t object)
{
	uint64_t word = atomic_load_explicit(&self->held_word, memory_order_relaxed);

	for (uint32_t i = WS_HELD_COUNT(word); i-- > 0;)
		if (self->held[i].object == object)
			return &self->held[i];
	return NULL;
}

/* One look at another thread's array; the last entry for the object is the one that counts. */
static bool held_read(struct ws_thread *slot, uintptr_t object, struct ws_held *ret, bool *steady)
{
	uint64_t word = atomic_load_explicit(&slot->held_word, memory_order_acquire);
	uint32_t n = WS_HELD_COUNT(word);
	bool found = false;

	if (n > WS_HELD_MAX)
		n = WS_HELD_MAX;
	for (uint32_t i = n; i-- > 0 && !found;) {
		*ret = slot->held[i];
		found = ret->object == object;
	}
	atomic_thread_fence(memory_order_acquire);
	*steady = atomic_load_explicit(&slot->held_word, memory_order_relaxed) == word;
	return found;
}

static bool held_look(struct ws_thread *slot, uintptr_t object, struct ws_held *ret)
{
	/* The other thread may be locking in a tight loop: a few looks, then it is not known. */
	for (int try = 0; try < 16; try++) {
		bool steady;
		bool found = held_read(slot, object, ret, &steady);

		if (steady)
			return found;
	}
	return false;
}

bool ws_held_find(int32_t tid, uintptr_t object, struct ws_held *ret)
{
	struct ws_thread *slot = find_slot(tid);

	return slot && held_look(slot, object, ret);
}

size_t ws_held_all(uintptr_t object, int32_t *tids, struct ws_held *held, size_t max)
{
	int32_t used = atomic_load_explicit(&slots_used, memory_order_acquire);
	size_t n = 0;

	for (int32_t i = 0; i < used && n < max; i++) {
		int32_t tid = atomic_load_explicit(&slot_tids[i], memory_order_acquire);
		struct ws_thread *slot = tid > 0 ? slot_at(i) : NULL;

		if (slot && held_look(slot, object, &held[n]))
			tids[n++] = tid;
	}
	return n;
}
