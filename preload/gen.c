/* SPDX-License-Identifier: MIT */
/* gen.c: prints what is made from functions.def: `gen map` the version script of the exports,
 * `gen md` docs/functions.md, `gen table` the list that tracepoints/functions.h is made from. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "preload/flags.h"

struct row {
	const char *name;
	const char *version;
	const char *family;
	const char *alias_of;
	unsigned int flags;
	const char *result;
	const char *parameters;
};

static const struct row rows[] = {
#define WS_FN(name, version, ret, params, args, family, flags)                                     \
	{#name, version, #family, NULL, (flags), #ret, #params},
#define WS_ALIAS(name, of) {#name, NULL, NULL, #of, 0, NULL, NULL},
#include "preload/functions.def"
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void print_map(void)
{
	/* Anonymous, that is unversioned: an interposer that defines GLIBC_x.y for itself
	 * satisfies no reference at all (docs/traps.md). */
	puts("{\nglobal:");
	for (size_t i = 0; i < N_ROWS; i++)
		printf("\t%s;\n", rows[i].name);
	puts("local:\n\t*;\n};");
}

static const struct row *find(const char *name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static void print_md(void)
{
	puts("# Intercepted functions\n\n"
	     "Made from `preload/functions.def`; do not edit. *Blocks*: a call that cannot go on at\n"
	     "once is recorded as a wait. *Wakes*: recorded where somebody waits. *Life*: makes,\n"
	     "changes or ends an object, a thread, a process or a mapping. *Cancels*: a cancellation\n"
	     "point of glibc's, and kept one. The symbol version is the one that is passed on to,\n"
	     "where glibc has several.\n\n"
	     "| function | wrapper | blocks | wakes | life | cancels | version |\n"
	     "| --- | --- | --- | --- | --- | --- | --- |");
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *row = rows[i].alias_of ? find(rows[i].alias_of) : &rows[i];

		if (!row)
			continue;
		printf("| `%s` | `wrap_%s.c` | %s | %s | %s | %s | %s |\n", rows[i].name, row->family,
		       row->flags & WS_BLOCKS ? "yes" : "", row->flags & WS_WAKES ? "yes" : "",
		       row->flags & WS_LIFE ? "yes" : "", row->flags & WS_CANCELS ? "yes" : "",
		       row->version ? row->version : "");
	}
	printf("\n%zu functions.\n", N_ROWS);
}

/* What objects the functions of a family are about; those that take any file have none of their
 * own. */
static const char *kind_of(const struct row *row)
{
	static const char *const kinds[][2] = {
		{"mutex", "MUTEX"},         {"cond", "COND"},
		{"rwlock", "RWLOCK"},       {"barrier", "BARRIER"},
		{"spinlock", "SPINLOCK"},   {"once", "ONCE"},
		{"thread", "THREAD"},	    {"sem", "SEM"},
		{"mq", "MQ"},               {"sysv_sem", "SYSV_SEM"},
		{"sysv_msg", "SYSV_MSG"},   {"sysv_shm", "SYSV_SHM"},
		{"futex", "FUTEX"},         {"process", "PROCESS"},
		{"exec", "PROCESS"},        {"sleep", "SLEEP"},
		{"signal", "SIGNAL"},       {"map", "POSIX_SHM"},
		{"record_lock", "RECORD_LOCK"}, {"flock", "FLOCK"},
		{"poll", "POLL"},           {"select", "POLL"},
		{"epoll", "POLL"},          {"socket", "SOCKET"},
		{"message", "SOCKET"},
	};
	/* Those that are about another kind than the rest of their family. */
	static const char *const others[][2] = {
		{"mtx_", "MUTEX"},    {"cnd_", "COND"},     {"thrd_", "THREAD"},
		{"pipe", "PIPE"},     {"__pipe", "PIPE"},   {"mkfifo", "FIFO"},
		{"mknod", "FIFO"},    {"eventfd", "EVENTFD"}, {"popen", "PIPE"},
		{"signalfd", "SIGNAL"}, {"timerfd", "SLEEP"},
	};

	if (strcmp(row->name, "ftok") == 0 || strcmp(row->name, "prctl") == 0)
		return "NONE";
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strncmp(row->name, others[i][0], strlen(others[i][0])) == 0)
			return others[i][1];
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(row->family, kinds[i][0]) == 0)
			return kinds[i][1];
	return "NONE";
}

