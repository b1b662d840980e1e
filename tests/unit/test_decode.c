/* SPDX-License-Identifier: MIT */
/* test_decode.c: raw events in, records and tables out, as text: each rule of decode.h.
 *
 * Events are lines of event_text.h, records and tables those of record_text.h. Times in records
 * count from the first event, which is at 0 here.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/base/grow.h"
#include "analyzer/decode/decode.h"
#include "analyzer/decode/ranges.h"
#include "tests/support/event_text.h"
#include "tests/support/record_text.h"

/* A decoding: what came out, as text. */
struct run {
	struct ws_store *store;
	struct ws_record *records;
	size_t n, capacity;
	char *text;   /* the records */
	char *tables; /* the tables */
};

static int get_empty(void *user, struct ws_record_batch **batch)
{
	(void)user;
	*batch = calloc(1, sizeof(**batch));
	return *batch ? 0 : -ENOMEM;
}

static int take_filled(void *user, struct ws_record_batch *batch)
{
	struct run *run = user;

	assert_int_equal(ws_grow(&run->records, &run->capacity, run->n + batch->n), 0);
	memcpy(run->records + run->n, batch->records, batch->n * sizeof(*batch->records));
	for (size_t i = run->n; i < run->n + batch->n; i++)
		if (run->records[i].type == WS_RECORD_CALL) /* it goes with the batch */
			run->records[i].call.text =
				ws_strings_intern(run->store->strings, run->records[i].call.text);
	run->n += batch->n;
	ws_arena_free(&batch->texts);
	free(batch);
	return 0;
}

/* What the recorder's file would say; pid 0: nothing. */
struct end {
	int32_t pid;
	bool running;
	int status;
	uint64_t end_ns;
};

static void decode_with(struct run *run, const char *events, struct end end)
{
	struct ws_raw_batch *batch = calloc(1, sizeof(*batch));
	struct ws_decode_sink sink = { run, get_empty, take_filled };
	struct ws_error error = { "" };
	struct ws_decode *decode;
	size_t size;
	FILE *f;

	memset(run, 0, sizeof(*run));
	run->store = ws_store_new();
	decode = ws_decode_new(run->store, &sink);
	while (*events) {
		char line[1024];
		size_t n = strcspn(events, "\n");
		int r;

		snprintf(line, sizeof(line), "%.*s", (int)n, events);
		events += n + (events[n] == '\n');
		r = ws_event_text_parse(line, &batch->arena, &batch->events[batch->n], &error);
		if (r && r != -ENODATA)
			fail_msg("%s", error.text);
		batch->n += !r;
		/* A batch for each event: nothing of a batch may be needed later. */
		assert_int_equal(ws_decode_events(decode, batch->events, batch->n), 0);
		ws_arena_free(&batch->arena);
		batch->n = 0;
	}
	if (end.pid)
		ws_decode_set_end(decode, 0, end.pid, end.running, end.status, end.end_ns);
	assert_int_equal(ws_decode_finish(decode), 0);
	ws_decode_free(decode);
	free(batch);

	f = open_memstream(&run->text, &size);
	for (size_t i = 0; i < run->n; i++)
		ws_record_text(f, &run->store->tables, &run->records[i]);
	fclose(f);
	f = open_memstream(&run->tables, &size);
	ws_tables_text(f, &run->store->tables);
	fclose(f);
}

static void clean(struct run *run)
{
	ws_store_free(run->store);
	free(run->records);
	free(run->text);
	free(run->tables);
}

/* The events give exactly the records. */
static void expect(const char *events, const char *records)
{
	struct run run;

	decode_with(&run, events, (struct end){ 0 });
	assert_string_equal(run.text, records);
	clean(&run);
}

/* The events give tables that hold the line. */
static void expect_row_with(const char *events, struct end end, const char *row)
{
	struct run run;

	decode_with(&run, events, end);
	if (!strstr(run.tables, row))
		fail_msg("no `%s` in\n%s", row, run.tables);
	clean(&run);
}

static void expect_row(const char *events, const char *row)
{
	expect_row_with(events, (struct end){ 0 }, row);
}

#define START(pid) " process op=start format=1 pid=" pid " tid=" pid " parent=1 name=p" pid "\n"
#define WAIT(pid, tid, kind, object)                                                               \
	" wait_begin pid=" pid " tid=" tid " seq=1 kind=" kind " object=" object "\n"

static void a_wait_and_its_wake(void **state)
{
	(void)state;
	expect("0" START("7") "1 module pid=7 tid=7 base=0x10000 size=0x1000 bias=0xf000 "
			      "path=/bin/prog\n"
			      "2 stack pid=7 tid=8 id=3 frames=0x10010,0x10020\n"
			      "3 wait_begin pid=7 tid=8 seq=1 kind=mutex object=0x10100 "
			      "site=0x10010 stack=3 "
			      "holder=7 holder_site=0x10030\n"
			      "4 holder pid=7 tid=8 seq=1 holder=9\n"
			      "5 wake pid=7 tid=7 seq=4 kind=mutex op=unlock object=0x10100 "
			      "count=1 site=0x10040 "
			      "hold_site=0x10030\n"
			      "6 wake_stack pid=7 tid=7 seq=4 stack=3\n"
			      "7 wait_end pid=7 tid=8 seq=1 outcome=timeout error=110 index=-1 "
			      "holder=7\n"
			      "8 loss events=5\n",
	       "0 7/7 process start\n"
	       "3 7/8 wait_begin seq=1 object=mutex:7:0x10100 data=prog+0x1100 site=prog+0x1010 "
	       "stack=#0 holder=7/7 held_at=prog+0x1030\n"
	       "4 7/8 holder seq=1\n" /* 9 is not known to be a thread of this process */
	       "5 7/7 wake seq=4 unlock object=mutex:7:0x10100 count=1 data=prog+0x1100 "
	       "site=prog+0x1040 holder=7/7 held_at=prog+0x1030\n"
	       "6 7/7 wake_stack seq=4 stack=#0\n"
	       "7 7/8 wait_end seq=1 timeout error=110 holder=7/7\n"
	       "8 - loss events=5 packets=0\n");
}

