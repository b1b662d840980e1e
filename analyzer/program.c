/* SPDX-License-Identifier: MIT */
/* program.c: see program.h. */
#include "analyzer/program.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The kernel's own limit on interpreters of interpreters. */
#define INTERPRETERS_MAX 5
/* The kernel reads this much of a `#!` line. */
#define SHEBANG_BYTES 256

/* What a walk over the ELF file finds. */
struct elf_facts {
	bool dynamic;               /* has a loader to preload with */
	char interpreter[PATH_MAX]; /* that loader */
	bool asan;
	bool go;
};

/* --- finding --- */

static int no_such_program(const char *name, struct ws_error *error)
{
	return ws_error_set(error, -ENOENT, "%s: there is no such program; check its name and PATH", name);
}

static int may_execute(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode) || !S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* As execvp(): the first file along PATH that may be executed; -EACCES if there are only others. */
static int find_in_path(const char *name, char **ret)
{
	const char *path = getenv("PATH");
	int result = -ENOENT;

	if (!path)
		path = _PATH_DEFPATH;
	while (true) {
		size_t length = strcspn(path, ":");
		char *file = NULL;

		if (asprintf(&file, "%.*s%s%s", (int)length, path, length ? "/" : "./", name) < 0)
			return -ENOMEM;
		int r = may_execute(file);
		if (r == 0) {
			*ret = file;
			return 0;
		}
		free(file);
		if (r == -EACCES)
			result = r;
		if (!path[length])
			return result;
		path += length + 1;
	}
}

static int find_file(const char *name, char **ret, struct ws_error *error)
{
	int r;

	if (!name[0])
		return no_such_program("\"\"", error);
	if (!strchr(name, '/')) {
		r = find_in_path(name, ret);
	} else {
		r = may_execute(name);
		if (r == 0) {
			*ret = strdup(name);
			r = *ret ? 0 : -ENOMEM;
		}
	}
	if (r == -ENOENT || r == -ENOTDIR) {
		no_such_program(name, error);
		return -ENOENT;
	}
	if (r == -EACCES)
		return ws_error_set(error, r, "%s: it is not an executable file; chmod +x makes it one", name);
	if (r < 0)
		return ws_error_set(error, r, "%s: %s", name, strerror(-r));
	return 0;
}

/* --- what keeps the loader from preloading --- */

/* The kernel then sets AT_SECURE, and the loader takes no library from the environment. */
static int check_secure(const char *path, struct ws_error *error)
{
	struct stat st;
	struct statvfs fs;
	const char *why, *remedy = "record it as root";
	char caps[64];

	if (stat(path, &st) < 0)
		return ws_error_set(error, -errno, "%s: %s", path, strerror(errno));
	/* Where such bits have no effect, they are no obstacle either. */
	if ((statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID)) ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return 0;
	if ((st.st_mode & S_ISUID) && st.st_uid != getuid()) {
		why = "is setuid";
		if (st.st_uid != 0)
			remedy = "record it as its owner";
	} else if ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != getgid()) {
		why = "is setgid";
		remedy = "record a copy without that bit";
	} else if (geteuid() != 0 &&
		   getxattr(path, "security.capability", caps, sizeof(caps)) > 0) {
		why = "has file capabilities";
	} else {
		return 0;
	}
	return ws_error_set(error, -ENOTSUP,
			    "%s: it %s, so the loader preloads nothing into it for this user; %s", path,
			    why, remedy);
}

static void read_dynamic(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			 struct elf_facts *facts)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Dyn dyn;

	for (int i = 0; data && gelf_getdyn(data, i, &dyn); i++) {
		const char *name;

		if (dyn.d_tag == DT_NULL)
			break;
		if (dyn.d_tag != DT_NEEDED)
			continue;
		name = elf_strptr(elf, header->sh_link, dyn.d_un.d_val);
		if (name && (strncmp(name, "libasan.so", 10) == 0 ||
			     strncmp(name, "libclang_rt.asan", 16) == 0))
			facts->asan = true;
	}
}

/* clang links the runtime into the program, which then exports it. */
static void read_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			 struct elf_facts *facts)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);

		if (name && symbol.st_shndx != SHN_UNDEF && strcmp(name, "__asan_init") == 0)
			facts->asan = true;
	}
}

