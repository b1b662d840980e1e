/* SPDX-License-Identifier: MIT */
/* test_symbols.c: names of known code and data, from object files made in many ways.
 *
 * The truth comes from the samples themselves: each is loaded and run, and tells the addresses
 * that it saw; lines are those of the marks in their source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/decode/record.h"
#include "analyzer/decode/symbols.h"

#define SOURCE    WS_SAMPLES_SOURCE "/symbols.c"
#define SOURCE_CC WS_SAMPLES_SOURCE "/symbols.cc"
#define INNER     0 /* code indexes of struct sample */
#define HIDDEN    1
#define LOCAL     2
#define ARRAY     3
#define START     4
#define ALIAS     5
#define N_CODES   6

/* A loaded sample as the tables would have it. */
struct sample {
	void *handle;
	uint64_t bias;
	char path[PATH_MAX];
	struct ws_module module;
	struct ws_code codes[N_CODES];
	struct ws_tables tables; /* borrows the members above */
	struct ws_symbols *symbols;
};

static uint32_t line_of(const char *source, const char *mark)
{
	char line[256], want[64];
	uint32_t n = 0;
	FILE *file = fopen(source, "re");

	assert_non_null(file);
	snprintf(want, sizeof(want), "/* MARK %s */", mark);
	while (fgets(line, sizeof(line), file)) {
		n++;
		if (strstr(line, want)) {
			fclose(file);
			return n;
		}
	}
	fail_msg("no mark %s in %s", mark, source);
	return 0;
}

static int take_build_id(struct dl_phdr_info *info, size_t size, void *data)
{
	struct sample *sample = data;

	(void)size;
	if (info->dlpi_addr != sample->bias)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const char *at = (const char *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
			   *end = at + info->dlpi_phdr[i].p_memsz;

		while (info->dlpi_phdr[i].p_type == PT_NOTE && at < end) {
			const ElfW(Nhdr) *note = (const void *)at;
			const char *name = at + sizeof(*note),
				   *id = name + ((note->n_namesz + 3u) & ~3u);

			if (note->n_type == NT_GNU_BUILD_ID && !strcmp(name, "GNU")) {
				memcpy(sample->module.build_id, id, note->n_descsz);
				sample->module.build_id_size = note->n_descsz;
			}
			at = id + ((note->n_descsz + 3u) & ~3u);
		}
	}
	return 1;
}

static void *at_symbol(struct sample *sample, const char *name)
{
	void *address = dlsym(sample->handle, name);

	assert_non_null(address);
	return address;
}

static uint64_t vaddr(struct sample *sample, const void *address)
{
	return (uint64_t)(uintptr_t)address - sample->bias;
}

static void load(struct sample *sample, const char *name)
{
	struct link_map *map;

	memset(sample, 0, sizeof(*sample));
	snprintf(sample->path, sizeof(sample->path), "%s/%s", WS_SAMPLES, name);
	sample->handle = dlopen(sample->path, RTLD_NOW | RTLD_LOCAL);
	if (!sample->handle)
		fail_msg("%s", dlerror());
	assert_int_equal(dlinfo(sample->handle, RTLD_DI_LINKMAP, &map), 0);
	sample->bias = map->l_addr;
	sample->module.path = sample->path;
	assert_int_equal(dl_iterate_phdr(take_build_id, sample), 1);
	sample->tables.modules = &sample->module;
	sample->tables.n_modules = 1;
	sample->tables.codes = sample->codes;
	sample->tables.n_codes = N_CODES;
}

static void open_symbols(struct sample *sample, const char *dir)
{
	ws_symbols_free(sample->symbols);
	sample->symbols = NULL;
	assert_int_equal(ws_symbols_new(&sample->tables, dir, &sample->symbols), 0);
}

/* Loads and runs the C sample: its codes are those of the indexes above. */
static void start(struct sample *sample, const char *name)
{
	load(sample, name);
	((int (*)(void))at_symbol(sample, "sample_run"))();
	sample->codes[INNER].offset =
		vaddr(sample, *(void **)at_symbol(sample, "sample_inner_return"));
	sample->codes[HIDDEN].offset =
		vaddr(sample, *(void **)at_symbol(sample, "sample_hidden_return"));
	sample->codes[ALIAS].offset =
		vaddr(sample, *(void **)at_symbol(sample, "sample_alias_return"));
	sample->codes[LOCAL].offset = vaddr(sample, *(void **)at_symbol(sample, "sample_local"));
	sample->codes[ARRAY].offset = vaddr(sample, (int *)at_symbol(sample, "sample_array") + 2);
	sample->codes[START].offset = vaddr(sample, at_symbol(sample, "sample_outer"));
	open_symbols(sample, NULL);
}

