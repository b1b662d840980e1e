/* SPDX-License-Identifier: MIT */
/* keys.c: see keys.h. */
#include "tests/support/keys.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/truth.h"

/* Files that are made at most: twice as many as there are keys. */
enum { FILES_MAX = 1 << 18 };

/* ftok() takes 16 bits of the inode, and /dev/shm counts its inodes up: the 65536th file from here
 * has the first one's key. */
void truth_files_of_one_key(char folder[64], char paths[2][64])
{
	struct stat st;
	ino_t wanted = 0;
	int n = 0;

	snprintf(folder, 64, "/dev/shm/waitscope-left-XXXXXX");
	if (!mkdtemp(folder))
		truth_die("mkdtemp");
	snprintf(paths[0], 64, "%.50s/0", folder);
	do {
		snprintf(paths[1], 64, "%.50s/%d", folder, n);
		x(close((int)xs(open(paths[1], O_CREAT | O_WRONLY, 0600))));
		x(stat(paths[1], &st));
		if (n == 0)
			wanted = st.st_ino & 0xffff;
		else if ((st.st_ino & 0xffff) != wanted)
			x(unlink(paths[1]));
	} while ((n == 0 || (st.st_ino & 0xffff) != wanted) && ++n < FILES_MAX);
	if (n == FILES_MAX)
		truth_die("no two files of one key");
}

void truth_remove_files(const char *folder, char paths[2][64])
{
	x(unlink(paths[0]));
	x(unlink(paths[1]));
	x(rmdir(folder));
}
