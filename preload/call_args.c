/* SPDX-License-Identifier: MIT */
/* call_args.c: see call_args.h.
 *
 * Rules: memory of the program is read by ws_copy_in() only, but for streams, into which glibc
 * looks as well.
 */
#include "preload/call_args.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sem.h>

#include "preload/copyin.h"
#include "preload/fdkind.h"
#include "preload/flags.h"
#include "tracepoints/format.h"

#define PAGE 4096u

/* The value of an argument or result that the letter says is shorter than its register. */
static uint64_t extended(char letter, uint64_t value)
{
	switch (letter) {
	case 'd':
	case 'f':
		return (uint64_t)(int64_t)(int32_t)value;
	case 'u':
	case 'x':
	case 'o':
		return (uint32_t)value;
	default:
		return value;
	}
}

/* True if fcntl() looks at its third argument. */
static bool fcntl_takes(int command)
{
	return command != F_GETFD && command != F_GETFL && command != F_GETOWN &&
	       command != F_GETSIG && command != F_GETLEASE && command != F_GETPIPE_SZ &&
	       command != F_GET_SEALS;
}

/* True if semctl() looks at its fourth. */
static bool semctl_takes(int command)
{
	return command != IPC_RMID && command != GETVAL && command != GETPID &&
	       command != GETNCNT && command != GETZCNT;
}

/* How many of `n` the call looks at: the rest is noise that was in the registers. */
static size_t looked_at(const struct ws_function_info *info, const uint64_t *args, size_t n)
{
	const char *mode = strstr(info->args, "xo");

	switch (info->of) {
	case WS_FUNCTION_fcntl:
		return fcntl_takes((int)args[1]) ? n : 2;
	case WS_FUNCTION_semctl:
		return semctl_takes((int)args[2]) ? n : 3;
	case WS_FUNCTION_mremap:
		return args[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP) ? n : 4;
	case WS_FUNCTION_clone:
		return args[2] & (CLONE_PARENT_SETTID | CLONE_SETTLS | CLONE_CHILD_SETTID |
				  CLONE_CHILD_CLEARTID | CLONE_PIDFD)
			       ? n
			       : 4;
	case WS_FUNCTION_shm_open:
		return n;
	default:
		break;
	}
	/* open() and its like: the mode, and what follows, only where a file may be made. */
	if (mode && !(args[mode - info->args] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))))
		return (size_t)(mode - info->args) + 1;
	return n;
}

void ws_call_take_args(const struct ws_function_info *info, const uint64_t *registers,
		       const uint64_t *stack, struct ws_open_call *call)
{
	size_t n = strlen(info->args);

	for (size_t i = 0; i < n; i++)
		call->args[i] = extended(info->args[i], i < 6 ? registers[i] : stack[i - 6]);
	call->n_args = (uint8_t)looked_at(info, call->args, n);
}

/* One byte of a text as the event has it; returns how many bytes that are. */
static size_t escaped(unsigned char c, char *to)
{
	static const char letters[] = "n\nt\tr\r\\\\\"\"";

	to[0] = '\\';
	for (size_t i = 0; letters[i]; i += 2)
		if (c == (unsigned char)letters[i + 1]) {
			to[1] = letters[i];
			return 2;
		}
	if (c >= ' ' && c != 0x7f) {
		to[0] = (char)c;
		return 1;
	}
	to[1] = (char)('0' + (c >> 6));
	to[2] = (char)('0' + (c >> 3 & 7));
	to[3] = (char)('0' + (c & 7));
	return 4;
}

