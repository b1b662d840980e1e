#!/bin/sh
# SPDX-License-Identifier: MIT
# progress.sh: a line about the progress is on a terminal, and gone at the end; elsewhere there is none.
. "${0%/*}/common.sh"
need_root
command -v script >/dev/null || skip "script(1) is not installed"

"${0%/*}/../bench/record_flood" "$BIN/../.." "$work/long" 4000000 2 >out 2>err || fail "no trace to read"
expect 0 "$WAITSCOPE" report long
mv out plain
[ -s err ] && fail "words on a stderr that is no terminal"

script -qec "\"$WAITSCOPE\" report long >on-terminal" typescript >/dev/null </dev/null ||
	fail "status $? on a terminal"
cmp plain on-terminal || fail "another report on a terminal"
# The line is drawn anew after a return and a clear; at last it is cleared and nothing follows.
tr '\r' '\n' <typescript | grep -v '^Script' | tr -d '\033' >drawn
has drawn '\[K *[0-9]* %  [0-9.]* [kM]* events, [0-9.]* [kM]*/s, [0-9a-z ]* left'
same "$(grep -c . drawn)" "$(grep -c '^\[K' drawn)" "what is on the terminal beside the line"
same "$(grep . drawn | tail -n 1)" "[K" "what is left on the terminal"
