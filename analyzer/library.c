/* SPDX-License-Identifier: MIT */
/* library.c: see library.h. */
#include "analyzer/library.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int command_folder(char *folder, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", folder, size - 1);

	if (n < 0)
		return -errno;
	folder[n] = '\0';
	char *slash = strrchr(folder, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

static int check_path(char *path, char **ret, struct ws_error *error)
{
	if (access(path, R_OK) < 0) {
		int r = -errno;

		ws_error_set(error, r, "%s: %s", path, strerror(-r));
		free(path);
		return r;
	}
	*ret = path;
	return 0;
}

int ws_library_find(char **ret, struct ws_error *error)
{
	static const char *const places[] = { "../lib", "../lib/x86_64-linux-gnu", "../lib64" };
	const char *named = getenv("WAITSCOPE_LIBRARY");
	char folder[PATH_MAX];
	char *path;
	int r;

	if (named && named[0]) {
		path = realpath(named, NULL);
		if (!path)
			return ws_error_set(error, -errno, "WAITSCOPE_LIBRARY=%s: %s; name the library that was built", named,
					    strerror(errno));
		return check_path(path, ret, error);
	}
	r = command_folder(folder, sizeof(folder));
	if (r < 0)
		return ws_error_set(error, r, "/proc/self/exe: %s", strerror(-r));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char file[PATH_MAX + 64];

		snprintf(file, sizeof(file), "%s/%s/%s", folder, places[i], WS_LIBRARY_NAME);
		path = realpath(file, NULL);
		if (path)
			return check_path(path, ret, error);
	}
	return ws_error_set(error, -ENOENT,
			    "%s: it is missing from %s/../lib; install waitscope anew, or set "
			    "WAITSCOPE_LIBRARY",
			    WS_LIBRARY_NAME, folder);
}
