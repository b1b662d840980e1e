/* SPDX-License-Identifier: MIT */
/* classes.h: which waiting is a problem, in each format. */
#ifndef WS_REPORT_CLASSES_H
#define WS_REPORT_CLASSES_H

#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/page.h"

/* "hand-over": as people read it. */
const char *ws_class_label(enum ws_class class);

/* That of most of the object's waiting. */
enum ws_class ws_report_class(const struct ws_report *report, const struct ws_object *object);

/* True for waiting that somebody could shorten: contention and hand-overs. */
bool ws_class_matters(enum ws_class class);

/* Adds `class` and `by_class` of the object. */
void ws_json_set_class(struct ws_json_writer *writer, json_t *to, const struct ws_object *object);
/* {CLASS: {waits, wait_ns}} of all, those that there are. */
json_t *ws_json_classes(struct ws_json_writer *writer);

/* The line "by class ..." of the head; nothing if nothing was waited for. */
void ws_text_classes(struct ws_page *page, const struct ws_report *report, size_t indent);
/* "class  contention 61 %, idle 39 %", where it is not all of one. */
void ws_text_class_parts(struct ws_page *page, const struct ws_report *report,
			 const struct ws_object *object, size_t label, size_t indent);

#endif
