/* SPDX-License-Identifier: MIT */
/* wrap_jump.c: longjmp() and its like: the waits whose frames they leave are over.
 *
 * Rules: see export.h. Where no wait is open, which is nearly always, nothing is looked at. Else
 * the stack pointer that is jumped to tells which frames are left: glibc keeps it in the seventh
 * place of the buffer, rotated and combined with the thread's guard (sysdep.h, PTR_MANGLE), which
 * is part of what programs are compiled with.
 */
#include <setjmp.h>

#include "preload/export.h"
#include "preload/real.h"
#include "preload/wait.h"

static uintptr_t stack_pointer(const struct __jmp_buf_tag *e)
{
	enum { STACK_POINTER = 6 };
	uintptr_t mangled = (uintptr_t)e->__jmpbuf[STACK_POINTER];

	__asm__("rorq $17, %0\n\txorq %%fs:0x30, %0" : "+r"(mangled) : : "cc");
	return mangled;
}

static inline void leave(const struct __jmp_buf_tag *e)
{
	struct ws_thread *self = ws_self;

	if (ws_unlikely(self && (self->n_open || self->plain)) && ws_thread())
		ws_waits_left(self, stack_pointer(e));
}

WS_EXPORT void longjmp(struct __jmp_buf_tag e[1], int v)
{
	leave(e);
	ws_real.longjmp(e, v);
	__builtin_unreachable();
}

WS_EXPORT void _longjmp(struct __jmp_buf_tag e[1], int v)
{
	leave(e);
	ws_real._longjmp(e, v);
	__builtin_unreachable();
}

WS_EXPORT void siglongjmp(struct __jmp_buf_tag e[1], int v)
{
	leave(e);
	ws_real.siglongjmp(e, v);
	__builtin_unreachable();
}

WS_EXPORT void __longjmp_chk(struct __jmp_buf_tag e[1], int v)
{
	leave(e);
	ws_real.__longjmp_chk(e, v);
	__builtin_unreachable();
}
