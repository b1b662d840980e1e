/* SPDX-License-Identifier: MIT */
/* same_waits: waits for children, sleeps and signals: every function in success and in each
 * documented failure; prints what it gave.
 *
 * Truth: the same text with and without tracing.
 */
#include "tests/support/show.h"
#include "tests/support/truth.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

extern int __nanosleep(const struct timespec *t, struct timespec *left);
extern int __sigsuspend(const sigset_t *set);
extern pid_t __waitpid(pid_t pid, int *status, int options);
extern pid_t __wait(int *status);

static void *const nowhere = (void *)8;
static volatile sig_atomic_t handled;

static void on_signal(int signal)
{
	handled = signal;
}

static void handle(int signal, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	x(sigaction(signal, &action, NULL));
}

static pid_t child_that(int status, uint64_t after_ns)
{
	pid_t pid;

	fflush(stdout);
	pid = (pid_t)xs(fork());
	if (pid == 0) {
		truth_sleep_ns(after_ns);
		_exit(status);
	}
	return pid;
}

static void show_info(const siginfo_t *i, pid_t child)
{
	printf("signo %d code %d status %d pid %s\n", i->si_signo, i->si_code, i->si_status,
	       i->si_pid == child ? "the child's"
	       : i->si_pid == 0   ? "0"
				  : "another");
}

enum { LATER_NS = 20000000, UNTOUCHED = 0x5a5a };

static void children(void)
{
	struct rusage usage;
	siginfo_t info;
	int status = UNTOUCHED;
	pid_t pid;

	SHOW(wait(&status));
	SHOW(waitpid(-1, &status, 0));
	SHOW(waitpid(1, &status, 0));
	SHOW(waitpid(INT_MIN, &status, 0));
	SHOW(waitpid(-1, &status, 0x40000));
	SHOW(wait3(&status, 0, &usage));
	SHOW(wait4(-1, &status, WNOHANG, &usage));
	SHOW(wait4(-1, &status, 0x40000, &usage));
	printf("status %#x\n", status);
	memset(&info, 0x5a, sizeof(info));
	SHOW(waitid(P_ALL, 0, &info, WEXITED));
	show_info(&info, 0);
	SHOW(waitid(P_ALL, 0, &info, 0));
	SHOW(waitid(99, 0, &info, WEXITED));
	SHOW(waitid(P_PIDFD, 0x7fffffff, &info, WEXITED));

	pid = child_that(3, LATER_NS);
	status = UNTOUCHED;
	SHOW(waitpid(pid, &status, WNOHANG));
	printf("status %#x\n", status);
	SHOW(waitpid(pid, &status, 0) == pid);
	printf("status %#x\n", status);
	SHOW(waitpid(pid, &status, 0));
	pid = child_that(4, 0);
	truth_sleep_ns(LATER_NS);
	SHOW(wait(&status) == pid); /* at once */
	printf("status %#x\n", status);
	pid = child_that(5, LATER_NS);
	SHOW(wait(NULL) == pid);
	pid = child_that(6, LATER_NS);
	SHOW(__wait(&status) == pid);
	pid = child_that(6, LATER_NS);
	SHOW(__waitpid(0, &status, 0) == pid);
	pid = child_that(7, LATER_NS);
	memset(&usage, 0x5a, sizeof(usage));
	SHOW(wait4(pid, &status, WNOHANG, &usage));
	printf("maxrss %#lx status %#x\n", usage.ru_maxrss, status);
	SHOW(wait4(pid, &status, 0, &usage) == pid);
	printf("maxrss is %s\n", usage.ru_maxrss != 0x5a5a5a5a5a5a5a5a ? "set" : "not set");
	pid = child_that(8, LATER_NS);
	SHOW(wait3(&status, 0, NULL) == pid);
	pid = child_that(8, LATER_NS);
	SHOW(waitpid(pid, nowhere, 0)); /* EFAULT, and collected */
	SHOW(waitpid(pid, &status, 0));

	pid = child_that(9, LATER_NS);
	memset(&info, 0x5a, sizeof(info));
	SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG));
	show_info(&info, pid);
	SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	show_info(&info, pid);
	SHOW(waitid(P_ALL, 0, NULL, WEXITED));
	pid = child_that(10, LATER_NS);
	SHOW(waitid(P_ALL, 0, &info, WEXITED));
	show_info(&info, pid);

	/* Interrupted, restarted, stopped and killed. */
	pid = child_that(11, 10 * LATER_NS);
	handle(SIGALRM, 0);
	ualarm(20000, 0);
	status = UNTOUCHED;
	SHOW(waitpid(pid, &status, 0));
	printf("status %#x\n", status);
	ualarm(20000, 0);
	SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED));
	show_info(&info, pid);
	x(kill(pid, SIGSTOP));
	SHOW(waitpid(pid, &status, WUNTRACED) == pid);
	printf("status %#x\n", status);
	x(kill(pid, SIGCONT));
	SHOW(waitpid(pid, &status, WCONTINUED) == pid);
	printf("status %#x\n", status);
	handle(SIGALRM, SA_RESTART);
	ualarm(20000, 0);
	SHOW(waitpid(pid, &status, 0) == pid);
	printf("status %#x\n", status);
	pid = child_that(0, 1000 * (uint64_t)LATER_NS);
	SHOW(kill(pid, SIGKILL));
	SHOW(wait(&status) == pid);
	printf("status %#x\n", status);
}