static void shared_memory_is_one_object_everywhere(void **state)
{
	(void)state;
	expect("0" START("7") "1" START(
		       "8") "2 map pid=7 tid=7 origin=1 address=0x5000 size=0x2000 dev=9 ino=77 "
			    "offset=0x1000\n"
			    "3 map pid=8 tid=8 origin=1 address=0x9000 size=0x4000 dev=9 ino=77\n"
			    "4 map pid=8 tid=8 origin=2 address=0x20000 size=0x1000 dev=9 ino=77\n"
			    "5" WAIT("7", "7", "sem", "0x5010") "6" WAIT(
				    "8", "8", "sem",
				    "0xa010") "7" WAIT("8", "8", "sem",
						       "0x20010") /* another origin, another object
								   */
	       "8" WAIT("7", "7", "sem", "0x7000")                /* just behind the mapping */
	       "9" WAIT("8", "8", "sem", "0x5010"), /* mapped in the other process only */
	       "0 7/7 process start\n"
	       "1 8/8 process start\n"
	       "2 7/7 reach memory=9:77,1\n"
	       "3 8/8 reach memory=9:77,1\n"
	       "4 8/8 reach memory=9:77,2\n"
	       "5 7/7 wait_begin seq=1 object=sem:shared(9:77,1)+0x1010\n"
	       "6 8/8 wait_begin seq=1 object=sem:shared(9:77,1)+0x1010\n"
	       "7 8/8 wait_begin seq=1 object=sem:shared(9:77,2)+0x10\n"
	       "8 7/7 wait_begin seq=1 object=sem:7:0x7000\n"
	       "9 8/8 wait_begin seq=1 object=sem:8:0x5010\n");
}

static void unmap_and_new_mappings_cut_old_ones(void **state)
{
	(void)state;
	expect("0 map pid=7 tid=7 origin=1 address=0x10000 size=0x4000 dev=1 ino=1\n"
	       "1 unmap pid=7 tid=7 address=0x11000 size=0x1000\n"
	       "2 map pid=7 tid=7 origin=1 address=0x13000 size=0x3000 dev=1 ino=2 offset=0x8000\n"
	       "3" WAIT("7", "7", "mutex", "0x10fff") "4" WAIT(
		       "7", "7", "mutex",
		       "0x11000") "5" WAIT("7", "7", "mutex",
					   "0x12010") "6" WAIT("7", "7", "mutex",
							       "0x13010") "7" WAIT("7", "7",
										   "mutex",
										   "0x15fff")
	       /* mremap: the old place goes, the same thing is at the new place */
	       "8 unmap pid=7 tid=7 address=0x13000 size=0x3000\n"
	       "9 map pid=7 tid=7 origin=1 address=0x50000 size=0x6000 dev=1 ino=2 offset=0x8000\n"
	       "10" WAIT("7", "7", "mutex", "0x13010") "11" WAIT("7", "7", "mutex", "0x50010"),
	       "0 7/7 reach memory=1:1,1\n"
	       "2 7/7 reach memory=1:2,1\n"
	       "3 7/7 wait_begin seq=1 object=mutex:shared(1:1,1)+0xfff\n"
	       "4 7/7 wait_begin seq=1 object=mutex:7:0x11000\n"
	       "5 7/7 wait_begin seq=1 object=mutex:shared(1:1,1)+0x2010\n"
	       "6 7/7 wait_begin seq=1 object=mutex:shared(1:2,1)+0x8010\n"
	       "7 7/7 wait_begin seq=1 object=mutex:shared(1:2,1)+0xafff\n"
	       "9 7/7 reach memory=1:2,1\n"
	       "10 7/7 wait_begin seq=1 object=mutex:7:0x13010\n"
	       "11 7/7 wait_begin seq=1 object=mutex:shared(1:2,1)+0x8010\n");
}

