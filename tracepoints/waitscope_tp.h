/* SPDX-License-Identifier: MIT */
/* waitscope_tp.h: the LTTng-UST provider `waitscope`, made from events.h and kinds.h.
 *
 * LTTng includes this file several times with other meanings of its macros; so what is defined
 * here for the lists must expand to those macros and nothing else.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER waitscope

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "waitscope_tp.h"

#if !defined(WS_WAITSCOPE_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define WS_WAITSCOPE_TP_H

#include <lttng/tracepoint.h>

#include "events.h"
#include "functions_table.h"
#include "kinds.h"

#ifndef WS_TP_FIELD_MACROS
#define WS_TP_FIELD_MACROS
#define WS_TP_INT(type, name, doc) WS_TP_INT_##type(name)
#define WS_TP_INT_uint8_t(name) lttng_ust_field_integer(uint8_t, name, e->name)
#define WS_TP_INT_int16_t(name) lttng_ust_field_integer(int16_t, name, e->name)
#define WS_TP_INT_uint32_t(name) lttng_ust_field_integer(uint32_t, name, e->name)
#define WS_TP_INT_int32_t(name) lttng_ust_field_integer(int32_t, name, e->name)
#define WS_TP_INT_uint64_t(name) lttng_ust_field_integer(uint64_t, name, e->name)
#define WS_TP_INT_int64_t(name) lttng_ust_field_integer(int64_t, name, e->name)
#define WS_TP_INT_ws_function(name)                                                                \
	lttng_ust_field_enum(waitscope, ws_function, uint16_t, name, e->name)
#define WS_TP_HEX(type, name, doc) lttng_ust_field_integer_hex(type, name, e->name)
#define WS_TP_ENUM(list, name, doc) lttng_ust_field_enum(waitscope, list, uint8_t, name, e->name)
#define WS_TP_STR(name, doc) lttng_ust_field_string(name, e->name)
#define WS_TP_SEQ(type, name, count, doc)                                                          \
	lttng_ust_field_sequence_hex(type, name, e->name, uint32_t, e->count)
#define WS_TP_WORD(sym, word, n) lttng_ust_field_enum_value(#word, n)
#define WS_TP_FUNCTION(name, of, flags, kind, args, result)                                        \
	lttng_ust_field_enum_value(#name, WS_TP_NUMBER_##name)
/* The numbers of functions.h; that file's own list would be found here in LTTng's passes, too. */
#define WS_TP_NUMBER(name, of, flags, kind, args, result) WS_TP_NUMBER_##name,
enum ws_tp_number { WS_FUNCTIONS(WS_TP_NUMBER) WS_TP_NUMBER_COUNT };
#endif

LTTNG_UST_TRACEPOINT_ENUM(waitscope, ws_kind, LTTNG_UST_TP_ENUM_VALUES(WS_KINDS(WS_TP_WORD)))
LTTNG_UST_TRACEPOINT_ENUM(waitscope, ws_outcome,
			  LTTNG_UST_TP_ENUM_VALUES(WS_OUTCOMES(WS_TP_WORD)))
LTTNG_UST_TRACEPOINT_ENUM(waitscope, ws_wake_op,
			  LTTNG_UST_TP_ENUM_VALUES(WS_WAKE_OPS(WS_TP_WORD)))
LTTNG_UST_TRACEPOINT_ENUM(waitscope, ws_object_op,
			  LTTNG_UST_TP_ENUM_VALUES(WS_OBJECT_OPS(WS_TP_WORD)))
LTTNG_UST_TRACEPOINT_ENUM(waitscope, ws_thread_op,
			  LTTNG_UST_TP_ENUM_VALUES(WS_THREAD_OPS(WS_TP_WORD)))
LTTNG_UST_TRACEPOINT_ENUM(waitscope, ws_misuse,
			  LTTNG_UST_TP_ENUM_VALUES(WS_MISUSES(WS_TP_WORD)))
LTTNG_UST_TRACEPOINT_ENUM(waitscope, ws_process_op,
			  LTTNG_UST_TP_ENUM_VALUES(WS_PROCESS_OPS(WS_TP_WORD)))
LTTNG_UST_TRACEPOINT_ENUM(waitscope, ws_function,
			  LTTNG_UST_TP_ENUM_VALUES(WS_FUNCTIONS(WS_TP_FUNCTION)))

#ifndef WS_TP_EVENT_MACROS
#define WS_TP_EVENT_MACROS
#define WS_TP_FIELDS(fields)                                                                       \
	WS_FIELDS_COMMON(WS_TP_INT, WS_TP_HEX, WS_TP_ENUM, WS_TP_STR, WS_TP_SEQ)                   \
	fields(WS_TP_INT, WS_TP_HEX, WS_TP_ENUM, WS_TP_STR, WS_TP_SEQ)
#define WS_TP_EVENT(event, fields, channel, doc)                                                   \
	LTTNG_UST_TRACEPOINT_EVENT(waitscope, event,                                               \
				   LTTNG_UST_TP_ARGS(const struct ws_ev_##event *, e),             \
				   LTTNG_UST_TP_FIELDS(WS_TP_FIELDS(fields)))
#endif
WS_EVENTS(WS_TP_EVENT)

#endif

#include <lttng/tracepoint-event.h>
