/* SPDX-License-Identifier: MIT */
/* last_thread.h: the end of a process by the end of its last thread.
 *
 * glibc calls exit(0) when the last thread of a process ends, where main() has left by
 * pthread_exit() before. It counts LTTng's threads too, and those never end: the process would stay
 * for ever. So this is done here for the program's own threads.
 */
#ifndef WS_LAST_THREAD_H
#define WS_LAST_THREAD_H

#include <stdint.h>

/* The calling thread `tid` of the program ends, and has given its slot back. Calls exit(0), and
 * does not return, if it was the last one. Costs nothing as long as the main thread has not ended.
 */
void ws_last_thread_check(int32_t tid);

#endif
