/* SPDX-License-Identifier: MIT */
/* same_names: calls by their other names (64-bit, with underscores) and the rarer of a family's
 * forms, in success and in failure.
 *
 * Truth: what it prints without recording.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exported by glibc, declared nowhere. */
pid_t fork_name(void) __asm__("__fork");
pid_t vfork_name(void) __asm__("__vfork");
pid_t wait_name(int *status) __asm__("__wait");
pid_t waitpid_name(pid_t pid, int *status, int options) __asm__("__waitpid");
int clone_name(int (*fn)(void *), void *stack, int flags, void *arg, ...) __asm__("__clone");
int fcntl64_name(int fd, int command, ...) __asm__("fcntl64");
void *mmap64_name(void *a, size_t l, int p, int f, int fd, off_t o) __asm__("mmap64");

static void say(const char *what, long result)
{
	printf("%s: %ld%s%s\n", what, result, result == -1 ? " " : "",
	       result == -1 ? strerrorname_np(errno) : "");
	fflush(stdout);
}

static int leave(void *arg)
{
	_Exit((int)(intptr_t)arg);
}

static void processes(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct rusage usage;
	int status = 0;
	pid_t pid;

	pid = fork_name();
	if (pid == 0)
		_Exit(5);
	say("__waitpid", waitpid_name(pid, &status, 0) == pid);
	say("status", WEXITSTATUS(status));
	say("__waitpid without children", waitpid_name(-1, &status, 0));
	pid = vfork_name();
	if (pid == 0)
		_exit(6);
	say("__wait", wait_name(&status) == pid);
	say("status", WEXITSTATUS(status));
	say("__wait without children", wait_name(NULL));
	pid = clone_name(leave, stack + sizeof(stack), SIGCHLD, (void *)7L);
	say("wait3", wait3(&status, 0, &usage) == pid);
	say("status", WEXITSTATUS(status));
	say("wait3 without children", wait3(NULL, WNOHANG, NULL));
	pid = fork();
	if (pid == 0)
		_Exit(8);
	say("wait4", wait4(pid, &status, 0, &usage) == pid);
	say("status", WEXITSTATUS(status));
	say("wait4 with a bad option", wait4(-1, &status, 0x1000000, NULL));
}

static void images(void)
{
	char *const argv[] = { "sh", "-c", "echo $WORD", NULL };
	char *const envp[] = { "WORD=said", NULL };
	int status;
	int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < 3; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (i == 0)
				execvpe("sh", argv, envp);
			else if (i == 1)
				fexecve(fd, argv, envp);
			else
				execveat(AT_FDCWD, "/bin/sh", argv, envp, 0);
			_exit(1);
		}
		waitpid(pid, &status, 0);
		say("status", status);
	}
	say("execvpe of nothing", execvpe("no-such-program", argv, envp));
	say("fexecve of no fd", fexecve(-1, argv, envp));
	say("execveat with a bad flag", execveat(AT_FDCWD, "/bin/sh", argv, envp, 1));
	close(fd);
}

static void sockets(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[8] = "";
	struct iovec vector = { text, sizeof(text) };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	socklen_t size = sizeof(sa_family_t); /* the kernel chooses a name */
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	xs(bind(listener, (struct sockaddr *)&address, size));
	xs(listen(listener, 1));
	size = sizeof(address);
	xs(getsockname(listener, (struct sockaddr *)&address, &size));
	xs(connect(client, (struct sockaddr *)&address, size));

	int server = accept(listener, NULL, NULL);

	say("accept", server == client + 1);
	say("send", send(client, "four", 4, 0));
	say("recvmsg", recvmsg(server, &message, 0));
	vector.iov_len = 2;
	say("sendmsg", sendmsg(server, &message, 0));
	say("read", read(client, text, sizeof(text)));
	say("recvmsg of nothing", recvmsg(client, &message, MSG_DONTWAIT));
	say("shutdown", shutdown(client, SHUT_WR));
	say("recvmsg at the end", recvmsg(server, &message, 0));
	say("send after shutdown", send(client, "x", 1, MSG_NOSIGNAL));
	say("accept of no socket", accept(0, NULL, NULL));
	say("sendmsg to no fd", sendmsg(-1, &message, 0));
	say("shutdown of no fd", shutdown(-1, SHUT_RD));
	close(server);
	close(client);
	close(listener);
}

static void files(void)
{
	int p[2] = { -7, -7 };

	say("pipe2", pipe2(p, O_NONBLOCK | O_CLOEXEC));
	printf("fds %d %d\n", p[0], p[1]);
	say("fcntl64 flags", fcntl64_name(p[0], F_GETFL));
	say("fcntl64 fd flags", fcntl64_name(p[1], F_GETFD));
	say("fcntl64 dup", fcntl64_name(p[0], F_DUPFD_CLOEXEC, 40));
	say("fcntl64 of no fd", fcntl64_name(-1, F_GETFL));
	say("read of nothing", read(p[0], p, 1));
	say("pipe2 with a bad flag", pipe2(p, 0x40));
	say("close", close(40));

	void *map = mmap64_name(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	say("mmap64", map != MAP_FAILED);
	say("munmap", munmap(map, 4096));
	say("mmap64 of no fd", (long)mmap64_name(NULL, 4096, PROT_READ, MAP_SHARED, -1, 0));
}

int main(void)
{
	processes();
	images();
	sockets();
	files();
	_Exit(9);
}