static void a_forked_child_has_its_parents_memory(void **state)
{
	(void)state;
	expect("0" START("7") "1 map pid=7 tid=7 origin=2 address=0x5000 size=0x1000 dev=1 ino=5\n"
			      "2 module pid=7 tid=7 base=0x10000 size=0x1000 bias=0x10000 "
			      "path=/bin/prog\n"
			      "3 stack pid=7 tid=7 id=1 frames=0x10010\n"
			      "4 process op=fork format=1 pid=8 tid=8 parent=7 name=child\n"
			      "5 wait_begin pid=8 tid=8 seq=1 kind=mutex object=0x5010 "
			      "site=0x10020 stack=1\n"
			      "6 wait_begin pid=8 tid=8 seq=2 kind=mutex object=0x6000\n"
			      "7 unmap pid=8 tid=8 address=0x5000 size=0x1000\n"
			      "8 wait_begin pid=8 tid=8 seq=3 kind=mutex object=0x5010\n"
			      "9 wait_begin pid=7 tid=7 seq=1 kind=mutex object=0x5010 stack=1\n"
			      /* From here on the ids part: each process counts on from the last
				 common one. */
			      "10 stack pid=7 tid=7 id=2 frames=0x10050\n"
			      "11 stack pid=8 tid=8 id=2 frames=0x10060\n"
			      "12 wait_begin pid=7 tid=7 seq=2 kind=mutex object=0x10 stack=2\n"
			      "13 wait_begin pid=8 tid=8 seq=4 kind=mutex object=0x10 stack=2\n",
	       "0 7/7 process start\n"
	       "1 7/7 reach memory=1:5,2\n"
	       "4 8/8 process fork\n"
	       "5 8/8 wait_begin seq=1 object=mutex:shared(1:5,2)+0x10 site=prog+0x20 stack=#0\n"
	       "6 8/8 wait_begin seq=2 object=mutex:8:0x6000\n"
	       "8 8/8 wait_begin seq=3 object=mutex:8:0x5010\n"
	       "9 7/7 wait_begin seq=1 object=mutex:shared(1:5,2)+0x10 stack=#0\n"
	       "12 7/7 wait_begin seq=2 object=mutex:7:0x10 stack=#1\n"
	       "13 8/8 wait_begin seq=4 object=mutex:8:0x10 stack=#2\n");
	expect_row("0" START("7") "1 process op=fork format=1 pid=8 tid=8 parent=7 name=child\n",
		   "process 1 pid=8 parent=7 name=child exe= end=unknown");
}

#define SPAWNED(child, more)                                                                       \
	" process pid=7 tid=7 op=spawned format=1 parent=1 child=" child " name=c" child more "\n"
#define FORK(pid)   " process op=fork format=1 pid=" pid " tid=" pid " parent=7 name=own\n"
#define REAPED(pid) " process op=reaped format=1 pid=7 tid=7 parent=1 child=" pid " status=0x300\n"

static void a_child_is_known_from_its_parent(void **state)
{
	(void)state;
	/* It has what was mapped as it was made, whatever its parent does until it tells of itself.
	 */
	expect("0" START("7") "1 map pid=7 tid=7 origin=2 address=0x5000 size=0x1000 dev=1 ino=5\n"
			      "3" SPAWNED("8", " begin_ns=2") "4 unmap pid=7 tid=7 address=0x5000 "
							      "size=0x1000\n"
							      "5" FORK("8") "6" WAIT(
								      "8", "8", "mutex",
								      "0x5010") "7" WAIT("7", "7",
											 "mutex",
											 "0x5010"),
	       "0 7/7 process start\n"
	       "1 7/7 reach memory=1:5,2\n"
	       "3 8/- process spawned\n"
	       "5 8/8 process fork\n"
	       "6 8/8 wait_begin seq=1 object=mutex:shared(1:5,2)+0x10\n"
	       "7 7/7 wait_begin seq=1 object=mutex:7:0x5010\n");
	expect_row("0" START("7") "3" SPAWNED("8", " begin_ns=2") "5" FORK("8"),
		   "process 1 pid=8 parent=7 name=own exe= end=unknown status=0 ns=3..5\nthread");
	/* Another program has another memory. */
	expect("0" START("7") "1 map pid=7 tid=7 origin=2 address=0x5000 size=0x1000 dev=1 ino=5\n"
			      "3" SPAWNED("8", " begin_ns=2 status=1 exe=/bin/c8") "5" START(
				      "8") "6" WAIT("8", "8", "mutex", "0x5010"),
	       "0 7/7 process start\n"
	       "1 7/7 reach memory=1:5,2\n"
	       "3 8/- process spawned program\n"
	       "5 8/8 process start\n"
	       "6 8/8 wait_begin seq=1 object=mutex:8:0x5010\n");
	/* It never told of itself, and was collected. */
	expect_row(
		"0" START("7") "3" SPAWNED("8", " begin_ns=2 status=1 exe=/bin/c8") "5" REAPED("8"),
		"process 1 pid=8 parent=7 name=c8 exe=/bin/c8 end=exited status=3 ns=3..5 "
		"unrecorded\n");
}

static void a_child_may_be_faster_than_its_parent(void **state)
{
	(void)state;
	expect("0" START("7") "3" FORK("8") "4" SPAWNED("8", " begin_ns=2"),
	       "0 7/7 process start\n"
	       "3 8/8 process fork\n");
	/* Another thread had collected it before. */
	expect("0" START("7") "3" REAPED("8") "4" SPAWNED("8", " begin_ns=2"),
	       "0 7/7 process start\n");
	/* That was another one with its pid. */
	expect("0" START("7") "1" FORK("8") "2" REAPED("8") "4" SPAWNED("8", " begin_ns=3"),
	       "0 7/7 process start\n"
	       "1 8/8 process fork\n"
	       "2 8/- process reaped\n"
	       "4 8/- process spawned\n");
	/* Its pid is another's: it is gone, though nobody has collected it. */
	expect("0" START("7") "3" SPAWNED("8", " begin_ns=2") "5" SPAWNED("8", " begin_ns=4"),
	       "0 7/7 process start\n"
	       "3 8/- process spawned\n"
	       "5 8/- process reaped\n"
	       "5 8/- process spawned\n");
}