static void stop(struct sample *sample)
{
	ws_symbols_free(sample->symbols);
	if (sample->handle)
		dlclose(sample->handle);
}

static const struct ws_frame *frames_of(struct sample *sample, uint32_t code, bool is_return,
					size_t n_want)
{
	const struct ws_frame *frames, *again;
	size_t n;

	assert_int_equal(ws_symbols_code(sample->symbols, code, is_return, &frames, &n), 0);
	assert_int_equal(n, n_want);
	assert_int_equal(ws_symbols_code(sample->symbols, code, is_return, &again, &n), 0);
	assert_ptr_equal(frames, again);
	return frames;
}

static void assert_frame(const struct ws_frame *frame, const char *function, const char *file,
			 uint32_t line, bool inlined)
{
	assert_non_null(frame->function);
	assert_string_equal(frame->function, function);
	if (!file) {
		assert_null(frame->file);
	} else {
		assert_non_null(frame->file);
		assert_string_equal(frame->file, file);
	}
	assert_int_equal(frame->line, line);
	assert_int_equal(frame->inlined, inlined);
}

static void assert_unknown(struct sample *sample, uint32_t code, bool is_return)
{
	const struct ws_frame *frame = frames_of(sample, code, is_return, 1);

	assert_null(frame->function);
	assert_null(frame->file);
	assert_int_equal(frame->line, 0);
}

static void assert_data(struct sample *sample, uint32_t code, const char *name, uint64_t offset)
{
	const char *found;
	uint64_t into;

	assert_int_equal(ws_symbols_data(sample->symbols, code, &found, &into), 0);
	assert_string_equal(found, name);
	assert_int_equal(into, offset);
}

static void assert_no_data(struct sample *sample, uint32_t code)
{
	const char *found;
	uint64_t into;

	assert_int_equal(ws_symbols_data(sample->symbols, code, &found, &into), -ENOENT);
}

/* The static of hidden_step(): gcc's symbol is kept.0, clang's hidden_step.kept. */
static void assert_local(struct sample *sample)
{
	const char *found;
	uint64_t into;

	assert_int_equal(ws_symbols_data(sample->symbols, LOCAL, &found, &into), 0);
	if (strcmp(found, "hidden_step.kept") != 0)
		assert_string_equal(found, "kept");
	assert_int_equal(into, 0);
}

/* Everything that debug information can tell of the optimised C sample. */
static void assert_all_known(struct sample *sample)
{
	const struct ws_frame *frames = frames_of(sample, INNER, true, 3);

	assert_frame(&frames[0], "inner", SOURCE, line_of(SOURCE, "inner"), true);
	assert_frame(&frames[1], "middle", SOURCE, line_of(SOURCE, "middle"), true);
	assert_frame(&frames[2], "sample_outer", SOURCE, line_of(SOURCE, "outer"), false);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(frames[i].module, sample->path);
		assert_int_equal(frames[i].offset, sample->codes[INNER].offset);
	}
	frames = frames_of(sample, HIDDEN, true, 1);
	assert_frame(&frames[0], "hidden_step", SOURCE, line_of(SOURCE, "hidden"), false);
	frames = frames_of(sample, ALIAS, true, 1);
	assert_frame(&frames[0], "sample_alias", SOURCE, line_of(SOURCE, "alias"), false);
	assert_data(sample, ARRAY, "sample_array", 2 * sizeof(int));
	assert_local(sample);
	assert_no_data(sample, INNER);
}

static void test_unoptimised(void **state)
{
	struct sample sample;
	const struct ws_frame *frames;

	(void)state;
	start(&sample, "plain.so");
	assert_true(sample.module.build_id_size > 0);
	assert_all_known(&sample); /* always_inline is obeyed at -O0 too */
	frames = frames_of(&sample, HIDDEN, true, 1);
	assert_int_equal(frames->line, line_of(SOURCE, "hidden"));
	stop(&sample);
}

/* A start routine's address is looked up as it is, a return address one byte before. */
static void test_return_address(void **state)
{
	struct sample sample;
	const char *function;

	(void)state;
	start(&sample, "plain.so");
	assert_string_equal(frames_of(&sample, START, false, 1)->function, "sample_outer");
	function = frames_of(&sample, START, true, 1)->function;
	assert_true(!function || strcmp(function, "sample_outer") != 0);
	stop(&sample);
}

