/* SPDX-License-Identifier: MIT */
/* blame.h: who is to blame, the critical path and the what-ifs of a report, in each format. */
#ifndef WS_REPORT_BLAME_H
#define WS_REPORT_BLAME_H

#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/page.h"

/* What the waits were spent for, in all and by object. */
json_t *ws_json_blame(struct ws_json_writer *writer);
/* What those that an object was waited for did meanwhile; null: not known. */
json_t *ws_json_meanwhile(struct ws_json_writer *writer, const struct ws_object *object);
json_t *ws_json_critical_path(struct ws_json_writer *writer);
json_t *ws_json_what_if(struct ws_json_writer *writer);

/* An object's lines: meanwhile, in the end, what if. `label` and `indent`: columns of the lines'
 * labels and texts. */
void ws_text_blame(struct ws_page *page, const struct ws_report *report,
		   const struct ws_object *object, size_t label, size_t indent);
/* The section on the run as a whole: its critical path, and the what-ifs that were asked for. At most
 * `top` parts (0: all); nothing if there is none. */
void ws_text_critical_path(struct ws_page *page, const struct ws_report *report, size_t top);

#endif
