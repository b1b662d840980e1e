/* SPDX-License-Identifier: MIT */
/* same_points_locks.c: of same_points, what waits for no file: locks, threads, queues, children,
 * time and signals. */
#include "tests/programs/same_points.h"
#include "tests/support/truth.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct timespec far, past;

/* Conditions: the mutex is the caller's again in its cleanup. */
static pthread_mutex_t mutex;
static pthread_cond_t cond;

static void make_cond(bool blocked)
{
	pthread_mutexattr_t attr;

	(void)blocked;
	x(pthread_mutexattr_init(&attr));
	x(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK));
	x(pthread_mutex_init(&mutex, &attr));
	x(pthread_cond_init(&cond, NULL));
	far = truth_after_ns(CLOCK_REALTIME, AHEAD_S * 1000000000ull);
}

static int unlock(void)
{
	return pthread_mutex_unlock(&mutex);
}

static void cond_state(bool undone)
{
	(void)undone;
	say("signal %d, trylock %d", pthread_cond_signal(&cond), pthread_mutex_trylock(&mutex));
	pthread_mutex_unlock(&mutex);
	x(pthread_cond_destroy(&cond));
	x(pthread_mutex_destroy(&mutex));
}

static void signal_cond(void)
{
	x(pthread_mutex_lock(&mutex));
	x(pthread_cond_signal(&cond));
	x(pthread_mutex_unlock(&mutex));
}

static const struct fixture condition = { make_cond, cond_state, signal_cond, unlock,
					  ALWAYS_WAITS };

/* <threads.h>'s are the same objects to glibc, with types of their own. */
static mtx_t mtx;
static cnd_t cnd;

static void make_cnd(bool blocked)
{
	(void)blocked;
	x_is(thrd_success, mtx_init(&mtx, mtx_plain));
	x_is(thrd_success, cnd_init(&cnd));
	far = truth_after_ns(CLOCK_REALTIME, AHEAD_S * 1000000000ull);
}

static int unlock_mtx(void)
{
	return mtx_unlock(&mtx);
}

static void cnd_state(bool undone)
{
	(void)undone;
	say("trylock %d", mtx_trylock(&mtx));
	mtx_unlock(&mtx);
	cnd_destroy(&cnd);
	mtx_destroy(&mtx);
}

static void signal_cnd(void)
{
	mtx_lock(&mtx);
	cnd_signal(&cnd);
	mtx_unlock(&mtx);
}

static const struct fixture c11_condition = { make_cnd, cnd_state, signal_cnd, unlock_mtx,
					      ALWAYS_WAITS };

/* Threads to join. */
static struct truth_thread target;
static sem_t go;

static void until_go(void *arg)
{
	(void)arg;
	x(sem_wait(&go));
}

static void make_target(bool blocked)
{
	x(sem_init(&go, 0, blocked ? 0 : 1));
	truth_start(&target, until_go, NULL);
	if (!blocked)
		truth_until_gone(target.tid);
	far = truth_after_ns(CLOCK_REALTIME, AHEAD_S * 1000000000ull);
}

static void target_state(bool undone)
{
	x(sem_post(&go));
	say("%s", undone ? "to be joined" : "joined");
	if (undone)
		truth_join(&target);
	x(sem_destroy(&go));
}

static void let_go(void)
{
	x(sem_post(&go));
}

static const struct fixture thread = { make_target, target_state, let_go, NULL, 0 };

static sem_t sem;

static void make_sem(bool blocked)
{
	x(sem_init(&sem, 0, blocked ? 0 : 1));
	far = truth_after_ns(CLOCK_REALTIME, AHEAD_S * 1000000000ull);
}

static void sem_state(bool undone)
{
	int value;

	(void)undone;
	x(sem_getvalue(&sem, &value));
	say("value %d", value);
	x(sem_destroy(&sem));
}

static void post(void)
{
	x(sem_post(&sem));
}

static const struct fixture semaphore = { make_sem, sem_state, post, NULL, 0 };

/* Message queues with room for one. */
enum { LETTER = 8 };
static mqd_t queue;
static char letter[LETTER];

