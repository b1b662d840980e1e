/* SPDX-License-Identifier: MIT */
/* leftovers.h: the part of the text report that lists what was left behind. */
#ifndef WS_REPORT_LEFTOVERS_H
#define WS_REPORT_LEFTOVERS_H

#include "analyzer/reports/page.h"
#include "analyzer/reports/report.h"

/* Nothing where nothing was left. At most `top` of them; 0: all. */
void ws_report_leftovers(struct ws_page *page, const struct ws_report *report, size_t top);

#endif
