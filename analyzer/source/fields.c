/* SPDX-License-Identifier: MIT */
/* fields.c: see fields.h. All of it is made from the list macros. */
#include "analyzer/source/fields.h"

#include <string.h>

#include "analyzer/source/raw.h"

#define WORD(sym, word, n) { #word, n },
#define WORDS(list, LIST)                                                                          \
	static const struct ws_word list##_words[] = { LIST(WORD){ NULL, 0 } };
WORDS(ws_kind, WS_KINDS)
WORDS(ws_outcome, WS_OUTCOMES)
WORDS(ws_wake_op, WS_WAKE_OPS)
WORDS(ws_object_op, WS_OBJECT_OPS)
WORDS(ws_thread_op, WS_THREAD_OPS)
WORDS(ws_misuse, WS_MISUSES)
WORDS(ws_process_op, WS_PROCESS_OPS)

#define IS_SIGNED(type) ((type)-1 < (type)1)

/* Fields that were added at the end of an event, see format.h. A constant expression. */
#define IS_OPTIONAL(name)                                                                          \
	(__builtin_strcmp(name, "begin_ns") == 0 || __builtin_strcmp(name, "device") == 0 ||       \
	 __builtin_strcmp(name, "segment") == 0 || __builtin_strcmp(name, "joined") == 0 ||        \
	 __builtin_strcmp(name, "parent_tid") == 0 || __builtin_strcmp(name, "policy") == 0 ||       \
	 __builtin_strcmp(name, "priority") == 0 || __builtin_strcmp(name, "nice") == 0 ||       \
	 __builtin_strcmp(name, "held") == 0 || __builtin_strcmp(name, "priority_low") == 0 ||     \
	 __builtin_strcmp(name, "priority_high") == 0 || __builtin_strcmp(name, "fill") == 0 ||    \
	 __builtin_strcmp(name, "room") == 0 || __builtin_strcmp(name, "ran") == 0)

/* `this_event` is the struct of the event around: a type of the function's own. */
#define PLACE(member) (offsetof(struct ws_raw, common) + offsetof(this_event, member))
#define INT(type, member, doc)                                                                     \
	{ #member, WS_FIELD_INT, sizeof(type), IS_SIGNED(type), IS_OPTIONAL(#member),              \
	  PLACE(member), 0, NULL, __builtin_strcmp(#member, "function") == 0 },
#define ENUM(list, member, doc)                                                                    \
	{ #member, WS_FIELD_ENUM, 1, false, false, PLACE(member), 0, list##_words, false },
#define STR(member, doc) { #member, WS_FIELD_STR, 0, false, false, PLACE(member), 0, NULL, false },
#define SEQ(type, member, count, doc)                                                              \
	{ #member, WS_FIELD_SEQ,  sizeof(type), IS_SIGNED(type), false,                            \
	  PLACE(member), PLACE(count), NULL, false },

#define EVENT_FUNCTION(event, list, channel, doc)                                                  \
	static const struct ws_event_type *type_##event(void)                                      \
	{                                                                                          \
		typedef struct ws_ev_##event this_event;                                           \
		static const struct ws_field fields[] = {                                          \
			WS_FIELDS_COMMON(INT, INT, ENUM, STR, SEQ)                                 \
			list(INT, INT, ENUM, STR, SEQ)                                             \
		};                                                                                 \
		static const struct ws_event_type type = { #event, WS_RAW_##event,                 \
							   sizeof(fields) / sizeof(fields[0]),     \
							   fields };                               \
                                                                                                   \
		_Static_assert(sizeof(fields) / sizeof(fields[0]) <= WS_EVENT_FIELDS_MAX,          \
			       "WS_EVENT_FIELDS_MAX is too low for " #event);                      \
		_Static_assert(offsetof(struct ws_raw, event) == offsetof(struct ws_raw, common),  \
			       "payloads begin at the same place");                                \
		return &type;                                                                      \
	}
WS_EVENTS(EVENT_FUNCTION)

const struct ws_event_type *ws_event_type(unsigned int type)
{
#define EVENT_CASE(event, list, channel, doc)                                                      \
	case WS_RAW_##event:                                                                       \
		return type_##event();

	switch (type) {
		WS_EVENTS(EVENT_CASE)
	default:
		return NULL;
	}
}

const struct ws_event_type *ws_event_type_find(const char *name)
{
	for (unsigned int i = 1; i < WS_RAW_COUNT; i++) {
		const struct ws_event_type *type = ws_event_type(i);

		if (type && !strcmp(type->name, name))
			return type;
	}
	return NULL;
}
