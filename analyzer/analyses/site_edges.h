/* SPDX-License-Identifier: MIT */
/* site_edges.h: who waits for whom by line of code, from the edges between threads. */
#ifndef WS_SITE_EDGES_H
#define WS_SITE_EDGES_H

#include "analyzer/analyses/contention.h"

/* Fills the result's site edges from its edges. 0 or -ENOMEM. */
int ws_site_edges_make(struct ws_contention_result *result);

#endif
