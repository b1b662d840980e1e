/* SPDX-License-Identifier: MIT */
/* calls.c: makes calls whose arguments, results and errors it knows, and writes to the file argv[1]
 * the lines that `waitscope report --calls` is to show of them: all between the two kill(0, 0). */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS 1000

static char expected[1 << 20];
static size_t used;
static sigjmp_buf out_of_it;

__attribute__((format(printf, 1, 2))) static void expect(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	used += (size_t)vsnprintf(expected + used, sizeof(expected) - used, format, args);
	va_end(args);
	expected[used++] = '\n';
}

/* " ENOENT" where the result says that it failed. */
static const char *failed(long result)
{
	static char text[32];

	snprintf(text, sizeof(text), " %s", strerrorname_np(errno));
	return result == -1 ? text : "";
}

static void leave(int signal)
{
	(void)signal;
	siglongjmp(out_of_it, 1);
}

static sem_t never;

static void *wait_for_ever(void *unused)
{
	sem_wait(&never);
	return unused;
}

static void *take_once(void *mutex)
{
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
	return NULL;
}

static void locks(void)
{
	pthread_mutex_t m;
	int r;

	pthread_mutex_init(&m, NULL);
	expect("pthread_mutex_init(%p, NULL) = 0", (void *)&m);
	for (int i = 0; i < PAIRS; i++) {
		pthread_mutex_lock(&m);
		pthread_mutex_unlock(&m);
		expect("pthread_mutex_lock(%p) = 0", (void *)&m);
		expect("pthread_mutex_unlock(%p) = 0", (void *)&m);
	}
	pthread_mutex_lock(&m);
	expect("pthread_mutex_lock(%p) = 0", (void *)&m);
	r = pthread_mutex_trylock(&m);
	expect("pthread_mutex_trylock(%p) = %d EBUSY", (void *)&m, r);
	r = pthread_mutex_destroy(&m);
	expect("pthread_mutex_destroy(%p) = %d EBUSY", (void *)&m, r);
	pthread_mutex_unlock(&m);
	expect("pthread_mutex_unlock(%p) = 0", (void *)&m);
}

static void semaphores(const char *missing)
{
	sem_t s;
	int value, r;

	sem_init(&s, 0, 1);
	expect("sem_init(%p, 0, 1) = 0", (void *)&s);
	sem_wait(&s);
	expect("sem_wait(%p) = 0", (void *)&s);
	r = sem_trywait(&s);
	expect("sem_trywait(%p) = %d%s", (void *)&s, r, failed(r));
	sem_post(&s);
	expect("sem_post(%p) = 0", (void *)&s);
	sem_getvalue(&s, &value);
	expect("sem_getvalue(%p, %p) = 0", (void *)&s, (void *)&value);
	sem_destroy(&s);
	expect("sem_destroy(%p) = 0", (void *)&s);
	sem_open(missing, 0);
	expect("sem_open(\"%s\", 0) = NULL ENOENT", missing);
}

static void queues(const char *name)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 16 };
	struct timespec soon = { 0, 0 };
	unsigned int priority;
	char message[16] = "hello";
	mqd_t q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	long r;

	expect("mq_open(\"%s\", 0x%x, 0600, %p) = %d", name, O_CREAT | O_EXCL | O_RDWR,
	       (void *)&attr, q);
	r = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	expect("mq_open(\"%s\", 0x%x, 0600, %p) = %ld%s", name, O_CREAT | O_EXCL | O_RDWR,
	       (void *)&attr, r, failed(r));
	mq_send(q, message, 5, 3);
	expect("mq_send(%d, %p, 5, 3) = 0", q, (void *)message);
	r = mq_receive(q, message, sizeof(message), &priority);
	expect("mq_receive(%d, %p, 16, %p) = %ld", q, (void *)message, (void *)&priority, r);
	r = mq_timedreceive(q, message, sizeof(message), NULL, &soon);
	expect("mq_timedreceive(%d, %p, 16, NULL, %p) = %ld%s", q, (void *)message, (void *)&soon,
	       r, failed(r));
	mq_close(q);
	expect("mq_close(%d) = 0", q);
	mq_unlink(name);
	expect("mq_unlink(\"%s\") = 0", name);
	r = mq_unlink(name);
	expect("mq_unlink(\"%s\") = %ld%s", name, r, failed(r));
}

