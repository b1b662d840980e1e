/* SPDX-License-Identifier: MIT */
/* environment.c: see environment.h.
 *
 * Rules: no malloc, no lock; async-signal-safe once saved; memory of the program is only read.
 */
#include "preload/environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "preload/lifecycle.h"
#include "preload/limits.h"
#include "preload/raw.h"
#include "preload/resource.h"

#define PRELOAD           "LD_PRELOAD"
#define LIBRARY           "libwaitscope.so"
#define FOLLOW            "WAITSCOPE_FOLLOW"
#define INITIAL_BYTES_MAX (6 << 20) /* the kernel's limit for arguments and environment */

/* What the recorder sets, apart from LD_PRELOAD. Those of LTTng may be the user's own: without a
 * recorder (no WAITSCOPE_RUN) they are never taken away. */
static const struct {
	const char *name;
	bool lttng;
} names[] = {
	{ "WAITSCOPE_RUN", false },
	{ "WAITSCOPE_SHARED", false },
	{ "WAITSCOPE_STACKS", false },
	{ "WAITSCOPE_MODE", false },
	{ "WAITSCOPE_ONLY", false },
	{ "WAITSCOPE_EXCEPT", false },
	{ FOLLOW, false },
	{ "LTTNG_HOME", true },
	{ "LTTNG_UST_REGISTER_TIMEOUT", true },
	{ "LTTNG_UST_ALLOW_BLOCKING", true },
	{ "LTTNG_UST_WITHOUT_BADDR_STATEDUMP", true },
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* Three paths of PATH_MAX at most, two lists of words, and short numbers. */
#define SAVED_BYTES (3 * 4096 + 2 * 4096 + 512)
static char saved_bytes[SAVED_BYTES];
static char *saved[N_NAMES]; /* "NAME=value"; NULL: it was not set */
/* Those of LTTng where it keeps a pointer to them: the value in the memory that the program was
 * started with, and its bytes with the end. NULL: elsewhere. */
static struct {
	char *value;
	size_t bytes;
} first[N_NAMES];
static const char *library; /* our entry in LD_PRELOAD; NULL: we were loaded in another way */
static bool recorder;       /* WAITSCOPE_RUN was set */

/* The value, if the entry is of this variable; NULL: it is not. */
static const char *value_of(const char *entry, const char *name)
{
	size_t n = strlen(name);

	return strncmp(entry, name, n) == 0 && entry[n] == '=' ? entry + n + 1 : NULL;
}

/* The next item of an LD_PRELOAD list, which spaces and colons separate; NULL: none is left. */
static const char *next_item(const char **list, size_t *n)
{
	const char *item = *list + strspn(*list, ": ");

	*n = strcspn(item, ": ");
	*list = item + *n;
	return *n ? item : NULL;
}

static bool is_library(const char *item, size_t n)
{
	const char *own = library ? library : "";

	if (n == strlen(own) && memcmp(item, own, n) == 0)
		return true;
	return n >= strlen(LIBRARY) &&
	       memcmp(item + n - strlen(LIBRARY), LIBRARY, strlen(LIBRARY)) == 0 &&
	       (n == strlen(LIBRARY) || item[n - strlen(LIBRARY) - 1] == '/');
}

/* Our item in an LD_PRELOAD value; NULL: it is not there. */
static const char *find_library(const char *value, size_t *n)
{
	const char *item;

	while ((item = next_item(&value, n)))
		if (is_library(item, *n))
			return item;
	return NULL;
}

/* In the memory that the kernel filled at exec, which stays: the path of the program is its end. */
static bool is_initial(const char *value)
{
	uintptr_t end = getauxval(AT_EXECFN);

	return (uintptr_t)value < end && end - (uintptr_t)value < INITIAL_BYTES_MAX;
}

void ws_environment_save(void)
{
	const char *preload = getenv(PRELOAD);
	size_t used = 0;
	size_t n = 0;
	const char *item = preload ? find_library(preload, &n) : NULL;

	if (item && n < SAVED_BYTES) {
		memcpy(saved_bytes, item, n);
		library = saved_bytes;
		used = n + 1;
	}
	for (size_t i = 0; i < N_NAMES; i++) {
		char *value = getenv(names[i].name);
		size_t n_name = strlen(names[i].name);
		size_t n_value = value ? strlen(value) : 0;

		if (!value)
			continue;
		if (n_name + n_value + 2 > SAVED_BYTES - used) {
			ws_limit_reached(WS_LIMIT_environment);
			continue;
		}
		saved[i] = saved_bytes + used;
		memcpy(saved[i], names[i].name, n_name);
		saved[i][n_name] = '=';
		memcpy(saved[i] + n_name + 1, value, n_value + 1);
		if (names[i].lttng && is_initial(value)) {
			first[i].value = value;
			first[i].bytes = n_value + 1;
		}
		used += n_name + n_value + 2;
	}
	recorder = getenv(names[0].name) != NULL;
}

void ws_environment_exchange(void)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		char *theirs = first[i].value;
		char *ours = theirs ? saved[i] + strlen(names[i].name) + 1 : NULL;

		if (!theirs || memcmp(theirs, ours, first[i].bytes) == 0)
			continue;
		for (size_t k = 0; k < first[i].bytes; k++) {
			char c = theirs[k];

			theirs[k] = ours[k];
			ours[k] = c;
		}
	}
}

