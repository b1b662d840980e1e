/* SPDX-License-Identifier: MIT */
/* words.c: see words.h. */
#include "analyzer/base/words.h"

#include <string.h>

#include "tracepoints/kinds.h"

#define WORD(sym, word, n) [n] = #word,
static const char *const kinds[WS_KIND_COUNT] = { WS_KINDS(WORD) };
static const char *const outcomes[WS_OUTCOME_COUNT] = { WS_OUTCOMES(WORD) };
static const char *const wake_ops[WS_WAKE_COUNT] = { WS_WAKE_OPS(WORD) };

const char *ws_kind_word(uint8_t kind)
{
	return kind < WS_KIND_COUNT && kinds[kind] ? kinds[kind] : "unknown";
}

const char *ws_outcome_word(uint8_t outcome)
{
	return outcome < WS_OUTCOME_COUNT && outcomes[outcome] ? outcomes[outcome] : "unknown";
}

const char *ws_wake_op_word(uint8_t op)
{
	return op < WS_WAKE_COUNT && wake_ops[op] ? wake_ops[op] : "unknown";
}

uint8_t ws_kind_of_word(const char *word)
{
	for (uint8_t i = 1; i < WS_KIND_COUNT; i++) {
		if (kinds[i] && strcmp(kinds[i], word) == 0)
			return i;
	}
	return WS_KIND_NONE;
}