static void exec_is_a_new_image(void **state)
{
	static const char events[] = "0" START(
		"7") "1 map pid=7 tid=7 origin=2 address=0x5000 size=0x1000 dev=1 ino=5\n"
		     "2 process op=exec format=1 pid=7 tid=7 exe=/bin/nothing\n"
		     "3 process op=exec_failed format=1 pid=7 tid=7 status=2\n"
		     "4" WAIT("7", "7", "mutex",
			      "0x5010") "5 process op=exec format=1 pid=7 tid=7 exe=/bin/other\n"
					"6 process op=start format=1 pid=7 tid=7 parent=1 "
					"name=other exe=/bin/other\n"
					"7" WAIT("7", "7", "mutex", "0x5010");

	(void)state;
	expect(events, "0 7/7 process start\n"
		       "1 7/7 reach memory=1:5,2\n"
		       "4 7/7 wait_begin seq=1 object=mutex:shared(1:5,2)+0x10\n"
		       "6 7/- process exec\n"
		       "6 7/7 process start\n"
		       "7 7/7 wait_begin seq=1 object=mutex:7:0x5010\n");
	expect_row(events, "process 0 pid=7 parent=1 name=p7 exe= end=exec status=0 ns=0..6\n"
			   "process 1 pid=7 parent=1 name=other exe=/bin/other end=unknown "
			   "status=0 ns=6..7\n"
			   "thread 0 pid=7 tid=7 name=p7\n"
			   "thread 1 pid=7 tid=7 name=other\n");
	/* An image that is not recorded: nobody started after the exec. */
	expect_row("0" START("7") "1 process op=exec format=1 pid=7 tid=7 exe=/bin/static\n",
		   "process 0 pid=7 parent=1 name=p7 exe= end=unknown");
}

static void a_reused_pid_is_another_process(void **state)
{
	static const char events[] = "0" START("1") "1" START("7") "2" WAIT(
		"7", "7", "mutex",
		"0x10") "3 process op=exit format=1 pid=7 tid=7 status=4\n"
			"4 process op=reaped format=1 pid=1 tid=1 child=7 status=0x400\n"
			"5" START("7") "6" WAIT("7", "7", "mutex", "0x10");
	struct run run;

	(void)state;
	decode_with(&run, events, (struct end){ 0 });
	assert_string_equal(run.text, "0 1/1 process start\n"
				      "1 7/7 process start\n"
				      "2 7/7 wait_begin seq=1 object=mutex:7:0x10\n"
				      "3 7/7 process exit\n"
				      "4 7/- process reaped\n"
				      "5 7/7 process start\n"
				      "6 7/7 wait_begin seq=1 object=mutex:7:0x10\n");
	/* They look alike as text, but are not: neither process, thread, nor object. */
	assert_int_equal(run.records[2].process, 1);
	assert_int_equal(run.records[6].process, 2);
	assert_int_not_equal(run.records[2].thread, run.records[6].thread);
	assert_int_equal(run.records[2].wait_begin.object.process, 1);
	assert_int_equal(run.records[6].wait_begin.object.process, 2);
	clean(&run);
	expect_row(events, "process 1 pid=7 parent=1 name=p7 exe= end=exited status=4 ns=1..3\n"
			   "process 2 pid=7 parent=1 name=p7 exe= end=unknown status=0 ns=5..6\n");
}

static void ends_are_what_the_kernel_said(void **state)
{
#define PROG "0" START("1") "1" START("7")
	(void)state;
	expect_row(PROG, "process 1 pid=7 parent=1 name=p7 exe= end=unknown status=0");
	expect_row(PROG "2 process op=exit format=1 pid=7 tid=7 status=4\n",
		   "end=exited status=4 ns=1..2");
	/* Killed: by signal 9, seen by its parent only. */
	expect_row(PROG "5 process op=reaped format=1 pid=1 tid=1 child=7 status=9\n",
		   "process 1 pid=7 parent=1 name=p7 exe= end=signaled status=9 ns=1..5");
	/* It called exit, but a signal was faster. */
	expect_row(PROG "2 process op=exit format=1 pid=7 tid=7 status=0\n"
			"3 process op=reaped format=1 pid=1 tid=1 child=7 status=15\n",
		   "end=signaled status=15");
	/* Stopped is no end. */
	expect_row(PROG "3 process op=reaped format=1 pid=1 tid=1 child=7 status=0x137f\n",
		   "process 1 pid=7 parent=1 name=p7 exe= end=unknown");
	expect_row_with(PROG, (struct end){ .pid = 7, .status = 0x300 },
			"process 1 pid=7 parent=1 name=p7 exe= end=exited status=3");
	expect_row_with(PROG, (struct end){ .pid = 7, .running = true },
			"process 1 pid=7 parent=1 name=p7 exe= end=running");
	/* Killed after a silence: it lasted until then, and so did the trace. */
	expect_row_with(PROG, (struct end){ .pid = 7, .status = 9, .end_ns = 500 },
			"process 1 pid=7 parent=1 name=p7 exe= end=signaled status=9 ns=1..500");
	expect_row_with(PROG, (struct end){ .pid = 7, .running = true, .end_ns = 500 },
			"end=running status=0 ns=1..500");
	/* What it recorded itself is the better end. */
	expect_row_with(PROG "2 process op=exit format=1 pid=7 tid=7 status=4\n",
			(struct end){ .pid = 7, .status = 0x400, .end_ns = 500 },
			"end=exited status=4 ns=1..2");
	expect_row_with(PROG, (struct end){ .pid = 99, .status = 0x300 },
			"process 1 pid=7 parent=1 name=p7 exe= end=unknown");
	/* Its children who were not recorded are nobody. */
	expect(PROG "2 process op=reaped format=1 pid=1 tid=1 child=8 status=9\n",
	       "0 1/1 process start\n1 7/7 process start\n");
#undef PROG
}