/* Each way of keeping debug information tells the same. */
static void test_inlined(void **state)
{
	static const char *const names[] = {
		"inlined.so", "linked.so", "nobuildid.so", "nobuildid_linked.so", "dwo.so",
#ifdef WS_SAMPLES_CLANG
		"clang.so", /* no .debug_aranges */
#endif
	};
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		print_message("%s\n", names[i]);
		start(&sample, names[i]);
		assert_int_equal(sample.module.build_id_size == 0, !strncmp(names[i], "nob", 3));
		assert_all_known(&sample);
		stop(&sample);
	}
}

static void test_stripped(void **state)
{
	struct sample sample;

	(void)state;
	start(&sample, "stripped.so");
	assert_frame(frames_of(&sample, INNER, true, 1), "sample_outer", NULL, 0, false);
	assert_unknown(&sample, HIDDEN, true);
	assert_string_equal(frames_of(&sample, HIDDEN, true, 1)->module, sample.path);
	assert_int_equal(frames_of(&sample, HIDDEN, true, 1)->offset, sample.codes[HIDDEN].offset);
	assert_data(&sample, ARRAY, "sample_array", 2 * sizeof(int));
	assert_no_data(&sample, LOCAL);
	stop(&sample);
}

static void test_minidebug(void **state)
{
	struct sample sample;

	(void)state;
	start(&sample, "minidebug.so");
	assert_frame(frames_of(&sample, HIDDEN, true, 1), "hidden_step", NULL, 0, false);
	stop(&sample);
}

/* Addresses of a program that is not position independent are its ELF addresses. */
static void test_executable(void **state)
{
	struct sample sample = { 0 };
	char id[2 * WS_BUILD_ID_MAX + 2] = "";
	void *inner, *hidden, *array;
	FILE *told;

	(void)state;
	snprintf(sample.path, sizeof(sample.path), "%s/executable", WS_SAMPLES);
	told = popen(WS_SAMPLES "/executable", "re");
	assert_non_null(told);
	assert_int_equal(fscanf(told, "%p %p %p", &inner, &hidden, &array), 3);
	assert_int_equal(pclose(told), 0);
	told = popen("LC_ALL=C readelf -n " WS_SAMPLES "/executable | sed -n 's/.*Build ID: //p'",
		     "re");
	assert_non_null(told);
	assert_non_null(fgets(id, sizeof(id), told));
	assert_int_equal(pclose(told), 0);
	for (size_t i = 0; id[2 * i] && id[2 * i] != '\n'; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(id + 2 * i, "%2x", &byte), 1);
		sample.module.build_id[i] = (uint8_t)byte;
		sample.module.build_id_size = (uint32_t)i + 1;
	}
	sample.module.path = sample.path;
	sample.codes[INNER].offset = (uintptr_t)inner;
	sample.codes[ARRAY].offset = (uintptr_t)array;
	sample.tables = (struct ws_tables){
		.modules = &sample.module, .n_modules = 1, .codes = sample.codes, .n_codes = N_CODES
	};
	open_symbols(&sample, NULL);
	assert_frame(&frames_of(&sample, INNER, true, 3)[2], "sample_outer", SOURCE,
		     line_of(SOURCE, "outer"), false);
	assert_data(&sample, ARRAY, "sample_array", 2 * sizeof(int));
	stop(&sample);
}

static void test_cplusplus(void **state)
{
	static const char *const names[] = { "cc.so", "cc_symbols.so" };
	struct sample sample;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct ws_frame *frame;

		load(&sample, names[i]);
		((int (*)(int))at_symbol(&sample, "sample_cc_run"))(1);
		sample.codes[0].offset =
			vaddr(&sample, *(void **)at_symbol(&sample, "sample_cc_return"));
		sample.codes[1].offset =
			vaddr(&sample, *(void **)at_symbol(&sample, "sample_cc_data"));
		sample.codes[2].offset =
			vaddr(&sample, *(void **)at_symbol(&sample, "sample_cc_library"));
		open_symbols(&sample, NULL);
		frame = frames_of(&sample, 0, true, 1);
		assert_frame(frame, "pool::queue<int>::push", i == 0 ? SOURCE_CC : NULL,
			     i == 0 ? line_of(SOURCE_CC, "push") : 0, false);
		assert_data(&sample, 1, "pool::gate", 0);
		frame = frames_of(&sample, 2, true, 1);
		assert_string_equal(frame->function, "std::lock_guard<probe>::lock_guard");
		assert_int_equal(frame->file && strstr(frame->file, "/include/c++/"), i == 0);
		stop(&sample);
	}
}

