/* SPDX-License-Identifier: MIT */
/* wait_class.h: the classes of waits, in the order of how much they matter, and their words. */
#ifndef WS_WAIT_CLASS_H
#define WS_WAIT_CLASS_H

/* X(SYMBOL, word, doc). What is said of a wait; classes.h has the rules. */
#define WS_CLASSES(X)                                                                              \
	X(CONTENTION, contention, "another holds what it needs")                                   \
	X(HANDOVER, handover, "another stage of the program is slower")                            \
	X(INPUT, input, "something is to come from outside")                                       \
	X(PACING, pacing, "the program chose to wait for this time")                               \
	X(IDLE, idle, "there is nothing to do")

#define WS_CLASS_ENUM(sym, word, doc) WS_CLASS_##sym,
enum ws_class { WS_CLASSES(WS_CLASS_ENUM) WS_CLASS_COUNT };
#undef WS_CLASS_ENUM

/* What the user says of an object. */
struct ws_class_wish {
	const char *glob; /* of its name, see fnmatch(3); Weak */
	enum ws_class class;
};

const char *ws_class_word(enum ws_class class);
/* 0, or -EINVAL: there is no such class. */
int ws_class_of_word(const char *word, enum ws_class *ret);

#endif