static void make_queue(bool filled)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = LETTER };
	char name[32];

	snprintf(name, sizeof(name), "/waitscope-test-%d", (int)getpid());
	queue = (mqd_t)xs(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr));
	x(mq_unlink(name));
	if (filled)
		x(mq_send(queue, letter, 1, 0));
	far = truth_after_ns(CLOCK_REALTIME, AHEAD_S * 1000000000ull);
}

static void make_empty_queue(bool blocked)
{
	make_queue(!blocked);
}

static void queue_state(bool undone)
{
	struct mq_attr attr;

	(void)undone;
	x(mq_getattr(queue, &attr));
	say("%ld messages", attr.mq_curmsgs);
	x(mq_close(queue));
}

static void send_one(void)
{
	x(mq_send(queue, letter, 1, 0));
}

static void receive_one(void)
{
	x_is(1, mq_receive(queue, letter, LETTER, NULL));
}

static const struct fixture mq_empty = { make_empty_queue, queue_state, send_one, NULL, 0 };
static const struct fixture mq_full = { make_queue, queue_state, receive_one, NULL, 0 };

static int id;
static struct {
	long type;
	char text[LETTER];
} message = { 1, "" };

static void make_msg(bool filled)
{
	struct msqid_ds ds;

	id = (int)xs(msgget(IPC_PRIVATE, 0600));
	x(msgctl(id, IPC_STAT, &ds));
	ds.msg_qbytes = LETTER;
	x(msgctl(id, IPC_SET, &ds));
	if (filled)
		x(msgsnd(id, &message, LETTER, 0));
}

static void make_empty_msg(bool blocked)
{
	make_msg(!blocked);
}

static void msg_state(bool undone)
{
	struct msqid_ds ds;

	(void)undone;
	x(msgctl(id, IPC_STAT, &ds));
	say("%d messages", (int)ds.msg_qnum);
	x(msgctl(id, IPC_RMID, NULL));
}

static void msg_send_one(void)
{
	x(msgsnd(id, &message, LETTER, 0));
}

static void msg_receive_one(void)
{
	x_is(LETTER, msgrcv(id, &message, LETTER, 0, 0));
}

static const struct fixture msg_empty = { make_empty_msg, msg_state, msg_send_one, NULL, 0 };
static const struct fixture msg_full = { make_msg, msg_state, msg_receive_one, NULL, 0 };

/* A child that lives, or that can be collected. */
static pid_t child;

static void make_child(bool blocked)
{
	siginfo_t info;

	child = (pid_t)xs(fork());
	if (child == 0) {
		x(prctl(PR_SET_PDEATHSIG, SIGKILL));
		if (blocked)
			pause();
		_exit(3);
	}
	if (!blocked)
		x(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
}

static void end_child(void)
{
	x(kill(child, SIGKILL));
}

static void child_state(bool undone)
{
	int status = -1;

	if (!undone) {
		say("collected");
		return;
	}
	end_child();
	x_is(child, waitpid(child, &status, 0));
	say("to be collected, %#x", status);
}

static const struct fixture process = { make_child, child_state, end_child, NULL, 0 };

/* Sleeps. */
static struct timespec span;

static void make_span(bool blocked)
{
	span = (struct timespec){ blocked ? AHEAD_S : 0, 0 };
}

static void no_state(bool undone)
{
	(void)undone;
	say("-");
}
static const struct fixture asleep = { make_span, no_state, NULL, NULL, 0 };

/* Signals: SIGUSR1 is blocked, and pends where nothing has to wait. */
static sigset_t usr1, none;
static volatile sig_atomic_t handled;

static void on_signal(int number)
{
	(void)number;
	handled++;
}

static void make_signal(bool blocked)
{
	signal(SIGUSR1, on_signal);
	handled = 0;
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	x(pthread_sigmask(SIG_BLOCK, &usr1, NULL));
	if (!blocked)
		x(kill(getpid(), SIGUSR1));
}

static void signal_state(bool undone)
{
	sigset_t pending;

	(void)undone;
	x(sigpending(&pending));
	say("pending %d, handled %d", sigismember(&pending, SIGUSR1), (int)handled);
	sigtimedwait(&usr1, NULL, &past);
	x(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL));
}

