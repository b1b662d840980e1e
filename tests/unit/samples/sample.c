/* SPDX-License-Identifier: MIT */
/* sample.c: see sample.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/samples/sample.h"

uint32_t sample_line(const char *source, const char *mark)
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

void *sample_symbol(struct sample *sample, const char *name)
{
	void *address = dlsym(sample->handle, name);

	assert_non_null(address);
	return address;
}

uint64_t sample_vaddr(struct sample *sample, const void *address)
{
	return (uint64_t)(uintptr_t)address - sample->bias;
}

void sample_load(struct sample *sample, const char *name)
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
	sample->tables.n_codes = SAMPLE_CODES;
}

void sample_open(struct sample *sample, const char *dir)
{
	ws_symbols_free(sample->symbols);
	sample->symbols = NULL;
	assert_int_equal(ws_symbols_new(&sample->tables, dir, &sample->symbols), 0);
}

/* Loads and runs the C sample: its codes are those of the indexes above. */
void sample_start(struct sample *sample, const char *name)
{
	sample_load(sample, name);
	((int (*)(void))sample_symbol(sample, "sample_run"))();
	sample->codes[SAMPLE_INNER].offset =
		sample_vaddr(sample, *(void **)sample_symbol(sample, "sample_inner_return"));
	sample->codes[SAMPLE_HIDDEN].offset =
		sample_vaddr(sample, *(void **)sample_symbol(sample, "sample_hidden_return"));
	sample->codes[SAMPLE_ALIAS].offset =
		sample_vaddr(sample, *(void **)sample_symbol(sample, "sample_alias_return"));
	sample->codes[SAMPLE_LOCAL].offset =
		sample_vaddr(sample, *(void **)sample_symbol(sample, "sample_local"));
	sample->codes[SAMPLE_ARRAY].offset =
		sample_vaddr(sample, (int *)sample_symbol(sample, "sample_array") + 2);
	sample->codes[SAMPLE_START].offset =
		sample_vaddr(sample, sample_symbol(sample, "sample_outer"));
	sample_open(sample, NULL);
}

void sample_stop(struct sample *sample)
{
	ws_symbols_free(sample->symbols);
	if (sample->handle)
		dlclose(sample->handle);
}

const struct ws_frame *sample_frames(struct sample *sample, uint32_t code, bool is_return,
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

void assert_frame(const struct ws_frame *frame, const char *function, const char *file,
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

void assert_unknown(struct sample *sample, uint32_t code, bool is_return)
{
	const struct ws_frame *frame = sample_frames(sample, code, is_return, 1);

	assert_null(frame->function);
	assert_null(frame->file);
	assert_int_equal(frame->line, 0);
}

void assert_data(struct sample *sample, uint32_t code, const char *name, uint64_t offset)
{
	const char *found;
	uint64_t into;

	assert_int_equal(ws_symbols_data(sample->symbols, code, &found, &into), 0);
	assert_string_equal(found, name);
	assert_int_equal(into, offset);
}

void assert_no_data(struct sample *sample, uint32_t code)
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

	assert_int_equal(ws_symbols_data(sample->symbols, SAMPLE_LOCAL, &found, &into), 0);
	if (strcmp(found, "hidden_step.kept") != 0)
		assert_string_equal(found, "kept");
	assert_int_equal(into, 0);
}

/* Everything that debug information can tell of the optimised C sample. */
void assert_all_known(struct sample *sample)
{
	const struct ws_frame *frames = sample_frames(sample, SAMPLE_INNER, true, 3);

	assert_frame(&frames[0], "inner", SAMPLE_SOURCE, sample_line(SAMPLE_SOURCE, "inner"), true);
	assert_frame(&frames[1], "middle", SAMPLE_SOURCE, sample_line(SAMPLE_SOURCE, "middle"),
		     true);
	assert_frame(&frames[2], "sample_outer", SAMPLE_SOURCE, sample_line(SAMPLE_SOURCE, "outer"),
		     false);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(frames[i].module, sample->path);
		assert_int_equal(frames[i].offset, sample->codes[SAMPLE_INNER].offset);
	}
	frames = sample_frames(sample, SAMPLE_HIDDEN, true, 1);
	assert_frame(&frames[0], "hidden_step", SAMPLE_SOURCE, sample_line(SAMPLE_SOURCE, "hidden"),
		     false);
	frames = sample_frames(sample, SAMPLE_ALIAS, true, 1);
	assert_frame(&frames[0], "sample_alias", SAMPLE_SOURCE, sample_line(SAMPLE_SOURCE, "alias"),
		     false);
	assert_data(sample, SAMPLE_ARRAY, "sample_array", 2 * sizeof(int));
	assert_local(sample);
	assert_no_data(sample, SAMPLE_INNER);
}

void sample_copy_file(const char *from, const char *to)
{
	char command[3 * PATH_MAX];

	snprintf(command, sizeof(command), "cp -- '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

char *sample_read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 1 << 16);

	assert_non_null(file);
	assert_non_null(text);
	*size = fread(text, 1, (1 << 16) - 1, file);
	fclose(file);
	return text;
}

void sample_write_file(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}