static void test_other_file_is_refused(void **state)
{
	struct sample sample;

	(void)state;
	start(&sample, "inlined.so");
	sample.module.build_id[0] ^= 1;
	open_symbols(&sample, NULL);
	assert_unknown(&sample, INNER, true);
	assert_no_data(&sample, ARRAY);
	sample.module.build_id_size = 0; /* the trace says that it had none */
	open_symbols(&sample, NULL);
	assert_unknown(&sample, INNER, true);
	stop(&sample);

	start(&sample, "nobuildid.so");
	sample.module.build_id_size = 20;
	open_symbols(&sample, NULL);
	assert_unknown(&sample, INNER, true);
	stop(&sample);
}

static void test_no_file(void **state)
{
	char dir[] = "/tmp/test_symbols.XXXXXX", fifo[PATH_MAX];
	const char *const paths[] = { "",
				      "[vdso]",
				      "linux-vdso.so.1",
				      "/memfd:jit (deleted)",
				      "/nonexistent/lib.so",
				      "/dev/zero",
				      "/",
				      fifo };
	struct sample sample;
	uint64_t asked, unresolved;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	start(&sample, "inlined.so");
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		sample.module.path = paths[i];
		open_symbols(&sample, NULL);
		assert_unknown(&sample, INNER, true);
		assert_no_data(&sample, ARRAY);
	}
	unlink(fifo);
	rmdir(dir);

	sample.codes[INNER] = (struct ws_code){ .module = WS_UNKNOWN, .offset = 0x1234 };
	open_symbols(&sample, NULL);
	assert_unknown(&sample, INNER, true);
	assert_null(frames_of(&sample, INNER, true, 1)->module);
	assert_int_equal(frames_of(&sample, INNER, true, 1)->offset, 0x1234);
	assert_no_data(&sample, INNER);
	assert_unknown(&sample, WS_UNKNOWN, true);
	assert_unknown(&sample, N_CODES, false);
	assert_no_data(&sample, WS_UNKNOWN);
	ws_symbols_counts(sample.symbols, &asked, &unresolved);
	assert_int_equal(asked, unresolved);
	stop(&sample);
	ws_symbols_free(NULL);
}

static void test_counts(void **state)
{
	struct sample sample;
	uint64_t asked, unresolved;

	(void)state;
	start(&sample, "stripped.so");
	frames_of(&sample, INNER, true, 1);
	frames_of(&sample, INNER, true, 1);
	frames_of(&sample, HIDDEN, true, 1);
	assert_data(&sample, ARRAY, "sample_array", 2 * sizeof(int));
	ws_symbols_counts(sample.symbols, &asked, &unresolved);
	assert_int_equal(asked, 2);
	assert_int_equal(unresolved, 1);
	stop(&sample);
}

static void copy_file(const char *from, const char *to)
{
	char command[3 * PATH_MAX];

	snprintf(command, sizeof(command), "cp -- '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

static char *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 1 << 16);

	assert_non_null(file);
	assert_non_null(text);
	*size = fread(text, 1, (1 << 16) - 1, file);
	fclose(file);
	return text;
}

