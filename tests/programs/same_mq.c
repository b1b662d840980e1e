/* SPDX-License-Identifier: MIT */
/* same_mq: every function of POSIX message queues in success and in each documented failure, with
 * bad addresses, under cancellation, with signals, and from a vfork child; prints what it gave.
 *
 * Truth: the same text with and without tracing.
 */
#include "tests/support/show.h"
#include "tests/support/truth.h"

#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 16, SLOTS = 2 };

/* What fortified programs call. */
mqd_t __mq_open_2(const char *name, int flags);

static const struct timespec past = { 1, 0 }, zero = { 0, 0 }, before = { -1, 0 };
static const struct timespec bad_low = { 1, -1 }, bad_high = { 1, 1000000000 };
static char name[64];
static char *volatile nowhere = (char *)8;
static char *hole; /* a page without access */
static const struct timespec *volatile no_limit;
static char text[SIZE];

static void opening(void)
{
	struct mq_attr good = { .mq_maxmsg = SLOTS, .mq_msgsize = SIZE }, bad = { 0 }, now;
	char long_name[NAME_MAX + 3] = "/";
	mqd_t queue, again;

	memset(long_name + 1, 'x', sizeof(long_name) - 2);
	SHOW(mq_open(name, O_RDWR));
	SHOW(mq_open("no-slash", O_RDWR));
	SHOW(mq_open("", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_open("/", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_open(long_name, O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_open(name, O_RDWR | O_CREAT, 0600, &bad));
	SHOW(mq_open(name, O_RDWR | O_CREAT, 0600, (struct mq_attr *)nowhere));
	SHOW(queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &good));
	SHOW(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &good));
	SHOW(again = mq_open(name, O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_close(again));
	SHOW(mq_close(again));
	SHOW(mq_close(-1));
	SHOW(again = __mq_open_2(name, O_RDONLY | O_NONBLOCK));
	SHOW(mq_getattr(again, &now));
	printf("flags %ld of %ld x %ld, %ld\n", now.mq_flags & O_NONBLOCK, now.mq_maxmsg,
	       now.mq_msgsize, now.mq_curmsgs);
	now.mq_flags = 0;
	SHOW(mq_setattr(again, &now, &good));
	printf("was %ld\n", good.mq_flags & O_NONBLOCK);
	SHOW(mq_setattr(again, &good, NULL));
	SHOW(mq_setattr(STDIN_FILENO, &good, NULL));
	SHOW(mq_getattr(-1, &now));
	SHOW(mq_getattr(queue, (struct mq_attr *)nowhere));
	SHOW(mq_close(again));
	SHOW(mq_close(queue));
	SHOW(mq_unlink(name));
	SHOW(mq_unlink(name));
	SHOW(mq_unlink(long_name));
}

static mqd_t make(int flags)
{
	struct mq_attr attr = { .mq_maxmsg = SLOTS, .mq_msgsize = SIZE };
	mqd_t queue = (mqd_t)xs(mq_open(name, O_RDWR | O_CREAT | flags, 0600, &attr));

	x(mq_unlink(name));
	return queue;
}

static void sending(void)
{
	struct timespec soon = truth_after_ns(CLOCK_REALTIME, 2000000);
	mqd_t queue = make(0), nonblock = make(O_NONBLOCK);

	SHOW(mq_send(-1, text, 1, 0));
	SHOW(mq_send(STDIN_FILENO, text, 1, 0));
	SHOW(mq_send(queue, text, SIZE + 1, 0));
	SHOW(mq_send(queue, text, 1, 32768));
	SHOW(mq_send(queue, nowhere, 1, 0));
	SHOW(mq_send(queue, hole, 1, 0));
	SHOW(mq_timedsend(queue, text, 1, 0, &bad_low));
	SHOW(mq_timedsend(queue, text, 1, 0, &bad_high));
	SHOW(mq_timedsend(queue, text, 1, 0, &before));
	SHOW(mq_timedsend(queue, text, 1, 0, (const struct timespec *)nowhere));
	SHOW(mq_timedsend(queue, text, 1, 0, (const struct timespec *)hole));
	SHOW(mq_timedsend(queue, text, 1, 5, &past)); /* not looked at where there is room */
	SHOW(mq_timedsend(queue, text, 2, 9, no_limit));
	SHOW(mq_timedsend(queue, text, 1, 0, &past));
	SHOW(mq_timedsend(queue, text, 1, 0, &zero));
	SHOW(mq_timedsend(queue, text, 1, 0, &soon));
	SHOW(mq_timedsend(queue, text, 1, 0, &bad_high));
	SHOW(mq_send(queue, text, SIZE + 1, 0));
	SHOW(mq_send(nonblock, text, 1, 0));
	SHOW(mq_send(nonblock, text, 1, 0));
	SHOW(mq_send(nonblock, text, 1, 0));
	SHOW(mq_timedsend(nonblock, text, 1, 0, &soon));
	SHOW(mq_timedsend(nonblock, text, 1, 0, &bad_low));
	x(mq_close(queue));
	x(mq_close(nonblock));
}

static void receiving(void)
{
	struct timespec soon = truth_after_ns(CLOCK_REALTIME, 2000000);
	mqd_t queue = make(0), nonblock = make(O_NONBLOCK);
	unsigned int priority = 77;

	SHOW(mq_receive(-1, text, SIZE, NULL));
	SHOW(mq_receive(STDIN_FILENO, text, SIZE, NULL));
	SHOW(mq_receive(queue, text, SIZE - 1, NULL));
	SHOW(mq_receive(nonblock, text, SIZE, &priority));
	SHOW(mq_timedreceive(queue, text, SIZE, &priority, &past));
	SHOW(mq_timedreceive(queue, text, SIZE, &priority, &zero));
	SHOW(mq_timedreceive(queue, text, SIZE, &priority, &soon));
	SHOW(mq_timedreceive(queue, text, SIZE, &priority, &bad_low));
	x(mq_send(queue, "low", 3, 1));
	x(mq_send(queue, "higher", 6, 30));
	SHOW(mq_timedreceive(queue, text, SIZE, &priority, &bad_low));
	SHOW(mq_timedreceive(queue, text, SIZE, &priority, &before));
	SHOW(mq_timedreceive(queue, text, SIZE, &priority, (const struct timespec *)nowhere));
	printf("priority %u\n", priority);
	SHOW(mq_timedreceive(queue, text, SIZE, &priority, &past));
	printf("priority %u, %.6s\n", priority, text);
	SHOW(mq_receive(queue, text, SIZE, &priority));
	printf("priority %u, %.3s\n", priority, text);
	x(mq_send(queue, "gone", 4, 1));
	SHOW(mq_receive(queue, nowhere, SIZE, NULL)); /* taken all the same */
	x(mq_send(queue, "gone", 4, 1));
	SHOW(mq_receive(queue, text, SIZE, (unsigned int *)nowhere));
	SHOW(mq_timedreceive(queue, text, SIZE, NULL, &past));
	x(mq_close(queue));
	x(mq_close(nonblock));
}

static volatile sig_atomic_t told;

static void on_told(int number, siginfo_t *info, void *context)
{
	(void)context;
	told = number * 1000 + info->si_value.sival_int;
}

static volatile int told_by_thread;

static void told_in_thread(union sigval value)
{
	__atomic_store_n(&told_by_thread, value.sival_int, __ATOMIC_RELEASE);
}

static void notification(void)
{
	struct sigaction action = { .sa_sigaction = on_told, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	mqd_t queue = make(0);

	event.sigev_value.sival_int = 12;
	x(sigaction(SIGUSR2, &action, NULL));
	SHOW(mq_notify(-1, &event));
	SHOW(mq_notify(STDIN_FILENO, &event));
	SHOW(mq_notify(queue, &event));
	SHOW(mq_notify(queue, &event)); /* EBUSY */
	SHOW(mq_notify(queue, NULL));
	event.sigev_signo = 9999;
	SHOW(mq_notify(queue, &event));
	event.sigev_signo = SIGUSR2;
	SHOW(mq_notify(queue, &event));
	SHOW(mq_send(queue, text, 1, 0));
	printf("told %d\n", (int)told);
	x_is(1, mq_receive(queue, text, SIZE, NULL));
	event = (struct sigevent){ .sigev_notify = SIGEV_THREAD };
	event.sigev_value.sival_int = 34;
	event.sigev_notify_function = told_in_thread;
	SHOW(mq_notify(queue, &event));
	SHOW(mq_send(queue, text, 1, 0));
	truth_until_at_least(&told_by_thread, 1);
	printf("told %d\n", told_by_thread);
	event.sigev_notify = SIGEV_NONE;
	SHOW(mq_notify(queue, &event));
	x(mq_close(queue));
}

/* Each cancellation point, blocked and with the cancellation there already. */
static mqd_t cancelled_queue;
static volatile int ready;

static void *receive_for_ever(void *how)
{
	struct timespec late = truth_after_ns(CLOCK_REALTIME, 100000000000);

	if ((long)how & 1)
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	if ((long)how & 1) {
		truth_until_at_least(&ready, 2);
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	}
	if ((long)how & 2)
		mq_timedreceive(cancelled_queue, text, SIZE, NULL, &late);
	else
		mq_receive(cancelled_queue, text, SIZE, NULL);
	return NULL;
}

static void *send_for_ever(void *how)
{
	struct timespec late = truth_after_ns(CLOCK_REALTIME, 100000000000);

	if ((long)how & 1)
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	if ((long)how & 1) {
		truth_until_at_least(&ready, 2);
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	}
	if ((long)how & 2)
		mq_timedsend(cancelled_queue, text, 1, 0, &late);
	else
		mq_send(cancelled_queue, text, 1, 0);
	return NULL;
}

static void cancel(void *(*function)(void *), long how)
{
	pthread_t thread;
	void *result;

	ready = 0;
	x(pthread_create(&thread, NULL, function, (void *)how));
	truth_until_at_least(&ready, 1);
	if (!(how & 1))
		truth_sleep_ns(5000000);
	SHOW(pthread_cancel(thread));
	__atomic_store_n(&ready, 2, __ATOMIC_RELEASE);
	x(pthread_join(thread, &result));
	printf("cancelled %d\n", result == PTHREAD_CANCELED);
}

static void cancellation(void)
{
	struct mq_attr now;

	for (long how = 0; how < 4; how++) {
		cancelled_queue = make(0);
		/* One that could be received is not, where the cancellation came first. */
		if (how & 1)
			x(mq_send(cancelled_queue, text, 1, 0));
		cancel(receive_for_ever, how);
		x(mq_getattr(cancelled_queue, &now));
		printf("%ld left\n", now.mq_curmsgs);
		while (now.mq_curmsgs++ < SLOTS && !(how & 1))
			x(mq_send(cancelled_queue, text, 1, 0));
		cancel(send_for_ever, how);
		x(mq_getattr(cancelled_queue, &now));
		printf("%ld left\n", now.mq_curmsgs);
		x(mq_close(cancelled_queue));
	}
}

static void ignore(int number)
{
	(void)number;
}

/* A signal each millisecond: without SA_RESTART the wait ends with it, with it the limit does. */
static void signals(int flags)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = flags };
	struct itimerval fast = { { 0, 1000 }, { 0, 1000 } }, off = { { 0, 0 }, { 0, 0 } };
	struct timespec soon;
	mqd_t queue = make(0);

	x(sigaction(SIGALRM, &action, NULL));
	soon = truth_after_ns(CLOCK_REALTIME, 50000000);
	x(setitimer(ITIMER_REAL, &fast, NULL));
	SHOW(mq_timedreceive(queue, text, SIZE, NULL, &soon));
	for (int i = 0; i < SLOTS; i++)
		x(mq_send(queue, text, 1, 0));
	soon = truth_after_ns(CLOCK_REALTIME, 50000000);
	SHOW(mq_timedsend(queue, text, 1, 0, &soon));
	x(setitimer(ITIMER_REAL, &off, NULL));
	x(mq_close(queue));
}

static void from_vfork_child(void)
{
	mqd_t queue = make(0);
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		struct timespec soon = truth_after_ns(CLOCK_REALTIME, 2000000);

		if (mq_send(queue, "child", 5, 3) != 0 ||
		    mq_receive(queue, text, SIZE, NULL) != 5 ||
		    mq_timedreceive(queue, text, SIZE, NULL, &soon) != -1 || errno != ETIMEDOUT ||
		    mq_close(queue) != 0 || mq_close(queue) != -1)
			_exit(1);
		_exit(0);
	}
	x_is(pid, waitpid(pid, &status, 0));
	printf("vfork child: %d\n", status);
	SHOW(mq_timedreceive(queue, text, SIZE, NULL, &past));
	x(mq_close(queue));
}

/* A queue whose number was another's, through calls that libc makes for itself or by system calls.
 */
static void numbers_change_hands(void)
{
	mqd_t one = make(0), two = make(0);

	x_is(-1, mq_timedreceive(one, text, SIZE, NULL, &past));
	x(mq_send(two, "two", 3, 0));
	SHOW(dup2(two, one) == one);
	SHOW(mq_timedreceive(one, text, SIZE, NULL, &past));
	SHOW(mq_timedreceive(two, text, SIZE, NULL, &past));
	SHOW(close(one));
	SHOW(mq_timedreceive(one, text, SIZE, NULL, &past));
	SHOW(mq_close(two));
	SHOW(mq_timedreceive(two, text, SIZE, NULL, &past));
}

int main(void)
{
	int null = (int)xs(open("/dev/null", O_RDWR));

	xs(dup2(null, STDIN_FILENO));
	x(close(null));
	snprintf(name, sizeof(name), "/waitscope-test-%d", (int)getpid());
	hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	opening();
	sending();
	receiving();
	notification();
	cancellation();
	signals(0);
	signals(SA_RESTART);
	from_vfork_child();
	numbers_change_hands();
	return 0;
}
