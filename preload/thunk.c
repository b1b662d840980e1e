/* SPDX-License-Identifier: MIT */
/* thunk.c: what the program runs into: under each function's name a jump to its wrapper, or, where
 * somebody wants to know of calls, a way round it (call.h).
 *
 * In assembly, since functions with any number of arguments and those that return twice must find
 * their arguments, their return address and their stack as the program left them.
 */
#include "preload/call.h"

#include <stddef.h>

bool ws_calls_on;

/* The numbers of functions.h, as text: the file uses __COUNTER__ for nothing else. */
#define TEXT(x)  #x
#define VALUE(x) TEXT(x)
#define THUNK(name, of, n)                                                                         \
	__asm__(".text\n"                                                                          \
		".globl " #name "\n"                                                               \
		".type " #name ", @function\n"                                                     \
		".p2align 4\n" #name ":\n"                                                         \
		"	.cfi_startproc\n"                                                                \
		"	cmpb $0, ws_calls_on(%rip)\n"                                                    \
		"	jne 1f\n"                                                                        \
		"	jmp ws_wrap_" #of "\n"                                                     \
		"1:	movl $" VALUE(n) ", %r11d\n"                                               \
					 "	jmp ws_call\n"                                          \
					 "	.cfi_endproc\n"                                         \
					 ".size " #name ", . - " #name "\n");
#define NUMBERED(name, of, flags, kind, args, result) THUNK(name, of, __COUNTER__)
WS_FUNCTIONS(NUMBERED)
_Static_assert(__COUNTER__ == WS_FUNCTION_COUNT, "a number for each row");

/* The way round: struct ws_call_frame is at the stack's end, its place is 208 bytes below the
 * frame pointer. The wrapper finds copies of the arguments that were on the stack. */
#define FRAME 208
_Static_assert(sizeof(struct ws_call_frame) == FRAME, "as below");
_Static_assert(offsetof(struct ws_call_frame, function) == 48, "as below");
_Static_assert(offsetof(struct ws_call_frame, target) == 56, "as below");
_Static_assert(offsetof(struct ws_call_frame, n_stack) == 64, "as below");
_Static_assert(offsetof(struct ws_call_frame, rax) == 72, "as below");
_Static_assert(offsetof(struct ws_call_frame, vector) == 80, "as below");

__asm__(".text\n"
	".globl ws_call\n"
	".hidden ws_call\n"
	".globl ws_call_returned\n"
	".hidden ws_call_returned\n"
	".type ws_call, @function\n"
	".macro ws_restore\n"
	"	movq -208(%rbp), %rdi\n"
	"	movq -200(%rbp), %rsi\n"
	"	movq -192(%rbp), %rdx\n"
	"	movq -184(%rbp), %rcx\n"
	"	movq -176(%rbp), %r8\n"
	"	movq -168(%rbp), %r9\n"
	"	movq -136(%rbp), %rax\n"
	"	testb %al, %al\n"
	"	je 9f\n"
	"	movaps -128(%rbp), %xmm0\n"
	"	movaps -112(%rbp), %xmm1\n"
	"	movaps -96(%rbp), %xmm2\n"
	"	movaps -80(%rbp), %xmm3\n"
	"	movaps -64(%rbp), %xmm4\n"
	"	movaps -48(%rbp), %xmm5\n"
	"	movaps -32(%rbp), %xmm6\n"
	"	movaps -16(%rbp), %xmm7\n"
	"9:\n"
	".endm\n"
	"ws_call:\n"
	"	.cfi_startproc\n"
	"	pushq %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	movq %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	subq $208, %rsp\n"
	"	movq %rdi, -208(%rbp)\n"
	"	movq %rsi, -200(%rbp)\n"
	"	movq %rdx, -192(%rbp)\n"
	"	movq %rcx, -184(%rbp)\n"
	"	movq %r8, -176(%rbp)\n"
	"	movq %r9, -168(%rbp)\n"
	"	movq %r11, -160(%rbp)\n"
	"	movq %rax, -136(%rbp)\n"
	"	testb %al, %al\n"
	"	je 1f\n"
	"	movaps %xmm0, -128(%rbp)\n"
	"	movaps %xmm1, -112(%rbp)\n"
	"	movaps %xmm2, -96(%rbp)\n"
	"	movaps %xmm3, -80(%rbp)\n"
	"	movaps %xmm4, -64(%rbp)\n"
	"	movaps %xmm5, -48(%rbp)\n"
	"	movaps %xmm6, -32(%rbp)\n"
	"	movaps %xmm7, -16(%rbp)\n"
	"1:\n"
	"	leaq -208(%rbp), %rdi\n"
	"	leaq 8(%rbp), %rsi\n" /* where the return address is */
	"	call ws_call_begin\n"
	"	testb %al, %al\n"
	"	je 3f\n"
	"	movq -144(%rbp), %rcx\n" /* n_stack: even */
	"	testq %rcx, %rcx\n"
	"	je 2f\n"
	"	leaq 0(,%rcx,8), %rax\n"
	"	subq %rax, %rsp\n"
	"	leaq 16(%rbp), %rsi\n"
	"	movq %rsp, %rdi\n"
	"	rep movsq\n"
	"2:\n"
	"	ws_restore\n"
	"	call *-152(%rbp)\n"
	"ws_call_returned:\n"
	"	movq %rax, -136(%rbp)\n"
	"	leaq 8(%rbp), %rdi\n"
	"	movq %rax, %rsi\n"
	"	call ws_call_end\n"
	"	movq -136(%rbp), %rax\n"
	"	leave\n"
	"	.cfi_remember_state\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_restore_state\n"
	"3:\n" /* not round it: on to it */
	"	ws_restore\n"
	"	movq -152(%rbp), %r11\n"
	"	leave\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	jmp *%r11\n"
	"	.cfi_endproc\n"
	".size ws_call, . - ws_call\n");