static void files(void)
{
	struct pollfd set;
	char bytes[8];
	int p[2], e;
	long r;

	r = open("no such\tfile \"\\\001\377", O_RDONLY | O_CLOEXEC);
	expect("open(\"no such\\tfile \\\"\\\\\\001\377\", 0x%x) = %ld%s", O_RDONLY | O_CLOEXEC, r,
	       failed(r));
	r = mkfifo("fifo", 0640);
	expect("mkfifo(\"fifo\", 0640) = %ld", r);
	r = mkfifo("fifo", 0640);
	expect("mkfifo(\"fifo\", 0640) = %ld%s", r, failed(r));
	r = unlink("fifo");
	expect("unlink(\"fifo\") = %ld", r);
	r = open((const char *)16, O_RDONLY);
	expect("open(0x10, 0) = %ld%s", r, failed(r));
	pipe(p);
	expect("pipe(%p) = 0", (void *)p);
	r = write(p[1], "abc", 3);
	expect("write(%d, %p, 3) = %ld", p[1], (const void *)"abc", r);
	set = (struct pollfd){ .fd = p[0], .events = POLLIN };
	r = poll(&set, 1, 0);
	expect("poll(%p, 1, 0) = %ld", (void *)&set, r);
	r = read(p[0], bytes, sizeof(bytes));
	expect("read(%d, %p, 8) = %ld", p[0], (void *)bytes, r);
	r = fcntl(p[0], F_GETFD);
	expect("fcntl(%d, %d) = %ld", p[0], F_GETFD, r);
	close(p[0]);
	expect("close(%d) = 0", p[0]);
	signal(SIGPIPE, SIG_IGN);
	r = write(p[1], bytes, 1);
	expect("write(%d, %p, 1) = %ld%s", p[1], (void *)bytes, r, failed(r));
	close(p[1]);
	expect("close(%d) = 0", p[1]);
	r = close(p[1]);
	expect("close(%d) = %ld%s", p[1], r, failed(r));
	e = eventfd(7, EFD_NONBLOCK);
	expect("eventfd(7, 0x%x) = %d", EFD_NONBLOCK, e);
	r = read(e, bytes, sizeof(bytes));
	expect("read(%d, %p, 8) = %ld", e, (void *)bytes, r);
	r = read(e, bytes, sizeof(bytes));
	expect("read(%d, %p, 8) = %ld%s", e, (void *)bytes, r, failed(r));
	close(e);
	expect("close(%d) = 0", e);
}

static void system_v(void)
{
	struct sembuf take = { .sem_num = 1, .sem_op = -1, .sem_flg = IPC_NOWAIT };
	struct {
		long type;
		char text[4];
	} message = { .type = 5 };
	int id = semget(IPC_PRIVATE, 3, 0600);
	void *at;
	long r;

	expect("semget(0, 3, 0x180) = %d", id);
	r = semop(id, &take, 1);
	expect("semop(%d, %p, 1) = %ld%s", id, (void *)&take, r, failed(r));
	semctl(id, 1, SETVAL, 4);
	expect("semctl(%d, 1, %d, 0x4) = 0", id, SETVAL);
	r = semctl(id, 1, GETVAL);
	expect("semctl(%d, 1, %d) = %ld", id, GETVAL, r);
	semctl(id, 0, IPC_RMID);
	expect("semctl(%d, 0, %d) = 0", id, IPC_RMID);
	id = msgget(IPC_PRIVATE, 0600);
	expect("msgget(0, 0x180) = %d", id);
	msgsnd(id, &message, 4, 0);
	expect("msgsnd(%d, %p, 4, 0) = 0", id, (void *)&message);
	r = msgrcv(id, &message, 4, -9, IPC_NOWAIT);
	expect("msgrcv(%d, %p, 4, -9, 0x%x) = %ld", id, (void *)&message, IPC_NOWAIT, r);
	r = msgrcv(id, &message, 4, 0, IPC_NOWAIT);
	expect("msgrcv(%d, %p, 4, 0, 0x%x) = %ld%s", id, (void *)&message, IPC_NOWAIT, r,
	       failed(r));
	msgctl(id, IPC_RMID, NULL);
	expect("msgctl(%d, %d, NULL) = 0", id, IPC_RMID);
	id = shmget(IPC_PRIVATE, 4096, 0600);
	expect("shmget(0, 4096, 0x180) = %d", id);
	at = shmat(id, NULL, 0);
	expect("shmat(%d, NULL, 0) = %p", id, at);
	shmdt(at);
	expect("shmdt(%p) = 0", at);
	shmctl(id, IPC_RMID, NULL);
	expect("shmctl(%d, %d, NULL) = 0", id, IPC_RMID);
	at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect("mmap(NULL, 4096, 1, 0x%x, -1, 0) = %p", MAP_PRIVATE | MAP_ANONYMOUS, at);
	munmap(at, 4096);
	expect("munmap(%p, 4096) = 0", at);
	at = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect("mmap(NULL, 0, 1, 0x%x, -1, 0) = -1%s", MAP_PRIVATE | MAP_ANONYMOUS,
	       failed(at == MAP_FAILED ? -1 : 0));
}

