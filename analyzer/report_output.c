/* SPDX-License-Identifier: MIT */
/* report_output.c: see report_output.h. */
#include "analyzer/report_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int cannot_write(const struct ws_report_output *output, int code, struct ws_error *error)
{
	if (!output->path)
		return ws_error_set(error, code, "standard output: it cannot be written: %s; choose a file with -o",
				    strerror(-code));
	return ws_error_set(error, code, "%s: it cannot be written: %s; choose another file with -o",
			    output->path, strerror(-code));
}

/* The process's umask, without changing it as umask(2) does: other threads may make files. */
static mode_t current_umask(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	unsigned int mask = 0077; /* where it can't be known: for the user only */

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "Umask: %o", &mask) == 1)
			break;
	if (status)
		fclose(status);
	return (mode_t)mask;
}

/* A new file beside `path`, with the rights that a plain open would give it. */
static int open_temporary(struct ws_report_output *output)
{
	int fd, r;

	/* A link stays a link: the file that it leads to is replaced. */
	output->target = realpath(output->path, NULL);
	if (asprintf(&output->temporary, "%s.XXXXXX",
		     output->target ? output->target : output->path) < 0) {
		output->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(output->temporary, O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		free(output->temporary);
		output->temporary = NULL;
		return r;
	}
	if (fchmod(fd, 0666 & ~current_umask()) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	output->file = fdopen(fd, "w");
	if (!output->file) {
		r = -errno;
		close(fd);
		return r;
	}
	return 0;
}

int ws_report_output_open(struct ws_report_output *output, const char *path, struct ws_error *error)
{
	struct stat status;
	int r = 0;

	*output = (struct ws_report_output){ .path = path };
	if (!path) {
		output->file = stdout;
		return 0;
	}
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		r = -EISDIR;
	} else if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		output->file = fopen(path, "we");
		if (!output->file)
			r = -errno;
	} else {
		r = open_temporary(output);
	}
	if (r < 0) {
		cannot_write(output, r, error);
		ws_report_output_drop(output);
	}
	return r;
}

int ws_report_output_commit(struct ws_report_output *output, struct ws_error *error)
{
	FILE *file = output->file;
	int r = 0;

	/* Some file systems say only here that they are full. */
	errno = 0;
	if (fflush(file) != 0 || ferror(file))
		r = errno ? -errno : -EIO;
	if (r == 0 && output->temporary && fsync(fileno(file)) < 0 && errno != EINVAL)
		r = -errno;
	if (file != stdout && fclose(file) != 0 && r == 0)
		r = -errno;
	output->file = NULL;
	if (r == 0 && output->temporary &&
	    rename(output->temporary, output->target ? output->target : output->path) < 0)
		r = -errno;
	if (r == 0 && output->temporary) {
		free(output->temporary);
		output->temporary = NULL;
	}
	if (r < 0)
		cannot_write(output, r, error);
	ws_report_output_drop(output);
	return r;
}

void ws_report_output_drop(struct ws_report_output *output)
{
	if (output->file && output->file != stdout)
		fclose(output->file);
	if (output->temporary) {
		unlink(output->temporary);
		free(output->temporary);
	}
	free(output->target);
	*output = (struct ws_report_output){ .file = NULL };
}