static void a_process_that_nobody_announced(void **state)
{
	(void)state;
	expect_row("0" WAIT("7", "8", "mutex", "0x10"),
		   "process 0 pid=7 parent=0 name= exe= end=unknown");
	/* Its announcement comes later: the same process. */
	expect_row("0" WAIT("7", "8", "mutex", "0x10") "1" START("7"),
		   "process 0 pid=7 parent=1 name=p7 exe= end=unknown status=0 ns=0..0\nthread");
	expect_row("0" WAIT("7", "8", "mutex", "0x10") "1 process op=defs format=1 pid=7 tid=7 "
						       "parent=1 name=old exe=/bin/old\n",
		   "process 0 pid=7 parent=1 name=old exe=/bin/old end=unknown");
}

static void threads_begin_end_and_come_again(void **state)
{
	static const char events[] = "0" START(
		"7") "1 thread op=start pid=7 tid=8 creator=7 start=0x10 name=first\n"
		     "2 thread op=start pid=7 tid=8 creator=7 name=renamed\n" /* said again */
		     "3 thread op=exit pid=7 tid=8\n"
		     "4" WAIT("7", "8", "mutex", "0x10") /* a destructor's */
		"5 thread op=start pid=7 tid=8 creator=7 name=second\n"
		"6 thread op=name pid=7 tid=8 name=worker\n";

	(void)state;
	expect(events, "0 7/7 process start\n"
		       "1 7/8 thread start\n"
		       "3 7/8 thread exit\n"
		       "4 7/8 wait_begin seq=1 object=mutex:7:0x10\n"
		       "5 7/8 thread start\n");
	expect_row(events, "thread 0 pid=7 tid=7 name=p7\n"
			   "thread 1 pid=7 tid=8 name=renamed creator=7/7 start=0x10\n"
			   "thread 2 pid=7 tid=8 name=worker creator=7/7\n");
}

static void a_join_waits_for_the_thread(void **state)
{
	struct run run;

	(void)state;
	decode_with(
		&run,
		"0" START(
			"7") "1 thread op=start pid=7 tid=8 creator=7\n"
			     "2 wait_begin pid=7 tid=7 seq=1 kind=thread object=0x7f0000 other=8\n"
			     "3 wake pid=7 tid=8 seq=1 kind=thread op=exit object=8 "
			     "count=0xffffffff\n"
			     "4 thread op=exit pid=7 tid=8\n",
		(struct end){ 0 });
	assert_string_equal(run.text, "0 7/7 process start\n"
				      "1 7/8 thread start\n"
				      "2 7/7 wait_begin seq=1 object=thread:8\n"
				      "3 7/8 wake seq=1 exit object=thread:8 count=all holder=7/8\n"
				      "4 7/8 thread exit\n");
	assert_memory_equal(&run.records[2].wait_begin.object, &run.records[3].wake.object,
			    sizeof(struct ws_object_key));
	assert_int_equal(run.records[2].wait_begin.object.process, WS_UNKNOWN);
	assert_int_equal(run.records[2].wait_begin.object.offset, run.records[3].thread);
	clean(&run);
}

static void a_joined_thread_may_be_unknown(void **state)
{
	struct run run;

	(void)state;
	decode_with(
		&run,
		"0" START(
			"7") "2 wait_begin pid=7 tid=7 seq=1 kind=thread object=0x7f0000 other=0\n"
			     "3 wait_begin pid=7 tid=7 seq=2 kind=thread object=0x7e0000 other=0\n",
		(struct end){ 0 });
	/* Two objects, and no thread of tid 0. */
	assert_int_equal(run.records[1].wait_begin.object.offset, 0x7f0000);
	assert_int_equal(run.records[2].wait_begin.object.offset, 0x7e0000);
	assert_int_equal(run.records[1].wait_begin.object.process, 0);
	assert_int_equal(run.records[1].process, 0);
	assert_int_equal(run.records[1].thread, run.records[2].thread);
	clean(&run);
}

static void holders_may_be_elsewhere(void **state)
{
	(void)state;
	expect("0" START("7") "1" START(
		       "8") "2 map pid=7 tid=7 origin=1 address=0x5000 size=0x1000 dev=1 ino=5\n"
			    "3 wait_begin pid=7 tid=7 seq=1 kind=mutex object=0x5010 holder=8\n"
			    "4 wait_begin pid=7 tid=7 seq=2 kind=mutex object=0x5010 holder=99\n"
			    "5 wait_begin pid=7 tid=7 seq=3 kind=mutex object=0x6010 holder=98\n",
	       "0 7/7 process start\n"
	       "1 8/8 process start\n"
	       "2 7/7 reach memory=1:5,1\n"
	       "3 7/7 wait_begin seq=1 object=mutex:shared(1:5,1)+0x10 holder=8/8\n"
	       "4 7/7 wait_begin seq=2 object=mutex:shared(1:5,1)+0x10\n"
	       "5 7/7 wait_begin seq=3 object=mutex:7:0x6010 holder=7/98\n");
}

