/* SPDX-License-Identifier: MIT */
/* text_flows.h: what went through a pipe and the like, and which end made the other wait. */
#ifndef WS_TEXT_FLOWS_H
#define WS_TEXT_FLOWS_H

#include "analyzer/analyses/contention.h"
#include "analyzer/decode/tables.h"
#include "analyzer/reports/page.h"

/* Nothing of other kinds. `label` and `indent`: columns of the lines' labels and texts. */
void ws_text_flows(struct ws_page *page, const struct ws_tables *tables,
		   const struct ws_object_contention *object, size_t label, size_t indent);

#endif
