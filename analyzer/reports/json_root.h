/* SPDX-License-Identifier: MIT */
/* json_root.h: the whole report as a JSON value, for the formats that it is a part of. */
#ifndef WS_JSON_ROOT_H
#define WS_JSON_ROOT_H

#include "analyzer/reports/json_writer.h"

/* The value that `--format json` prints. Owned by the caller; what is shared in it also by the
 * writer, whose `failed` says whether it is of use. */
json_t *ws_json_root(struct ws_json_writer *writer);

#endif
