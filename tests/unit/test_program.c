/* SPDX-License-Identifier: MIT */
/* test_program.c: which files can be recorded, on files that are made for each question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/program.h"

static char folder[] = "/tmp/ws-program-XXXXXX";

static const char *make(const char *name, const void *bytes, size_t size, mode_t mode)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

/* An ELF file of nothing but headers: `interpreter` NULL makes it static. */
static size_t make_elf(unsigned char *file, uint16_t machine, const char *interpreter)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)file;
	Elf64_Phdr *segment = (Elf64_Phdr *)(file + sizeof(*header));
	size_t at = sizeof(*header) + sizeof(*segment);

	memset(file, 0, 1024);
	memcpy(header->e_ident, ELFMAG, SELFMAG);
	header->e_ident[EI_CLASS] = ELFCLASS64;
	header->e_ident[EI_DATA] = ELFDATA2LSB;
	header->e_ident[EI_VERSION] = EV_CURRENT;
	header->e_type = ET_DYN;
	header->e_machine = machine;
	header->e_version = EV_CURRENT;
	header->e_ehsize = sizeof(*header);
	header->e_phoff = sizeof(*header);
	header->e_phentsize = sizeof(*segment);
	header->e_phnum = 1;
	segment->p_type = interpreter ? PT_INTERP : PT_LOAD;
	segment->p_offset = at;
	if (interpreter) {
		segment->p_filesz = strlen(interpreter) + 1;
		memcpy(file + at, interpreter, segment->p_filesz);
	}
	return 1024;
}

static void refuse(const char *path, int code, const char *words)
{
	struct ws_program program = { .path = (char *)"untouched" };
	struct ws_error error = { "" };

	assert_int_equal(ws_program_find(path, &program, &error), code);
	assert_string_equal(program.path, "untouched");
	if (!strstr(error.text, words))
		fail_msg("no \"%s\" in: %s", words, error.text);
}

static void accept(const char *name, const char *path)
{
	struct ws_program program;
	struct ws_error error = { "" };

	if (ws_program_find(name, &program, &error) < 0)
		fail_msg("%s: %s", name, error.text);
	if (path)
		assert_string_equal(program.path, path);
	ws_program_clear(&program);
}

static void elf_files(void **state)
{
	static const char loader[] = "/lib64/ld-linux-x86-64.so.2";
	unsigned char file[1024] __attribute__((aligned(16)));
	size_t size = make_elf(file, EM_X86_64, loader);

	(void)state;
	accept(make("good", file, size, 0755), NULL);
	refuse(make("no-x", file, size, 0644), -EACCES, "not an executable file");
	refuse(make("short", file, 20, 0755), -ENOTSUP, "damaged ELF file");

	/* The interpreter's name lies outside of the file. */
	((Elf64_Phdr *)(file + sizeof(Elf64_Ehdr)))->p_offset = UINT64_MAX - 4;
	refuse(make("bad-interp", file, size, 0755), -ENOTSUP, "is missing; install that");

	size = make_elf(file, EM_X86_64, NULL);
	refuse(make("static", file, size, 0755), -ENOTSUP, "statically linked");
	size = make_elf(file, EM_X86_64, "/lib/ld-musl-x86_64.so.1");
	refuse(make("musl", file, size, 0755), -ENOTSUP, "musl");
	size = make_elf(file, EM_X86_64, "/no/such/loader");
	refuse(make("no-loader", file, size, 0755), -ENOTSUP, "/no/such/loader\" is missing; install that");
	size = make_elf(file, EM_AARCH64, loader);
	refuse(make("arm", file, size, 0755), -ENOTSUP, "another architecture");
}

static void scripts(void **state)
{
	struct ws_program program;
	struct ws_error error = { "" };
	unsigned char file[1024] __attribute__((aligned(16)));
	char line[512];

	(void)state;
	accept(make("script", "#! /bin/sh -e\nexit 0\n", 21, 0755), NULL);
	refuse(make("nobody", "#!/no/such/file\n", 16, 0755), -EACCES, "/no/such/file is missing");
	refuse(make("empty-line", "#!\n", 3, 0755), -EACCES, "no usable interpreter");

	make("static", file, make_elf(file, EM_X86_64, NULL), 0755);
	snprintf(line, sizeof(line), "#!%s/static\n", folder);
	refuse(make("of-static", line, strlen(line), 0755), -ENOTSUP, "statically linked");

	/* One that is its own interpreter does not lead us round in circles. */
	snprintf(line, sizeof(line), "#!%s/ring\n", folder);
	refuse(make("ring", line, strlen(line), 0755), -EACCES, "no usable interpreter");

	assert_int_equal(ws_program_find(make("text", "exit 0\n", 7, 0755), &program, &error), 0);
	assert_true(program.by_shell);
	ws_program_clear(&program);
}

static void search_path(void **state)
{
	char path[512], first[300], second[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/one:%s/two", folder, folder);
	snprintf(first, sizeof(first), "%s/one", folder);
	snprintf(second, sizeof(second), "%s/two", folder);
	assert_int_equal(mkdir(first, 0755), 0);
	assert_int_equal(mkdir(second, 0755), 0);
	make("one/tool", "exit 0\n", 7, 0644); /* not executable: the next one counts */
	make("two/tool", "exit 0\n", 7, 0755);
	make("two/other", "exit 0\n", 7, 0644);
	assert_int_equal(setenv("PATH", path, 1), 0);
	snprintf(second, sizeof(second), "%s/two/tool", folder);
	accept("tool", second);
	refuse("other", -EACCES, "not an executable file");
	refuse("neither", -ENOENT, "no such program");
	refuse("", -ENOENT, "no such program");
	refuse("/no/such/file", -ENOENT, "no such program");
	refuse("/etc/passwd/x", -ENOENT, "no such program");
	refuse("/tmp", -EACCES, "not an executable file");
}

static void secure(void **state)
{
	unsigned char file[1024] __attribute__((aligned(16)));
	size_t size = make_elf(file, EM_X86_64, "/lib64/ld-linux-x86-64.so.2");
	const char *path = make("setuid", file, size, 0755);

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(chmod(path, 04755), 0);
	refuse(path, -ENOTSUP, "is setuid");
	assert_int_equal(chmod(path, 02755), 0);
	refuse(path, -ENOTSUP, "is setgid");
	/* To whom it belongs, it is a program like others. */
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chmod(path, 06755), 0);
	accept(path, NULL);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_files),
		cmocka_unit_test(scripts),
		cmocka_unit_test(secure),
		cmocka_unit_test(search_path),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