static void sleeps(void)
{
	static const struct timespec none = { 0, 0 }, little = { 0, 2000000 }, low = { -1, 0 },
				     bad = { 0, 1000000000 }, negative = { 0, -1 }, past = { 1, 0 };
	struct timespec left = { 77, 77 }, much = { 5, 0 };

	SHOW(nanosleep(&none, &left));
	SHOW(nanosleep(&little, &left));
	SHOW(nanosleep(&little, NULL));
	SHOW(__nanosleep(&little, &left));
	SHOW(nanosleep(&low, &left));
	SHOW(nanosleep(&bad, &left));
	SHOW(nanosleep(&negative, &left));
	SHOW(nanosleep(nowhere, &left));
	SHOW(nanosleep(&none, nowhere));
	SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &little, &left));
	SHOW(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &past, &left));
	SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, &left));
	SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, nowhere, &left));
	SHOW(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &little, &left));
	SHOW(clock_nanosleep(99, 0, &little, &left));
	SHOW(thrd_sleep(&none, &left));
	SHOW(thrd_sleep(&little, &left));
	SHOW(thrd_sleep(&bad, &left));
	SHOW(thrd_sleep(nowhere, &left));
	SHOW(usleep(0));
	SHOW(usleep(2000));
	SHOW(sleep(0));
	printf("left %ld %ld\n", (long)left.tv_sec, left.tv_nsec);

	handle(SIGALRM, SA_RESTART); /* no sleep is restarted */
	ualarm(20000, 0);
	SHOW(nanosleep(&much, &left));
	printf("left %ld, %s\n", (long)left.tv_sec, left.tv_nsec != 77 ? "set" : "not set");
	left = (struct timespec){ 77, 77 };
	ualarm(20000, 0);
	SHOW(nanosleep(&much, nowhere));
	ualarm(20000, 0);
	SHOW(clock_nanosleep(CLOCK_REALTIME, 0, &much, &left));
	printf("left %ld, %s\n", (long)left.tv_sec, left.tv_nsec != 77 ? "set" : "not set");
	left = (struct timespec){ 77, 77 };
	much = truth_after_ns(CLOCK_MONOTONIC, 5000000000u);
	ualarm(20000, 0);
	SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &much, &left));
	printf("left %ld %ld\n", (long)left.tv_sec, left.tv_nsec);
	much = (struct timespec){ 5, 0 };
	ualarm(20000, 0);
	SHOW(thrd_sleep(&much, &left));
	printf("left %ld\n", (long)left.tv_sec);
	ualarm(20000, 0);
	SHOW(usleep(900000));
	ualarm(20000, 0);
	SHOW(sleep(3));
}

