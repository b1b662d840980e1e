/* SPDX-License-Identifier: MIT */
/* digest_json.h: a digest as JSON: how it passes from the process that read a trace to the one that
 * compares several. It lasts no longer than that, so its shape may change at any time. */
#ifndef WS_DIGEST_JSON_H
#define WS_DIGEST_JSON_H

#include <stdio.h>

#include "analyzer/analyses/digest.h"

/* 0; -ENOMEM; or -EIO if it could not be written. */
int ws_digest_write(const struct ws_digest *digest, FILE *to);

/* 0; -EINVAL: it is no digest; or -ENOMEM; with *ret untouched. */
int ws_digest_read(FILE *from, struct ws_digest **ret);

#endif