static void read_elf(Elf *elf, struct elf_facts *facts)
{
	Elf_Scn *section = NULL;
	size_t n = 0, names = 0;

	elf_getphdrnum(elf, &n);
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_INTERP)
			continue;
		char *file = elf_rawfile(elf, &n);

		facts->dynamic = true;
		if (file && header.p_offset < n && header.p_filesz <= n - header.p_offset)
			snprintf(facts->interpreter, sizeof(facts->interpreter), "%.*s",
				 (int)header.p_filesz, file + header.p_offset);
		break;
	}
	elf_getshdrstrndx(elf, &names);
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header))
			continue;
		const char *name = elf_strptr(elf, names, header.sh_name);
		if (name && strcmp(name, ".note.go.buildid") == 0)
			facts->go = true;
		if (header.sh_type == SHT_DYNAMIC)
			read_dynamic(elf, section, &header, facts);
		else if (header.sh_type == SHT_DYNSYM)
			read_symbols(elf, section, &header, facts);
	}
}

static int check_elf(const char *path, int fd, struct ws_program *program, struct ws_error *error)
{
	struct elf_facts facts = { .dynamic = false };
	GElf_Ehdr header;
	int r = 0;

	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || !gelf_getehdr(elf, &header)) {
		elf_end(elf);
		return ws_error_set(error, -ENOTSUP, "%s: it is a damaged ELF file; build or install it anew", path);
	}
	read_elf(elf, &facts);
	if (header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64)
		r = ws_error_set(error, -ENOTSUP,
				 "%s: it is a program of %s; waitscope records x86-64 programs only", path,
				 header.e_machine == EM_386      ? "the 32-bit x86"
				 : header.e_machine == EM_X86_64 ? "the x32 ABI"
								 : "another architecture");
	else if (!facts.dynamic && facts.go)
		r = ws_error_set(
			error, -ENOTSUP,
			"%s: it is a static Go program, whose waits are inside Go's runtime, where "
			"nothing can be preloaded; use Go's own block and mutex profiles",
			path);
	else if (!facts.dynamic)
		r = ws_error_set(
			error, -ENOTSUP,
			"%s: it is statically linked, so nothing can be preloaded into it; link "
			"it dynamically (without -static) to record it",
			path);
	else if (strstr(facts.interpreter, "ld-musl"))
		r = ws_error_set(error, -ENOTSUP,
				 "%s: it is linked with musl (%s); waitscope records programs of glibc only",
				 path, facts.interpreter);
	else if (access(facts.interpreter, X_OK) < 0)
		r = ws_error_set(error, -ENOTSUP, "%s: its loader \"%s\" is missing; install that", path,
				 facts.interpreter);
	elf_end(elf);
	if (r == 0) {
		program->asan = facts.asan;
		program->go = facts.go;
	}
	return r;
}

/* --- what kind of file it is --- */

/* The interpreter of a `#!` line in `text`; NULL: it names none. */
static char *shebang(char *text)
{
	char *name = text + 2;

	name[strcspn(name, "\n")] = '\0';
	name += strspn(name, " \t");
	name[strcspn(name, " \t")] = '\0';
	return name[0] ? name : NULL;
}

static int check_file(const char *path, unsigned int depth, struct ws_program *program,
		      struct ws_error *error)
{
	char head[SHEBANG_BYTES + 1] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == EACCES) /* executable but not readable: the loader takes it */
		return check_secure(path, error);
	if (fd < 0)
		return ws_error_set(error, -errno, "%s: %s", path, strerror(errno));
	ssize_t n = pread(fd, head, SHEBANG_BYTES, 0);
	if (n < 0) {
		r = ws_error_set(error, -errno, "%s: %s", path, strerror(errno));
	} else if (n >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0) {
		r = check_elf(path, fd, program, error);
		if (r == 0)
			r = check_secure(path, error);
	} else if (n >= 2 && memcmp(head, "#!", 2) == 0) {
		char *interpreter = shebang(head);

		if (!interpreter || depth >= INTERPRETERS_MAX)
			r = ws_error_set(error, -EACCES,
					 "%s: there is no usable interpreter in its first line; correct that", path);
		else if (may_execute(interpreter) < 0)
			r = ws_error_set(error, -EACCES, "%s: its interpreter %s is missing; install that", path,
					 interpreter);
		else
			r = check_file(interpreter, depth + 1, program, error);
	} else {
		program->by_shell = depth == 0;
		r = check_file(_PATH_BSHELL, depth + 1, program, error);
	}
	close(fd);
	return r;
}

int ws_program_find(const char *name, struct ws_program *ret, struct ws_error *error)
{
	struct ws_program program = { .path = NULL };
	int r = find_file(name, &program.path, error);

	if (r == 0)
		r = check_file(program.path, 0, &program, error);
	if (r < 0) {
		ws_program_clear(&program);
		return r;
	}
	*ret = program;
	return 0;
}

void ws_program_clear(struct ws_program *program)
{
	free(program->path);
	program->path = NULL;
}
