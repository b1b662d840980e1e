/* SPDX-License-Identifier: MIT */
/* fds_closed: a program closes, or overwrites, every file descriptor that it may own, and goes on.
 *
 * Truth: 1 wait before and 1 after, on `contended`. The first open() gives 3, as without tracing.
 */
#include "tests/support/contend.h"
#include "tests/support/truth.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Beyond this nothing is tried by the loops: the limit may be a million. */
enum { FDS_MAX = 4096 };

static int limit(void)
{
	struct rlimit files;

	x(getrlimit(RLIMIT_NOFILE, &files));
	return files.rlim_cur < FDS_MAX ? (int)files.rlim_cur : FDS_MAX;
}

int main(int argc, char **argv)
{
	const char *how = argc == 2 ? argv[1] : "";
	int fd = (int)xs(open("/dev/null", O_RDWR));

	x_is(3, fd);
	contend();
	if (!strcmp(how, "close")) {
		for (int i = 3; i < limit(); i++)
			close(i);
	} else if (!strcmp(how, "close_range")) {
		x(close_range(3, ~0u, 0));
	} else if (!strcmp(how, "closefrom")) {
		closefrom(3);
	} else if (!strcmp(how, "dup2")) {
		for (int i = 4; i < limit(); i++)
			x_is(i, dup2(fd, i));
	} else if (!strcmp(how, "dup3")) {
		for (int i = 4; i < limit(); i++)
			x_is(i, dup3(fd, i, O_CLOEXEC));
	} else {
		truth_die("usage: fds_closed close|close_range|closefrom|dup2|dup3");
	}
	contend();
	x(close_range(3, ~0u, 0));
	x_is(3, open("/dev/null", O_RDONLY));
	truth_print();
	return 0;
}
