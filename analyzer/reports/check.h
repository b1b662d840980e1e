/* SPDX-License-Identifier: MIT */
/* check.h: how the judgement of the gate is shown: one format a file. */
#ifndef WS_CHECK_H
#define WS_CHECK_H

#include <stdio.h>

#include "analyzer/analyses/gate.h"
#include "analyzer/reports/report.h"

/* The version of the JSON's shape, which docs/check.schema.json describes. */
#define WS_CHECK_FORMAT_VERSION 1

/* What there is to show. Everything is borrowed for the call. */
struct ws_check {
	const struct ws_gate_result *result;
	const struct ws_side *runs;
	const char *baseline; /* its path; NULL: there is none */
	bool updated;         /* the baseline was written anew */
	const char *version;  /* of waitscope */
};

/* Each writes to `to` and leaves checking it for errors to the caller. 0 or -ENOMEM. */
int ws_check_text(const struct ws_check *check, const struct ws_text_style *style, FILE *to);
int ws_check_json(const struct ws_check *check, FILE *to);
/* A test suite with a case for each entry, as CI systems read it. */
int ws_check_junit(const struct ws_check *check, FILE *to);
/* SARIF 2.1.0: what is broken or unknown, as results at lines of code. */
int ws_check_sarif(const struct ws_check *check, FILE *to);

#endif
