/* SPDX-License-Identifier: MIT */
/* salvage.c: see salvage.h. */
#include "analyzer/source/salvage.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/base/arena.h"
#include "analyzer/source/discover.h"

/* LTTng's index file, all big endian: a header, then an entry for each packet, whose length the
 * header tells; both began with these members since LTTng 2.4. */
#define INDEX_MAGIC 0xc1f1dcc1u

struct index_header {
	uint32_t magic;
	uint32_t major;
	uint32_t minor;
	uint32_t entry_size;
};

struct index_entry {
	uint64_t offset;      /* of the packet, in bytes */
	uint64_t packet_bits; /* its size with padding, in bits */
};

struct ws_salvage {
	char root[64];         /* the temporary folder */
	unsigned int n;        /* folders made in it */
	struct ws_arena arena; /* their paths */
};

/* What the index says about a stream file of some length. */
struct cut {
	bool known;               /* there is an index to tell */
	uint64_t whole;           /* bytes that whole packets take */
	uint64_t n_whole, n_lost; /* packets */
	uint64_t index_bytes;     /* of the index file that tell of whole packets */
};

int ws_salvage_new(struct ws_salvage **ret, struct ws_error *error)
{
	const char *tmp = getenv("TMPDIR");
	struct ws_salvage *s = calloc(1, sizeof(*s));

	if (!s)
		return ws_error_set(error, -ENOMEM, "memory: there is none left");
	if (!tmp ||
	    snprintf(s->root, sizeof(s->root), "%s/waitscope.XXXXXX", tmp) >= (int)sizeof(s->root))
		snprintf(s->root, sizeof(s->root), "/tmp/waitscope.XXXXXX");
	if (!mkdtemp(s->root)) {
		int r = -errno;

		free(s);
		return ws_error_set(error, r,
				    "%s: no temporary folder for reading a damaged trace: %s; set "
				    "TMPDIR to another one",
				    tmp ? tmp : "/tmp", strerror(-r));
	}
	*ret = s;
	return 0;
}

static struct cut look_at_index(const char *path, uint64_t size)
{
	FILE *f = fopen(path, "re");
	struct cut cut = { 0 };
	struct index_header header;
	struct index_entry entry;
	uint32_t entry_size;

	if (!f)
		return cut;
	if (fread(&header, sizeof(header), 1, f) == 1 && be32toh(header.magic) == INDEX_MAGIC &&
	    (entry_size = be32toh(header.entry_size)) >= sizeof(entry) && entry_size <= 4096) {
		cut.known = true;
		cut.index_bytes = sizeof(header);
		while (fread(&entry, sizeof(entry), 1, f) == 1 &&
		       !fseek(f, (long)(entry_size - sizeof(entry)), SEEK_CUR)) {
			uint64_t begin = be64toh(entry.offset);
			uint64_t bytes = be64toh(entry.packet_bits) / 8;

			/* One behind the other: else the index is damaged itself. */
			if (!cut.n_lost && begin == cut.whole && bytes && bytes <= size - begin) {
				cut.whole += bytes;
				cut.n_whole++;
				cut.index_bytes += entry_size;
			} else {
				cut.n_lost++;
			}
		}
	}
	fclose(f);
	return cut;
}

/* Does the file's index, where it has one, tell of other bytes than the file has? What no index
 * tells of is not left to libbabeltrace2: it never comes back from a packet of size 0. */
static bool is_cut(const char *index, uint64_t size, struct cut *cut)
{
	*cut = look_at_index(index, size);
	return cut->known && (cut->n_lost || cut->whole < size);
}

/* Where the index of the stream file `name` of `dir` is. */
static int index_path(const char *dir, const char *name, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/index/%s.idx", dir, name) < PATH_MAX ? 0
										 : -ENAMETOOLONG;
}

uint64_t ws_salvage_packets(const char *file)
{
	const char *slash = strrchr(file, '/');
	char path[PATH_MAX];
	struct stat st;

	if (!slash || stat(file, &st) ||
	    snprintf(path, sizeof(path), "%.*s/index/%s.idx", (int)(slash - file), file,
		     slash + 1) >= PATH_MAX)
		return 0;
	return look_at_index(path, (uint64_t)st.st_size).n_whole;
}