/* What does not return as other calls do. */
static void ways_out(void)
{
	const struct itimerval soon = { .it_value = { 0, 30000 } };
	char *const nothing[] = { (char *)"nothing", NULL };
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;
	void *end;
	pid_t child;
	int status, many[6] = { 0 };
	long r;

	/* Out of a call by siglongjmp(). */
	signal(SIGALRM, leave);
	if (sigsetjmp(out_of_it, 1) == 0) {
		setitimer(ITIMER_REAL, &soon, NULL);
		sem_wait(&never);
	}
	expect("sem_wait(%p) = ?", (void *)&never);
	/* Cancelled in one. */
	pthread_create(&thread, NULL, wait_for_ever, NULL);
	expect("pthread_create(%p, NULL, %p, NULL) = 0", (void *)&thread,
	       (void *)(size_t)wait_for_ever);
	usleep(50000);
	expect("usleep(50000) = 0");
	pthread_cancel(thread);
	expect("pthread_cancel(0x%lx) = 0", thread);
	expect("sem_wait(%p) = ?", (void *)&never);
	pthread_join(thread, &end);
	expect("pthread_join(0x%lx, %p) = 0", thread, (void *)&end);
	/* One that waits, and goes on. */
	pthread_mutex_lock(&m);
	expect("pthread_mutex_lock(%p) = 0", (void *)&m);
	pthread_create(&thread, NULL, take_once, &m);
	expect("pthread_create(%p, NULL, %p, %p) = 0", (void *)&thread, (void *)(size_t)take_once,
	       (void *)&m);
	usleep(50000);
	expect("usleep(50000) = 0");
	pthread_mutex_unlock(&m);
	expect("pthread_mutex_unlock(%p) = 0", (void *)&m);
	expect("pthread_mutex_lock(%p) = 0", (void *)&m);
	expect("pthread_mutex_unlock(%p) = 0", (void *)&m);
	pthread_join(thread, NULL);
	expect("pthread_join(0x%lx, NULL) = 0", thread);
	/* Processes: what a child of vfork() does is not seen. */
	child = fork();
	if (child == 0)
		_exit(3);
	expect("fork() = %d", child);
	expect("_exit(3) = ? <unfinished>");
	r = waitpid(child, &status, 0);
	expect("waitpid(%d, %p, 0) = %ld", child, (void *)&status, r);
	child = vfork();
	if (child == 0)
		_exit(4);
	expect("vfork() = ?");
	waitpid(child, NULL, 0);
	expect("waitpid(%d, NULL, 0) = %d", child, child);
	r = execv("/nonexistent", nothing);
	expect("execv(\"/nonexistent\", %p) = %ld%s", (void *)nothing, r, failed(r));
	r = execl("/nonexistent", "nothing", "1", "2", "3", "4", "5", "6", NULL);
	expect("execl(\"/nonexistent\", \"nothing\", ...) = %ld%s", r, failed(r));
	/* More arguments than fit into registers, of every kind. */
	r = dprintf(2, "%d%d%d%d%d%d%d%d %.1f %.1f %s\n", 1, 2, 3, 4, 5, 6, 7, 8, 1.5, 2.5, "end");
	expect("dprintf(2, \"%%d%%d%%d%%d%%d%%d%%d%%d %%.1f %%.1f %%s\\n\", ...) = %ld", r);
	r = sscanf("", "%d", &many[0]); /* not intercepted */
	(void)r;
}

int main(int argc, char **argv)
{
	int file;

	(void)argc;
	file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	sem_init(&never, 0, 0);
	kill(0, 0);
	locks();
	semaphores("/waitscope-missing");
	queues("/waitscope-calls");
	files();
	system_v();
	ways_out();
	kill(0, 0);
	return write(file, expected, used) != (ssize_t)used;
}
