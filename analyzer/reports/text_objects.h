/* SPDX-License-Identifier: MIT */
/* text_objects.h: what was waited for, by class and time, each with who waited, held and let go;
 * and who waits for whom.
 */
#ifndef WS_TEXT_OBJECTS_H
#define WS_TEXT_OBJECTS_H

#include "analyzer/reports/page.h"
#include "analyzer/reports/report.h"

/* One of the two sections, which number the objects alike: who waits for whom, or the objects. 0 or
 * -ENOMEM. */
int ws_text_objects(struct ws_page *page, const struct ws_report *report,
		    const struct ws_text_style *style, bool edges);

#endif
