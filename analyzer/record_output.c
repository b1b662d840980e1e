/* SPDX-License-Identifier: MIT */
/* record_output.c: see record_output.h. */
#include "analyzer/record_output.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/machine.h"

/* Format of WS_RUN_FILE. */
#define RUN_FORMAT 1

#define OLD_SUFFIX ".old"

/* What stands at a path. */
enum place { PLACE_FREE, PLACE_OURS, PLACE_EMPTY, PLACE_OTHER };

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_tree(const char *path)
{
	return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : -errno;
}

static enum place look_at(const char *path)
{
	char file[PATH_MAX];
	struct stat st;
	struct dirent *entry;
	enum place place = PLACE_EMPTY;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? PLACE_FREE : PLACE_OTHER;
	if (!S_ISDIR(st.st_mode))
		return PLACE_OTHER;
	if ((size_t)snprintf(file, sizeof(file), "%s/%s", path, WS_RUN_FILE) < sizeof(file) &&
	    lstat(file, &st) == 0 && S_ISREG(st.st_mode))
		return PLACE_OURS;
	DIR *dir = opendir(path);
	if (!dir)
		return PLACE_OTHER;
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			place = PLACE_OTHER;
	}
	closedir(dir);
	return place;
}

static int keep_as_old(const char *dir, struct ws_error *error)
{
	char old[PATH_MAX];
	int r;

	if ((size_t)snprintf(old, sizeof(old), "%s%s", dir, OLD_SUFFIX) >= sizeof(old))
		return ws_error_set(error, -ENAMETOOLONG, "%s: %s", dir, strerror(ENAMETOOLONG));
	switch (look_at(old)) {
	case PLACE_OTHER:
		return ws_error_set(error, -EEXIST,
				    "%s: it exists and is no trace of waitscope, so it is left alone; "
				    "choose another folder with -o",
				    old);
	case PLACE_OURS:
	case PLACE_EMPTY:
		r = remove_tree(old);
		if (r < 0)
			return ws_error_set(error, r, "%s: it cannot be removed: %s", old, strerror(-r));
		break;
	case PLACE_FREE:
		break;
	}
	if (rename(dir, old) < 0)
		return ws_error_set(error, -errno, "%s: it cannot be renamed to %s: %s", dir, old,
				    strerror(errno));
	return 0;
}

int ws_output_make(const char *dir, char **absolute, struct ws_error *error)
{
	char *name = strdup(dir);
	char *path;
	int r = 0;

	if (!name)
		return ws_error_set(error, -ENOMEM, "memory: there is none left");
	for (size_t n = strlen(name); n > 1 && name[n - 1] == '/'; n--)
		name[n - 1] = '\0'; /* DIR/ is DIR, and its old one is beside it */
	switch (look_at(name)) {
	case PLACE_OTHER:
		r = ws_error_set(error, -EEXIST,
				 "%s: it exists and is no trace of waitscope, so it is left alone; choose "
				 "another folder with -o",
				 name);
		break;
	case PLACE_OURS:
		r = keep_as_old(name, error);
		break;
	case PLACE_EMPTY:
	case PLACE_FREE:
		break;
	}
	if (r == 0 && mkdir(name, 0777) < 0 && errno != EEXIST)
		r = ws_error_set(error, -errno, "%s: the folder cannot be made: %s", name,
				 strerror(errno));
	if (r == 0) {
		path = realpath(name, NULL);
		if (!path)
			r = ws_error_set(error, -errno, "%s: %s", name, strerror(errno));
		else if (access(path, W_OK | X_OK) < 0)
			r = ws_error_set(error, -errno, "%s: it cannot be written to: %s", name,
					 strerror(errno));
		else
			*absolute = path;
		if (r < 0)
			free(path);
	}
	free(name);
	return r;
}

void ws_output_remove(const char *absolute)
{
	remove_tree(absolute);
}

/* A program's argument may be any bytes; JSON strings are UTF-8. */
static json_t *json_argument(const char *text)
{
	json_t *string = json_string(text);
	char *copy;

	if (string)
		return string;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	string = json_string(copy);
	free(copy);
	return string;
}

