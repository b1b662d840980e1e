/* SPDX-License-Identifier: MIT */
/* fuzz_trace.c: damages a kept trace at random and reports on it: whatever is wrong with it, the
 * result is a report or one line of error, in good time, never a crash.
 *
 *	fuzz_trace cut|flip|shuffle|any TRACE ROUNDS [FIRST_SEED]
 *
 * `cut` does what crashes and full disks do: files end early, or their ends are zeroes. `flip`
 * changes bits and runs of bytes anywhere, `shuffle` swaps blocks within and between files, `any`
 * does one of these.
 *
 * A child does round after round by itself; every fourth with one reader and with three, whose
 * reports must be the same to the byte. A round that kills the child (libbabeltrace2 2.0.4 does not
 *survive every damage) or does not end is done again as the command does it, under supervise.h:
 *that one must end well. Each round is made by its seed, by which a bad one is told and comes
 *again. Build it with the asan preset to see more.
 */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/supervise.h"
#include "tests/support/whole_report.h"

/* Exit statuses of a supervised round. */
#define REPORTED   0
#define REFUSED    40 /* with one line of error */
#define SPEECHLESS 41 /* an error without a text, or of several lines */

/* libbabeltrace2 2.0.4 leaks when metadata does not parse; leaks of ours are for the unit tests.
 * What it does wrong itself must not look like a status of ours. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:exitcode=99:allocator_may_return_null=1";
}

/* Longest time that a round by itself may take: a trace of some kB. */
#define ROUND_MAX_S 10
/* Longest time that one step of libbabeltrace2 may take under supervision. */
#define PATIENCE_MS 2000

/* Of so many rounds one is done with three readers, too. */
#define COMPARED_EVERY 4

#define FILES_MAX 64

/* One file of the trace, whole and damaged. */
struct file {
	char name[256]; /* below the trace's folder */
	unsigned char *whole, *bytes;
	size_t whole_size, size;
	bool dirty; /* what is on the disk is not `whole` */
};

static struct file files[FILES_MAX];
static size_t n_files, top_length;
static char dir[] = "/tmp/waitscope-fuzz.XXXXXX"; /* where the damaged copy is */

enum mode { CUT, FLIP, SHUFFLE, ANY };
static enum mode mode;

static uint64_t seed_state;

static uint32_t roll(uint32_t below)
{
	seed_state = seed_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed_state >> 33) % below;
}

/* the copy */

static int add_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	struct file *file = &files[n_files];
	FILE *f;

	(void)ftw;
	if (flag != FTW_F || !st->st_size || n_files == FILES_MAX)
		return 0;
	snprintf(file->name, sizeof(file->name), "%s", path + top_length);
	file->whole_size = (size_t)st->st_size;
	file->whole = malloc(file->whole_size);
	file->bytes = malloc(file->whole_size);
	f = fopen(path, "re");
	if (!file->whole || !file->bytes || !f ||
	    fread(file->whole, 1, file->whole_size, f) != file->whole_size)
		return -1;
	fclose(f);
	n_files++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static bool write_file(const char *name, const unsigned char *bytes, size_t size)
{
	char path[512];
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	f = fopen(path, "we");
	if (!f)
		return false;
	ok = fwrite(bytes, 1, size, f) == size;
	return !fclose(f) && ok;
}

static bool copy_trace(const char *trace)
{
	char command[600];

	if (!mkdtemp(dir))
		return false;
	/* A round that dies leaves its temporary folders. */
	snprintf(command, sizeof(command), "%s-tmp", dir);
	if (mkdir(command, 0700) || setenv("TMPDIR", command, 1))
		return false;
	snprintf(command, sizeof(command), "cp -r %s/. %s && chmod -R u+w %s", trace, dir, dir);
	top_length = strlen(trace);
	if (system(command) || nftw(trace, add_file, 16, FTW_PHYS) || !n_files)
		return false;
	qsort(files, n_files, sizeof(files[0]), by_name);
	return true;
}

/* the damage */

static void cut(struct file *file)
{
	uint32_t at = roll((uint32_t)file->size);

	if (roll(2))
		memset(file->bytes + at, 0, file->size - at);
	else
		file->size = at;
}

static void flip(struct file *file)
{
	uint32_t kind = roll(8), at = roll((uint32_t)file->size), n = kind < 5 ? 1 : 1 + roll(64);

	/* The front of a file, where its headers are, deserves more than its share. */
	if (roll(2))
		at %= 256;
	for (uint32_t i = at; i < at + n && i < file->size; i++)
		file->bytes[i] = kind < 5    ? file->bytes[i] ^ (unsigned char)(1 << roll(8))
				 : kind == 5 ? 0xff
					     : (unsigned char)roll(256);
}

/* Swaps blocks of one size, as of packets, sectors or words, of two files or of one. */
static void shuffle(struct file *a)
{
	static const uint32_t sizes[] = { 4096, 512, 72, 8, 4 };
	struct file *b = roll(2) ? a : &files[roll((uint32_t)n_files)];
	uint32_t size = sizes[roll(5)];
	unsigned char *x, *y;

	if (a->size < size || b->size < size)
		return;
	x = a->bytes + roll((uint32_t)(a->size / size)) * size;
	y = b->bytes + roll((uint32_t)(b->size / size)) * size;
	for (uint32_t i = 0; i < size; i++) {
		unsigned char byte = x[i];

		x[i] = y[i];
		y[i] = byte;
	}
	b->dirty = true;
}

