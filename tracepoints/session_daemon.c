/* SPDX-License-Identifier: MIT */
/* session_daemon.c: see session_daemon.h.
 *
 * The run directory. lttng-sessiond's is one per machine when it runs as root; where a recording may
 * not have one of its own (session_namespace.h), it uses the machine's. It holds a shared flock on
 * the directory while it does, and creates it where it is missing. Who gets the exclusive lock at the
 * end is the last: it ends a machine's daemon that a recording started, if that has no sessions of
 * anybody, and takes an empty directory away again. Starting the machine's daemon has a lock of its
 * own, START_LOCK, since it happens while others use it.
 */
#include "session_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <lttng/lttng.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session_namespace.h"
#include "session_shared.h"
#include "session_trace.h"

/* As LTTng was configured by the distribution. */
#define RUNDIR "/var/run/lttng"

/* In RUNDIR: the pid of a machine's daemon that waitscope started, as text. */
#define MARKER "waitscope-daemon.pid"

/* In RUNDIR: held while a recording looks for the machine's daemon and makes its session. */
#define START_LOCK "waitscope-start.lock"

/* A daemon that takes longer than this does not come or go. */
#define START_MAX_S  30
#define STOP_MAX_MS  20000
#define REAP_STEP_MS 2
#define REAP_MAX_MS  5000

static void home_path(const struct ws_daemon *daemon, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", daemon->home, name);
}

static int fail(int code, const char *what, char *reason)
{
	snprintf(reason, WS_SESSION_REASON_MAX, "%s: %s", what, strerror(-code));
	return code;
}

/* --- the private folder --- */

/* Short, since paths of sockets in it are limited to 107 bytes; and everybody may pass through,
 * since the program may change its user. */
static int make_home(struct ws_daemon *daemon, char *reason)
{
	static const char *const places[] = { "/tmp", "/var/tmp", "/dev/shm" };
	char path[WS_SESSION_PATH_MAX + 16];
	int r = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(daemon->home, sizeof(daemon->home), "%s/waitscope-XXXXXX", places[i]);
		if (mkdtemp(daemon->home)) {
			r = 0;
			break;
		}
		r = r ? r : -errno;
		daemon->home[0] = '\0';
	}
	if (r < 0)
		return fail(r, "/tmp: no folder can be made in it", reason);
	if (chmod(daemon->home, 0711) < 0)
		return fail(-errno, daemon->home, reason);

	home_path(daemon, ".lttng", path, sizeof(path));
	if (mkdir(path, 0711) < 0)
		return fail(-errno, path, reason);

	/* Empty: sessions that the machine loads at the start of its daemon are not for ours. */
	home_path(daemon, "sessions", path, sizeof(path));
	if (mkdir(path, 0700) < 0)
		return fail(-errno, path, reason);

	home_path(daemon, "waiters", path, sizeof(path));
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return fail(-errno, path, reason);
	r = ws_session_shared_make(fd);
	close(fd);
	return r < 0 ? fail(r, path, reason) : 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

/* --- the run directory --- */

