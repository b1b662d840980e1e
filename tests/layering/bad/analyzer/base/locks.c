/* SPDX-License-Identifier: MIT */
/* locks.c: for the check of the symbols: the analyzer takes no pthread lock. */
#include <pthread.h>

void locks(pthread_mutex_t *mutex);
void locks(pthread_mutex_t *mutex)
{
	pthread_mutex_lock(mutex);
}
