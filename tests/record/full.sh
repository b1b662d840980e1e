#!/bin/sh
# SPDX-License-Identifier: MIT
# full.sh: a full disk is told, and the program does not suffer from it.
. "${0%/*}/common.sh"

need_root
unshare -m true 2>/dev/null || skip "needs a mount namespace"

cat >inside.sh <<'END'
mount -t tmpfs -o size=2m small "$1/small" && cd "$1/small" || exit 99
echo before >log
"$WAITSCOPE" record sh -c "$BIN/record_flood 100000; echo \$LTTNG_HOME; exit \$EXIT"
END
mkdir small
export EXIT=0
expect 1 unshare -m sh inside.sh "$PWD"
read -r home <out
has err 'the disk is full'
nothing_left "$home"
# The program's own failure comes first.
EXIT=5
expect 5 unshare -m sh inside.sh "$PWD"
has err 'the disk is full'

# No room at all: nothing is started.
cat >inside.sh <<'END'
mount -t tmpfs -o size=64k small "$1/small" && cd "$1/small" || exit 99
head -c 64k /dev/zero >filler 2>/dev/null
"$WAITSCOPE" record sh -c "echo started"
END
expect 1 unshare -m sh inside.sh "$PWD"
same "$(cat out)" "" "output"
same "$(wc -l <err)" 1 "lines on stderr"
