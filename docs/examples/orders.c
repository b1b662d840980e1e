/* SPDX-License-Identifier: MIT */
/* orders.c: a shop of three processes that is slow, for docs/tutorial.md to find out why.
 *
 *	cc -g -pthread -o orders orders.c
 *
 * One process sells, the supplier brings more, and the auditor prints what there is now and then.
 * They share one record of the stock, and one lock for it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct stock {
	pthread_mutex_t lock; /* of what follows */
	long pieces, sold;
	sem_t some_sold;        /* the auditor waits for it */
	pthread_barrier_t open; /* the shop opens when all are there */
};

enum { ORDERS = 400, SOME = 10 };

static struct stock *stock;

/* Computes for so long. */
static void work(long us)
{
	struct timespec now;
	long end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	end = now.tv_sec * 1000000 + now.tv_nsec / 1000 + us;
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while (now.tv_sec * 1000000 + now.tv_nsec / 1000 < end);
}

/* A slow printer. */
static void print_report(long pieces, long sold)
{
	FILE *paper = fopen("/dev/null", "w");

	fprintf(paper, "%ld pieces, %ld sold\n", pieces, sold);
	usleep(15000);
	fclose(paper);
}

static void sell(void)
{
	for (int i = 1; i <= ORDERS; i++) {
		pthread_mutex_lock(&stock->lock);
		stock->pieces--;
		stock->sold++;
		pthread_mutex_unlock(&stock->lock);
		if (i % SOME == 0)
			sem_post(&stock->some_sold);
		work(200);
	}
}

static void supply(void)
{
	for (int i = 0; i < ORDERS / 4; i++) {
		pthread_mutex_lock(&stock->lock);
		stock->pieces += 4;
		pthread_mutex_unlock(&stock->lock);
		work(400);
	}
}

static void audit(void)
{
	long pieces, sold;

	do {
		sem_wait(&stock->some_sold);
		while (sem_trywait(&stock->some_sold) == 0)
			; /* one report for all of them */
#ifndef FIXED
		pthread_mutex_lock(&stock->lock);
		pieces = stock->pieces;
		sold = stock->sold;
		print_report(pieces, sold);
		pthread_mutex_unlock(&stock->lock);
#else
		pthread_mutex_lock(&stock->lock);
		pieces = stock->pieces;
		sold = stock->sold;
		pthread_mutex_unlock(&stock->lock);
		print_report(pieces, sold);
#endif
	} while (sold < ORDERS);
}

static void hire(const char *name, void (*job)(void))
{
	if (fork() != 0)
		return;
	prctl(PR_SET_NAME, name);
	pthread_barrier_wait(&stock->open);
	job();
	exit(0);
}

static void open_shop(void)
{
	pthread_mutexattr_t shared;
	pthread_barrierattr_t shared_barrier;

	stock = mmap(NULL, sizeof(*stock), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&stock->lock, &shared);
	sem_init(&stock->some_sold, 1, 0);
	pthread_barrierattr_init(&shared_barrier);
	pthread_barrierattr_setpshared(&shared_barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&stock->open, &shared_barrier, 3);
}

int main(void)
{
	open_shop();
	hire("supplier", supply);
	hire("auditor", audit);
	pthread_barrier_wait(&stock->open);
	sell();
	while (wait(NULL) > 0)
		;
	return 0;
}
