/* SPDX-License-Identifier: MIT */
/* dlopen_module: a module is loaded, its code waits, it is unloaded, and all that once more.
 *
 * Truth: 2 waits on the module's own mutex `module_gate`, in the module's code, ended by it.
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
	snprintf(path, sizeof(path), "%s/module_locks.so", dirname(self));
	for (int round = 0; round < 2; round++) {
		void *module = dlopen(path, RTLD_NOW);
		void (*run)(void);

		if (!module)
			truth_die("%s", dlerror());
		run = (void (*)(void))dlsym(module, "module_run");
		if (!run)
			truth_die("%s", dlerror());
		run();
		truth_print(); /* the list points to texts of the module, which are about to go */
		x(dlclose(module));
	}
	return 0;
}