static void raise_it(void)
{
	x(kill(getpid(), SIGUSR1));
}

static const struct fixture signalled = { make_signal, signal_state, raise_it, NULL, OWN_SIGNAL };
static const struct fixture paused = { make_signal, signal_state, NULL, NULL, ALWAYS_WAITS };

/* What no cancellation ends, and mostly no signal. */
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void make_held(bool blocked)
{
	far = truth_after_ns(CLOCK_REALTIME, AHEAD_S * 1000000000ull);
	if (blocked) {
		x(pthread_mutex_lock(&held));
		x(pthread_rwlock_wrlock(&rwlock));
	}
}

static void let_have(void)
{
	x(pthread_mutex_unlock(&held));
	x(pthread_rwlock_unlock(&rwlock));
}

static void held_state(bool undone)
{
	(void)undone;
	say("free %d", pthread_mutex_trylock(&held) == 0 && pthread_rwlock_trywrlock(&rwlock) == 0);
	let_have();
}
static const struct fixture lock = { make_held, held_state, let_have, NULL, STAYS };

static pthread_barrier_t barrier;

static void make_barrier(bool blocked)
{
	x(pthread_barrier_init(&barrier, NULL, blocked ? 2 : 1));
}

static void come_to_barrier(void)
{
	int r = pthread_barrier_wait(&barrier);

	if (r != PTHREAD_BARRIER_SERIAL_THREAD)
		x(r);
}

static void barrier_state(bool undone)
{
	no_state(undone);
	x(pthread_barrier_destroy(&barrier));
}
static const struct fixture meeting = { make_barrier, barrier_state, come_to_barrier, NULL, STAYS };

static struct sembuf take = { 0, -1, 0 }, give = { 0, 1, 0 };

static void make_set(bool blocked)
{
	id = (int)xs(semget(IPC_PRIVATE, 1, 0600));
	if (!blocked)
		x(semop(id, &give, 1));
	span = (struct timespec){ AHEAD_S, 0 };
}

static void give_one(void)
{
	x(semop(id, &give, 1));
}

static void set_state(bool undone)
{
	(void)undone;
	say("value %d", semctl(id, 0, GETVAL));
	x(semctl(id, 0, IPC_RMID));
}
static const struct fixture set = { make_set, set_state, give_one, NULL, STAYS };

static int word;

static void make_word(bool blocked)
{
	word = blocked ? 0 : 1;
}

static void wake_word(void)
{
	/* While it handles a signal nobody is there to be woken. */
	while (syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) != 1)
		truth_sleep_ns(100000);
}
static const struct fixture futex = { make_word, no_state, wake_word, NULL, STAYS };

/* Of the two who come to a barrier one is told so. */
static int come(void)
{
	return pthread_barrier_wait(&barrier) > 0;
}

static int number;
static siginfo_t info;

#define WITH_MUTEX(call) (pthread_mutex_lock(&mutex), (call) + 1000 * unlock())
#define WITH_MTX(call)   (mtx_lock(&mtx), (call) + 1000 * unlock_mtx())

