/* SPDX-License-Identifier: MIT */
/* discover.c: see discover.h. */
#include "analyzer/source/discover.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/base/grow.h"

static int add(struct ws_paths *paths, const char *path)
{
	char *copy = strdup(path);

	if (!copy || ws_grow(&paths->paths, &paths->capacity, paths->n + 1)) {
		free(copy);
		return -ENOMEM;
	}
	paths->paths[paths->n++] = copy;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_from(struct ws_paths *paths, size_t first)
{
	if (paths->n > first)
		qsort(paths->paths + first, paths->n - first, sizeof(*paths->paths), compare);
}

static int walk(const char *dir, struct ws_paths *paths)
{
	char *argv[] = { (char *)dir, NULL };
	FTS *fts = fts_open(argv, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int r = 0;

	if (!fts)
		return -errno;
	while (!r && (entry = fts_read(fts))) {
		if (entry->fts_info != FTS_F || strcmp(entry->fts_name, "metadata"))
			continue;
		entry->fts_path[entry->fts_pathlen - strlen("/metadata")] = '\0';
		r = add(paths, entry->fts_path);
		entry->fts_path[entry->fts_pathlen - strlen("/metadata")] = '/';
	}
	fts_close(fts);
	return r;
}

int ws_discover(const char *dir, struct ws_paths *paths, struct ws_error *error)
{
	size_t first = paths->n;
	struct stat st;
	int r;

	if (stat(dir, &st)) {
		r = -errno;
		return ws_error_set(error, r, "%s: %s", dir, strerror(errno));
	}
	if (!S_ISDIR(st.st_mode))
		return ws_error_set(error, -ENOTDIR, "%s: it is a file; name the folder of a trace", dir);
	r = walk(dir, paths);
	if (r)
		return ws_error_set(error, r, "%s: %s", dir, strerror(-r));
	if (paths->n == first)
		return ws_error_set(error, -EINVAL,
				    "%s: it holds no trace, for there is no file `metadata` in or below "
				    "it; name the folder that `waitscope record` wrote",
				    dir);
	sort_from(paths, first);
	return 0;
}

int ws_discover_streams(const char *dir, struct ws_paths *names)
{
	size_t first = names->n;
	DIR *d = opendir(dir);
	struct dirent *entry;
	int r = 0;

	if (!d)
		return -errno;
	while (!r && (entry = readdir(d))) {
		struct stat st;

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "metadata") ||
		    fstatat(dirfd(d), entry->d_name, &st, 0) || !S_ISREG(st.st_mode))
			continue;
		r = add(names, entry->d_name);
	}
	closedir(d);
	sort_from(names, first);
	return r;
}

void ws_paths_free(struct ws_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		free(paths->paths[i]);
	free(paths->paths);
	*paths = (struct ws_paths){ 0 };
}
