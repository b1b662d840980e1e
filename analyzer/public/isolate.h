/* SPDX-License-Identifier: MIT */
/* isolate.h: lets a child process read traces first, to learn what of them ends a process. */
#ifndef WS_PUBLIC_ISOLATE_H
#define WS_PUBLIC_ISOLATE_H

#include "analyzer/study.h"

/* Reads what the options say in children, until one survives, and writes into `watch` what is to be
 * avoided. 0; -EINVAL with *error set: none survives. Traces that can't be read are no failure
 * here: who reads them next says so. */
int ws_isolate(const struct ws_study_options *options, struct ws_watch *watch,
	       struct ws_error *error);

#endif
