#!/bin/sh
# SPDX-License-Identifier: MIT
# loss.sh: bursts fit into the buffers; what does not is counted and told; blocking loses nothing.
. "${0%/*}/common.sh"

# A burst that the buffers of one CPU hold, whether or not the consumer gets to run meanwhile.
expect 0 "$WAITSCOPE" record -o burst --no-symbols sh -c \
	"$BIN/record_flood 40000 & $BIN/record_flood 40000; wait"
has err ', 0 lost'

# Two processes at a time, so that the consumer has to share the CPUs.
flood="$BIN/record_flood 300000 & $BIN/record_flood 300000; wait"

expect 0 "$WAITSCOPE" record -o lossy --no-symbols --buffer-size 64K sh -c "$flood"
has err 'events were lost, since the buffers were full; try --buffer-size, or --on-full block'
told=$(sed -n 's/^waitscope: lossy: .*, \([0-9]*\) lost.*/\1/p' err)
[ "$told" -gt 0 ] || fail "nothing lost with the smallest buffers: $told"
# What was lost and what is there add up to what was fired (by two providers each time: the
# program's own one and the library's), and the shell's few.
there=$(events lossy | grep -c waitscope:wait_begin)
fired=$((2 * 2 * 300000))
[ "$((told + there))" -ge "$fired" ] && [ "$((told + there))" -le "$((fired + 200))" ] ||
	fail "lost and recorded events: $((told + there)) instead of $fired and a few"

# One process only: LTTng loses events, blocking or not, when a CPU's buffer goes round while a
# writer on it is preempted, and no other process can bring that about here.
expect 0 "$WAITSCOPE" record -o patient --no-symbols --buffer-size 512K --on-full block \
	"$BIN/record_flood" 600000
has err ', 0 lost'