static void show_signal(const siginfo_t *i)
{
	printf("signo %d code %d pid %s value %d\n", i->si_signo, i->si_code,
	       i->si_pid == getpid() ? "ours" : "another",
	       i->si_code == SI_QUEUE ? i->si_value.sival_int : 0);
}

static void *send_later(void *target)
{
	truth_sleep_ns(LATER_NS);
	pthread_kill(*(pthread_t *)target, SIGUSR1);
	return NULL;
}

/* Sends SIGUSR1 to the caller after a while. */
static pthread_t later(void)
{
	static pthread_t self;
	pthread_t thread;

	self = pthread_self();
	x(pthread_create(&thread, NULL, send_later, &self));
	return thread;
}

static void signals(void)
{
	static const struct timespec none = { 0, 0 }, little = { 0, 2000000 }, low = { -1, 0 },
				     bad = { 0, 1000000000 };
	const union sigval value = { .sival_int = 5 };
	sigset_t set, empty, old;
	siginfo_t info;
	int got = UNTOUCHED;

	sigemptyset(&empty);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	x(pthread_sigmask(SIG_BLOCK, &set, &old));
	SHOW(sigtimedwait(&set, &info, &none));
	SHOW(sigtimedwait(&set, &info, &little));
	SHOW(sigtimedwait(&set, &info, &low));
	SHOW(sigtimedwait(&set, &info, &bad));
	SHOW(sigtimedwait(&set, &info, nowhere));
	SHOW(sigtimedwait(nowhere, &info, &little));
	SHOW(sigwaitinfo(nowhere, &info));
	SHOW(sigwait(nowhere, &got));
	printf("got %#x\n", got);

	/* What is pending is taken at once, unless the time is bad. */
	SHOW(raise(SIGUSR1));
	SHOW(sigtimedwait(&set, &info, &bad));
	SHOW(sigtimedwait(&set, &info, nowhere));
	SHOW(sigtimedwait(&set, &info, NULL));
	show_signal(&info);
	SHOW(gsignal(SIGUSR1));
	SHOW(sigwait(&set, &got));
	printf("got %d\n", got);
	SHOW(sigqueue(getpid(), SIGRTMIN, value));
	SHOW(sigwaitinfo(&set, &info));
	show_signal(&info);
	SHOW(pthread_sigqueue(pthread_self(), SIGRTMIN, value));
	SHOW(sigwaitinfo(&set, NULL));
	SHOW(pthread_kill(pthread_self(), SIGUSR1));
	SHOW(sigwaitinfo(&set, nowhere)); /* EFAULT, and taken */
	SHOW(tgkill(getpid(), gettid(), SIGUSR1));
	SHOW(sigtimedwait(&set, &info, &little));
	show_signal(&info);
	SHOW(kill(getpid(), SIGUSR1));
	SHOW(sigtimedwait(&set, &info, &none));
	show_signal(&info);

	/* What has to come yet. */
	for (int form = 0; form < 3; form++) {
		pthread_t thread = later();

		memset(&info, 0x5a, sizeof(info));
		if (form == 0)
			SHOW(sigwait(&set, &got));
		else if (form == 1)
			SHOW(sigwaitinfo(&set, &info));
		else
			SHOW(sigtimedwait(&set, &info, NULL));
		if (form)
			show_signal(&info);
		x(pthread_join(thread, NULL));
	}
	handle(SIGALRM, SA_RESTART);
	ualarm(20000, 0);
	SHOW(sigwaitinfo(&set, &info)); /* EINTR even so */
	ualarm(20000, 0);
	SHOW(sigtimedwait(&set, &info, NULL));

	/* pause() and sigsuspend() always end like this. */
	ualarm(20000, 0);
	SHOW(pause());
	handle(SIGUSR1, 0);
	x(raise(SIGUSR1));
	SHOW(sigsuspend(&empty)); /* pending: at once */
	x(raise(SIGUSR1));
	SHOW(__sigsuspend(&empty));
	printf("handled %d\n", handled);
	SHOW(sigsuspend(nowhere));

	SHOW(kill(getpid(), 0));
	SHOW(kill(getpid(), 99));
	SHOW(kill(0x7ffffffe, SIGUSR1));
	SHOW(kill(0, 0));
	SHOW(raise(99));
	SHOW(raise(-1));
	SHOW(tgkill(-1, -1, SIGUSR1));
	SHOW(tgkill(getpid(), 0x7ffffffe, SIGUSR1));
	SHOW(pthread_kill(pthread_self(), 0));
	SHOW(pthread_kill(pthread_self(), 99));
	SHOW(pthread_sigqueue(pthread_self(), 99, value));
	SHOW(sigqueue(getpid(), 99, value));
	SHOW(sigqueue(0x7ffffffe, SIGUSR1, value));
	x(pthread_sigmask(SIG_SETMASK, &old, NULL));
}

