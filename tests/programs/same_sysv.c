/* SPDX-License-Identifier: MIT */
/* same_sysv: every function of System V IPC in success and in each documented failure, with bad
 * addresses, under cancellation, with signals, and from a vfork child; prints what it gave.
 *
 * Truth: the same text with and without tracing.
 */
#include "tests/support/show.h"
#include "tests/support/truth.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
	long type;
	char text[16];
};

static const struct timespec zero = { 0, 0 }, before = { -1, 0 };
static const struct timespec bad_low = { 1, -1 }, bad_high = { 1, 1000000000 };
static void *volatile nowhere = (void *)8;
static void *hole; /* a page without access */
static key_t key;  /* of nobody else */
static uid_t other = 65534;

/* What a call gives that has an id for its result: whether it has. */
#define SHOW_ID(id, call) SHOW(((id) = (call)) >= 0)

static void keys(void)
{
	SHOW(ftok("/nowhere/at/all", 1));
	SHOW(ftok("/", 1) == ftok("/.", 1));
	SHOW(ftok("/", 1) == ftok("/", 257));
	SHOW(ftok("/", 1) == ftok("/", 2));
	SHOW(ftok(nowhere, 1));
}

static void message_queues(void)
{
	struct message m = { 5, "hello" };
	struct msqid_ds ds;
	int queue, again;

	SHOW(msgget(key, 0600));
	SHOW_ID(queue, msgget(key, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(msgget(key, IPC_CREAT | IPC_EXCL | 0600));
	SHOW_ID(again, msgget(key, IPC_CREAT | 0600));
	SHOW(again == queue);

	SHOW(msgsnd(-1, &m, 5, 0));
	SHOW(msgsnd(queue, &m, (size_t)-1, 0));
	SHOW(msgsnd(queue, &m, 1 << 20, 0));
	m.type = 0;
	SHOW(msgsnd(queue, &m, 5, 0));
	m.type = -1;
	SHOW(msgsnd(queue, &m, 5, 0));
	m.type = 5;
	SHOW(msgsnd(queue, nowhere, 5, 0));
	SHOW(msgsnd(queue, hole, 5, 0));
	SHOW(msgsnd(queue, &m, 5, 0));
	SHOW(msgsnd(queue, &m, 0, IPC_NOWAIT));

	SHOW(msgrcv(-1, &m, 5, 0, 0));
	SHOW(msgrcv(queue, &m, (size_t)-1, 0, 0));
	SHOW(msgrcv(queue, &m, 2, 0, 0)); /* E2BIG: it stays */
	SHOW(msgrcv(queue, &m, 2, 0, MSG_COPY));
	SHOW(msgrcv(queue, &m, 2, 0, MSG_COPY | IPC_NOWAIT));
	SHOW(msgrcv(queue, &m, 16, 0, MSG_COPY | IPC_NOWAIT));
	SHOW(msgrcv(queue, &m, 16, 7, MSG_COPY | IPC_NOWAIT));
	SHOW(msgrcv(queue, &m, 16, 5, MSG_COPY | MSG_EXCEPT | IPC_NOWAIT));
	SHOW(msgrcv(queue, &m, 2, 5, MSG_NOERROR));
	SHOW(msgrcv(queue, &m, 16, 0, 0));
	SHOW(msgrcv(queue, &m, 16, 0, IPC_NOWAIT));
	for (long type = 1; type < 5; type++) {
		m.type = type;
		SHOW(msgsnd(queue, &m, 1, 0));
	}
	SHOW(msgrcv(queue, &m, 16, 1, MSG_EXCEPT));
	printf("type %ld\n", m.type);
	SHOW(msgrcv(queue, &m, 16, -2, 0));
	printf("type %ld\n", m.type);
	SHOW(msgrcv(queue, &m, 16, 4, 0));
	printf("type %ld\n", m.type);
	SHOW(msgrcv(queue, &m, 16, 4, IPC_NOWAIT));
	SHOW(msgrcv(queue, nowhere, 16, 0, 0)); /* taken all the same */
	SHOW(msgrcv(queue, &m, 16, 0, IPC_NOWAIT));

	SHOW(msgctl(queue, IPC_STAT, &ds));
	printf("%d messages, at most %d bytes\n", (int)ds.msg_qnum, (int)ds.msg_qbytes);
	ds.msg_qbytes = 64;
	SHOW(msgctl(queue, IPC_SET, &ds));
	m.type = 1;
	while (msgsnd(queue, &m, 16, IPC_NOWAIT) == 0)
		;
	printf("full: errno %d\n", errno);
	SHOW(msgsnd(queue, &m, 65, IPC_NOWAIT));
	SHOW(msgctl(queue, IPC_STAT, nowhere));
	SHOW(msgctl(queue, 9999, &ds));
	SHOW(msgctl(queue, IPC_RMID, NULL));
	SHOW(msgctl(queue, IPC_RMID, NULL));
	SHOW(msgsnd(queue, &m, 5, 0));
	SHOW(msgrcv(queue, &m, 16, 0, 0));
}

static int change(int set, int number, int by, int flags)
{
	struct sembuf op = { (unsigned short)number, (short)by, (short)flags };

	return semop(set, &op, 1);
}

static void semaphore_values(int set)
{
	unsigned short values[3] = { 7, 8, 9 };
	struct semid_ds ds;

	SHOW(semctl(set, 0, SETVAL, 3));
	SHOW(semctl(set, 0, GETVAL));
	SHOW(semctl(set, 0, SETVAL, -1));
	SHOW(semctl(set, 0, SETVAL, 32768));
	SHOW(semctl(set, 3, SETVAL, 1));
	SHOW(semctl(set, -1, GETVAL));
	SHOW(semctl(set, 0, SETALL, values));
	memset(values, 0, sizeof(values));
	SHOW(semctl(set, 0, GETALL, values));
	printf("values %d %d %d\n", values[0], values[1], values[2]);
	SHOW(semctl(set, 0, SETALL, nowhere));
	SHOW(semctl(set, 0, GETALL, nowhere));
	SHOW(semctl(set, 0, GETNCNT));
	SHOW(semctl(set, 0, GETZCNT));
	SHOW(semctl(set, 0, GETPID) == getpid());
	SHOW(semctl(set, 0, IPC_STAT, &ds));
	printf("%d semaphores\n", (int)ds.sem_nsems);
	ds.sem_perm.mode = 0640;
	SHOW(semctl(set, 0, IPC_SET, &ds));
	SHOW(semctl(set, 0, IPC_STAT, nowhere));
	SHOW(semctl(set, 0, 9999));
	SHOW(semctl(-1, 0, GETVAL));
}

static void semaphores(void)
{
	struct timespec soon = { 0, 2000000 };
	struct sembuf *heap = malloc(sizeof(*heap)), two[2] = { { 0, -1, 0 }, { 1, -1, 0 } };
	struct sembuf many[600];
	int set, again;

	SHOW(semget(key, 0, 0600));
	SHOW(semget(key, 0, IPC_CREAT | 0600));
	SHOW(semget(key, 1 << 20, IPC_CREAT | 0600));
	SHOW_ID(set, semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(semget(key, 4, 0600));
	SHOW_ID(again, semget(key, 0, IPC_CREAT | 0600));
	SHOW(again == set);
	semaphore_values(set);

	x(semctl(set, 0, SETVAL, 0));
	SHOW(change(set, 0, 1, 0));
	SHOW(change(set, 0, -1, 0));
	SHOW(change(set, 0, 0, 0));
	SHOW(change(set, 0, -1, IPC_NOWAIT));
	SHOW(change(set, 0, 1, SEM_UNDO));
	SHOW(change(set, 0, 0, IPC_NOWAIT));
	SHOW(change(set, 0, -1, SEM_UNDO));
	SHOW(change(set, 3, 1, 0));
	SHOW(change(set, 0, 32767, 0));
	SHOW(change(set, 0, 32767, 0)); /* ERANGE */
	x(semctl(set, 0, SETVAL, 0));
	SHOW(change(-1, 0, 1, 0));
	SHOW(semop(set, nowhere, 1));
	SHOW(semop(set, hole, 1));
	SHOW(semop(set, two, 0));
	SHOW(semop(set, two, 1 << 20));
	memset(many, 0, sizeof(many));
	SHOW(semop(set, many, 600));
	SHOW(semop(set, many, 500));
	SHOW(semop(set, many, 20));
	heap[0] = (struct sembuf){ 0, 1, 0 };
	SHOW(semop(set, heap, 1));
	heap[0].sem_op = -1;
	SHOW(semop(set, heap, 1));
	printf("unchanged %d %d %d\n", heap[0].sem_num, heap[0].sem_op, heap[0].sem_flg);

	SHOW(semtimedop(set, two, 1, &zero));
	SHOW(semtimedop(set, two, 1, &soon));
	SHOW(semtimedop(set, two, 2, &soon));
	SHOW(semtimedop(set, two, 1, &bad_low));
	SHOW(semtimedop(set, two, 1, &bad_high));
	SHOW(semtimedop(set, two, 1, &before));
	SHOW(semtimedop(set, two, 1, nowhere));
	two[1].sem_flg = IPC_NOWAIT;
	x(semctl(set, 0, SETVAL, 1));
	SHOW(semop(set, two, 2));
	printf("flags %d %d\n", two[0].sem_flg, two[1].sem_flg);
	SHOW(semctl(set, 0, GETVAL));
	two[0].sem_op = two[1].sem_op = 1;
	SHOW(semtimedop(set, two, 2, &bad_low)); /* looked at although it could proceed */
	SHOW(semtimedop(set, two, 2, nowhere));
	SHOW(semtimedop(set, two, 2, NULL));
	SHOW(semctl(set, 0, IPC_RMID));
	SHOW(semctl(set, 0, IPC_RMID));
	SHOW(semop(set, two, 1));
	free(heap);
}

static void shared_memory(void)
{
	struct shmid_ds ds;
	int segment, again;
	char *at;

	SHOW(shmget(key, 4096, 0600));
	SHOW(shmget(key, 0, IPC_CREAT | 0600));
	SHOW_ID(segment, shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(shmget(key, 50000, 0600));
	SHOW_ID(again, shmget(key, 0, IPC_CREAT | 0600));
	SHOW(again == segment);
	SHOW_IS((void *)-1, shmat(-1, NULL, 0));
	SHOW_IS((void *)-1, shmat(segment, (void *)1, 0));
	SHOW_IS((void *)-1, at = shmat(segment, NULL, 0));
	at[0] = 'x';
	SHOW(shmctl(segment, IPC_STAT, &ds));
	printf("%d bytes, attached %d times\n", (int)ds.shm_segsz, (int)ds.shm_nattch);
	SHOW(shmctl(segment, IPC_STAT, nowhere));
	SHOW(shmctl(segment, 9999, &ds));
	SHOW(shmctl(segment, IPC_RMID, NULL));
	SHOW(shmget(key, 0, 0600));
	SHOW(at[0]);
	SHOW(shmdt(at));
	SHOW(shmdt(at));
	SHOW(shmdt(nowhere));
	SHOW(shmctl(segment, IPC_RMID, NULL));
}

/* Another user may not. */
static void without_permission(void)
{
	struct message m = { 1, "" };
	int queue = (int)xs(msgget(IPC_PRIVATE, 0600)), set = (int)xs(semget(IPC_PRIVATE, 1, 0600));
	int segment = (int)xs(shmget(IPC_PRIVATE, 4096, 0600));

	fflush(stdout);
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		x(setuid(other));
		SHOW(msgsnd(queue, &m, 1, 0));
		SHOW(msgrcv(queue, &m, 1, 0, 0));
		SHOW(msgctl(queue, IPC_RMID, NULL));
		SHOW(change(set, 0, 1, 0));
		SHOW(change(set, 0, -1, 0));
		SHOW(semctl(set, 0, GETVAL));
		SHOW(semctl(set, 0, SETVAL, 1));
		SHOW(semctl(set, 0, IPC_RMID));
		SHOW_IS((void *)-1, shmat(segment, NULL, 0));
		SHOW(shmctl(segment, IPC_RMID, NULL));
		fflush(stdout);
		_exit(0);
	}
	x_is(pid, waitpid(pid, NULL, 0));
	x(msgctl(queue, IPC_RMID, NULL));
	x(semctl(set, 0, IPC_RMID));
	x(shmctl(segment, IPC_RMID, NULL));
}

static int cancelled_queue;
static volatile int ready;
static volatile pid_t cancelled_tid;

/* Blocked (how 0), or with a cancellation there already (1). */
static void *receive_for_ever(void *how)
{
	struct message m;

	cancelled_tid = gettid();
	if (how)
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	if (how) {
		truth_until_at_least(&ready, 2);
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	}
	msgrcv(cancelled_queue, &m, sizeof(m.text), 2, 0);
	return NULL;
}

static void *send_for_ever(void *how)
{
	struct message m = { 1, "" };

	cancelled_tid = gettid();
	if (how)
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	if (how) {
		truth_until_at_least(&ready, 2);
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	}
	for (;;)
		msgsnd(cancelled_queue, &m, sizeof(m.text), 0);
	return NULL;
}

static void cancellation(void)
{
	struct msqid_ds ds;

	for (long step = 0; step < 4; step++) {
		pthread_t thread;
		void *result;

		cancelled_queue = (int)xs(msgget(IPC_PRIVATE, 0600));
		ready = 0;
		x(pthread_create(&thread, NULL, step & 2 ? send_for_ever : receive_for_ever,
				 (void *)(step & 1)));
		truth_until_at_least(&ready, 1);
		if (!(step & 1))
			truth_until_in_call(cancelled_tid, step & 2 ? SYS_msgsnd : SYS_msgrcv);
		SHOW(pthread_cancel(thread));
		__atomic_store_n(&ready, 2, __ATOMIC_RELEASE);
		x(pthread_join(thread, &result));
		printf("cancelled %d\n", result == PTHREAD_CANCELED);
		x(msgctl(cancelled_queue, IPC_STAT, &ds));
		printf("%d messages\n", (int)ds.msg_qnum);
		x(msgctl(cancelled_queue, IPC_RMID, NULL));
	}
}

static void ignore(int number)
{
	(void)number;
}

/* A signal each millisecond: neither semop nor msgrcv is ever restarted. */
static void signals(int flags)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = flags };
	struct itimerval fast = { { 0, 1000 }, { 0, 1000 } }, off = { { 0, 0 }, { 0, 0 } };
	int queue = (int)xs(msgget(IPC_PRIVATE, 0600)), set = (int)xs(semget(IPC_PRIVATE, 1, 0600));
	struct sembuf take = { 0, -1, 0 };
	struct timespec limit = { 1, 0 };
	struct message m = { 1, "" };

	x(sigaction(SIGALRM, &action, NULL));
	x(setitimer(ITIMER_REAL, &fast, NULL));
	SHOW(msgrcv(queue, &m, sizeof(m.text), 0, 0));
	while (msgsnd(queue, &m, sizeof(m.text), IPC_NOWAIT) == 0)
		;
	SHOW(msgsnd(queue, &m, sizeof(m.text), 0));
	SHOW(semop(set, &take, 1));
	SHOW(semtimedop(set, &take, 1, &limit));
	x(setitimer(ITIMER_REAL, &off, NULL));
	x(msgctl(queue, IPC_RMID, NULL));
	x(semctl(set, 0, IPC_RMID));
}

static void from_vfork_child(void)
{
	int queue = (int)xs(msgget(IPC_PRIVATE, 0600)), set = (int)xs(semget(IPC_PRIVATE, 1, 0600));
	struct message m = { 1, "child" };
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		struct timespec soon = { 0, 2000000 };
		struct sembuf take = { 0, -1, 0 };

		if (msgsnd(queue, &m, 5, 0) != 0 || msgrcv(queue, &m, 16, 0, 0) != 5 ||
		    change(set, 0, 1, 0) != 0 || change(set, 0, -1, 0) != 0 ||
		    semtimedop(set, &take, 1, &soon) != -1 || errno != EAGAIN)
			_exit(1);
		_exit(0);
	}
	x_is(pid, waitpid(pid, &status, 0));
	printf("vfork child: %d\n", status);
	x(msgctl(queue, IPC_RMID, NULL));
	x(semctl(set, 0, IPC_RMID));
}

int main(void)
{
	key = 0x77000000 | (getpid() & 0xffffff);
	hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	keys();
	message_queues();
	semaphores();
	shared_memory();
	without_permission();
	cancellation();
	signals(0);
	signals(SA_RESTART);
	from_vfork_child();
	return 0;
}
