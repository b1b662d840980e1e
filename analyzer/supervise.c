/* SPDX-License-Identifier: MIT */
/* supervise.c: see supervise.h. */
#include "analyzer/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/command.h"
#include "analyzer/progress.h"

/* How often the supervisor looks at its child. */
#define LOOK_EVERY_MS 200

/* The exit status of a child that died in libbabeltrace2; the shared memory tells, not this. */
#define DIED 86

/* So many children are made at most: each one more leaves out one thing more. */
#define TRIES_MAX (WS_AVOID_MAX + 1)

/* What supervisor and child share. */
struct shared {
	struct ws_watch watch;
	_Atomic uint32_t finished; /* the work came to its end, whatever that was */
	int64_t number;
};

struct supervisor {
	const struct ws_supervised *what; /* Weak */
	struct shared *shared;            /* Owned by this */
	int words;                        /* memory file: the child's stderr; -1: none */
	struct ws_progress progress;
	pid_t child;
	int pidfd; /* -1: the kernel has none */

	/* How long each slot has been where it is. */
	uint64_t turns[WS_WATCH_SLOTS];
	uint64_t since_ms[WS_WATCH_SLOTS];
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* the child */

static struct shared *mine; /* of the child, for its signal handler */
static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
#define N_FATAL (sizeof(fatal) / sizeof(*fatal))
static struct sigaction before[N_FATAL]; /* a sanitizer's, if there is one */

/* A sanitizer calls this in the thread whose fault it has told, before it ends the process. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* Writes down that the calling thread has died, if that was in libbabeltrace2. */
static bool tell_death(void)
{
	uint32_t slot = ws_watch_mine();

	if (atomic_load_explicit(&mine->watch.slots[slot].place, memory_order_relaxed) ==
	    WS_WATCH_OUTSIDE)
		return false;
	atomic_store_explicit(&mine->watch.crashed, slot + 1, memory_order_relaxed);
	return true;
}

static void on_death(void)
{
	tell_death();
}

static void on_fatal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (tell_death())
		_exit(DIED);
	/* A fault of ours ends the process as it would have. */
	for (size_t i = 0; i < N_FATAL; i++)
		if (fatal[i] == signal)
			sigaction(signal, &before[i], NULL);
	if (info->si_code <= 0) /* sent, and not made by an instruction that comes again */
		raise(signal);
}

static void __attribute__((noreturn)) be_child(struct supervisor *s, pid_t parent)
{
	struct sigaction act = { .sa_sigaction = on_fatal, .sa_flags = SA_NODEFER | SA_SIGINFO };
	struct rlimit core = { 0 };
	int status, null;

	/* Nothing goes on when the supervisor was killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(WS_EXIT_FAILURE);
	if (getrlimit(RLIMIT_CORE, &core) == 0) {
		core.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &core);
	}
	if (s->words >= 0)
		dup2(s->words, STDERR_FILENO);
	if (!s->what->manners && (null = open("/dev/null", O_WRONLY | O_CLOEXEC)) >= 0)
		dup2(null, STDERR_FILENO);
	mine = s->shared;
	for (size_t i = 0; i < N_FATAL; i++)
		sigaction(fatal[i], &act, &before[i]);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(on_death);
	status = s->what->work(s->what->user, &s->shared->watch, &s->shared->number);
	if (s->what->manners)
		fflush(NULL);
	atomic_store_explicit(&s->shared->finished, 1, memory_order_relaxed);
	if (s->what->manners)
		s->what->manners->leave(status);
	_exit(status);
}

/* the supervisor */

static int fail(const struct supervisor *s, const char *text)
{
	if (s->what->manners)
		s->what->manners->fail(s->what->name, text);
	return WS_EXIT_FAILURE;
}

/* The slot that has been inside libbabeltrace2 for too long, and one; 0: none. */
static uint32_t stuck_slot(struct supervisor *s, uint64_t now)
{
	uint32_t patience = s->what->patience_ms ? s->what->patience_ms : WS_PATIENCE_MS;

	for (uint32_t i = 0; i < WS_WATCH_SLOTS; i++) {
		struct ws_watch_slot *slot = &s->shared->watch.slots[i];
		uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_relaxed);

		if (turn != s->turns[i] ||
		    atomic_load_explicit(&slot->place, memory_order_relaxed) == WS_WATCH_OUTSIDE) {
			s->turns[i] = turn;
			s->since_ms[i] = now;
		} else if (now - s->since_ms[i] >= patience) {
			return i + 1;
		}
	}
	return 0;
}

/* Waits for the child's end or LOOK_EVERY_MS. True: it has ended, with *status. */
static bool child_ended(struct supervisor *s, int *status)
{
	struct pollfd p = { .fd = s->pidfd, .events = POLLIN };
	pid_t ended;

	if (s->pidfd >= 0)
		poll(&p, 1, LOOK_EVERY_MS);
	else
		usleep(5000);
	ended = waitpid(s->child, status, WNOHANG);
	/* Somebody else has collected it, or the process ignores SIGCHLD: the shared memory tells.
	 */
	if (ended < 0 && errno == ECHILD) {
		*status = 0;
		return true;
	}
	return ended == s->child;
}

/* Watches the child until it has ended. Its slot that was stuck, and one; 0: none was. */
static uint32_t watch_child(struct supervisor *s, int *status)
{
	uint32_t stuck = 0;

	memset(s->turns, 0, sizeof(s->turns));
	for (uint32_t i = 0; i < WS_WATCH_SLOTS; i++)
		s->since_ms[i] = now_ms();
	while (!child_ended(s, status)) {
		uint64_t now = now_ms();

		if (s->what->manners)
			s->what->manners->show(&s->progress, &s->shared->watch, now);
		if (!stuck && (stuck = stuck_slot(s, now)))
			kill(s->child, SIGKILL);
	}
	if (s->what->manners)
		s->what->manners->hide(&s->progress);
	if (s->pidfd >= 0)
		close(s->pidfd);
	return stuck;
}

