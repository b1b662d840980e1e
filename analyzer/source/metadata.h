/* SPDX-License-Identifier: MIT */
/* metadata.h: is a CTF folder's metadata file whole? libbabeltrace2 2.0 never comes back from one
 * that ends within a packet. */
#ifndef WS_METADATA_H
#define WS_METADATA_H

#include <stddef.h>

/* 0: it is whole, or it is plain text, which libbabeltrace2 can judge itself. -EINVAL: it is cut
 * off or damaged; another negative errno: it can't be read. */
int ws_metadata_check(const char *dir);

#endif