/* Copies a text piece by piece, none of which crosses a page. False: it cannot be read. */
static bool take_text(const char *from, char *to, size_t size, size_t *used, bool *cut)
{
	size_t begin = *used;

	for (;;) {
		char piece[64], bytes[4];
		size_t n = PAGE - (uintptr_t)from % PAGE;

		if (n > sizeof(piece))
			n = sizeof(piece);
		if (ws_copy_in(piece, from, n) != 0) {
			*used = begin;
			return false;
		}
		for (size_t i = 0; i < n && piece[i]; i++) {
			size_t wide = escaped((unsigned char)piece[i], bytes);

			if (*used + wide > size) {
				*cut = true;
				return true;
			}
			memcpy(to + *used, bytes, wide);
			*used += wide;
		}
		if (memchr(piece, '\0', n))
			return true;
		from += n;
	}
}

size_t ws_call_take_texts(const struct ws_function_info *info, struct ws_open_call *call, char *to,
			  size_t size)
{
	size_t used = 0;
	bool first = true, cut = false;

	/* Room for the sign of one that cannot be read. */
	if (size < 4 || !strchr(info->args, 's')) {
		if (size)
			to[0] = '\0';
		return 0;
	}
	size -= 1;
	for (size_t i = 0; i < call->n_args && !cut; i++) {
		if (info->args[i] != 's')
			continue;
		if (used + 3 > size) {
			cut = true;
			break;
		}
		if (!first)
			to[used++] = '\t';
		first = false;
		if (!call->args[i] ||
		    !take_text((const char *)(uintptr_t)call->args[i], to, size, &used, &cut)) {
			to[used++] = '\\';
			to[used++] = '?';
		}
	}
	if (cut)
		call->flags |= WS_CALL_CUT;
	to[used] = '\0';
	return used;
}

int ws_call_file(const struct ws_function_info *info, const struct ws_open_call *call)
{
	for (size_t i = 0; i < call->n_args; i++) {
		if (info->args[i] == 'f')
			return (int)call->args[i];
		if (info->args[i] == 'F' && call->args[i])
			return ((const FILE *)(uintptr_t)call->args[i])->_fileno;
	}
	return -1;
}

void ws_call_take_object(const struct ws_function_info *info, struct ws_open_call *call)
{
	int fd;

	call->kind = info->kind;
	switch (info->kind) {
	case WS_KIND_NONE:
	case WS_KIND_SOCKET:
	case WS_KIND_EVENTFD:
	case WS_KIND_MQ:
		fd = ws_call_file(info, call);
		if (fd < 0 || !ws_fd_is_known(fd))
			return;
		call->kind = ws_fd_event_kind(
			atomic_load_explicit(&ws_fds[fd].word, memory_order_acquire));
		if (call->kind) {
			call->object = ws_fds[fd].object;
			call->device = ws_fds[fd].other;
		}
		return;
	case WS_KIND_SYSV_SEM:
	case WS_KIND_SYSV_MSG:
	case WS_KIND_SYSV_SHM:
		/* What makes one is given a key, and answers with the id. */
		if (info->args[0] == 'd' && strchr("oc", info->name[3]) == NULL)
			return;
		if (info->args[0] == 'd')
			call->object = call->args[0];
		return;
	default:
		if (ws_kind_naming(info->kind) == WS_NAMED_BY_ADDRESS && info->args[0] == 'p')
			call->object = call->args[0];
		return;
	}
}

int64_t ws_call_result(const struct ws_function_info *info, uint64_t result)
{
	return info->result == 'v' ? 0 : (int64_t)extended(info->result, result);
}

int ws_call_error(const struct ws_function_info *info, int64_t result, int before, int after)
{
	bool failed;

	if (info->flags & WS_ERROR)
		return result > 0 && result < 4096 ? (int)result : 0;
	switch (info->result) {
	case 'v':
		return 0;
	case 'U': /* how much was done: what stopped it set errno, if it set it now */
		return 0;
	case 'p':
	case 'F':
		failed = result == 0 || result == -1;
		break;
	case 'u':
		failed = info->flags & WS_EOF && result == UINT32_MAX;
		break;
	default:
		failed = result == -1;
	}
	if (!failed || (info->flags & WS_EOF && before == after))
		return 0;
	return after;
}
