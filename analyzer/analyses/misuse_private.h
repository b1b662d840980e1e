/* SPDX-License-Identifier: MIT */
/* misuse_private.h: the parts of the analysis of misuse, for its own files only. */
#ifndef WS_MISUSE_PRIVATE_H
#define WS_MISUSE_PRIVATE_H

#include "analyzer/analyses/misuse.h"
#include "analyzer/model/model.h"

/* misuse_cond.c: conditions. 0 or -ENOMEM; free takes NULL. */
struct ws_misuse_conds;
int ws_misuse_conds_new(struct ws_misuse_conds **ret);
void ws_misuse_conds_free(struct ws_misuse_conds *conds);
int ws_misuse_conds_begin(struct ws_misuse_conds *conds, const struct ws_wait *wait);
void ws_misuse_conds_end(struct ws_misuse_conds *conds, const struct ws_wait *wait);
/* A signal went to nobody. */
int ws_misuse_conds_nobody(struct ws_misuse_conds *conds, const struct ws_misuse_seen *seen);
/* One is destroyed: remembers who waits. */
int ws_misuse_conds_destroyed(struct ws_misuse_conds *conds, const struct ws_misuse_seen *seen);
/* Adds those to the finding. */
int ws_misuse_conds_waiters(const struct ws_misuse_conds *conds, const struct ws_context *context,
			    struct ws_finding *finding, const struct ws_misuse_seen *seen);
int ws_misuse_conds_finish(struct ws_misuse_conds *conds, const struct ws_context *context);

/* misuse_files.c: locks on files. The same. */
struct ws_misuse_files;
int ws_misuse_files_new(struct ws_misuse_files **ret);
void ws_misuse_files_free(struct ws_misuse_files *files);
/* An OBJECT record. */
int ws_misuse_files_record(struct ws_misuse_files *files, const struct ws_record *record);
int ws_misuse_files_finish(struct ws_misuse_files *files, const struct ws_context *context);
/* True if the parent of the process was there at that time. */
bool ws_misuse_parent_lives(const struct ws_tables *tables, uint32_t process, uint64_t at_ns);

#endif
