/* SPDX-License-Identifier: MIT */
/* fds_listed: prints the numbers that new file descriptors get, and which exist below 256.
 *
 * Truth: the same text with and without tracing.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void list(const char *when)
{
	printf("%s:", when);
	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			printf(" %d", fd);
	printf("\n");
}

/* As programs do that count their leaks. What lies high is nobody's business here. */
static void list_proc(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) < 256)
			n++;
	closedir(dir);
	printf("/proc/self/fd: %d below 256\n", n);
}

int main(void)
{
	int fds[2];

	list("at start");
	printf("open %d\n", open("/dev/null", O_RDONLY));
	printf("pipe %d", pipe(fds));
	printf(" %d %d\n", fds[0], fds[1]);
	printf("socket %d\n", socket(AF_UNIX, SOCK_STREAM, 0));
	printf("dup %d\n", dup(1));
	printf("dup2 %d\n", dup2(1, 100));
	printf("fcntl %d\n", fcntl(1, F_DUPFD, 50));
	list("opened");
	list_proc();
	printf("close %d %d\n", close(3), close(4));
	printf("open %d\n", open("/dev/null", O_RDONLY));
	printf("close again %d\n", close(200));
	printf("close_range %d\n", close_range(3, ~0u, 0));
	list("closed");
	printf("open %d\n", open("/dev/null", O_RDONLY));
	return 0;
}
