/* SPDX-License-Identifier: MIT */
/* text_groups.h: the waits as tables: by what --group-by says, and the threads. */
#ifndef WS_TEXT_GROUPS_H
#define WS_TEXT_GROUPS_H

#include "analyzer/reports/page.h"
#include "analyzer/reports/report.h"

/* At most `top` groups (0: all). */
void ws_text_groups(struct ws_page *page, const struct ws_report *report, size_t top);

/* Those that waited most, and for how much of others' waiting they were to blame. 0 or -ENOMEM. */
int ws_text_threads(struct ws_page *page, const struct ws_report *report, size_t top);

#endif
