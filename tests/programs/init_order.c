/* SPDX-License-Identifier: MIT */
/* init_order: constructors and destructors of the program lock, and wait, outside main().
 *
 * Truth: 1 wait on `contended` each before main(), in it, at exit and in a destructor.
 */
#include "tests/support/contend.h"
#include "tests/support/truth.h"

#include <stdlib.h>

static pthread_mutex_t early = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor(101))) static void construct_first(void)
{
	x(pthread_mutex_lock(&early));
	x(pthread_mutex_unlock(&early));
}

__attribute__((constructor)) static void construct(void)
{
	contend();
}

__attribute__((destructor)) static void destroy(void)
{
	contend();
	truth_print();
}

int main(void)
{
	x(atexit(contend));
	contend();
	return 0;
}