/* Shows what the child had to say. */
static void show_words(const struct supervisor *s)
{
	if (s->words >= 0 && s->what->manners)
		s->what->manners->words(s->words);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	remove(path);
	return 0;
}

/* What a child that died leaves behind. */
static void clean_up(struct supervisor *s)
{
	char *folder = s->shared->watch.folder;

	if (*folder)
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	*folder = 0;
	if (s->words >= 0 && ftruncate(s->words, 0) == 0)
		lseek(s->words, 0, SEEK_SET);
}

/* Puts where the slot is among what is to be avoided. 0, or -ENOSPC: that is too much, or it was
 * avoided already. */
static int avoid(struct ws_watch *watch, uint32_t number, bool stuck)
{
	const struct ws_watch_slot *slot = &watch->slots[number];
	struct ws_avoid new = {
		.place = slot->place, .what = slot->what, .item = slot->item, .stuck = stuck
	};
	const struct ws_avoid *old = ws_watch_avoids(watch, new.place, new.what, new.item);

	if (old && (new.place != WS_WATCH_STREAM || old->item <= new.item))
		return -ENOSPC;
	if (old) {
		watch->avoid[old - watch->avoid] = new;
		return 0;
	}
	if (watch->n_avoid == WS_AVOID_MAX)
		return -ENOSPC;
	watch->avoid[watch->n_avoid++] = new;
	return 0;
}

/* Learns from the child's death. 0: another one may do better. */
static int learn(struct supervisor *s, uint32_t stuck)
{
	struct ws_watch *watch = &s->shared->watch;
	uint32_t crashed = atomic_load_explicit(&watch->crashed, memory_order_relaxed);
	int r = -ENOSPC;

	if (stuck || crashed)
		r = avoid(watch, (stuck ? stuck : crashed) - 1, stuck);
	/* That was it before, or its handler could not run (no stack is left): it is another one.
	 */
	for (uint32_t i = 0; i < WS_WATCH_SLOTS && r; i++)
		if (watch->slots[i].place != WS_WATCH_OUTSIDE)
			r = avoid(watch, i, stuck);
	memset(watch->slots, 0, sizeof(watch->slots));
	watch->reading = watch->crashed = 0;
	return r;
}

/* A signal that somebody sent to end us, and not what a fault of the child's made. */
static bool is_meant(int signal)
{
	return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT ||
	       signal == SIGPIPE || signal == SIGXCPU || signal == SIGXFSZ;
}

/* The child died, and not in libbabeltrace2. */
static int died(const struct supervisor *s, int status)
{
	char text[128];

	show_words(s);
	if (!WIFSIGNALED(status)) /* a sanitizer of ours ends a process so */
		return WEXITSTATUS(status) ? WEXITSTATUS(status) : WS_EXIT_FAILURE;
	if (is_meant(WTERMSIG(status)) && s->what->manners)
		s->what->manners->meant(WTERMSIG(status));
	snprintf(text, sizeof(text), "reading: its process was ended by signal %d (%s); %s",
		 WTERMSIG(status), strsignal(WTERMSIG(status)),
		 WTERMSIG(status) == SIGKILL ? "was memory out? close other programs"
					     : "please report that, with the trace");
	return fail(s, text);
}

static bool was_inside(const struct ws_watch *watch)
{
	for (uint32_t i = 0; i < WS_WATCH_SLOTS; i++)
		if (watch->slots[i].place != WS_WATCH_OUTSIDE)
			return true;
	return false;
}

static int supervise(struct supervisor *s)
{
	struct shared *shared = s->shared;

	for (int i = 0; i < TRIES_MAX; i++) {
		pid_t self = getpid();
		uint32_t stuck;
		int status;

		if (s->what->manners)
			fflush(NULL);
		s->child = fork();
		if (s->child < 0 && !s->what->manners)
			return WS_EXIT_FAILURE;
		if (s->child < 0) /* then without a net */
			return s->what->work(s->what->user, &shared->watch, &shared->number);
		if (!s->child)
			be_child(s, self);
		s->pidfd = (int)syscall(SYS_pidfd_open, s->child, 0);
		stuck = watch_child(s, &status);
		if (atomic_load_explicit(&shared->finished, memory_order_relaxed) &&
		    WIFEXITED(status)) {
			show_words(s);
			if (s->what->learned) {
				memcpy(s->what->learned->avoid, shared->watch.avoid,
				       sizeof(shared->watch.avoid));
				s->what->learned->n_avoid = shared->watch.n_avoid;
			}
			return WEXITSTATUS(status);
		}
		if (!stuck && !shared->watch.crashed &&
		    !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV &&
		      was_inside(&shared->watch)))
			return died(s, status);
		clean_up(s);
		if (learn(s, stuck))
			break;
	}
	return fail(s, "reading: libbabeltrace2 crashes or hangs on too much of the trace; record the program anew");
}

int ws_supervise_as(const struct ws_supervised *what, int64_t *number)
{
	struct supervisor s = { .what = what,
				.words = -1,
				.progress = { .wanted = what->progress, .begin_ms = now_ms() } };
	int status;

	s.shared = mmap(NULL, sizeof(*s.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (s.shared == MAP_FAILED)
		return fail(&s, "memory: there is none left; close other programs");
	if (what->manners)
		s.words = memfd_create("stderr", MFD_CLOEXEC);
	status = supervise(&s);
	if (number)
		*number = s.shared->number;
	if (s.words >= 0)
		close(s.words);
	munmap(s.shared, sizeof(*s.shared));
	return status;
}
