/* SPDX-License-Identifier: MIT */
/* tp.c: the only file that makes the probes of the provider. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "waitscope_tp.h"
