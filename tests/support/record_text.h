/* SPDX-License-Identifier: MIT */
/* record_text.h: records and tables as lines of text, with what the numbers stand for.
 *
 *	2000 7/8 wait_begin seq=1 object=mutex:7:0x5000 site=prog+0x10 holder=7/7
 *
 * The time is in ns since the first event; then pid/tid. Code is module+offset, or an address. What
 * is unknown is left out.
 */
#ifndef WS_RECORD_TEXT_H
#define WS_RECORD_TEXT_H

#include <stdio.h>

#include "analyzer/decode/record.h"
#include "analyzer/decode/tables.h"

/* One record, one line. */
void ws_record_text(FILE *f, const struct ws_tables *tables, const struct ws_record *record);

/* The tables, a line a row. */
void ws_tables_text(FILE *f, const struct ws_tables *tables);

#endif
