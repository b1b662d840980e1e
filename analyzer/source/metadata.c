/* SPDX-License-Identifier: MIT */
/* metadata.c: see metadata.h. Only the packets' frame is looked at; what is in them is not ours to
 * read. */
#include "analyzer/source/metadata.h"

#include <byteswap.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* The header of a metadata packet, of 37 bytes (CTF 1.8, 7.1). Byte order is the magic's. */
#define METADATA_MAGIC  0x75d11d57u
#define METADATA_HEADER 37

struct metadata_header {
	uint32_t magic;
	uint8_t uuid[16];
	uint32_t checksum;
	uint32_t content_bits;
	uint32_t packet_bits;
	uint8_t rest[5];
} __attribute__((packed));

_Static_assert(sizeof(struct metadata_header) == METADATA_HEADER, "as CTF 1.8 says");

/* Walks from packet to packet through the `size` bytes. */
static int check_packets(FILE *f, uint64_t size)
{
	uint64_t at = 0;

	while (at < size) {
		struct metadata_header h;
		uint64_t packet, content;

		if (fseek(f, (long)at, SEEK_SET) || fread(&h, sizeof(h), 1, f) != 1)
			return -EINVAL;
		if (h.magic == bswap_32(METADATA_MAGIC)) {
			h.content_bits = bswap_32(h.content_bits);
			h.packet_bits = bswap_32(h.packet_bits);
		} else if (h.magic != METADATA_MAGIC) {
			return at ? -EINVAL : 0; /* plain text */
		}
		packet = h.packet_bits / 8;
		content = h.content_bits / 8;
		if (content < METADATA_HEADER || content > packet || packet > size - at)
			return -EINVAL;
		at += packet;
	}
	return 0;
}

int ws_metadata_check(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;
	FILE *f;
	int r;

	if (snprintf(path, sizeof(path), "%s/metadata", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (fstat(fileno(f), &st))
		r = -errno;
	else if (st.st_size < METADATA_HEADER)
		r = 0; /* at most plain text */
	else
		r = check_packets(f, (uint64_t)st.st_size);
	fclose(f);
	return r;
}
