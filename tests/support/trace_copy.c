/* SPDX-License-Identifier: MIT */
/* trace_copy.c: see trace_copy.h. */
#include "tests/support/trace_copy.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void trace_copy_make(const char *name, char path[static 64])
{
	char command[256];

	snprintf(path, 64, "/tmp/waitscope-test.XXXXXX");
	assert_non_null(mkdtemp(path));
	snprintf(command, sizeof(command), "cp -r ../records/ctf/%s/. %s && chmod -R u+w %s", name,
		 path, path);
	assert_int_equal(system(command), 0);
}

void trace_copy_remove(const char *path)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0);
}

const char *trace_copy_file(const char *path, const char *file)
{
	static char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/" TRACE_COPY_CTF "/%s", path, file);
	return full;
}

void trace_copy_cut(const char *path, const char *file, uint64_t bytes)
{
	struct stat st;

	assert_int_equal(stat(trace_copy_file(path, file), &st), 0);
	assert_true((uint64_t)st.st_size >= bytes);
	assert_int_equal(truncate(trace_copy_file(path, file), st.st_size - (off_t)bytes), 0);
}

unsigned char *trace_copy_read(const char *path, const char *file, size_t *size)
{
	int fd = open(trace_copy_file(path, file), O_RDONLY);
	unsigned char *bytes;
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size + 1);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *size), *size);
	close(fd);
	return bytes;
}

void trace_copy_write(const char *path, const char *file, uint64_t offset, const void *bytes,
		      size_t size)
{
	int fd = open(trace_copy_file(path, file), O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, (off_t)offset), size);
	close(fd);
}

size_t trace_copy_replace(const char *path, const char *file, const void *from, const void *to,
			  size_t size)
{
	size_t n, count = 0;
	unsigned char *bytes = trace_copy_read(path, file, &n);

	for (size_t i = 0; i + size <= n; i++) {
		if (!memcmp(bytes + i, from, size)) {
			memcpy(bytes + i, to, size);
			i += size - 1;
			count++;
		}
	}
	trace_copy_write(path, file, 0, bytes, n);
	free(bytes);
	return count;
}
