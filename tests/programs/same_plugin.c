/* SPDX-License-Identifier: MIT */
/* same_plugin: a C program opens a plugin in C++, which throws and whose thread is cancelled.
 *
 * Truth: what it prints without recording: each destructor runs.
 */
#include "tests/support/truth.h"

#include <dlfcn.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char self[4096] = "", path[4200];

	xs(readlink("/proc/self/exe", self, sizeof(self) - 1));
	snprintf(path, sizeof(path), "%s/same_plugin_cxx.so", dirname(self));
	for (int round = 0; round < 2; round++) {
		void *plugin = dlopen(path, RTLD_NOW);
		void (*run)(void);

		if (!plugin)
			truth_die("%s", dlerror());
		run = (void (*)(void))dlsym(plugin, "plugin_run");
		if (!run)
			truth_die("%s", dlerror());
		run();
		x(dlclose(plugin));
	}
	return 0;
}
