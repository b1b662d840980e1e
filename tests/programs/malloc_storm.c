/* SPDX-License-Identifier: MIT */
/* malloc_storm: threads allocate and free as fast as they can, beside one wait that is known.
 *
 * Truth: 2 waits on `contended`. An allocator's own locks may be waited for too (value `others`).
 */
#include "tests/support/contend.h"
#include "tests/support/truth.h"

#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, BLOCKS = 64, ROUNDS = 20000 };

static void storm(void *argument)
{
	unsigned seed = (unsigned)(uintptr_t)argument;
	char *blocks[BLOCKS] = { NULL };

	for (int i = 0; i < ROUNDS; i++) {
		seed = seed * 1103515245u + 12345u;
		int at = (int)(seed >> 16) % BLOCKS;
		size_t size = 16u << (seed >> 24) % 12;

		free(blocks[at]);
		blocks[at] = malloc(size);
		memset(blocks[at], at, 16);
	}
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
}

int main(void)
{
	struct truth_thread threads[THREADS];

	contend();
	for (int i = 0; i < THREADS; i++)
		truth_start(&threads[i], storm, (void *)(uintptr_t)(i + 1));
	contend();
	for (int i = 0; i < THREADS; i++)
		truth_join(&threads[i]);
	truth_value("others", 1);
	truth_print();
	return 0;
}