static void a_stack_may_be_defined_after_its_use(void **state)
{
	static const char events[] =
		"0" START("7") "1 wait_begin pid=7 tid=7 seq=1 kind=mutex object=0x10 stack=1\n"
			       "2 wait_begin pid=7 tid=7 seq=2 kind=mutex object=0x10 stack=2\n"
			       "2 module pid=7 tid=7 base=0x80 size=0x400 bias=0x80 path=/a.so\n"
			       "2 module pid=9 tid=9 base=0x80 size=0x400 bias=0x80 path=/a.so\n"
			       "3 stack pid=7 tid=7 id=1 frames=0x100,0x200\n"
			       "4 wait_begin pid=7 tid=7 seq=3 kind=mutex object=0x10 stack=1\n"
			       /* Equal stacks are one, also in another process. */
			       "5 stack pid=7 tid=7 id=3 frames=0x100,0x200\n"
			       "6 stack pid=9 tid=9 id=7 frames=0x100,0x200\n"
			       "7 wait_begin pid=9 tid=9 seq=1 kind=mutex object=0x10 stack=7\n"
			       "8 wait_begin pid=7 tid=7 seq=4 kind=mutex object=0x10 stack=3\n";

	(void)state;
	expect(events, "0 7/7 process start\n"
		       "1 7/7 wait_begin seq=1 object=mutex:7:0x10 stack=#0\n"
		       "2 7/7 wait_begin seq=2 object=mutex:7:0x10 stack=#1(undefined)\n"
		       "4 7/7 wait_begin seq=3 object=mutex:7:0x10 stack=#0\n"
		       "7 9/9 wait_begin seq=1 object=mutex:9:0x10 stack=#0\n"
		       "8 7/7 wait_begin seq=4 object=mutex:7:0x10 stack=#0\n");
	expect_row(events, "stack #0 frame=a.so+0x80 frame=a.so+0x180\nstack #1\nevents");
}

static void modules_come_and_go(void **state)
{
	(void)state;
#define SITE(n) WAIT("7", "7", "mutex", "0x10 site=" n)
	expect("0 module pid=7 tid=7 base=0x10000 size=0x2000 bias=0x10000 path=/lib/a.so\n"
	       "1" SITE("0x10100") "2 module pid=7 tid=7 base=0x10000 size=0x2000 bias=0x10000 "
				   "path=/lib/a.so\n"
				   "3" SITE("0x10100") "4 module pid=7 tid=7 base=0x10000 size=0 "
						       "path=/lib/a.so\n"
						       "5" SITE(
							       "0x10100") "6 module pid=7 tid=7 "
									  "base=0x10000 "
									  "size=0x1000 bias=0xf000 "
									  "path=/lib/b.so\n"
									  "7" SITE("0x10100")
	       /* The same file elsewhere, in another process: the same place in it. */
	       "8 module pid=9 tid=9 base=0x50000 size=0x2000 bias=0x50000 path=/lib/a.so\n"
	       "9" WAIT("9", "9", "mutex", "0x50400 site=0x50100"),
	       "1 7/7 wait_begin seq=1 object=mutex:7:0x10 site=a.so+0x100\n"
	       "3 7/7 wait_begin seq=1 object=mutex:7:0x10 site=a.so+0x100\n"
	       "5 7/7 wait_begin seq=1 object=mutex:7:0x10 site=0x10100\n"
	       "7 7/7 wait_begin seq=1 object=mutex:7:0x10 site=b.so+0x1100\n"
	       "9 9/9 wait_begin seq=1 object=mutex:9:0x50400 data=a.so+0x400 "
	       "site=a.so+0x100\n");
	/* A constructor runs before its library is told; what lies elsewhere stays unknown, and so
	 * does the same address in a process that loads something else there. */
	expect("0" SITE("0x20100") "1" SITE("0x90000") "2 module pid=7 tid=7 base=0x20000 "
						       "size=0x2000 bias=0x1f000 path=/lib/c.so\n"
						       "3" SITE("0x20100")
	       "4" WAIT("9", "9", "mutex", "0x10 site=0x20100")
	       "5 module pid=9 tid=9 base=0x20000 size=0x2000 bias=0x20000 path=/lib/d.so\n"
	       "6" WAIT("8", "8", "mutex", "0x10 site=0x20100"),
	       "0 7/7 wait_begin seq=1 object=mutex:7:0x10 site=c.so+0x1100\n"
	       "1 7/7 wait_begin seq=1 object=mutex:7:0x10 site=0x90000\n"
	       "3 7/7 wait_begin seq=1 object=mutex:7:0x10 site=c.so+0x1100\n"
	       "4 9/9 wait_begin seq=1 object=mutex:9:0x10 site=d.so+0x100\n"
	       "6 8/8 wait_begin seq=1 object=mutex:8:0x10 site=0x20100\n");
#undef SITE
	/* Equal paths with different build ids are different files. */
	expect_row(
		"0 module pid=7 tid=7 base=0x1000 size=0x100 build_id=1 path=/lib/a.so\n"
		"1 module pid=8 tid=8 base=0x1000 size=0x100 build_id=2 path=/lib/a.so\n"
		"2 module pid=9 tid=9 base=0x1000 size=0x100 build_id=2 path=/lib/a.so\n",
		"module 0 /lib/a.so build_id_size=1\nmodule 1 /lib/a.so build_id_size=1\nevents");
}

