/* SPDX-License-Identifier: MIT */
/* left: what is made in the kernel's name spaces, and removed or not.
 *
 * Fault: no call of libc unlinks or removes it. Twin: one does. The test leaves nothing behind in
 * either case: bare system calls, which are not recorded, remove what the fault leaves.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "fault.h"

static char name[64];
static int id = -1;

static void make(const char *what)
{
	if (!strcmp(what, "mq")) {
		struct mq_attr a = { .mq_maxmsg = 2, .mq_msgsize = 8 };
		mqd_t q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &a); /* mark: make_mq */

		fault_check((int)q < 0 ? -1 : mq_close(q), "mq_open");
	} else if (!strcmp(what, "sem")) {
		sem_t *s = sem_open(name, O_CREAT | O_EXCL, 0600, 1); /* mark: make_sem */

		fault_check(s == SEM_FAILED ? -1 : sem_close(s), "sem_open");
	} else if (!strcmp(what, "shm")) {
		int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600); /* mark: make_shm */

		fault_check(fd < 0 ? -1 : close(fd), "shm_open");
	} else if (!strcmp(what, "msg")) {
		id = msgget(IPC_PRIVATE, IPC_CREAT | 0600); /* mark: make_msg */
	} else if (!strcmp(what, "set")) {
		id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600); /* mark: make_set */
	} else {
		id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600); /* mark: make_segment */
	}
}

static void remove_it(const char *what)
{
	if (!strcmp(what, "mq"))
		fault_check(mq_unlink(name), "mq_unlink");
	else if (!strcmp(what, "sem"))
		fault_check(sem_unlink(name), "sem_unlink");
	else if (!strcmp(what, "shm"))
		fault_check(shm_unlink(name), "shm_unlink");
	else if (!strcmp(what, "msg"))
		fault_check(msgctl(id, IPC_RMID, NULL), "msgctl");
	else if (!strcmp(what, "set"))
		fault_check(semctl(id, 0, IPC_RMID), "semctl");
	else
		fault_check(shmctl(id, IPC_RMID, NULL), "shmctl");
}

/* The same unseen: the test leaves nothing on the machine. Bare system calls are not recorded. */
static void clean(const char *what)
{
	char path[96];

	if (!strcmp(what, "mq")) {
		syscall(SYS_mq_unlink, name + 1);
	} else if (!strcmp(what, "msg")) {
		syscall(SYS_msgctl, id, IPC_RMID, NULL);
	} else if (!strcmp(what, "set")) {
		syscall(SYS_semctl, id, 0, IPC_RMID, 0);
	} else if (!strcmp(what, "segment")) {
		syscall(SYS_shmctl, id, IPC_RMID, NULL);
	} else {
		snprintf(path, sizeof(path), "/dev/shm/%s%s", strcmp(what, "sem") ? "" : "sem.",
			 name + 1);
		syscall(SYS_unlink, path);
	}
}

int main(int argc, char **argv)
{
	bool fault = fault_is(argc, argv);
	const char *what = fault_variant(argc, argv, 0);

	snprintf(name, sizeof(name), "/waitscope-fault-%d", (int)getpid());
	make(what);
	if (fault)
		clean(what);
	else
		remove_it(what);
	fault_done();
	return 0;
}
