/* SPDX-License-Identifier: MIT */
/* same_users: a process changes its user, groups and capabilities in every way that programs do,
 * each in a child of its own, and prints what it was answered and who it is then.
 *
 * Its output is the same with and without recording: whether it may (as root) or not. `threads`
 * are all the kernel's threads of the process, LTTng's among them: 1 if they are one user. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER 65533
#define GROUP 65532

int capset(cap_user_header_t head, const cap_user_data_t data);

/* Lines of a task's status that belong to each thread. */
static void read_task(const char *tid, char *ret, size_t size)
{
	static const char *const wanted[] = { "Uid:", "Gid:", "Groups:", "CapPrm:", "CapEff:" };
	char path[64];
	char line[1024];
	FILE *file;

	ret[0] = '\0';
	snprintf(path, sizeof(path), "/proc/self/task/%s/status", tid);
	file = fopen(path, "r");
	if (!file)
		return; /* it has ended */
	while (fgets(line, sizeof(line), file))
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
				strncat(ret, line, size - strlen(ret) - 1);
	fclose(file);
}

/* 1: all threads of the process are the same user with the same rights. */
static int threads_agree(void)
{
	DIR *dir = opendir("/proc/self/task");
	char first[4096] = "";
	char other[4096];
	struct dirent *entry;
	int agree = 1;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		read_task(entry->d_name, other, sizeof(other));
		if (!first[0])
			strcpy(first, other);
		else if (other[0] && strcmp(first, other))
			agree = 0;
	}
	if (dir)
		closedir(dir);
	return agree;
}

static void said(const char *call, int r)
{
	printf("  %s: %d %s\n", call, r, r ? strerrorname_np(errno) : "");
}

#define DO(call) said(#call, call)

static void who(void)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;
	gid_t groups[8] = { 0 };
	int n = getgroups(8, groups);

	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	printf("  is %u %u %u, %u %u %u, %d groups: %u; threads %d\n", r, e, s, gr, ge, gs, n,
	       n > 0 ? groups[0] : 0, threads_agree());
}

/* Effective again: all that is permitted. */
static int raise_all(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	return capset(&head, data);
}

static int keep_only(unsigned int mask)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[0].effective &= mask;
	data[0].permitted &= mask;
	data[1].effective = 0;
	data[1].permitted = 0;
	return capset(&head, data);
}

static void drops_all(void)
{
	gid_t list[] = { GROUP, 100 };

	DO(setgroups(2, list));
	DO(setgid(GROUP));
	DO(setuid(USER));
	who();
	DO(setuid(0));
	DO(setgid(0));
	who();
}

static void keeps_its_capabilities(void)
{
	DO(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	DO(setresuid(USER, USER, USER));
	who();
	DO(setresgid(GROUP, GROUP, GROUP)); /* EPERM: not effective */
	DO(raise_all());
	DO(setresgid(GROUP, GROUP, GROUP));
	DO(setgroups(0, NULL));
	DO(setregid(100, 100));
	DO(setreuid(0, 0));
	who();
}

static void goes_and_comes_back(void)
{
	DO(setegid(GROUP));
	DO(seteuid(USER));
	who();
	DO(seteuid(0));
	DO(setegid(0));
	DO(seteuid((uid_t)-1));
	DO(setegid((gid_t)-1));
	DO(setresuid((uid_t)-1, USER, (uid_t)-1));
	DO(setreuid((uid_t)-1, 0));
	who();
}

static void its_user_means_nothing(void)
{
	DO(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
					     SECBIT_NOROOT | SECBIT_NOROOT_LOCKED,
		 0, 0, 0));
	DO(setuid(USER));
	DO(setgid(GROUP));
	DO(setgroups(0, NULL));
	who();
}

static void gives_up_capabilities_first(void)
{
	DO(keep_only(1u << CAP_SETUID));
	who();
	DO(setgid(GROUP));
	DO(setgroups(0, NULL));
	DO(setuid(USER));
	who();
}

static void a_filter_says_no(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setuid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	DO(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	DO(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0));
	DO(setuid(USER));
	DO(setgid(GROUP));
}

static void has_the_groups_of_a_user(void)
{
	DO(initgroups("root", GROUP));
	who();
	DO(initgroups("no-such-user", GROUP));
	who();
}

static pthread_barrier_t barrier;

static void *keeper(void *unused)
{
	(void)unused;
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	printf("  the thread: %ld\n", syscall(SYS_getuid));
	raise_all();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	printf("  the thread: %ld\n", syscall(SYS_getgid));
	return NULL;
}

static void all_threads_change(void)
{
	pthread_t t;

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&t, NULL, keeper, NULL);
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	pthread_barrier_wait(&barrier);
	DO(setuid(USER));
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	raise_all();
	DO(setgid(GROUP));
	pthread_barrier_wait(&barrier);
	pthread_join(t, NULL);
	DO(setgroups(0, NULL));
	who();
}

static void *idle(void *arg)
{
	pthread_barrier_wait(arg);
	pthread_barrier_wait(arg);
	return NULL;
}

/* The new thread has not run when the call is made: it changes, too. */
static void with_a_thread_just_made(void)
{
	for (int i = 0; i < 20; i++) {
		pthread_t t;

		pthread_barrier_init(&barrier, NULL, 2);
		pthread_create(&t, NULL, idle, &barrier);
		if (seteuid(i % 2 ? 0 : USER))
			puts("  EPERM");
		pthread_barrier_wait(&barrier);
		if (!threads_agree())
			puts("  threads differ");
		pthread_barrier_wait(&barrier);
		pthread_join(t, NULL);
	}
	who();
}

static void its_vfork_child_changes(void)
{
	int status;
	pid_t child = vfork();

	if (child == 0)
		_exit(setuid(USER) ? 1 : 2);
	waitpid(child, &status, 0);
	printf("  the child: %d\n", WEXITSTATUS(status));
	who();
}

static void in_child(const char *name, void (*run)(void))
{
	int status;
	pid_t child;

	printf("%s\n", name);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		run();
		exit(0);
	}
	waitpid(child, &status, 0);
	printf("  ended with %#x\n", (unsigned int)status);
}

#define RUN(name) in_child(#name, name)

int main(void)
{
	RUN(drops_all);
	RUN(keeps_its_capabilities);
	RUN(goes_and_comes_back);
	RUN(its_user_means_nothing);
	RUN(gives_up_capabilities_first);
	RUN(a_filter_says_no);
	RUN(has_the_groups_of_a_user);
	RUN(all_threads_change);
	RUN(with_a_thread_just_made);
	RUN(its_vfork_child_changes);
	return 0;
}