static void record_locks_are_bytes_of_a_file(void **state)
{
	(void)state;
	/* The range goes before the wait or wake of its number; one that is lost leaves the file.
	 */
	expect("0 range pid=7 tid=7 seq=1 start=10 length=5\n"
	       "1 wait_begin pid=7 tid=7 seq=1 kind=record_lock object=0x20 other=0x3\n"
	       "2 wait_begin pid=7 tid=7 seq=2 kind=record_lock object=0x20 other=0x3\n"
	       "3 range pid=8 tid=8 seq=1 start=12 length=0\n"
	       "4 wake pid=8 tid=9 seq=1 kind=record_lock object=0x20 other=0x3 op=unlock count=1\n"
	       "5 wake pid=8 tid=8 seq=1 kind=record_lock object=0x20 other=0x3 op=unlock "
	       "count=1\n",
	       "1 7/7 wait_begin seq=1 object=record_lock:shared(3:32)[10+5]\n"
	       "2 7/7 wait_begin seq=2 object=record_lock:shared(3:32)[0+0]\n"
	       "4 8/9 wake seq=1 unlock object=record_lock:shared(3:32)[0+0] count=1 "
	       "holder=8/9\n"
	       "5 8/8 wake seq=1 unlock object=record_lock:shared(3:32)[12+0] count=1 "
	       "holder=8/8\n");
}

/* The inode of one that is gone is given to the next. What is opened before its making is told is
 * the same one; a name that is removed ends nothing. */
static void a_fifo_that_is_made_is_another(void **state)
{
	(void)state;
	expect("0 object pid=8 tid=8 kind=fifo op=open object=0x20 device=0x3 name=/f\n"
	       "1 object pid=7 tid=7 kind=fifo op=init object=0x20 device=0x3 name=/f\n"
	       "2 object pid=7 tid=7 kind=fifo op=unlink object=0x20 device=0x3 name=/f\n"
	       "3 wait_begin pid=7 tid=7 seq=1 kind=fifo object=0x20 other=0x3\n"
	       "4 object pid=7 tid=7 kind=fifo op=init object=0x20 device=0x3 name=/g\n"
	       "5 wait_begin pid=7 tid=7 seq=2 kind=fifo object=0x20 other=0x3\n"
	       "6 wait_begin pid=7 tid=7 seq=3 kind=fifo object=0x20 other=0x4\n",
	       "0 8/8 object open object=fifo:shared(3:0,0)+0x20 value=0 name=/f\n"
	       "1 7/7 object init object=fifo:shared(3:0,0)+0x20 value=0 name=/f\n"
	       "2 7/7 object unlink object=fifo:shared(3:0,0)+0x20 value=0 name=/f\n"
	       "3 7/7 wait_begin seq=1 object=fifo:shared(3:0,0)+0x20\n"
	       "4 7/7 object init object=fifo:shared(3:1,0)+0x20 value=0 name=/g\n"
	       "5 7/7 wait_begin seq=2 object=fifo:shared(3:1,0)+0x20\n"
	       "6 7/7 wait_begin seq=3 object=fifo:shared(4:0,0)+0x20\n");
}

static void children_keep_their_identity(void **state)
{
	(void)state;
	/* Before its first event, after it, and when its pid is used again. */
	expect("0 wait_begin pid=7 tid=7 seq=1 kind=process object=0x9\n"
	       "1 wait_end pid=7 tid=7 seq=1 outcome=interrupted error=4 index=-1\n"
	       "2 process pid=9 tid=9 op=fork format=1 parent=7\n"
	       "3 wait_begin pid=7 tid=7 seq=2 kind=process object=0x9\n"
	       "4 wait_end pid=7 tid=7 seq=2 outcome=acquired holder=9 index=-1\n"
	       "5 process pid=7 tid=7 op=reaped format=1 child=9 status=0\n"
	       "6 wait_begin pid=7 tid=7 seq=3 kind=process object=0x9\n"
	       "7 wait_begin pid=7 tid=7 seq=4 kind=process object=0x0\n"
	       "8 wait_begin pid=7 tid=7 seq=5 kind=sleep object=0x7\n",
	       "0 7/7 wait_begin seq=1 object=process:shared(0:0,0)+0x9\n"
	       "1 7/7 wait_end seq=1 interrupted error=4\n"
	       "2 9/9 process fork\n"
	       "3 7/7 wait_begin seq=2 object=process:shared(0:0,0)+0x9\n"
	       "4 7/7 wait_end seq=2 acquired holder=9/9\n"
	       "5 9/- process reaped\n"
	       "6 7/7 wait_begin seq=3 object=process:shared(0:1,0)+0x9\n"
	       "7 7/7 wait_begin seq=4 object=process:7:0x0\n"
	       "8 7/7 wait_begin seq=5 object=sleep:7:0x0\n");
}

