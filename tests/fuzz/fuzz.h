/* SPDX-License-Identifier: MIT */
/* fuzz.h: what the fuzz targets share: bytes as input, and the way from records to a report.
 *
 * A target is LLVMFuzzerTestOneInput(). With clang and -DWS_FUZZER=ON libFuzzer drives it;
 * otherwise fuzz_main.c does, with the files of the saved corpus.
 */
#ifndef WS_FUZZ_H
#define WS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/decode/record.h"
#include "analyzer/decode/tables.h"

/* Input that is used up; zeroes follow it. */
struct fuzz_input {
	const uint8_t *bytes; /* Weak */
	size_t size, at;
};

/* The next byte. */
static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	return in->at < in->size ? in->bytes[in->at++] : 0;
}

/* A number: small ones, which meet others of their kind, take one byte. */
static inline uint64_t fuzz_number(struct fuzz_input *in, size_t size)
{
	uint8_t first = fuzz_byte(in);
	uint64_t value = 0;

	if (first < 0xc0)
		return first & 0x1f;
	for (size_t i = 0; i < size && i < sizeof(value); i++)
		value |= (uint64_t)fuzz_byte(in) << (8 * i);
	return value;
}

/* Model, analyses and report of one trace. Ends the program where something is out of order. */
struct fuzz_report;
struct fuzz_report *fuzz_report_new(void);
void fuzz_report_record(struct fuzz_report *report, const struct ws_record *record);
void fuzz_report_finish(struct fuzz_report *report, const struct ws_tables *tables); /* frees it */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