static void write_all(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* A file that is cut off or scrambled tells less, and never harms. */
static void test_damaged_file(void **state)
{
	char dir[] = "/tmp/test_symbols.XXXXXX", path[PATH_MAX], *good;
	const struct ws_frame *frames;
	struct sample sample;
	unsigned int seed = 1, known = 0;
	size_t size, n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	start(&sample, "inlined.so");
	good = read_all(sample.path, &size);
	snprintf(path, sizeof(path), "%s/damaged.so", dir);
	sample.module.path = path;
	for (size_t cut = 0; cut < size; cut += size / 50) {
		write_all(path, good, cut);
		open_symbols(&sample, NULL);
		for (uint32_t code = 0; code < N_CODES; code++)
			assert_int_equal(ws_symbols_code(sample.symbols, code, true, &frames, &n),
					 0);
		assert_true(n >= 1);
		assert_int_not_equal(ws_symbols_save(sample.symbols, "/nonexistent"), 0);
	}
	for (int round = 0; round < 200; round++) {
		char *bad = malloc(size);

		assert_non_null(bad);
		memcpy(bad, good, size);
		for (int i = 0; i < 40; i++) /* past the notes, so that the build id stays */
			bad[1024 + (size_t)rand_r(&seed) % (size - 1024)] = (char)rand_r(&seed);
		write_all(path, bad, size);
		free(bad);
		open_symbols(&sample, NULL);
		for (uint32_t code = 0; code < N_CODES; code++)
			assert_int_equal(ws_symbols_code(sample.symbols, code, true, &frames, &n),
					 0);
		known += frames[0].function != NULL;
	}
	assert_in_range(known, 20, 199); /* the damage is neither none nor everything */
	free(good);
	unlink(path);
	rmdir(dir);
	stop(&sample);
}

/* debuginfod's cache has the only copy: names come from there. */
static void test_debuginfod_cache(void **state)
{
	char dir[] = "/tmp/test_symbols.XXXXXX", sub[PATH_MAX], file[PATH_MAX + 16];
	struct sample sample;
	int n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	start(&sample, "inlined.so");
	n = snprintf(sub, sizeof(sub), "%s/", dir);
	for (uint32_t i = 0; i < sample.module.build_id_size; i++)
		n += snprintf(sub + n, sizeof(sub) - (size_t)n, "%02x", sample.module.build_id[i]);
	assert_int_equal(mkdir(sub, 0700), 0);
	snprintf(file, sizeof(file), "%s/debuginfo", sub);
	copy_file(WS_SAMPLES "/linked.so.debug", file);
	setenv("DEBUGINFOD_CACHE_PATH", dir, 1);
	snprintf(sample.path, sizeof(sample.path), "/nonexistent/inlined.so");
	open_symbols(&sample, NULL);
	assert_all_known(&sample);
	unsetenv("DEBUGINFOD_CACHE_PATH");
	unlink(file);
	rmdir(sub);
	rmdir(dir);
	stop(&sample);
}

/* What was resolved where the program ran reads the same where its files are not. */
static void test_store(void **state)
{
	char dir[] = "/tmp/test_symbols.XXXXXX", file[PATH_MAX], store[PATH_MAX];
	struct ws_task thread = { .start = START };
	char *first, *second;
	size_t size, size_again;
	struct sample sample;
	const struct ws_frame *frame;
	uint64_t asked, unresolved;
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/gone.so", dir);
	snprintf(store, sizeof(store), "%s/" WS_SYMBOLS_FILE, dir);
	start(&sample, "inlined.so");
	copy_file(sample.path, file);
	snprintf(sample.path, sizeof(sample.path), "%s", file);
	sample.tables.threads = &thread;
	sample.tables.n_threads = 1;
	open_symbols(&sample, dir);
	assert_null(ws_symbols_warning(sample.symbols)); /* no file yet: nothing is wrong */
	assert_int_equal(ws_symbols_save(sample.symbols, dir), 0);
	ws_symbols_counts(sample.symbols, &asked, &unresolved);
	assert_int_equal(asked, 0); /* saving is not asking */
	first = read_all(store, &size);
	unlink(file);

	open_symbols(&sample, NULL);
	assert_unknown(&sample, INNER, true);
	open_symbols(&sample, dir);
	assert_null(ws_symbols_warning(sample.symbols));
	assert_all_known(&sample);
	/* Optimised, the function begins with what is inlined into it. */
	assert_int_equal(ws_symbols_code(sample.symbols, START, false, &frame, &n), 0);
	assert_string_equal(frame[n - 1].function, "sample_outer");
	assert_false(frame[n - 1].inlined);
	ws_symbols_counts(sample.symbols, &asked, &unresolved);
	assert_int_equal(asked, 4);
	assert_int_equal(unresolved, 0);

	/* Saved again without the files, nothing gets lost and no byte changes. */
	assert_int_equal(ws_symbols_save(sample.symbols, dir), 0);
	second = read_all(store, &size_again);
	assert_int_equal(size, size_again);
	assert_memory_equal(first, second, size);

	/* Another build of the same path finds nothing in it. */
	sample.module.build_id[3] ^= 0xff;
	open_symbols(&sample, dir);
	assert_unknown(&sample, INNER, true);

	free(first);
	free(second);
	assert_int_equal(unlink(store), 0);
	assert_int_equal(rmdir(dir), 0); /* and no temporary file stays */
	assert_int_equal(ws_symbols_save(sample.symbols, dir), -ENOENT);
	stop(&sample);
}

static void test_store_damaged(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"format\": \"1\", \"modules\": []}",
		"{\"format\": 1}",
		"{\"format\": 1, \"modules\": [3]}",
		"{\"format\": 1, \"modules\": [{\"path\": \"x\", \"build_id\": \"\"}]}",
		"{\"format\": 2, \"modules\": []}",
		"\xff\xfe\0garbage",
	};
	char dir[] = "/tmp/test_symbols.XXXXXX", store[PATH_MAX], *good, *bad;
	struct sample sample;
	size_t size;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(store, sizeof(store), "%s/" WS_SYMBOLS_FILE, dir);
	start(&sample, "inlined.so");
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		write_all(store, texts[i], strlen(texts[i]));
		open_symbols(&sample, dir);
		assert_non_null(ws_symbols_warning(sample.symbols));
		assert_all_known(&sample);
	}

	/* Cut off anywhere, or with members of other types: never half used. */
	assert_int_equal(ws_symbols_save(sample.symbols, dir), 0);
	good = read_all(store, &size);
	for (size_t cut = 0; cut + 2 < size; cut += 97) {
		write_all(store, good, cut);
		open_symbols(&sample, dir);
		assert_non_null(ws_symbols_warning(sample.symbols));
	}
	bad = strdup(good);
	assert_non_null(bad);
	memcpy(strstr(bad, "\"hidden_step\""), "1234567890123", 13);
	write_all(store, bad, size);
	open_symbols(&sample, dir);
	assert_non_null(ws_symbols_warning(sample.symbols));
	assert_all_known(&sample);
	free(bad);

	/* And the file is what is used where it is whole: a changed name shows. */
	memcpy(strstr(good, "\"hidden_step\""), "\"hidden_STEP\"", 13);
	write_all(store, good, size);
	open_symbols(&sample, dir);
	assert_null(ws_symbols_warning(sample.symbols));
	assert_string_equal(frames_of(&sample, HIDDEN, true, 1)->function, "hidden_STEP");
	free(good);
	unlink(store);
	rmdir(dir);
	stop(&sample);
}

