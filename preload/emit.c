/* SPDX-License-Identifier: MIT */
/* emit.c: quiet sections, see emit.h. */
#include "preload/emit.h"

#include <errno.h>
#include <pthread.h>

#include "preload/lifecycle.h"

uint32_t ws_run;
int32_t ws_pid;

void ws_section_open(struct ws_section *section, struct ws_thread *self)
{
	section->self = self;
	section->saved_errno = errno;
	self->quiet = (uintptr_t)section;
	/* LTTng may write to a pipe or poll, which are cancellation points. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &section->cancel_state);
}

void ws_section_close(struct ws_section *section)
{
	section->self->quiet = ws_aside ? WS_QUIET_ASIDE : WS_QUIET_NOT;
	errno = section->saved_errno;
	pthread_setcancelstate(section->cancel_state, NULL);
}
