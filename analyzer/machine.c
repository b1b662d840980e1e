/* SPDX-License-Identifier: MIT */
/* machine.c: see machine.h. */
#include "analyzer/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

uint64_t ws_machine_busy_ns(void)
{
	/* user nice system (idle iowait) irq softirq steal; guests are in user already. */
	uint64_t user, nice, system, irq, softirq, steal;
	long ticks = sysconf(_SC_CLK_TCK);
	FILE *stat = fopen("/proc/stat", "re");
	int n = 0;

	if (stat) {
		n = fscanf(stat,
			   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %" SCNu64 " %" SCNu64
			   " %" SCNu64,
			   &user, &nice, &system, &irq, &softirq, &steal);
		fclose(stat);
	}
	if (n != 6 || ticks <= 0)
		return 0;
	return (user + nice + system + irq + softirq + steal) * (1000000000u / (uint64_t)ticks);
}

unsigned int ws_machine_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned int)n : 1;
}