#define POINTS(C)                                                                                  \
	C(pthread_cond_wait, condition, WITH_MUTEX(x_pthread_cond_wait(&cond, &mutex)))            \
	C(pthread_cond_timedwait, condition,                                                       \
	  WITH_MUTEX(x_pthread_cond_timedwait(&cond, &mutex, &far)))                               \
	C(pthread_cond_clockwait, condition,                                                       \
	  WITH_MUTEX(x_pthread_cond_clockwait(&cond, &mutex, CLOCK_REALTIME, &far)))               \
	C(cnd_wait, c11_condition, WITH_MTX(x_cnd_wait(&cnd, &mtx)))                               \
	C(cnd_timedwait, c11_condition, WITH_MTX(x_cnd_timedwait(&cnd, &mtx, &far)))               \
	C(pthread_join, thread, x_pthread_join(target.thread, NULL))                               \
	C(pthread_timedjoin_np, thread, x_pthread_timedjoin_np(target.thread, NULL, &far))         \
	C(pthread_clockjoin_np, thread,                                                            \
	  x_pthread_clockjoin_np(target.thread, NULL, CLOCK_REALTIME, &far))                       \
	C(thrd_join, thread, x_thrd_join(target.thread, NULL))                                     \
	C(sem_wait, semaphore, x_sem_wait(&sem))                                                   \
	C(sem_timedwait, semaphore, x_sem_timedwait(&sem, &far))                                   \
	C(sem_clockwait, semaphore, x_sem_clockwait(&sem, CLOCK_REALTIME, &far))                   \
	C(mq_send, mq_full, x_mq_send(queue, letter, 1, 0))                                        \
	C(mq_timedsend, mq_full, x_mq_timedsend(queue, letter, 1, 0, &far))                        \
	C(mq_receive, mq_empty, x_mq_receive(queue, letter, LETTER, NULL))                         \
	C(mq_timedreceive, mq_empty, x_mq_timedreceive(queue, letter, LETTER, NULL, &far))         \
	C(msgsnd, msg_full, x_msgsnd(id, &message, LETTER, 0))                                     \
	C(msgrcv, msg_empty, x_msgrcv(id, &message, LETTER, 0, 0))                                 \
	C(waitpid, process, x_waitpid(child, NULL, 0) == child ? 0 : -1)                           \
	C(wait, process, x_wait(NULL) == child ? 0 : -1)                                           \
	C(wait3, process, x_wait3(NULL, 0, NULL) == child ? 0 : -1)                                \
	C(wait4, process, x_wait4(child, NULL, 0, NULL) == child ? 0 : -1)                         \
	C(waitid, process, x_waitid(P_PID, (id_t)child, &info, WEXITED))                           \
	C(nanosleep, asleep, x_nanosleep(&span, NULL))                                             \
	C(clock_nanosleep, asleep, x_clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL))             \
	C(usleep, asleep, x_usleep((useconds_t)span.tv_sec * 1000000))                             \
	C(sleep, asleep, x_sleep((unsigned int)span.tv_sec) > 0)                                   \
	C(thrd_sleep, asleep, x_thrd_sleep(&span, NULL))                                           \
	C(sigwait, signalled, x_sigwait(&usr1, &number))                                           \
	C(sigwaitinfo, signalled, x_sigwaitinfo(&usr1, &info))                                     \
	C(sigtimedwait, signalled, x_sigtimedwait(&usr1, &info, NULL))                             \
	C(pause, paused, x_pause())                                                                \
	C(sigsuspend, signalled, x_sigsuspend(&none))                                              \
	C(__xpg_sigpause, signalled, x___xpg_sigpause(SIGUSR1))                                    \
	C(__sigpause, signalled, x___sigpause(SIGUSR1, 1))                                         \
	C(pthread_mutex_lock, lock, x_pthread_mutex_lock(&held) ?: pthread_mutex_unlock(&held))    \
	C(pthread_mutex_timedlock, lock,                                                           \
	  x_pthread_mutex_timedlock(&held, &far) ?: pthread_mutex_unlock(&held))                   \
	C(pthread_rwlock_rdlock, lock,                                                             \
	  x_pthread_rwlock_rdlock(&rwlock) ?: pthread_rwlock_unlock(&rwlock))                      \
	C(pthread_rwlock_wrlock, lock,                                                             \
	  x_pthread_rwlock_wrlock(&rwlock) ?: pthread_rwlock_unlock(&rwlock))                      \
	C(pthread_barrier_wait, meeting, come())                                                   \
	C(semop, set, x_semop(id, &take, 1))                                                       \
	C(semtimedop, set, x_semtimedop(id, &take, 1, &span))                                      \
	C(syscall, futex, syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0))

POINTS(POINT_CALL)
const struct point lock_points[] = { POINTS(POINT_ROW) };
const size_t lock_points_n = sizeof(lock_points) / sizeof(lock_points[0]);
