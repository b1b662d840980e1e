/* SPDX-License-Identifier: MIT */
/* misuse_files.c: files that are locked in two ways which do not know of each other. The rules are
 * in misuse.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/misuse_private.h"
#include "analyzer/base/grow.h"

/* A process locks a file: the first time, in one way. */
struct use {
	struct ws_object_key file; /* of kind record_lock or flock */
	const char *name;          /* Weak: lives as long as the tables */
	uint32_t process, thread, site;
	uint64_t at_ns;
};

struct ws_misuse_files {
	struct use *uses; /* Owned by this */
	size_t n, size;
};

int ws_misuse_files_new(struct ws_misuse_files **ret)
{
	struct ws_misuse_files *files = calloc(1, sizeof(*files));

	if (!files)
		return -ENOMEM;
	*ret = files;
	return 0;
}

void ws_misuse_files_free(struct ws_misuse_files *files)
{
	if (!files)
		return;
	free(files->uses);
	free(files);
}

/* The inode is elsewhere in the keys of the two kinds. */
static uint64_t inode_of(const struct ws_object_key *key)
{
	return key->kind == WS_KIND_RECORD_LOCK ? key->ino : key->offset;
}

static bool is_same_file(const struct ws_object_key *a, const struct ws_object_key *b)
{
	return inode_of(a) == inode_of(b) && a->dev == b->dev && a->host == b->host;
}

int ws_misuse_files_record(struct ws_misuse_files *files, const struct ws_record *record)
{
	const struct ws_object_key *key = &record->object.object;

	if ((key->kind != WS_KIND_RECORD_LOCK && key->kind != WS_KIND_FLOCK) ||
	    record->object.op != WS_OBJECT_OPEN || record->object.site == WS_UNKNOWN)
		return 0;
	for (size_t i = 0; i < files->n; i++)
		if (files->uses[i].process == record->process &&
		    files->uses[i].file.kind == key->kind &&
		    is_same_file(&files->uses[i].file, key))
			return 0;
	if (ws_grow(&files->uses, &files->size, files->n + 1))
		return -ENOMEM;
	files->uses[files->n++] = (struct use){
		.file = *key,
		.name = record->object.name,
		.process = record->process,
		.thread = record->thread,
		.site = record->object.site,
		.at_ns = record->at_ns,
	};
	return 0;
}

bool ws_misuse_parent_lives(const struct ws_tables *tables, uint32_t process, uint64_t at_ns)
{
	const struct ws_process *parent;

	if (process >= tables->n_processes || tables->processes[process].parent == WS_UNKNOWN)
		return false;
	parent = &tables->processes[tables->processes[process].parent];
	return parent->end_ns > at_ns;
}

/* True if the process locks the file in the other way, too. */
static bool takes_both(const struct ws_misuse_files *files, const struct use *use)
{
	for (size_t i = 0; i < files->n; i++)
		if (files->uses[i].process == use->process &&
		    files->uses[i].file.kind != use->file.kind &&
		    is_same_file(&files->uses[i].file, &use->file))
			return true;
	return false;
}

static int tell(const struct ws_context *context, const struct use *a, const struct use *b)
{
	const struct use *uses[2] = { a, b };
	struct ws_finding *finding;
	int r = 0;

	finding = ws_findings_add(context->findings, WS_RULE_LOCKS_MIXED,
				  "%s is locked by flock() and by record locks, which do not "
				  "exclude each other",
				  *a->name ? a->name : "a file");
	if (!finding)
		return -ENOMEM;
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = ws_finding_evidence(context->findings, finding, uses[i]->at_ns, uses[i]->thread,
					uses[i]->site, WS_UNKNOWN,
					uses[i]->file.kind == WS_KIND_FLOCK
						? "locks it by flock()"
						: "locks it by a record lock");
	return r;
}

/* The first process that only locks the use's file in the other way; NULL: there is none. */
static const struct use *other_way(const struct ws_misuse_files *files, const struct use *use)
{
	for (size_t i = 0; i < files->n; i++)
		if (files->uses[i].file.kind != use->file.kind &&
		    is_same_file(&files->uses[i].file, &use->file) &&
		    !takes_both(files, &files->uses[i]))
			return &files->uses[i];
	return NULL;
}

static bool was_told(const struct ws_misuse_files *files, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_same_file(&files->uses[k].file, &files->uses[i].file) &&
		    !takes_both(files, &files->uses[k]))
			return true;
	return false;
}

int ws_misuse_files_finish(struct ws_misuse_files *files, const struct ws_context *context)
{
	int r = 0;

	for (size_t i = 0; i < files->n && r == 0; i++) {
		const struct use *other = other_way(files, &files->uses[i]);

		if (other && !takes_both(files, &files->uses[i]) && !was_told(files, i))
			r = tell(context, &files->uses[i], other);
	}
	return r;
}
