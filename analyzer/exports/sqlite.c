/* SPDX-License-Identifier: MIT */
/* sqlite.c: a database for queries that nobody thought of: every wait, and all that the report
 * knows.
 *
 * SQLite writes to a file that it can name; it is made beside others that are temporary, and copied
 * to where the export goes, which need not be a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/exports/export.h"
#include "analyzer/exports/sqlite_fill.h"

/* Copies all of the file. 0 or a negative errno. */
static int copy(int fd, FILE *to)
{
	static char bytes[1 << 16];
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		n = read(fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (fwrite(bytes, 1, (size_t)n, to) != (size_t)n)
			return errno ? -errno : -EIO;
	}
}

int ws_export_sqlite(const struct ws_report *report, const struct ws_export_wish *wish, FILE *to,
		     struct ws_error *error)
{
	const char *dir = getenv("TMPDIR");
	struct ws_sqlite *db;
	char path[4096];
	int fd, r;

	(void)wish;
	if (!dir || !*dir)
		dir = "/tmp";
	if (snprintf(path, sizeof(path), "%s/waitscope-XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return ws_error_set(error, -errno, "the database could not be made in %s: %s", dir,
				    strerror(errno));
	r = ws_sqlite_make(report, path, &db, error);
	if (r == 0)
		ws_sqlite_close(db);
	unlink(path);
	if (r == 0) {
		r = copy(fd, to);
		if (r < 0)
			ws_error_set(error, r, "the database cannot be written: %s", strerror(-r));
	}
	close(fd);
	return r;
}
