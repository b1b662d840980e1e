/* SPDX-License-Identifier: MIT */
/* orders.c: a shop of three processes that is slow, for docs/tutorial.md to find out why.
 *
 *	cc -g -pthread -o orders orders.c
 *
 * One process sells, the supplier brings more, the auditor prints what there is until all is sold.
 *They share one record of the stock, and one lock for it.
 */
#define _GNU_SOURCE
#include <pthread.h>
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
};

enum { ORDERS = 200 };

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
	usleep(10000);
	fclose(paper);
}

static void sell(void)
{
	for (int i = 0; i < ORDERS; i++) {
		pthread_mutex_lock(&stock->lock);
		stock->pieces--;
		stock->sold++;
		pthread_mutex_unlock(&stock->lock);
		work(300);
	}
}

static void supply(void)
{
	for (int i = 0; i < ORDERS / 2; i++) {
		pthread_mutex_lock(&stock->lock);
		stock->pieces += 2;
		pthread_mutex_unlock(&stock->lock);
		work(400);
	}
}

#ifndef FIXED
static void audit(void)
{
	long sold;

	do {
		pthread_mutex_lock(&stock->lock);
		sold = stock->sold;
		print_report(stock->pieces, sold);
		pthread_mutex_unlock(&stock->lock);
		usleep(1000);
	} while (sold < ORDERS);
}
#else
static void audit(void)
{
	long pieces, sold;

	do {
		pthread_mutex_lock(&stock->lock);
		sold = stock->sold;
		pieces = stock->pieces;
		pthread_mutex_unlock(&stock->lock);
		print_report(pieces, sold);
		usleep(1000);
	} while (sold < ORDERS);
}
#endif

static void hire(const char *name, void (*job)(void))
{
	if (fork() != 0)
		return;
	prctl(PR_SET_NAME, name);
	job();
	exit(0);
}

static void open_shop(void)
{
	pthread_mutexattr_t shared;

	stock = mmap(NULL, sizeof(*stock), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&stock->lock, &shared);
}

int main(void)
{
	open_shop();
	hire("supplier", supply);
	hire("auditor", audit);
	sell();
	while (wait(NULL) > 0)
		;
	return 0;
}
