/* SPDX-License-Identifier: MIT */
/* session_shared.h: the recorder's side of the memory that the programs share, see shared.h. */
#ifndef WS_SESSION_SHARED_H
#define WS_SESSION_SHARED_H

/* Makes the new file `fd` that memory, which any user may write to. 0 or a negative errno. */
int ws_session_shared_make(int fd);

#endif