/* True if the entry is one that goes where children are not recorded. */
static bool is_taken_away(const char *entry)
{
	for (size_t i = 0; i < N_NAMES; i++)
		if (value_of(entry, names[i].name))
			return names[i].lttng ? recorder && saved[i] && strcmp(saved[i], entry) == 0
					      : true;
	return false;
}

/* True if the loader of the new program will find us: else it would complain on stderr. After
 * chroot(), or as another user, it may not. */
static bool is_loadable(void)
{
	return ws_sandboxed || ws_raw_syscall(SYS_access, (long)library, R_OK, 0, 0) == 0;
}

/* False: the kernel would refuse the pointer, and is left to do so. It is asked about what is not
 * the program's own environment; access() with it as a path tells without any effect. */
static bool is_readable(char *const *given)
{
	return !given || given == environ || ws_sandboxed ||
	       ws_raw_syscall(SYS_access, (long)given, F_OK, 0, 0) != -EFAULT;
}

void ws_environment_plan(struct ws_environment *plan, char *const *given)
{
	uint32_t present = 0; /* a bit for each of names[] */
	size_t n = 0;
	bool other = false;
	bool refused = false; /* it says that what starts with it is not to be recorded */

	*plan = (struct ws_environment){ .given = given };
	if (!library || !is_readable(given))
		return;
	plan->keep = ws_follow && is_loadable();
	for (; given && given[plan->n]; plan->n++) {
		const char *entry = given[plan->n];
		const char *value = value_of(entry, PRELOAD);

		if (value)
			plan->preload = value; /* the loader goes by the last */
		value = value_of(entry, FOLLOW);
		refused = refused || (value && strcmp(value, "0") == 0);
		for (size_t i = 0; i < N_NAMES; i++)
			if (value_of(entry, names[i].name))
				present |= 1u << i;
		other = other || is_taken_away(entry);
	}

	bool preloaded = plan->preload && find_library(plan->preload, &n);

	if (refused && !preloaded)
		return;

	bool change = plan->keep ? !preloaded : preloaded || other;

	for (size_t i = 0; plan->keep && i < N_NAMES; i++)
		if (saved[i] && !(present & (1u << i)))
			change = true;
	if (change)
		plan->bytes = (plan->n + N_NAMES + 2) * sizeof(char *) + sizeof(PRELOAD) + 1 +
			      strlen(library) + 1 + (plan->preload ? strlen(plan->preload) : 0) + 1;
}

/* "LD_PRELOAD=" with our library in front of what is there, or without it. NULL: nothing is left
 * of it. */
static char *make_preload(const struct ws_environment *plan, char *text)
{
	const char *list = plan->preload ? plan->preload : "";
	char *at = stpcpy(text, PRELOAD "=");
	size_t n;

	if (plan->keep) {
		at = stpcpy(at, library);
		if (list[0])
			*at++ = ':';
		strcpy(at, list);
		return text;
	}

	/* Whatever separated the other items goes on doing so. */
	const char *item = find_library(list, &n);

	if (!item) {
		strcpy(at, list);
		return text;
	}

	size_t before = (size_t)(item - list);
	const char *after = item + n;

	if (*after)
		after++;
	else if (before)
		before--;
	memcpy(at, list, before);
	strcpy(at + before, after);
	return *at ? text : NULL;
}

char **ws_environment_make(const struct ws_environment *plan, void *memory)
{
	char **made = memory;
	char *text = (char *)(made + plan->n + N_NAMES + 2);
	uint32_t present = 0;
	bool preload_done = false;
	size_t to = 0;
	size_t n;

	for (size_t i = 0; i < plan->n; i++) {
		char *entry = plan->given[i];

		for (size_t j = 0; j < N_NAMES; j++)
			if (value_of(entry, names[j].name))
				present |= 1u << j;
		if (plan->preload && value_of(entry, PRELOAD) == plan->preload) {
			bool has = find_library(plan->preload, &n);

			preload_done = true;
			if (has != plan->keep)
				entry = make_preload(plan, text);
		} else if (!plan->keep && is_taken_away(entry)) {
			entry = NULL;
		}
		if (entry)
			made[to++] = entry;
	}
	if (plan->keep && !preload_done)
		made[to++] = make_preload(plan, text);
	for (size_t i = 0; plan->keep && i < N_NAMES; i++)
		if (saved[i] && !(present & (1u << i)))
			made[to++] = saved[i];
	made[to] = NULL;
	return made;
}