static int lock(int fd, int operation)
{
	while (flock(fd, operation) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Opens RUNDIR, made where it is missing, with a shared lock. */
static int use_rundir(int *ret)
{
	for (;;) {
		struct stat st;

		if (mkdir(RUNDIR, 0755) < 0 && errno != EEXIST)
			return -errno;
		int fd = open(RUNDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			if (errno == ENOENT)
				continue; /* the last recording has just taken it away */
			return -errno;
		}
		int r = lock(fd, LOCK_SH);
		if (r < 0) {
			close(fd);
			return r;
		}
		if (fstat(fd, &st) == 0 && st.st_nlink > 0) {
			*ret = fd;
			return 0;
		}
		close(fd); /* taken away while we waited for the lock */
	}
}

/* --- the daemon --- */

static void set_environment(const struct ws_daemon *daemon)
{
	/* The daemon is not to be traced, be it by an outer recording. */
	static const char *const gone[] = {
		"LD_PRELOAD",    "LTTNG_UST_REGISTER_TIMEOUT", "LTTNG_UST_ALLOW_BLOCKING",
		"WAITSCOPE_RUN", "WAITSCOPE_SHARED",           "LTTNG_UST_WITHOUT_BADDR_STATEDUMP",
	};

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		unsetenv(gone[i]);
	setenv("WAITSCOPE_FOLLOW", "0", 1); /* an outer recording's library would come back */
	setenv("LTTNG_HOME", daemon->home, 1);
	setenv("LC_ALL", "C", 1); /* its log is searched for strerror()'s words */
}

static void exec_daemon(const struct ws_daemon *daemon)
{
	char log[WS_SESSION_PATH_MAX + 16], load[WS_SESSION_PATH_MAX + 16];
	char socket[WS_SESSION_PATH_MAX + 64];
	const char *argv[8];
	sigset_t none;
	int n = 0;

	home_path(daemon, "log", log, sizeof(log));
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	/* The machine's daemon serves others too, and outlives us if it must. */
	if (daemon->kind == WS_DAEMON_MACHINE)
		setsid();
	else
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	argv[n++] = "lttng-sessiond";
	argv[n++] = "--no-kernel";
	argv[n++] = "--sig-parent";
	if (daemon->kind != WS_DAEMON_MACHINE) {
		snprintf(load, sizeof(load), "--load=%s/sessions", daemon->home);
		argv[n++] = load;
	}
	if (daemon->kind == WS_DAEMON_NAMESPACE) {
		snprintf(socket, sizeof(socket), "--apps-sock=%s/.lttng/lttng-ust-sock-8",
			 daemon->home);
		argv[n++] = socket;
	}
	argv[n] = NULL;
	execvp(argv[0], (char *const *)argv);
	dprintf(STDERR_FILENO, "Error: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Starts it and waits until it says that it is ready. */
static int spawn(struct ws_daemon *daemon, char *reason)
{
	const struct timespec limit = { .tv_sec = START_MAX_S };
	char last[WS_SESSION_REASON_MAX / 2];
	sigset_t wanted;
	siginfo_t info;
	int r, status;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	sigaddset(&wanted, SIGCHLD);
	sigprocmask(SIG_BLOCK, &wanted, NULL);

	daemon->pid = fork();
	if (daemon->pid < 0) {
		r = -errno;
		daemon->pid = 0;
		return fail(r, "fork", reason);
	}
	if (daemon->pid == 0)
		exec_daemon(daemon);
	daemon->pid_fd = (int)syscall(SYS_pidfd_open, daemon->pid, 0);
	if (daemon->pid_fd < 0)
		return fail(-errno, "pidfd_open", reason);
	fcntl(daemon->pid_fd, F_SETFD, FD_CLOEXEC);

	for (;;) {
		r = sigtimedwait(&wanted, &info, &limit);
		if (r == SIGUSR1)
			return 0;
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			snprintf(reason, WS_SESSION_REASON_MAX,
				 "lttng-sessiond did not get ready within %d s", START_MAX_S);
			return -ETIMEDOUT;
		}
		/* Children of the daemon may be ours by now: only its own end counts. */
		if (waitpid(daemon->pid, &status, WNOHANG) == daemon->pid)
			break;
	}
	daemon->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		snprintf(reason, WS_SESSION_REASON_MAX,
			 "lttng-sessiond: it is missing; apt-get install lttng-tools");
		return -ENOENT;
	}
	ws_daemon_last_error(daemon, last, sizeof(last));
	snprintf(reason, WS_SESSION_REASON_MAX, "lttng-sessiond ended at its start%s%s",
		 last[0] ? ": " : "", last);
	return -ECHILD;
}

static int use_machine_daemon(struct ws_daemon *daemon, char *reason)
{
	char text[16];

	daemon->kind = WS_DAEMON_MACHINE;
	daemon->start_fd = openat(daemon->rundir_fd, START_LOCK,
				  O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (daemon->start_fd < 0 || lock(daemon->start_fd, LOCK_EX) < 0)
		return fail(-errno, RUNDIR "/" START_LOCK, reason);
	if (lttng_session_daemon_alive())
		return 0;
	int r = spawn(daemon, reason);
	if (r < 0)
		return r;
	/* From here on, the last recording that uses it ends it, whoever that is. */
	int fd = openat(daemon->rundir_fd, MARKER, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		int n = snprintf(text, sizeof(text), "%d\n", (int)daemon->pid);

		if (write(fd, text, (size_t)n) != n)
			r = fail(-EIO, RUNDIR "/" MARKER, reason);
		close(fd);
	}
	close(daemon->pid_fd);
	daemon->pid_fd = -1;
	daemon->pid = 0;
	return r;
}

int ws_daemon_start(struct ws_daemon *daemon, char *reason)
{
	int r = make_home(daemon, reason);

	if (r < 0)
		return r;
	set_environment(daemon);
	if (geteuid() != 0) {
		/* For members of group `tracing`, LTTng knows root's daemon only while that runs.
		 */
		daemon->kind = lttng_session_daemon_alive() ? WS_DAEMON_MACHINE : WS_DAEMON_HOME;
		return daemon->kind == WS_DAEMON_MACHINE ? 0 : spawn(daemon, reason);
	}
	daemon->kind = WS_DAEMON_NAMESPACE;
	if (ws_namespace_enter() == 0)
		return spawn(daemon, reason);
	r = use_rundir(&daemon->rundir_fd);
	if (r < 0)
		return fail(r, RUNDIR, reason);
	return use_machine_daemon(daemon, reason);
}

void ws_daemon_settled(struct ws_daemon *daemon)
{
	if (daemon->start_fd >= 0)
		close(daemon->start_fd);
	daemon->start_fd = -1;
}

/* --- its log --- */

/* Calls `line` for each line of the log. */
static void each_log_line(const struct ws_daemon *daemon,
			  void (*line)(const char *text, void *user), void *user)
{
	char path[WS_SESSION_PATH_MAX + 16];
	char *text = NULL;
	size_t size = 0;

	home_path(daemon, "log", path, sizeof(path));
	FILE *log = fopen(path, "re");
	if (!log)
		return;
	while (getline(&text, &size, log) > 0) {
		text[strcspn(text, "\n")] = '\0';
		line(text, user);
	}
	free(text);
	fclose(log);
}

static void find_full_disk(const char *text, void *user)
{
	bool *full = user;

	if (strstr(text, "No space left on device") || strstr(text, "Disk quota exceeded"))
		*full = true;
}

bool ws_daemon_saw_full_disk(const struct ws_daemon *daemon)
{
	bool full = false;

	each_log_line(daemon, find_full_disk, &full);
	return full;
}

struct last_error {
	char *text;
	size_t size;
};

static void keep_error(const char *text, void *user)
{
	struct last_error *last = user;

	if (strncmp(text, "Error", 5) == 0)
		snprintf(last->text, last->size, "%s", text);
}

void ws_daemon_last_error(const struct ws_daemon *daemon, char *text, size_t size)
{
	struct last_error last = { text, size };

	text[0] = '\0';
	each_log_line(daemon, keep_error, &last);
}

/* --- the end --- */

static void sleep_ms(int ms)
{
	const struct timespec step = { .tv_nsec = ms * 1000000L };

	nanosleep(&step, NULL);
}

/* For consumers that hang although their daemon is gone. */
static void kill_children(void)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	int pid;

	if (!file)
		return;
	while (fscanf(file, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	fclose(file);
}

/* Waits for our own daemon and for what it started: as their subreaper we inherit them. */
static void end_own_daemon(struct ws_daemon *daemon, bool complete)
{
	struct pollfd fd = { .fd = daemon->pid_fd, .events = POLLIN };

	if (daemon->pid > 0) {
		/* Its own way out takes half a second, for sessions that nobody needs any more. */
		kill(daemon->pid, complete ? SIGKILL : SIGTERM);
		if (poll(&fd, 1, STOP_MAX_MS) == 0)
			kill(daemon->pid, SIGKILL);
		waitpid(daemon->pid, NULL, 0);
		daemon->pid = 0;
	}
	for (int ms = 0;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return; /* none left */
		if (pid > 0)
			continue;
		if (ms >= REAP_MAX_MS) {
			kill_children();
			ms = 0;
		}
		sleep_ms(REAP_STEP_MS);
		ms += REAP_STEP_MS;
	}
}

/* With the exclusive lock: ends the machine's daemon if waitscope started it and nobody uses it. */
static void end_machine_daemon(struct ws_daemon *daemon)
{
	char text[16] = "";
	int fd = openat(daemon->rundir_fd, MARKER, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return; /* not ours to end */
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	pid_t pid = n > 0 ? (pid_t)atoi(text) : 0;
	if (pid <= 0)
		return;

	struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	char path[64], comm[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	FILE *file = fopen(path, "re");
	if (file) {
		if (!fgets(comm, sizeof(comm), file))
			comm[0] = '\0';
		fclose(file);
	}
	if (end.fd < 0 || strncmp(comm, "lttng-sessiond", 14) != 0) {
		unlinkat(daemon->rundir_fd, MARKER, 0); /* it is gone already */
	} else if (ws_trace_session_count() == 0) {
		unlinkat(daemon->rundir_fd, MARKER, 0);
		syscall(SYS_pidfd_send_signal, end.fd, SIGTERM, NULL, 0);
		poll(&end, 1, STOP_MAX_MS);
	}
	if (end.fd >= 0)
		close(end.fd);
}

void ws_daemon_stop(struct ws_daemon *daemon, bool complete)
{
	if (daemon->kind != WS_DAEMON_MACHINE)
		end_own_daemon(daemon, complete);
	if (daemon->rundir_fd >= 0) {
		if (lock(daemon->rundir_fd, LOCK_EX | LOCK_NB) == 0) {
			end_machine_daemon(daemon);
			unlinkat(daemon->rundir_fd, START_LOCK, 0);
			rmdir(RUNDIR); /* fails, as it should, where it is not empty */
		}
		close(daemon->rundir_fd);
	}
	if (daemon->pid_fd >= 0)
		close(daemon->pid_fd);
	if (daemon->home[0])
		ws_daemon_remove_home(daemon->home);
}

void ws_daemon_remove_home(const char *home)
{
	nftw(home, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