static void test_runtime(void **state)
{
	static const char *const runtime[] = {
		"/usr/lib/x86_64-linux-gnu/libc.so.6",
		"/lib64/ld-linux-x86-64.so.2",
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30",
		"/home/me/build/lib/libwaitscope.so",
		"/usr/lib/x86_64-linux-gnu/liblttng-ust.so.1.0.0",
		"/usr/lib/x86_64-linux-gnu/libunwind.so.8.0.1",
		"/lib/x86_64-linux-gnu/libpthread-2.31.so",
		"linux-vdso.so.1",
	};
	static const char *const program[] = {
		"",
		"/usr/bin/pbzip2",
		"/usr/lib/libcrypto.so.3",
		"/usr/lib/libcurl.so.4",
		"/opt/libc.so.d/app",
		"/usr/lib/mylibc.so.6",
		"/usr/lib/libcap.so.2",
	};
	struct ws_module module = { .path = "" };
	struct ws_tables tables = { .modules = &module, .n_modules = 1 };
	struct ws_symbols *symbols = NULL;

	(void)state;
	assert_int_equal(ws_symbols_new(&tables, NULL, &symbols), 0);
	for (size_t i = 0; i < sizeof(runtime) / sizeof(*runtime); i++) {
		module.path = runtime[i];
		assert_true(ws_symbols_is_runtime(symbols, 0));
	}
	for (size_t i = 0; i < sizeof(program) / sizeof(*program); i++) {
		module.path = program[i];
		assert_false(ws_symbols_is_runtime(symbols, 0));
	}
	assert_false(ws_symbols_is_runtime(symbols, 1));
	assert_false(ws_symbols_is_runtime(symbols, WS_UNKNOWN));
	ws_symbols_free(symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unoptimised),  cmocka_unit_test(test_return_address),
		cmocka_unit_test(test_inlined),      cmocka_unit_test(test_stripped),
		cmocka_unit_test(test_minidebug),    cmocka_unit_test(test_executable),
		cmocka_unit_test(test_cplusplus),    cmocka_unit_test(test_other_file_is_refused),
		cmocka_unit_test(test_no_file),      cmocka_unit_test(test_counts),
		cmocka_unit_test(test_damaged_file), cmocka_unit_test(test_debuginfod_cache),
		cmocka_unit_test(test_store),        cmocka_unit_test(test_store_damaged),
		cmocka_unit_test(test_runtime),
	};

	unsetenv("DEBUGINFOD_CACHE_PATH");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
