/* SPDX-License-Identifier: MIT */
/* show.h: prints what a call gave, for programs whose output must be the same under tracing. */
#ifndef WS_SHOW_H
#define WS_SHOW_H

#include <errno.h>
#include <stdio.h>

/* A value of errno that no call sets: whoever must leave errno alone shows it. */
#define SHOW_UNTOUCHED 4242

/* The call's text, its result and errno afterwards. */
#define SHOW(call)                                                                                 \
	do {                                                                                       \
		errno = SHOW_UNTOUCHED;                                                            \
		long show_result = (long)(call);                                                   \
		int show_errno = errno;                                                            \
		printf("%s:%d: %s = %ld, errno %d\n", __func__, __LINE__, #call, show_result,      \
		       show_errno);                                                                \
	} while (0)

/* The same for a pointer, whose value differs from run to run: whether it is this one. */
#define SHOW_IS(bad, call) SHOW((call) == (bad))

#endif