static void conds_requeues_and_several_words(void **state)
{
	(void)state;
	expect("0 map pid=7 tid=7 origin=1 address=0x5000 size=0x1000 dev=1 ino=5\n"
	       "1 wait_begin pid=7 tid=7 seq=1 kind=cond object=0x5010 other=0x10\n"
	       "2 wake pid=7 tid=8 seq=1 kind=futex op=futex_requeue object=0x5010 other=0x5020 "
	       "count=1\n"
	       "3 wait_begin pid=7 tid=9 seq=1 kind=futex object=0x5010 other=3\n"
	       "4 wait_object pid=7 tid=9 seq=1 kind=futex object=0x10\n"
	       "5 wait_end pid=7 tid=9 seq=1 outcome=acquired index=1\n"
	       "6 object pid=7 tid=7 kind=sem op=open object=0x5030 value=3 name=/s\n"
	       "7 object pid=7 tid=7 kind=sem op=unlink name=/s\n",
	       "0 7/7 reach memory=1:5,1\n"
	       "1 7/7 wait_begin seq=1 object=cond:shared(1:5,1)+0x10 mutex=mutex:7:0x10\n"
	       "2 7/8 wake seq=1 futex_requeue object=futex:shared(1:5,1)+0x10 "
	       "target=futex:shared(1:5,1)+0x20 count=1 holder=7/8\n"
	       "3 7/9 wait_begin seq=1 object=futex:shared(1:5,1)+0x10\n"
	       "4 7/9 wait_object seq=1 object=futex:7:0x10\n"
	       "5 7/9 wait_end seq=1 acquired index=1\n"
	       "6 7/7 object open object=sem:shared(1:5,1)+0x30 value=3 name=/s\n"
	       "7 7/7 object unlink object=sem:shared(0:0,0)+0x0 value=0 name=/s\n");
}

static void words_from_later_are_counted(void **state)
{
	(void)state;
	expect("0" START("7") "1" WAIT("7", "7", "200",
				       "0x10") "2 wait_end pid=7 tid=7 seq=1 outcome=0\n"
					       "3 wake pid=7 tid=7 kind=mutex op=255 object=0x10\n"
					       "4 object pid=7 tid=7 kind=mutex op=99 object=0x10\n"
					       "5 process op=99 format=1 pid=7 tid=7\n",
	       "0 7/7 process start\n");
	expect_row("0" START("7") "1" WAIT("7", "7", "200",
					   "0x10") "5 process op=99 format=1 pid=7 tid=7\n",
		   "events=3 foreign=0 lost_events=0 lost_packets=0 unmatched=2");
	/* Zeroes where events were: no process 0, no thread 0. */
	expect("0" START("7") "1 process op=start format=1 pid=0 tid=0\n"
			      "2 thread op=exit pid=7 tid=0\n",
	       "0 7/7 process start\n");
}

/* The ranges against a plain array of bytes, with random changes. */
static void ranges_agree_with_bytes(void **state)
{
	enum { N = 64 };
	uint32_t things[N], offsets[N];
	struct ws_ranges ranges = { 0 }, copy = { 0 };
	uint64_t random = 1;

	(void)state;
	memset(things, 0xff, sizeof(things));
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t begin, size, offset;

		random = random * 6364136223846793005u + 1442695040888963407u;
		begin = (uint32_t)(random >> 33) % N;
		size = (uint32_t)(random >> 40) % (N - begin + 1);
		offset = (uint32_t)(random >> 50);
		if (random >> 63)
			assert_int_equal(ws_ranges_set(&ranges, begin, size, offset, step), 0);
		else
			assert_int_equal(ws_ranges_clear(&ranges, begin, size), 0);
		for (uint32_t i = 0; i < size; i++) {
			things[begin + i] = random >> 63 ? step : UINT32_MAX;
			offsets[begin + i] = offset + i;
		}
		for (uint32_t i = 0; i < N; i++) {
			const struct ws_range *r = ws_ranges_find(&ranges, i);

			if (things[i] == UINT32_MAX) {
				assert_null(r);
				continue;
			}
			assert_non_null(r);
			assert_int_equal(r->thing, things[i]);
			assert_int_equal(r->offset + (i - r->begin), offsets[i]);
		}
	}
	assert_int_equal(ws_ranges_set(&ranges, UINT64_MAX - 5, 100, 0, 1), 0); /* no such place */
	assert_null(ws_ranges_find(&ranges, UINT64_MAX - 2));
	assert_int_equal(ws_ranges_copy(&copy, &ranges), 0);
	assert_int_equal(copy.n, ranges.n);
	assert_int_equal(ws_ranges_clear(&ranges, 0, UINT64_MAX), 0);
	assert_int_equal(ranges.n, 0);
	ws_ranges_free(&ranges);
	ws_ranges_free(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_and_its_wake),
		cmocka_unit_test(shared_memory_is_one_object_everywhere),
		cmocka_unit_test(unmap_and_new_mappings_cut_old_ones),
		cmocka_unit_test(a_forked_child_has_its_parents_memory),
		cmocka_unit_test(a_child_is_known_from_its_parent),
		cmocka_unit_test(a_child_may_be_faster_than_its_parent),
		cmocka_unit_test(exec_is_a_new_image),
		cmocka_unit_test(a_reused_pid_is_another_process),
		cmocka_unit_test(ends_are_what_the_kernel_said),
		cmocka_unit_test(a_process_that_nobody_announced),
		cmocka_unit_test(threads_begin_end_and_come_again),
		cmocka_unit_test(a_join_waits_for_the_thread),
		cmocka_unit_test(a_joined_thread_may_be_unknown),
		cmocka_unit_test(holders_may_be_elsewhere),
		cmocka_unit_test(a_stack_may_be_defined_after_its_use),
		cmocka_unit_test(modules_come_and_go),
		cmocka_unit_test(record_locks_are_bytes_of_a_file),
		cmocka_unit_test(a_fifo_that_is_made_is_another),
		cmocka_unit_test(children_keep_their_identity),
		cmocka_unit_test(conds_requeues_and_several_words),
		cmocka_unit_test(words_from_later_are_counted),
		cmocka_unit_test(ranges_agree_with_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
