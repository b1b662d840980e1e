/* SPDX-License-Identifier: MIT */
/* symbols.c: code and data whose names and lines test_symbols knows; built in many ways.
 *
 * The test finds lines by their marks, and addresses by calling sample_run().
 */
#include <stdio.h>

/* What the last run saw. */
void *sample_inner_return; /* return address in inner(), inlined into middle() and sample_outer() */
void *sample_hidden_return; /* return address in hidden_step(), which only .symtab names */
int *sample_local;          /* a static of a function's own */

int sample_array[8];                  /* .bss */
static volatile int sample_initialised[4] = { 1 }; /* .data, of this file only */

__attribute__((noinline)) static void *return_address(void)
{
	__asm__ volatile("");
	return __builtin_return_address(0);
}

__attribute__((always_inline)) static inline int inner(int x)
{
	sample_inner_return = return_address(); /* MARK inner */
	return x + 1;
}

__attribute__((always_inline)) static inline int middle(int x)
{
	int y = inner(x); /* MARK middle */

	return y * 2;
}

__attribute__((noinline)) int sample_outer(int x)
{
	int y = middle(x); /* MARK outer */

	return y + sample_initialised[0];
}

__attribute__((noinline)) static int hidden_step(int x)
{
	static int kept;

	sample_hidden_return = return_address(); /* MARK hidden */
	sample_local = &kept;
	kept += x;
	return kept;
}

void *sample_alias_return; /* return address in __sample_alias() */

/* As in glibc: defined under a name of its own, called by another. */
__attribute__((noinline)) void __sample_alias(void)
{
	sample_alias_return = return_address(); /* MARK alias */
}
void sample_alias(void) __attribute__((alias("__sample_alias")));

int sample_run(void)
{
	sample_alias();
	return sample_outer(3) + hidden_step(4);
}

volatile int *sample_static(void)
{
	return sample_initialised;
}

/* The executable variant tells its addresses itself: they are its ELF virtual addresses. */
int main(void)
{
	sample_run();
	printf("%p %p %p\n", sample_inner_return, sample_hidden_return, (void *)&sample_array[2]);
	return 0;
}