/* Puts the trace on the disk as the seed says. */
static bool damage(uint64_t seed)
{
	bool ok = true;

	seed_state = seed;
	for (size_t i = 0; i < n_files; i++) {
		if (files[i].dirty)
			ok &= write_file(files[i].name, files[i].whole, files[i].whole_size);
		files[i].dirty = false;
		files[i].size = files[i].whole_size;
		memcpy(files[i].bytes, files[i].whole, files[i].size);
	}
	for (uint32_t n = 1 + roll(4); n > 0; n--) {
		struct file *file = &files[roll((uint32_t)n_files)];
		enum mode how = mode == ANY ? (enum mode)roll(3) : mode;

		if (!file->size)
			continue;
		file->dirty = true;
		(how == CUT ? cut : how == FLIP ? flip : shuffle)(file);
	}
	for (size_t i = 0; i < n_files; i++)
		if (files[i].dirty)
			ok &= write_file(files[i].name, files[i].bytes, files[i].size);
	return ok;
}

/* the rounds */

static bool is_one_line(const char *text)
{
	return text[0] && !strchr(text, '\n');
}

/* Reads with so many readers. The report, or the error, to be freed; NULL: it has no text. */
static char *read_it(unsigned int readers, struct ws_watch *watch)
{
	const char *dirs[] = { dir };
	struct ws_error error = { "" };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int r = whole_report(dirs, 1, readers, watch, f, watch != NULL, &error);

	if (r) {
		fprintf(f, "error: %s", error.text);
		fclose(f);
		if (is_one_line(error.text))
			return text;
		free(text);
		return NULL;
	}
	fclose(f);
	return text;
}

/* One round by itself. 0: it went well. */
static int do_round(uint64_t seed)
{
	char *one, *three = NULL;
	bool twice = seed % COMPARED_EVERY == 0;
	int bad;

	if (!damage(seed))
		return 2;
	one = read_it(1, NULL);
	if (twice)
		three = read_it(3, NULL);
	bad = !one || (twice && (!three || strcmp(one, three) != 0));
	if (bad)
		printf("seed %llu: %s\n", (unsigned long long)seed,
		       one ? "three readers make another report than one"
			   : "an error without a text");
	if (bad && one && three && getenv("FUZZ_KEEP")) { /* to look at what differs */
		write_file("/../fuzz-one", (unsigned char *)one, strlen(one));
		write_file("/../fuzz-three", (unsigned char *)three, strlen(three));
	}
	free(one);
	free(three);
	return bad;
}

static int do_supervised(void *user, struct ws_watch *watch, int64_t *number)
{
	char *text = read_it(2, watch);
	int status = !text                                          ? SPEECHLESS
		     : !strncmp(text, "error: ", strlen("error: ")) ? REFUSED
								    : REPORTED;

	(void)user;
	(void)number;
	free(text);
	return status;
}

/* A round that killed its process, as the command does it. 0: it ends well. */
static int do_again(uint64_t seed, int status)
{
	const struct ws_supervised supervised = { .name = "fuzz_trace",
						  .patience_ms = PATIENCE_MS,
						  .work = do_supervised };
	int end;

	if (!damage(seed))
		return 2;
	end = ws_supervise(&supervised, NULL);
	if (end == REPORTED || end == REFUSED)
		return 0;
	printf("seed %llu: by itself %s %d, under supervision exit %d\n", (unsigned long long)seed,
	       WIFSIGNALED(status) ? "signal" : "exit",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), end);
	return 1;
}

/* What the child with its rounds tells. */
struct shared {
	_Atomic uint64_t seed;
	_Atomic uint64_t bad;
};

static void be_child(struct shared *shared, uint64_t first, uint64_t end)
{
	if (!freopen("/dev/null", "w", stderr)) /* libbabeltrace2's last words */
		_exit(2);
	for (uint64_t seed = first; seed < end; seed++) {
		shared->seed = seed;
		alarm(ROUND_MAX_S);
		shared->bad += do_round(seed) != 0;
	}
	fflush(stdout);
	_exit(0);
}

/* All rounds. How many went badly, or -1. */
static int64_t run(uint64_t first, uint64_t end)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t died = 0;
	int64_t bad = 0;

	if (shared == MAP_FAILED)
		return -1;
	for (uint64_t seed = first; seed < end; seed = shared->seed + 1) {
		int status;
		pid_t pid;

		fflush(stdout); /* or the child would say it again */
		for (size_t i = 0; i < n_files; i++)
			files[i].dirty = true; /* what the last child left is not known */
		pid = fork();
		if (pid < 0)
			return -1;
		if (!pid)
			be_child(shared, seed, end);
		if (waitpid(pid, &status, 0) != pid)
			return -1;
		if (!status)
			break;
		died++;
		bad += do_again(shared->seed, status);
	}
	bad += (int64_t)shared->bad;
	printf("%llu rounds, %llu killed their process, %lld bad\n",
	       (unsigned long long)(end - first), (unsigned long long)died, (long long)bad);
	return bad;
}

int main(int argc, char **argv)
{
	static const char *const modes[] = { "cut", "flip", "shuffle", "any" };
	uint64_t first = argc > 4 ? strtoull(argv[4], NULL, 0) : 1;
	char command[128];
	int64_t bad;

	for (mode = CUT; argc >= 4 && mode <= ANY; mode++)
		if (!strcmp(argv[1], modes[mode]))
			break;
	if (argc < 4 || mode > ANY) {
		fprintf(stderr,
			"usage: fuzz_trace cut|flip|shuffle|any TRACE ROUNDS [FIRST_SEED]\n");
		return 2;
	}
	if (!copy_trace(argv[2])) {
		fprintf(stderr, "fuzz_trace: %s can't be copied to %s\n", argv[2], dir);
		return 2;
	}
	bad = run(first, first + strtoull(argv[3], NULL, 0));
	snprintf(command, sizeof(command), "rm -rf %s %s-tmp", dir, dir);
	if (system(command) || bad < 0)
		return 2;
	return bad > 0;
}
