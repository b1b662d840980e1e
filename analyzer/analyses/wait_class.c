/* SPDX-License-Identifier: MIT */
/* wait_class.c: see wait_class.h. */
#include "analyzer/analyses/wait_class.h"

#include <errno.h>
#include <string.h>

#define WORD(sym, word, doc) [WS_CLASS_##sym] = #word,
static const char *const words[WS_CLASS_COUNT] = { WS_CLASSES(WORD) };

const char *ws_class_word(enum ws_class class)
{
	return words[class];
}

int ws_class_of_word(const char *word, enum ws_class *ret)
{
	for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++) {
		if (strcmp(words[i], word) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}
