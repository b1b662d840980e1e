/* SPDX-License-Identifier: MIT */
/* board_reach.c: who can operate on an object, of all processes that the board knows, and whether
 * others can; see board.h. */
#include "analyzer/analyses/board.h"

bool ws_board_descends(const struct ws_board *board, const struct ws_board_process *process,
		       uint32_t from)
{
	const struct ws_board_process *of = process;

	if (process->gone)
		return false;
	/* No more steps than there are processes: a lossy trace may have a circle. */
	for (size_t i = 0; of && i < board->n_processes; i++) {
		if (of->parent == from)
			return true;
		of = ws_board_process(board, of->parent);
	}
	return false;
}

bool ws_board_reaches(const struct ws_board_process *process, const struct ws_object *object,
		      uint8_t end)
{
	const struct ws_reach *known;
	struct ws_reach what;

	if (!ws_reach_of(&object->key, &what))
		return object->key.process == process->index;
	known = ws_reaches_find(&process->reaches, &what);
	return known && (!end || known->ends & end);
}

static bool is_made(const struct ws_reach *reach)
{
	return reach->made;
}

static bool is_keyed(const struct ws_reach *reach)
{
	return reach->keyed;
}

static bool is_used(const struct ws_reach *reach)
{
	return reach->itself;
}

/* True if that is so of a process other than `but` (WS_UNKNOWN: of any). */
static bool any_process(const struct ws_board *board, const struct ws_reach *what, uint32_t but,
			bool (*is)(const struct ws_reach *))
{
	for (size_t i = 0; i < board->n_processes; i++) {
		const struct ws_reach *known =
			board->processes[i] && i != but
				? ws_reaches_find(&board->processes[i]->reaches, what)
				: NULL;

		if (known && is(known))
			return true;
	}
	return false;
}

bool ws_board_is_closed(const struct ws_board *board, const struct ws_object *object)
{
	struct ws_reach what;

	return !ws_reach_of(&object->key, &what) || what.origin ||
	       any_process(board, &what, WS_UNKNOWN, is_made);
}

bool ws_board_is_public(const struct ws_board *board, const struct ws_object *object)
{
	struct ws_reach what;

	if (!ws_reach_of(&object->key, &what))
		return false;
	if (what.origin == WS_MAP_SYSV) {
		what = (struct ws_reach){ .kind = WS_KIND_SYSV_SHM, .offset = what.ino };
		return !any_process(board, &what, WS_UNKNOWN, is_made) ||
		       any_process(board, &what, WS_UNKNOWN, is_keyed);
	}
	if (what.origin)
		return what.origin == WS_MAP_FILE;
	if (!ws_kind_has_key(what.kind))
		return what.kind == WS_KIND_MQ;
	return any_process(board, &what, WS_UNKNOWN, is_keyed);
}

bool ws_board_lets_go(const struct ws_board *board, const struct ws_board_wait *wait)
{
	const struct ws_board_object *on = wait->on;
	bool carries = ws_kind_carries(on->object->key.kind);
	bool reads = wait->pub.flags & WS_WAIT_READ;
	struct ws_reach what;

	for (uint32_t i = 0; i < on->n_wakers; i++) {
		if (on->wakers[i].thread != wait->pub.thread &&
		    (!carries || on->wakers[i].ends & (reads ? WS_END_WRITES : WS_END_READS)))
			return true;
	}
	for (size_t i = 0; i < on->n_holds; i++) {
		if (on->holds[i].said && on->holds[i].who.thread != wait->pub.thread)
			return true;
	}
	if (on->object->key.kind == WS_KIND_BARRIER && on->n_waits > 1)
		return true; /* one more has come there */
	return carries && !reads && ws_reach_of(&on->object->key, &what) &&
	       any_process(board, &what, wait->pub.process, is_used);
}