const char *ws_salvage_root(const struct ws_salvage *s)
{
	return s->root;
}

bool ws_salvage_is_needed(const char *dir)
{
	struct ws_paths names = { 0 };
	bool needed = false;

	ws_discover_streams(dir, &names); /* what it can't list, it can't judge */
	for (size_t i = 0; i < names.n && !needed; i++) {
		char path[PATH_MAX];
		struct stat st;
		struct cut cut;

		if (snprintf(path, sizeof(path), "%s/%s", dir, names.paths[i]) >= PATH_MAX ||
		    stat(path, &st) || index_path(dir, names.paths[i], path))
			continue;
		needed = is_cut(path, (uint64_t)st.st_size, &cut);
	}
	ws_paths_free(&names);
	return needed;
}

/* Copies the first `size` bytes. 0 or a negative errno. */
static int copy(const char *from, const char *to, uint64_t size)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out, r = 0;

	if (in < 0)
		return -errno;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		r = -errno;
	while (!r && size) {
		size_t want = size < 1u << 30 ? (size_t)size : 1u << 30;
		ssize_t n = sendfile(out, in, NULL, want);

		if (n <= 0)
			r = n ? -errno : -EIO;
		else
			size -= (uint64_t)n;
	}
	if (out >= 0 && close(out) && !r)
		r = -errno;
	close(in);
	return r;
}

/* A line for people about what is left out of the file, and the loss. */
static void note_cut(const char *from, const struct cut *cut, uint64_t size, struct ws_notes *notes)
{
	uint64_t lost = cut->n_lost ? cut->n_lost : 1;

	ws_notes_add(notes,
		     "%s was cut off: %llu packets are read, at least %llu lost with its last %llu "
		     "bytes",
		     from, (unsigned long long)cut->n_whole, (unsigned long long)lost,
		     (unsigned long long)(size - cut->whole));
	notes->packets += lost;
}

/* Puts the stream file `from` and its index into the folder `path`, or as much of both as is
 * whole. */
static int link_stream(const char *path, const char *name, const char *from, const char *index,
		       uint64_t size, struct ws_notes *notes)
{
	char to[PATH_MAX + NAME_MAX], to_index[PATH_MAX + NAME_MAX];
	struct cut cut;
	int r;

	snprintf(to, sizeof(to), "%s/index", path);
	if (mkdir(to, 0700))
		return -errno;
	snprintf(to, sizeof(to), "%s/%s", path, name);
	snprintf(to_index, sizeof(to_index), "%s/index/%s.idx", path, name);
	if (is_cut(index, size, &cut)) {
		r = copy(from, to, cut.whole);
		if (!r)
			r = copy(index, to_index, cut.index_bytes);
		if (!r)
			note_cut(from, &cut, size, notes);
		return r;
	}
	if (symlink(from, to) || (cut.known && symlink(index, to_index)))
		return -errno;
	return 0;
}

int ws_salvage_stream(struct ws_salvage *s, const char *dir, const char *name,
		      struct ws_notes *notes, const char **path)
{
	char home[PATH_MAX], from[PATH_MAX], to[PATH_MAX + NAME_MAX], index[PATH_MAX];
	struct stat st;
	int r;

	if (!realpath(dir, home))
		return -errno;
	snprintf(to, sizeof(to), "%s/%u", s->root, s->n++);
	*path = ws_arena_strdup(&s->arena, to);
	if (!*path)
		return -ENOMEM;
	if (snprintf(from, sizeof(from), "%s/%s", home, name) >= (int)sizeof(from) ||
	    index_path(home, name, index))
		return -ENAMETOOLONG;
	if (mkdir(*path, 0700) || stat(from, &st))
		return -errno;
	r = link_stream(*path, name, from, index, (uint64_t)st.st_size, notes);
	if (r)
		return r;
	if (snprintf(from, sizeof(from), "%s/metadata", home) >= (int)sizeof(from))
		return -ENAMETOOLONG;
	snprintf(to, sizeof(to), "%s/metadata", *path);
	return symlink(from, to) ? -errno : 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

void ws_salvage_free(struct ws_salvage *s)
{
	if (!s)
		return;
	nftw(s->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	ws_arena_free(&s->arena);
	free(s);
}
