/* SPDX-License-Identifier: MIT */
/* same_jumps: longjmp() and its like, out of plain code, out of calls that wait, and out of
 * handlers on a stack of their own, with what setjmp() returns and the signals that are blocked
 * after it.
 *
 * Truth: what it prints without recording.
 */
#include "tests/support/truth.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void x_longjmp_chk(struct __jmp_buf_tag e[1], int v) __asm__("__longjmp_chk")
	__attribute__((noreturn));
void x_longjmp(struct __jmp_buf_tag e[1], int v) __asm__("longjmp") __attribute__((noreturn));

enum { CALM = 500 };

static const char *const names[] = { "longjmp", "_longjmp", "siglongjmp", "__longjmp_chk" };
static sigjmp_buf back;
static volatile int which, value;
static int ends[2];

static void jump(void)
{
	switch (which) {
	case 0:
		x_longjmp(back, value);
	case 1:
		_longjmp(back, value);
	case 2:
		siglongjmp(back, value);
	default:
		x_longjmp_chk(back, value);
	}
}

static void on_signal(int number)
{
	(void)number;
	jump();
}

static void say_mask(const char *what)
{
	sigset_t mask;

	x(sigprocmask(SIG_SETMASK, NULL, &mask));
	printf("  %s: SIGALRM is %s\n", what, sigismember(&mask, SIGALRM) ? "blocked" : "open");
}

static __attribute__((noinline)) void deeper(int levels)
{
	volatile char room[256];

	room[0] = (char)levels;
	if (levels > 0)
		deeper(levels - 1);
	else if (which >= 0)
		jump();
	room[1] = room[0];
}

/* Out of a read that waits, with a signal every millisecond until it is in it. */
static void out_of_read(bool calm)
{
	char byte = 'x';

	for (int i = 0; calm && i < CALM; i++) {
		x_is(1, write(ends[1], &byte, 1));
		x_is(1, read(ends[0], &byte, 1));
	}
	value = 7;
	if (sigsetjmp(back, 1) == 0) {
		ualarm(20000, 0);
		x_is(1, read(ends[0], &byte, 1));
		printf("  never here\n");
	}
	say_mask(calm ? "calm" : "at once");
	x_is(1, write(ends[1], &byte, 1));
	x_is(1, read(ends[0], &byte, 1));
}

int main(void)
{
	static char stack[65536];
	const stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = on_signal };

	x(pipe(ends));
	x(sigaltstack(&other, NULL));
	for (which = 0; which < 4; which++) {
		static const int values[] = { 0, 1, -1, 42 };

		printf("%s\n", names[which]);
		for (volatile size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			volatile int seen = 0;

			value = values[i];
			int r = sigsetjmp(back, 0);

			if (!seen++)
				deeper(10);
			printf("  %d gives %d\n", value, r);
		}
		for (int on_stack = 0; on_stack <= SA_ONSTACK; on_stack += SA_ONSTACK) {
			action.sa_flags = on_stack;
			x(sigaction(SIGALRM, &action, NULL));
			out_of_read(false);
			out_of_read(true);
		}
	}
	printf("end\n");
	return 0;
}
