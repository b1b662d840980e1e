/* SPDX-License-Identifier: MIT */
/* journal.c: see journal.h. An entry of the runs is a head, by which waits and losses are told
 * apart, and what follows it.
 */
#include "analyzer/analyses/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/base/runs.h"
#include "analyzer/base/words.h"

/* What an entry begins with. */
enum head { HEAD_WAIT, HEAD_LOSS };
struct entry {
	uint64_t head; /* enum head */
	union {
		struct ws_journal_wait wait; /* its charges and pieces follow */
		struct ws_journal_loss loss;
	};
};

/* A wait whose charges do not fit is told when the journal is read (-E2BIG): some 40,000 holders.
 */
_Static_assert(sizeof(struct entry) + WS_PIECES_MAX * sizeof(struct ws_piece) <
		       WS_RUNS_ENTRY_MAX / 8,
	       "an entry of the runs holds any wait's pieces");

struct ws_journal {
	struct ws_filter filter;
	struct ws_runs *runs; /* Owned by this; NULL: nobody wants it */
	bool begun;
	uint64_t begin_ns;
	int error; /* the waits could not be kept */
};

const char *ws_journal_end_word(uint8_t end)
{
	return end == WS_JOURNAL_OPEN ? "open" : ws_outcome_word(end);
}

int ws_journal_new(const struct ws_setup *setup, struct ws_journal **ret)
{
	struct ws_journal *journal = calloc(1, sizeof(*journal));

	if (!journal)
		return -ENOMEM;
	journal->filter = setup->filter;
	if (setup->journal && ws_runs_new(&journal->runs) < 0) {
		free(journal);
		return -ENOMEM;
	}
	*ret = journal;
	return 0;
}

void ws_journal_free(struct ws_journal *journal)
{
	if (!journal)
		return;
	ws_runs_free(journal->runs);
	free(journal);
}

/* Room for one more entry; NULL: it cannot be kept, which is found when the journal is read. */
static struct entry *push(struct ws_journal *journal, uint64_t at_ns, size_t size)
{
	void *entry;

	if (journal->error)
		return NULL;
	journal->error = ws_runs_push(journal->runs, at_ns, size, &entry);
	return journal->error ? NULL : entry;
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_journal *journal = context;
	struct entry *entry;

	if (!journal->begun)
		journal->begin_ns = record->at_ns;
	journal->begun = true;
	if (record->type != WS_RECORD_LOSS)
		return 0;
	entry = push(journal, record->at_ns, sizeof(*entry));
	if (!entry)
		return 0;
	entry->head = HEAD_LOSS;
	entry->loss = (struct ws_journal_loss){
		.at_ns = record->at_ns,
		.events = record->loss.events,
		.packets = record->loss.packets,
	};
	return 0;
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct ws_journal *journal = context;
	size_t charges = wait->n_charges * sizeof(*wait->charges);
	size_t pieces = wait->n_pieces * sizeof(*wait->pieces);
	struct entry *entry;
	char *more;

	if (!ws_filter_wait(&journal->filter, journal->begin_ns, wait))
		return 0;
	entry = push(journal, wait->begin_ns, sizeof(*entry) + charges + pieces);
	if (!entry)
		return 0;
	entry->head = HEAD_WAIT;
	entry->wait = (struct ws_journal_wait){
		.begin_ns = wait->begin_ns,
		.end_ns = wait->end_ns,
		.woken_ns = wait->waker ? wait->waker->at_ns : 0,
		.object = wait->object,
		.process = wait->process,
		.thread = wait->thread,
		.site = wait->site,
		.stack = wait->stack,
		.waker = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN },
		.overtaken = wait->overtaken,
		.error = wait->error,
		.n_charges = (uint32_t)wait->n_charges,
		.n_pieces = (uint32_t)wait->n_pieces,
		.end = wait->state == WS_WAIT_OPEN   ? WS_JOURNAL_OPEN
		       : wait->state == WS_WAIT_LOST ? WS_JOURNAL_LOST
						     : wait->outcome,
		.wake_op = wait->waker ? wait->waker->op : WS_WAKE_NONE,
		.flags = wait->flags,
		.uncertain = wait->uncertain,
	};
	if (wait->waker)
		entry->wait.waker = (struct ws_holder){ wait->waker->thread, wait->waker->site,
							wait->waker->stack };
	more = (char *)(entry + 1);
	if (charges)
		memcpy(more, wait->charges, charges);
	if (pieces)
		memcpy(more + charges, wait->pieces, pieces);
	return 0;
}

struct ws_model_observer ws_journal_observer(struct ws_journal *journal)
{
	if (!journal->runs)
		return (struct ws_model_observer){ 0 };
	return (struct ws_model_observer){
		.context = journal,
		.types = WS_RECORD_FIRST | WS_RECORD_BIT(WS_RECORD_LOSS),
		.record = take_record,
		.wait = take_wait,
	};
}

int ws_journal_finish(struct ws_journal *journal, const struct ws_context *context,
		      struct ws_journal_result **ret)
{
	struct ws_journal_result *result = calloc(1, sizeof(*result));

	if (!result)
		return -ENOMEM;
	result->kept = journal->runs;
	result->journal = journal;
	result->tables = context->tables;
	result->contention = context->contention;
	*ret = result;
	return 0;
}

void ws_journal_result_free(struct ws_journal_result *result)
{
	free(result);
}

/* Where a reader is. */
struct walk {
	const struct ws_journal_result *result;
	const struct ws_journal_reader *reader;
	uint64_t id; /* of the next wait */
};

static int take_entry(void *user, const void *bytes, size_t size)
{
	struct walk *walk = user;
	const struct ws_journal_reader *reader = walk->reader;
	const struct ws_filter *filter = &walk->result->journal->filter;
	const struct entry *entry = bytes;
	const struct ws_charge *charges = (const struct ws_charge *)(entry + 1);

	(void)size;
	if (entry->head == HEAD_LOSS)
		return reader->loss ? reader->loss(reader->user, &entry->loss) : 0;
	/* What --pid, --tid and --object leave. */
	if (!ws_filter_thread(filter, walk->result->tables, entry->wait.thread) ||
	    !ws_contention_counts(walk->result->contention, entry->wait.object->id))
		return 0;
	return reader->wait(reader->user, walk->id++, &entry->wait, charges,
			    (const struct ws_piece *)(charges + entry->wait.n_charges));
}

int ws_journal_each(const struct ws_journal_result *result, const struct ws_journal_reader *reader)
{
	struct walk walk = { result, reader, 0 };

	if (!result->kept)
		return 0;
	if (result->journal->error)
		return result->journal->error;
	return ws_runs_each(result->journal->runs, take_entry, &walk);
}

int ws_journal_party(const struct ws_journal_result *result, const struct ws_holder *who,
		     struct ws_party *ret)
{
	return ws_places_party(result->contention->places, who->thread, who->site, who->stack, ret);
}
