/* SPDX-License-Identifier: MIT */
/* naming.h: what people call threads, objects and causes, as cells. */
#ifndef WS_REPORT_NAMING_H
#define WS_REPORT_NAMING_H

#include "analyzer/reports/cells.h"
#include "analyzer/reports/report.h"

/* What reports call the object; NULL: nothing is known of it. */
const char *ws_naming_name(const struct ws_report *report, const struct ws_object *object);

/* "mutex cache.lock": a name that is made from the kind does not need it twice. */
void ws_naming_object(struct ws_cell *cell, bool utf8, const struct ws_report *report,
		      const struct ws_object *object);

/* The same of a kind and a name. */
void ws_naming_kind(struct ws_cell *cell, bool utf8, uint8_t kind, const char *name);

/* "logger[813]" */
void ws_naming_thread(struct ws_cell *cell, bool utf8, const struct ws_tables *tables,
		      uint32_t thread);

/* "logger[813] ran, at flush() log.c:12", "worker[12] chose the time, at tick() main.c:9" */
void ws_naming_cause(struct ws_cell *cell, bool utf8, const struct ws_report *report, uint32_t what,
		     const struct ws_party *party, const struct ws_object *object);

/* What one or several parties have done, as it is told. */
struct ws_named_end {
	struct ws_cell text;
	uint64_t ns; /* of all of them */
};

/* Only so many are looked at: they are in the order of time, and the rest is under "others". */
#define WS_NAMED_ENDS_MAX 32

/* What looks the same is one: a place that was reached by several stacks, or by several calls of
 * one line. In the order of time, without the scheduler's part. `ret` has WS_NAMED_ENDS_MAX.
 * Returns how many there are. */
size_t ws_naming_ends(const struct ws_report *report, bool utf8,
		      const struct ws_object_blame *blame, struct ws_named_end *ret);

#endif