/* The letter of tracepoints/functions.h for a type. */
static char letter(const char *type, const char *name)
{
	static const struct {
		const char *type;
		char letter;
	} letters[] = {
		{"void", 'v'},		{"int", 'd'},	      {"pid_t", 'd'},
		{"key_t", 'd'},		{"clockid_t", 'd'},   {"idtype_t", 'd'},
		{"wint_t", 'u'},	{"unsigned int", 'u'}, {"uid_t", 'u'},
		{"gid_t", 'u'},		{"id_t", 'u'},	      {"useconds_t", 'u'},
		{"socklen_t", 'u'},	{"wchar_t", 'd'},     {"mode_t", 'o'},
		{"mqd_t", 'f'},		{"long", 'D'},	      {"ssize_t", 'D'},
		{"off_t", 'D'},		{"off64_t", 'D'},     {"size_t", 'U'},
		{"nfds_t", 'U'},	{"eventfd_t", 'U'},   {"const char *", 's'},
		{"FILE *", 'F'},
	};
	char found = 'p'; /* pointers, handles, and what is not known here */

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (strcmp(type, letters[i].type) == 0)
			found = letters[i].letter;
	if (found == 'd' && strcmp(name, "fd") == 0)
		return 'f';
	if ((found == 'd' || found == 'u') && (strcmp(name, "f") == 0 || strcmp(name, "flags") == 0))
		return 'x';
	return found;
}

/* The letter of a parameter, `TYPE name`. */
static char parameter_letter(const char *text, size_t n)
{
	char type[64] = "", name[32] = "";
	size_t end = n;

	while (end > 0 && (isalnum((unsigned char)text[end - 1]) || text[end - 1] == '_'))
		end--;
	if (end == 0 || n - end >= sizeof(name) || end >= sizeof(type) || memchr(text, '(', n))
		return 'p';
	memcpy(name, text + end, n - end);
	if (text[end - 1] == ' ')
		end--;
	memcpy(type, text, end);
	return letter(type, name);
}

/* The letters of all parameters. */
static void print_letters(const char *parameters)
{
	const char *from = parameters + 1;
	int depth = 0;

	if (strcmp(parameters, "(void)") == 0)
		return;
	for (const char *at = from; *at; at++) {
		if ((*at == ',' || *at == ')') && depth == 0) {
			putchar(parameter_letter(from, (size_t)(at - from)));
			from = at + 1 + strspn(at + 1, " ");
		}
		depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
	}
}

static void print_table(void)
{
	puts("/* SPDX-License-Identifier: MIT */\n"
	     "/* functions_table.h: the intercepted functions, made from preload/functions.def. */\n"
	     "/* X(name, of which it is another name or itself, flags, kind, arguments, result) */\n"
	     "#define WS_FUNCTIONS(X) \\");
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *row = rows[i].alias_of ? find(rows[i].alias_of) : &rows[i];

		printf("\tX(%s, %s, %u, WS_KIND_%s, \"", rows[i].name, row->name, row->flags,
		       kind_of(row));
		print_letters(row->parameters);
		printf("\", '%c') \\\n", letter(row->result, ""));
	}
	puts("");
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "map") == 0)
		print_map();
	else if (argc == 2 && strcmp(argv[1], "md") == 0)
		print_md();
	else if (argc == 2 && strcmp(argv[1], "table") == 0)
		print_table();
	else
		return fprintf(stderr, "usage: gen map|md|table\n"), 2;
	return 0;
}
