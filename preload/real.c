/* SPDX-License-Identifier: MIT */
/* real.c: the real functions, which resolve themselves on first use.
 *
 * Rules: runs before any constructor; dlsym() does not allocate when it succeeds.
 */
#include "preload/real.h"

static void *resolve(const char *name, const char *version)
{
	return version ? dlvsym(RTLD_NEXT, name, version) : dlsym(RTLD_NEXT, name);
}

/* A pointer is resolved to the same value by whoever comes first: the race is harmless. */
#define WS_FN(name, version, ret, params, args, family, flags)                                     \
	static ret stub_##name params                                                              \
	{                                                                                          \
		ws_real.name = (ret(*) params)resolve(#name, version);                             \
		return ws_real.name args;                                                          \
	}
#define WS_ALIAS(name, of)
#include "preload/functions.def"
#undef WS_FN

#define WS_FN(name, version, ret, params, args, family, flags) .name = stub_##name,
struct ws_real ws_real = {
#include "preload/functions.def"
};
#undef WS_FN

#define WS_FN(name, version, ret, params, args, family, flags)                                     \
	if (ws_real.name == stub_##name) {                                                         \
		ret(*found) params = (ret(*) params)resolve(#name, version);                       \
		if (found)                                                                         \
			ws_real.name = found;                                                      \
	}
void ws_real_resolve(void)
{
#include "preload/functions.def"
}
#undef WS_FN
