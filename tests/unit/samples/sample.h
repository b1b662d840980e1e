/* SPDX-License-Identifier: MIT */
/* sample.h: the samples of test_symbols and test_symbols_store, loaded and asked.
 *
 * Each sample is loaded and run, and tells the addresses that it saw; lines are those of the marks
 * in its source. All functions fail the cmocka test that they run in; none returns an error.
 */
#ifndef WS_SAMPLE_H
#define WS_SAMPLE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/decode/record.h"
#include "analyzer/decode/symbols.h"

#define SAMPLE_SOURCE    WS_SAMPLES_SOURCE "/symbols.c"
#define SAMPLE_SOURCE_CC WS_SAMPLES_SOURCE "/symbols.cc"

/* Code indexes of a sample. */
enum {
	SAMPLE_INNER,  /* return address in an inlined function */
	SAMPLE_HIDDEN, /* return address in a function that only .symtab names */
	SAMPLE_LOCAL,  /* a function's own static */
	SAMPLE_ARRAY,  /* third element of an array in .bss */
	SAMPLE_START,  /* first address of sample_outer() */
	SAMPLE_ALIAS,  /* return address in a function with two names */
	SAMPLE_CODES
};

/* A loaded sample as the tables would have it. */
struct sample {
	void *handle; /* of dlopen() */
	uint64_t bias;
	char path[PATH_MAX];
	struct ws_module module;
	struct ws_code codes[SAMPLE_CODES];
	struct ws_tables tables;    /* borrows the members above */
	struct ws_symbols *symbols; /* Owned by this */
};

/* Loads a sample by file name; it has no codes and no symbols yet. */
void sample_load(struct sample *sample, const char *name);
/* Loads and runs the C sample, sets its codes and opens its symbols without a trace folder. */
void sample_start(struct sample *sample, const char *name);
/* Opens its symbols anew, with the names kept in `dir`, or NULL. */
void sample_open(struct sample *sample, const char *dir);
void sample_stop(struct sample *sample);

void *sample_symbol(struct sample *sample, const char *name);
/* The ELF virtual address of an address in it. */
uint64_t sample_vaddr(struct sample *sample, const void *address);
/* The line of the mark in a source file. */
uint32_t sample_line(const char *source, const char *mark);

/* The frames of a code, which must be so many, and the same when asked again. */
const struct ws_frame *sample_frames(struct sample *sample, uint32_t code, bool is_return,
				     size_t n_want);
/* file NULL: must be unknown. */
void assert_frame(const struct ws_frame *frame, const char *function, const char *file,
		  uint32_t line, bool inlined);
void assert_unknown(struct sample *sample, uint32_t code, bool is_return);
void assert_data(struct sample *sample, uint32_t code, const char *name, uint64_t offset);
void assert_no_data(struct sample *sample, uint32_t code);
/* Everything that debug information can tell of the C sample. */
void assert_all_known(struct sample *sample);

void sample_copy_file(const char *from, const char *to);
char *sample_read_file(const char *path, size_t *size); /* the caller frees it */
void sample_write_file(const char *path, const char *text, size_t size);

#endif