/* A thread with a cancellation pending calls it: is it a cancellation point? */
static void *cancel_me(void *argument)
{
	void (*const *call)(void) = argument;
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	(*call)();
	return NULL;
}

static void cancelled(const char *name, void (*call)(void))
{
	pthread_t thread;
	void *result;

	x(pthread_create(&thread, NULL, cancel_me, &call));
	x(pthread_join(thread, &result));
	printf("%s %s\n", name, result == PTHREAD_CANCELED ? "was cancelled" : "went on");
}
#define CANCELLED(function) cancelled(#function, call_##function)

static void call_wait(void)
{
	wait(NULL);
}

static void call_waitpid(void)
{
	waitpid(-1, NULL, 0);
}

static void call_waitpid_nohang(void)
{
	waitpid(-1, NULL, WNOHANG);
}

static void call_wait3(void)
{
	wait3(NULL, 0, NULL);
}

static void call_wait4(void)
{
	wait4(-1, NULL, 0, NULL);
}

static void call_waitid(void)
{
	waitid(P_ALL, 0, NULL, WEXITED);
}

static void call_waitid_nohang(void)
{
	waitid(P_ALL, 0, NULL, WEXITED | WNOHANG);
}

static void call_usleep(void)
{
	usleep(1);
}

static void call_sleep(void)
{
	sleep(1);
}

static void call_sleep_0(void)
{
	sleep(0);
}

static void call_nanosleep(void)
{
	nanosleep(&(struct timespec){ 0, 1 }, NULL);
}

static void call_clock_nanosleep(void)
{
	clock_nanosleep(CLOCK_REALTIME, 0, &(struct timespec){ 0, 1 }, NULL);
}

static void call_thrd_sleep(void)
{
	thrd_sleep(&(struct timespec){ 0, 1 }, NULL);
}

static void call_pause(void)
{
	pause();
}

/* SIGUSR1 pends for the thread. */
static void pend(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGUSR1);
	x(pthread_sigmask(SIG_BLOCK, set, NULL));
	x(pthread_kill(pthread_self(), SIGUSR1));
}

static void call_sigwait(void)
{
	sigset_t set;
	int got;

	pend(&set);
	sigwait(&set, &got);
}

static void call_sigtimedwait(void)
{
	sigset_t set;

	pend(&set);
	sigtimedwait(&set, NULL, &(struct timespec){ 0, 0 });
}

static void call_sigsuspend(void)
{
	sigset_t set;

	pend(&set);
	sigemptyset(&set);
	sigsuspend(&set);
}

static void cancellation(void)
{
	CANCELLED(wait);
	CANCELLED(waitpid);
	CANCELLED(waitpid_nohang);
	CANCELLED(wait3);
	CANCELLED(wait4);
	CANCELLED(waitid);
	CANCELLED(waitid_nohang);
	CANCELLED(usleep);
	CANCELLED(sleep);
	CANCELLED(sleep_0);
	CANCELLED(nanosleep);
	CANCELLED(clock_nanosleep);
	CANCELLED(thrd_sleep);
	CANCELLED(pause);
	CANCELLED(sigwait);
	CANCELLED(sigtimedwait);
	CANCELLED(sigsuspend);
}

int main(void)
{
	children();
	sleeps();
	signals();
	cancellation();
	return 0;
}
