/* SPDX-License-Identifier: MIT */
/* spill.c: see spill.h. An entry is followed by its size, by which it is found from behind. */
#include "analyzer/base/spill.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyzer/base/temporary.h"

#define WORDS (WS_SPILL_BLOCK / sizeof(uint64_t))

struct ws_spill {
	uint64_t *block; /* Owned by this: the entries that were put last */
	size_t used;     /* words of it, at most WORDS - 1: the last says how many in the file */
	size_t n_blocks; /* in the file, before those of `block` */
	int fd;          /* of the file; -1: none yet */
};

int ws_spill_new(struct ws_spill **ret)
{
	struct ws_spill *spill = calloc(1, sizeof(*spill));

	if (!spill)
		return -ENOMEM;
	spill->fd = -1;
	spill->block = malloc(WS_SPILL_BLOCK);
	if (!spill->block) {
		free(spill);
		return -ENOMEM;
	}
	*ret = spill;
	return 0;
}

void ws_spill_free(struct ws_spill *spill)
{
	if (!spill)
		return;
	if (spill->fd >= 0)
		close(spill->fd);
	free(spill->block);
	free(spill);
}

/* Writes the block behind the others. */
static int write_block(struct ws_spill *spill)
{
	int r;

	if (spill->fd < 0) {
		int fd = ws_temporary_open();

		if (fd < 0)
			return fd;
		spill->fd = fd;
	}
	spill->block[WORDS - 1] = spill->used;
	r = ws_temporary_write(spill->fd, spill->block, WS_SPILL_BLOCK,
			       (uint64_t)spill->n_blocks * WS_SPILL_BLOCK);
	if (r < 0)
		return r;
	spill->n_blocks++;
	spill->used = 0;
	return 0;
}

static int read_block(struct ws_spill *spill)
{
	int r = ws_temporary_read(spill->fd, spill->block, WS_SPILL_BLOCK,
				  (uint64_t)(spill->n_blocks - 1) * WS_SPILL_BLOCK);

	if (r < 0)
		return r;
	spill->n_blocks--;
	spill->used = spill->block[WORDS - 1];
	return spill->used < WORDS ? 0 : -EIO;
}

int ws_spill_push(struct ws_spill *spill, size_t size, void **ret)
{
	size_t words = (size + sizeof(uint64_t) - 1) / sizeof(uint64_t);

	if (size > WS_SPILL_ENTRY_MAX)
		return -E2BIG;
	if (spill->used + words + 1 > WORDS - 1) {
		int r = write_block(spill);

		if (r < 0)
			return r;
	}
	*ret = &spill->block[spill->used];
	spill->used += words;
	spill->block[spill->used++] = size;
	return 0;
}

int ws_spill_pop(struct ws_spill *spill, const void **ret, size_t *size)
{
	size_t words;

	if (!spill->used) {
		int r;

		if (!spill->n_blocks)
			return 0;
		r = read_block(spill);
		if (r < 0)
			return r;
	}
	*size = spill->block[--spill->used];
	words = (*size + sizeof(uint64_t) - 1) / sizeof(uint64_t);
	if (words > spill->used)
		return -EIO;
	spill->used -= words;
	*ret = &spill->block[spill->used];
	return 1;
}
