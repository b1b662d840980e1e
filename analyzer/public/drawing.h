/* SPDX-License-Identifier: MIT */
/* drawing.h: one thread at a time in libgvc, whose state is the process's. */
#ifndef WS_PUBLIC_DRAWING_H
#define WS_PUBLIC_DRAWING_H

void ws_drawing_begin(void);
void ws_drawing_end(void);

#endif
