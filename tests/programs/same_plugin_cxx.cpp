/* SPDX-License-Identifier: MIT */
/* same_plugin_cxx: the plugin of same_plugin. */
#include <cstdio>
#include <pthread.h>
#include <stdexcept>
#include <unistd.h>

extern "C" void plugin_run(void);

namespace
{

struct noted {
	const char *where;
	~noted()
	{
		std::printf("%s: unwound\n", where);
		std::fflush(stdout);
	}
};

void thrower()
{
	noted n{ "exception" };

	throw std::runtime_error("thrown");
}

void *sleeper(void *)
{
	noted n{ "cancelled thread" };

	for (;;)
		pause();
}

} // namespace

void plugin_run(void)
{
	pthread_t thread;
	void *result = nullptr;

	try {
		thrower();
	} catch (const std::exception &e) {
		std::printf("caught: %s\n", e.what());
	}
	pthread_create(&thread, nullptr, sleeper, nullptr);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	std::printf("cancelled: %d\n", result == PTHREAD_CANCELED);
}
