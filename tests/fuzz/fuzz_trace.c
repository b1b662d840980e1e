/* SPDX-License-Identifier: MIT */
/* fuzz_trace.c: damages a kept trace at random and reads it: whatever is wrong with it, the result
 * is a report or one line of error, in good time, never a crash.
 *
 *	fuzz_trace cut|any TRACE ROUNDS [FIRST_SEED]
 *
 * `cut` does what crashes and full disks do: files end early, or their ends are zeroes. `any` also
 * flips bits anywhere, which libbabeltrace2 2.0.4 itself does not always survive (an assertion on a
 * packet's sizes, a sequence's length): it is for looking at, not for a gate.
 *
 * Each round copies TRACE, damages it as its seed says, and reads it in a process of its own. A
 * round that crashes, hangs or leaves an error without a text is told by its seed, with which
 * alone it happens again. Build it with the asan preset to see more.
 */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/pipeline.h"

/* libbabeltrace2 2.0.4 leaks when metadata does not parse; leaks of ours are for the unit tests. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* Longest time that reading a damaged trace of some kB may take, in seconds. */
#define ROUND_MAX_S 10

#define FILES_MAX 64
static char files[FILES_MAX][256]; /* of the copy, in a fixed order */
static size_t n_files;
static int only_cut;

static uint64_t seed_state;

static uint32_t roll(uint32_t below)
{
	seed_state = seed_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed_state >> 33) % below;
}

static int add_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)ftw;
	if (flag == FTW_F && st->st_size && n_files < FILES_MAX)
		snprintf(files[n_files++], sizeof(files[0]), "%s", path);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* One change to one file: flipped bits, overwritten runs, or its end cut off. */
static void damage(void)
{
	const char *path = files[roll((uint32_t)n_files)];
	FILE *f = fopen(path, "r+");
	uint32_t kind = roll(8);
	struct stat st;

	if (!f || fstat(fileno(f), &st) || !st.st_size) {
		if (f)
			fclose(f);
		return;
	}
	if (only_cut && kind < 4) {
		uint32_t at = roll((uint32_t)st.st_size);

		fseek(f, (long)at, SEEK_SET);
		for (; at < st.st_size; at++)
			fputc(0, f);
	} else if (only_cut || kind == 0) {
		if (ftruncate(fileno(f), (off_t)roll((uint32_t)st.st_size)))
			perror(path);
	} else {
		uint32_t at = roll((uint32_t)st.st_size), n = kind < 5 ? 1 : 1 + roll(64);

		/* The front of a file, where its headers are, deserves more than its share. */
		if (roll(2))
			at %= 256;
		for (uint32_t i = 0; i < n; i++) {
			int byte;

			fseek(f, (long)(at + i), SEEK_SET);
			byte = fgetc(f);
			if (byte == EOF)
				break;
			fseek(f, (long)(at + i), SEEK_SET);
			fputc(kind < 5    ? byte ^ 1 << roll(8)
			      : kind == 5 ? 0xff
					  : (int)roll(256),
			      f);
		}
	}
	fclose(f);
}

static int take(void *user, const struct ws_record *records, size_t n, struct ws_error *error)
{
	uint64_t *sum = user;

	(void)error;
	for (size_t i = 0; i < n; i++) /* touch all of it */
		*sum += records[i].at_ns + records[i].type + records[i].thread;
	return 0;
}

/* What the child does. Its exit status: 0 fine, 1 an error without a text. */
static int read_it(const char *dir)
{
	uint64_t sum = 0;
	const struct ws_pipeline_sink sink = { &sum, take };
	struct ws_error error = { "" };
	struct ws_trace *trace;

	if (!ws_pipeline_run(&dir, 1, &sink, &trace, &error)) {
		ws_trace_free(trace);
		return 0;
	}
	return error.text[0] && !strchr(error.text, '\n') ? 0 : 1;
}

static int round_of(const char *trace, const char *dir, uint64_t seed)
{
	char command[600];
	pid_t pid;
	int status;

	snprintf(command, sizeof(command), "rm -rf %s && cp -r %s %s && chmod -R u+w %s", dir,
		 trace, dir, dir);
	if (system(command))
		return -1;
	n_files = 0;
	nftw(dir, add_file, 16, FTW_PHYS);
	qsort(files, n_files, sizeof(files[0]), by_name);
	seed_state = seed;
	for (uint32_t n = 1 + roll(4); n > 0; n--)
		damage();
	fflush(stdout); /* or the child would say it again */
	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid) {
		alarm(ROUND_MAX_S);
		exit(read_it(dir));
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	if (status)
		printf("seed %llu: %s %d\n", (unsigned long long)seed,
		       WIFSIGNALED(status) ? "signal" : "exit",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return status != 0;
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/waitscope-fuzz.XXXXXX", command[64];
	uint64_t first = argc > 4 ? strtoull(argv[4], NULL, 0) : 1;
	int bad = 0;

	if (argc < 4 || !mkdtemp(dir)) {
		fprintf(stderr, "usage: fuzz_trace cut|any TRACE ROUNDS [FIRST_SEED]\n");
		return 2;
	}
	only_cut = !strcmp(argv[1], "cut");
	for (int i = 0; i < atoi(argv[3]) && bad >= 0; i++) {
		int r = round_of(argv[2], dir, first + (uint64_t)i);

		bad = r < 0 ? r : bad + r;
	}
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) || bad < 0)
		return 2;
	return bad > 0;
}
