/* SPDX-License-Identifier: MIT */
/* record_environment.c: see record_environment.h. */
#include "analyzer/record_environment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/library.h"

/* A program waits at its start until its daemon knows it, but not for ever: beside a daemon that
 * hangs it must go on untraced. */
#define REGISTER_TIMEOUT_MS 30000

__attribute__((format(printf, 3, 4))) static int add(int r, struct ws_environment *env,
						     const char *format, ...)
{
	va_list args;

	if (r < 0)
		return r;
	if (env->n >= WS_ENVIRONMENT_MAX)
		return -E2BIG;
	va_start(args, format);
	r = vasprintf(&env->words[env->n], format, args);
	va_end(args);
	if (r < 0) {
		env->words[env->n] = NULL;
		return -ENOMEM;
	}
	env->n++;
	return 0;
}

/* NAME=`ours`, joined with what the variable holds already. */
static int add_to(int r, struct ws_environment *env, const char *name, const char *ours,
		  bool ours_first)
{
	const char *theirs = getenv(name);

	if (!theirs || !theirs[0])
		return add(r, env, "%s=%s", name, ours);
	return add(r, env, "%s=%s:%s", name, ours_first ? ours : theirs,
		   ours_first ? theirs : ours);
}

/* The name for LD_PRELOAD, to be freed: a link in the recording's folder, which goes with it, if
 * the library's own path can't stand there. */
static int preload_name(const struct ws_environment_options *options, char **ret,
			struct ws_error *error)
{
	const char *library = options->library;
	char *name;

	if (ws_library_preloads_as(library)) {
		*ret = strdup(library);
		return *ret ? 0 : ws_error_set(error, -ENOMEM, "memory: there is none left");
	}
	if (asprintf(&name, "%s/%s", ws_session_home(options->session), WS_LIBRARY_NAME) < 0)
		return ws_error_set(error, -ENOMEM, "memory: there is none left");
	if (symlink(library, name) < 0 && errno != EEXIST) {
		int r = ws_error_set(error, -errno, "%s: %s", name, strerror(errno));

		free(name);
		return r;
	}
	*ret = name;
	return 0;
}

int ws_environment_make(const struct ws_environment_options *options, struct ws_environment *ret,
			struct ws_error *error)
{
	struct ws_environment env = { .n = 0 };
	char *library;
	int r = preload_name(options, &library, error);

	if (r < 0)
		return r;
	r = add_to(0, &env, "LD_PRELOAD", library, true);
	free(library);
	r = add(r, &env, "LTTNG_HOME=%s", ws_session_home(options->session));
	r = add(r, &env, "LTTNG_UST_REGISTER_TIMEOUT=%d", REGISTER_TIMEOUT_MS);
	r = add(r, &env, "LTTNG_UST_WITHOUT_BADDR_STATEDUMP=1");
	if (options->block)
		r = add(r, &env, "LTTNG_UST_ALLOW_BLOCKING=1");
	r = add(r, &env, "WAITSCOPE_RUN=%" PRIu32, options->run);
	r = add(r, &env, "WAITSCOPE_SHARED=%s", ws_session_waiters(options->session));
	r = add(r, &env, "WAITSCOPE_STACKS=%s", options->stacks);
	r = add(r, &env, "WAITSCOPE_MODE=%s", options->mode);
	r = add(r, &env, "WAITSCOPE_ONLY=%s", options->only ? options->only : "");
	r = add(r, &env, "WAITSCOPE_EXCEPT=%s", options->except ? options->except : "");
	r = add(r, &env, "WAITSCOPE_FOLLOW=%d", options->follow);
	/* Its runtime ends a program into which something was preloaded before it; the last
	 * setting counts. */
	if (options->program->asan)
		r = add_to(r, &env, "ASAN_OPTIONS", "verify_asan_link_order=0", false);
	if (r < 0) {
		ws_environment_clear(&env);
		return ws_error_set(error, r, "environment: that of the program cannot be made: %s", strerror(-r));
	}
	*ret = env;
	return 0;
}

void ws_environment_clear(struct ws_environment *env)
{
	for (size_t i = 0; i < env->n; i++)
		free(env->words[i]);
	env->n = 0;
}