/* The calls that never ended. NULL: out of memory. */
static json_t *describe_calls(const struct ws_session_call *calls, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n && array; i++) {
		const struct ws_session_call *call = &calls[i];
		json_t *object = json_pack("{s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:I}", "pid",
					   call->pid, "tid", call->tid, "kind", call->kind, "flags",
					   call->flags, "object", (json_int_t)call->object, "other",
					   (json_int_t)call->other, "site", (json_int_t)call->site,
					   "begin_ns", (json_int_t)call->begin_ns);

		if (json_array_append_new(array, object) < 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *describe(uint32_t run, char *const *argv, const struct ws_run_result *result,
			const struct ws_session_call *calls, size_t n_calls)
{
	json_t *command = json_array();
	json_t *object = json_pack("{s:i, s:s, s:I, s:o}", "format", RUN_FORMAT, "version",
				   WS_VERSION, "run", (json_int_t)run, "command", command);

	for (; object && *argv; argv++) {
		if (json_array_append_new(command, json_argument(*argv)) < 0)
			goto fail;
	}
	if (!object || !result)
		return object;
	if (json_object_set_new(object, "pid", json_integer(result->pid)) < 0 ||
	    json_object_set_new(object, "begin_ns", json_integer((json_int_t)result->begin_ns)) <
		    0 ||
	    json_object_set_new(object, "end_ns", json_integer((json_int_t)result->end_ns)) < 0 ||
	    json_object_set_new(object, "processors", json_integer(ws_machine_processors())) < 0 ||
	    json_object_set_new(object, "machine_ns",
				json_integer((json_int_t)result->machine_ns)) < 0 ||
	    json_object_set_new(object, "program_ns",
				json_integer((json_int_t)result->program_ns)) < 0 ||
	    json_object_set_new(object, "timed_out", json_boolean(result->timed_out)) < 0 ||
	    json_object_set_new(object, "children", json_integer(result->children)) < 0)
		goto fail;
	/* Left out while the program runs on: its end is unknown, not 0. */
	if (!result->running &&
	    json_object_set_new(object, "status", json_integer(result->status)) < 0)
		goto fail;
	if (n_calls &&
	    json_object_set_new(object, "announced_calls", describe_calls(calls, n_calls)) < 0)
		goto fail;
	return object;
fail:
	json_decref(object);
	return NULL;
}

int ws_output_note(const char *absolute, uint32_t run, char *const *argv,
		   const struct ws_run_result *result, const struct ws_session_call *calls,
		   size_t n_calls, struct ws_error *error)
{
	char path[PATH_MAX], new_path[PATH_MAX];
	json_t *object = describe(run, argv, result, calls, n_calls);
	int r = 0;

	if (!object)
		return ws_error_set(error, -ENOMEM, "memory: there is none left");
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", absolute, WS_RUN_FILE) >= sizeof(path) ||
	    (size_t)snprintf(new_path, sizeof(new_path), "%s.new", path) >= sizeof(new_path)) {
		r = ws_error_set(error, -ENAMETOOLONG, "%s: %s", absolute, strerror(ENAMETOOLONG));
	} else {
		errno = 0;
		if (json_dump_file(object, new_path, JSON_INDENT(1)) < 0 ||
		    rename(new_path, path) < 0) {
			r = errno ? -errno : -EIO;
			unlink(new_path);
			ws_error_set(error, r, "%s: it cannot be written: %s", path, strerror(-r));
		}
	}
	json_decref(object);
	return r;
}

static uint64_t total_bytes; /* nftw() has no argument for its caller */

static int add_bytes(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	if (type == FTW_F)
		total_bytes += (uint64_t)st->st_size;
	return 0;
}

uint64_t ws_output_bytes(const char *absolute)
{
	total_bytes = 0;
	return nftw(absolute, add_bytes, 16, FTW_PHYS) == 0 ? total_bytes : 0;
}
