/* SPDX-License-Identifier: MIT */
/* words.h: the words of kinds.h, as reports and options spell them. */
#ifndef WS_WORDS_H
#define WS_WORDS_H

#include <stdint.h>

/* Never NULL: "unknown" for a number that is not in the list. */
const char *ws_kind_word(uint8_t kind);
const char *ws_outcome_word(uint8_t outcome);
const char *ws_wake_op_word(uint8_t op);

/* enum ws_kind; WS_KIND_NONE if it is no such word. */
uint8_t ws_kind_of_word(const char *word);

#endif
