/* SPDX-License-Identifier: MIT */
/* drawing.c: see drawing.h. Apart, since the model has a ws_lock of its own. */
#include "analyzer/public/drawing.h"

#include "analyzer/ring/lock.h"

static struct ws_lock drawing;

void ws_drawing_begin(void)
{
	ws_lock_take(&drawing);
}

void ws_drawing_end(void)
{
	ws_lock_give(&drawing);
}
