/* SPDX-License-Identifier: MIT */
/* call.c: follows and records calls, see call.h.
 *
 * Rules: a signal handler may interrupt any line here and make calls of its own, which it ends in
 * full or leaves by longjmp(): a place among the open calls is taken before it is filled, and given
 * back by what the frames' addresses say, never by counting. errno stays.
 */
#include "preload/call.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "preload/call_args.h"
#include "preload/clock.h"
#include "preload/emit.h"
#include "preload/flags.h"
#include "preload/lifecycle.h"
#include "preload/prototypes.h"
#include "preload/resource.h"
#include "preload/select.h"
#include "tracepoints/format.h"

bool ws_calls_full;

_Static_assert(WS_ANY_ARGS == WS_FUNCTION_ANY_ARGS, "the same flag by two names");

/* Both are called by thunk.c. Begins the call of which `slot` is the return address' place. False:
 * it is to be jumped to; the target is set in any case. */
bool ws_call_begin(struct ws_call_frame *frame, const uintptr_t *slot);
void ws_call_end(uintptr_t slot, uint64_t result);

extern const char ws_call_returned[] __attribute__((visibility("hidden")));

#define TARGET(name, of, flags, kind, args, result) (uintptr_t) of,
static const uintptr_t targets[WS_FUNCTION_COUNT] = { WS_FUNCTIONS(TARGET) };

void ws_calls_start(bool full)
{
	ws_calls_full = full;
	ws_calls_on = true;
}

uintptr_t ws_call_site(uintptr_t return_address)
{
	struct ws_thread *self = ws_self;

	return return_address == (uintptr_t)ws_call_returned && self && self->n_calls
		       ? self->calls[self->n_calls - 1].site
		       : return_address;
}

/* --- recording --- */

/* Asked as late as can be: what a file is may be known only after the call. The rest of one that
 * was recorded as it began is, too. */
static bool is_selected(struct ws_thread *self, const struct ws_open_call *call)
{
	int fd;

	if (ws_likely(!ws_select_on) || call->flags & WS_CALL_ENTERED)
		return true;
	fd = ws_call_file(&ws_functions[call->function], call);
	if (fd >= 0)
		ws_select_fd(fd, call->kind, call->object, call->device);
	return ws_select_call(call->function, call->kind, call->object, call->device,
			      self->texts + call->text);
}

/* False: it is not to be recorded. */
static bool record(struct ws_thread *self, const struct ws_open_call *call, uint8_t flags,
		   uint64_t duration_ns, int64_t result, int error)
{
	if (!is_selected(self, call))
		return false;

	struct ws_ev_call event = {
		.function = call->function,
		.flags = (call->flags & WS_CALL_CUT) | flags,
		.kind = call->kind,
		.error = (int16_t)error,
		.begin_ns = call->begin_ns,
		.duration_ns = duration_ns < WS_CALL_LONG ? (uint32_t)duration_ns : WS_CALL_LONG,
		.result = result,
		.site = call->site,
		.object = call->object,
		.args = call->args,
		.n_args = call->n_args,
		.text = self->texts + call->text,
	};

	WS_SECTION(self);
	ws_definitions();
	ws_emit(call, &event);
	return true;
}

/* The innermost open call is over: its place and its texts are free. */
static void pop(struct ws_thread *self)
{
	self->n_texts = self->calls[self->n_calls - 1].text;
	self->n_calls--;
}

/* The innermost one never returns. */
static void leave(struct ws_thread *self)
{
	struct ws_open_call call = self->calls[self->n_calls - 1];

	/* The parent's, in a fork child, is its parent's to record. */
	if (call.recorded && call.pid == ws_pid && ws_wanted(call))
		record(self, &call,
		       WS_CALL_LEFT | (call.flags & WS_CALL_ENTERED ? WS_CALL_RETURNED : 0), 0, 0,
		       0);
	pop(self);
}

/* Those whose frames lie deeper than this one were left. */
static void drop_left(struct ws_thread *self, uintptr_t slot)
{
	while (self->n_calls > 0 && self->calls[self->n_calls - 1].frame <= slot)
		leave(self);
}

void ws_calls_left(struct ws_thread *self)
{
	while (self->n_calls > 0)
		leave(self);
}

/* --- what a call is like --- */

/* True if it returns twice, in the second case on a stack that has been used since, or replaces its
 * own frame: then nothing of ours may stand between it and the program. */
static bool is_jumped_to(const struct ws_function_info *info, const struct ws_call_frame *frame)
{
	if (info->flags & (WS_TWICE | WS_ANY_ARGS))
		return true;
	if (info->of != WS_FUNCTION_syscall)
		return false;
	switch (frame->args[0]) {
	case SYS_vfork:
	case SYS_fork:
	case SYS_clone:
	case SYS_clone3:
	case SYS_rt_sigreturn:
		return true;
	default:
		return false;
	}
}

static bool may_leave(const struct ws_function_info *info, const struct ws_call_frame *frame)
{
	if (info->flags & (WS_LEAVES | WS_TWICE))
		return true;
	if (info->of != WS_FUNCTION_syscall)
		return false;
	switch (frame->args[0]) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_execve:
	case SYS_execveat:
		return true;
	default:
		return is_jumped_to(info, frame);
	}
}

/* --- the way round the wrapper --- */

static struct ws_open_call *push(struct ws_thread *self, uint16_t function, const uintptr_t *slot)
{
	uint32_t at = self->n_calls;

