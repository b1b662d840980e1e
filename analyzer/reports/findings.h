/* SPDX-License-Identifier: MIT */
/* findings.h: the findings of a report, in each format. */
#ifndef WS_REPORT_FINDINGS_H
#define WS_REPORT_FINDINGS_H

#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/page.h"

/* The list of findings. */
json_t *ws_json_findings(struct ws_json_writer *writer);

/* The section of the text, as many as the style says; nothing if there is none. */
void ws_text_findings(struct ws_page *page, const struct ws_report *report,
		      const struct ws_text_style *style);

/* One fact, for findings and what else has evidence. */
json_t *ws_json_evidence(struct ws_json_writer *writer, const struct ws_evidence *evidence);
void ws_text_evidence(struct ws_page *page, const struct ws_report *report,
		      const struct ws_evidence *evidence);

#endif
