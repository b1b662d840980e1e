/* SPDX-License-Identifier: MIT */
/* labels.h: what people call frames, objects, processes and threads, alike in every format.
 *
 * Texts are cut at the size of the buffer, which is what the longest names of C++ may need.
 */
#ifndef WS_LABELS_H
#define WS_LABELS_H

#include "analyzer/reports/report.h"

#define WS_LABEL_SIZE 4096

/* The frame's function, else module+offset. Writes to `text`. */
void ws_frame_name(const struct ws_frame *frame, char *text, size_t size);

/* The same, with " FILE:LINE" where these are known; NULL: "unknown". */
void ws_frame_place(const struct ws_frame *frame, char *text, size_t size);

/* "KIND NAME" of the object, the kind once. */
void ws_object_label(const struct ws_object *object, const char *name, char *text, size_t size);

/* "NAME[PID]", or "unknown". */
void ws_process_name(const struct ws_report *report, uint32_t process, char *text, size_t size);

/* "NAME[TID]", or "unknown". */
void ws_thread_name(const struct ws_report *report, uint32_t thread, char *text, size_t size);

/* In place, as a part of a folded stack: ';' becomes ',', a control character ' ', and what is not
 * UTF-8 '?'. */
void ws_label_fold(char *text);

/* What an object's id stands for. */
struct ws_named_object {
	const struct ws_object *object;           /* Weak; NULL: no answer refers to that id */
	const char *name;                         /* Weak */
	const struct ws_object_contention *waits; /* Weak; NULL: no wait that counts was for it */
};

/* All that the report knows, by id; to be freed by free(). 0 or -ENOMEM. */
int ws_named_objects(const struct ws_report *report, struct ws_named_object **ret, size_t *n);

#endif
