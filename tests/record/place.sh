#!/bin/sh
# SPDX-License-Identifier: MIT
# place.sh: an installation works wherever it lies, also where ld.so would take its path for several.
. "${0%/*}/common.sh"

built=$(dirname "$WAITSCOPE")/..
prefix="$work/my tools:2"
mkdir -p "$prefix/bin" "$prefix/lib"
cp "$WAITSCOPE" "$prefix/bin/"
cp "$built/lib/libwaitscope.so" "$prefix/lib/" || fail "no library beside the command"

# The program's children, and those with an environment of their own, are recorded too.
expect 3 "$prefix/bin/waitscope" record -o t sh -c 'echo $$; env -i sh -c "echo \$\$"; echo $LTTNG_HOME; exit 3'
same "$(wc -l <err)" 1 "lines on stderr: $(cat err)"
for line in 1 2; do
	pids t | grep -qx "$(sed -n "${line}p" out)" || fail "process $line is not recorded"
done
nothing_left "$(sed -n 3p out)"

expect 0 "$prefix/bin/waitscope" doctor
has out '^ok *library *.*/my tools:2/'
has out '^ok *recording'
