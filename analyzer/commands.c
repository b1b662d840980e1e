/* SPDX-License-Identifier: MIT */
/* commands.c: the list of subcommands: what main() runs, and manual pages and completions are of.
 */
#include "analyzer/command.h"

const struct ws_command ws_commands[] = {
	{ &ws_manual_record, ws_cmd_record }, { &ws_manual_report, ws_cmd_report },
	{ &ws_manual_graph, ws_cmd_graph },   { &ws_manual_export, ws_cmd_export },
	{ &ws_manual_diff, ws_cmd_diff },     { &ws_manual_check, ws_cmd_check },
	{ &ws_manual_doctor, ws_cmd_doctor }, { 0 },
};
