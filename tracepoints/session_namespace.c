/* SPDX-License-Identifier: MIT */
/* session_namespace.c: see session_namespace.h.
 *
 * A mount on /var/run/lttng itself would do, but not last: when the machine's daemon ends it removes
 * that directory, and the kernel then detaches what is mounted there in any namespace. Nobody removes
 * /run. So all of it is covered, and what was there is bound into the cover, since a trace may be
 * written there.
 */
#include "session_namespace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define LTTNG "lttng"

/* Makes `name` of the covered directory appear in the cover. What cannot be bound is left out: LTTng
 * needs none of it. */
static void bind_entry(int covered, const char *run, const char *name)
{
	char from[64 + NAME_MAX], to[PATH_MAX], target[PATH_MAX];
	struct stat st;

	if (fstatat(covered, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	snprintf(from, sizeof(from), "/proc/self/fd/%d/%s", covered, name);
	if (snprintf(to, sizeof(to), "%s/%s", run, name) >= (int)sizeof(to))
		return;
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlinkat(covered, name, target, sizeof(target) - 1);

		if (n > 0) {
			target[n] = '\0';
			if (symlink(target, to) < 0)
				return;
		}
		return;
	}
	if (S_ISDIR(st.st_mode) ? mkdir(to, 0755) < 0 : mknod(to, S_IFREG | 0600, 0) < 0)
		return;
	mount(from, to, NULL, MS_BIND | MS_REC, NULL);
}

static int cover(const char *run)
{
	char lttng[PATH_MAX];
	int covered = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int list = covered < 0 ? -1 : openat(covered, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = list < 0 ? NULL : fdopendir(list);
	struct dirent *entry;
	int r = 0;

	if (!dir || mount("waitscope", run, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
		r = -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    strcmp(entry->d_name, LTTNG))
			bind_entry(covered, run, entry->d_name);
	if (r == 0 && (snprintf(lttng, sizeof(lttng), "%s/" LTTNG, run) >= (int)sizeof(lttng) ||
		       mkdir(lttng, 0755) < 0)) {
		r = -errno;
		umount2(run, MNT_DETACH);
	}
	if (dir)
		closedir(dir);
	else if (list >= 0)
		close(list);
	if (covered >= 0)
		close(covered);
	return r;
}

int ws_namespace_enter(void)
{
	char run[PATH_MAX];

	if (!realpath("/var/run", run))
		return -errno;
	/* Slave rather than private: what the machine unmounts goes away for us too. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -errno;
	return cover(run);
}