	if (at >= WS_OPEN_CALLS_MAX) {
		ws_limit_reached(WS_LIMIT_open_calls);
		return NULL;
	}
	/* A handler that comes between uses the place in full and gives it back. */
	self->calls[at] = (struct ws_open_call){
		.frame = (uintptr_t)slot,
		.site = *slot,
		.pid = ws_pid,
		.function = function,
		.text = (uint16_t)self->n_texts,
	};
	self->n_calls = at + 1;
	atomic_signal_fence(memory_order_seq_cst);
	if (self->calls[at].frame != (uintptr_t)slot)
		self->calls[at] = (struct ws_open_call){
			.frame = (uintptr_t)slot,
			.site = *slot,
			.pid = ws_pid,
			.function = function,
			.text = (uint16_t)self->n_texts,
		};
	return &self->calls[at];
}

/* Fills in what is recorded of a call that begins. */
static void look(struct ws_thread *self, const struct ws_function_info *info,
		 const struct ws_call_frame *frame, const uintptr_t *slot,
		 struct ws_open_call *call)
{
	size_t room = WS_CALL_TEXTS - self->n_texts;

	ws_call_take_args(info, frame->args, slot + 1, call);
	ws_call_take_object(info, call);
	/* A handler that calls now is to find its texts after these. */
	if (room > WS_CALL_TEXT_MAX + 1)
		room = WS_CALL_TEXT_MAX + 1;
	self->n_texts += (uint32_t)room;
	room = ws_call_take_texts(info, call, self->texts + call->text, room) + 1;
	self->n_texts = call->text + (uint32_t)room;
	if (self->n_texts > WS_CALL_TEXTS)
		self->n_texts = WS_CALL_TEXTS;
}

__attribute__((used)) bool ws_call_begin(struct ws_call_frame *frame, const uintptr_t *slot)
{
	uint16_t function = (uint16_t)frame->function;
	const struct ws_function_info *info = &ws_functions[function];
	struct ws_thread *self;
	struct ws_open_call *call;
	int saved = errno;

	frame->target = targets[info->of];
	frame->n_stack = strlen(info->args) > 6 ? 2 : 0;
	if (info->flags & WS_NO_CALL)
		return false;
	self = ws_thread();
	if (!self || ws_is_tracer_code(*slot))
		return false;
	drop_left(self, (uintptr_t)slot);
	call = push(self, function, slot);
	if (!call)
		return false;
	if (ws_calls_full && ws_wanted(call) && (!ws_select_on || ws_select_may_call(function))) {
		look(self, info, frame, slot, call);
		call->recorded = true;
		call->saved_errno = saved;
		call->begin_ns = ws_now_ns();
		if (info->flags & WS_TWICE ||
		    (is_jumped_to(info, frame) && may_leave(info, frame) &&
		     !(info->flags & WS_ANY_ARGS))) {
			record(self, call, WS_CALL_LEFT, 0, 0, 0);
			call->recorded = false;
		} else if (may_leave(info, frame)) {
			if (record(self, call, WS_CALL_ENTERED, 0, 0, 0))
				call->flags |= WS_CALL_ENTERED;
		}
	}
	if (is_jumped_to(info, frame) && !(info->flags & WS_ANY_ARGS))
		pop(self);
	errno = saved;
	return !is_jumped_to(info, frame);
}

/* The call with this frame, which is over now; NULL: it is not known. */
static struct ws_open_call *find_ended(struct ws_thread *self, uintptr_t slot)
{
	while (self->n_calls > 0 && self->calls[self->n_calls - 1].frame < slot)
		leave(self);
	if (self->n_calls > 0 && self->calls[self->n_calls - 1].frame == slot)
		return &self->calls[self->n_calls - 1];
	return NULL;
}

static void finish(uintptr_t slot, uint64_t result, int error_now)
{
	struct ws_thread *self = ws_self;
	struct ws_open_call *call = self && self->n_calls ? find_ended(self, slot) : NULL;
	const struct ws_function_info *info;

	if (!call)
		return;
	/* In a fork child it is its parent's call. */
	if (call->recorded && call->pid == ws_pid && ws_thread() && ws_wanted(call)) {
		uint64_t now = ws_now_ns();
		int64_t value;

		info = &ws_functions[call->function];
		value = ws_call_result(info, result);
		if (call->kind == WS_KIND_NONE)
			ws_call_take_object(info, call);
		record(self, call, call->flags & WS_CALL_ENTERED ? WS_CALL_RETURNED : 0,
		       now - call->begin_ns, value,
		       ws_call_error(info, value, call->saved_errno, error_now));
	}
	pop(self);
}

__attribute__((used)) void ws_call_end(uintptr_t slot, uint64_t result)
{
	int saved = errno;

	finish(slot, result, saved);
	errno = saved;
}

void ws_call_done(uintptr_t slot, int64_t result)
{
	ws_call_end(slot, (uint64_t)result);
}

void ws_call_blocks(struct ws_thread *self)
{
	struct ws_open_call *call = self->n_calls ? &self->calls[self->n_calls - 1] : NULL;

	if (!call || !call->recorded || (call->flags & WS_CALL_ENTERED) || !ws_wanted(call))
		return;
	if (call->kind == WS_KIND_NONE)
		ws_call_take_object(&ws_functions[call->function], call);
	if (record(self, call, WS_CALL_ENTERED, 0, 0, 0))
		call->flags |= WS_CALL_ENTERED;
}
