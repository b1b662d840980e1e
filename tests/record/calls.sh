#!/bin/sh
# SPDX-License-Identifier: MIT
# calls.sh: --mode full records every call with its arguments, result and errno; --only and --except
# leave out what they say, calls, waits and wakes.
. "${0%/*}/common.sh"

# What libgcc calls to unwind a cancelled thread; and how the program leaves a call.
others() {
	grep -a -v -e '^pthread_once(' -e '^siglongjmp('
}

# The calls between the two kill(0, 0), as the program expects them. Those of other threads and
# processes may stand elsewhere, so both are sorted.
shown() {
	"$WAITSCOPE" report --calls "$1" | sed -n '1,/^$/p' |
		sed -n 's/ <[0-9.]*>  at .*$//; s/  at .*$//; s/^[0-9.]* [0-9/]* //p' |
		awk '$0 == "kill(0, 0) = 0" { inside = !inside; next } inside' | others | sort
}

"$WAITSCOPE" record --mode full -o t "$BIN/record_calls" expected >out 2>err || fail "status $?"
has err '^12345678 1.5 2.5 end$'
sort expected >wanted
shown t >seen
diff wanted seen >difference || fail "calls are not as expected: $(head -20 difference)"

# Counts, in the text and as JSON.
"$WAITSCOPE" report --format json t >json
python3 - <<'END' || fail "counts"
import collections, json
lines = [line for line in open("expected", errors="replace")]
wanted = collections.Counter(line.split("(")[0] for line in lines)
errors = collections.Counter(line.split("(")[0] for line in lines if line.rsplit(" ", 1)[1].startswith("E"))
seen = {one["function"]: one for one in json.load(open("json"))["calls"]}
for name, n in wanted.items():
    # once more: the two kill(), what main() opens, the semaphore, and what is written at the end
    more = {"open": 1, "sem_init": 1, "write": 1}.get(name, 0)
    assert seen[name]["calls"] == n + more, (name, n, seen[name])
    assert seen[name]["errors"] == errors[name], (name, errors[name], seen[name])
assert seen["kill"]["calls"] == 2
assert seen["sem_wait"]["unfinished"] == 2 and seen["vfork"]["unfinished"] == 1
assert seen["usleep"]["total_ns"] >= 100000000, seen["usleep"]
END
"$WAITSCOPE" report t >text
grep -q '^calls of functions' text || fail "no counts in the text report"

# babeltrace2 shows words.
if command -v babeltrace2 >/dev/null; then
	babeltrace2 t | grep -q 'waitscope:call:.*function = ( "mq_receive" .*kind = ( "mq" .*result = 5' ||
		fail "babeltrace2 does not show the call"
fi

# In the usual mode there are none.
expect 0 "$WAITSCOPE" record -o t "$BIN/record_calls" expected
if "$WAITSCOPE" report --calls t >out 2>err; then fail "calls without --mode full"; fi
has err 't: it holds no calls'

# What is left out is not there, and what is not, is.
filtered() {
	want=$1
	shift
	"$WAITSCOPE" record --mode full -o t "$@" "$BIN/record_calls" expected >out 2>&1 ||
		fail "status $? with $*"
	grep -aE "$want" expected | sort >wanted
	"$WAITSCOPE" report --calls t 2>err | sed -n '1,/^$/p' |
		sed -n 's/ <[0-9.]*>  at .*$//; s/  at .*$//; s/^[0-9.]* [0-9/]* //p' |
		grep -a -v -e '^kill' -e '"expected"' -e '^sem_init(0x[0-9a-f]*, 0, 0)' -e '^write([0-9]*, 0x[0-9a-f]*, [0-9]\{5\}' |
		others | sort >seen
	diff wanted seen >difference || fail "with $*: $(head -10 difference)"
	[ -s wanted ] || fail "nothing is wanted with $*"
}
filtered '^mq_' --only 'mq_*'
filtered '^mq_' --only mq
filtered '^pthread_mutex_' --only mutex
filtered '^(sem_(wait|post)|pthread_mutex_trylock)\(' --only sem_wait,sem_post --only pthread_mutex_trylock
filtered '^mq_' --only /waitscope-calls
filtered '^sem_open' --only '/dev/shm/waitscope-m*'
filtered '^(pthread_mutex|sem_trywait)' --only 'mutex,sem_tr*' --except 'sem_p*'
grep -avE '^(pthread_|sem_|mq_|shm|msg)' expected | cut -d'(' -f1 | sort -u | tr '\n' '|' >rest
filtered "^($(sed 's/|$//' rest))\\(" --except 'pthread_*,sem_*' --except mq,sysv_shm,sysv_msg

# Unknown words.
for word in mutexes 'pthread_mutex_lok' 'mutex,,sem' ''; do
	expect 2 "$WAITSCOPE" record --only "$word" true
	[ "$(wc -l <err)" = 1 ] || fail "more than a line for '$word'"
	has err 'neither a kind nor a function nor a pattern'
done
expect 2 "$WAITSCOPE" record --mode half true
has err 'not one of contention, full'

# A plain LD_PRELOAD goes by the environment, and children inherit it: no wait of that kind is there.
expect 0 "$WAITSCOPE" record --except mutex -o t sh -c "'$BIN/record_calls' expected; true"
"$WAITSCOPE" report --format json t | python3 -c '
import json, sys
kinds = json.load(sys.stdin)["totals"]["by_kind"]
assert "mutex" not in kinds and "sem" in kinds and "sleep" in kinds, kinds' || fail "kinds"
expect 0 "$WAITSCOPE" record --only mutex -o t sh -c "'$BIN/record_calls' expected; true"
"$WAITSCOPE" report --format json t | python3 -c '
import json, sys
kinds = json.load(sys.stdin)["totals"]["by_kind"]
assert list(kinds) == ["mutex"], kinds' || fail "kinds"
exit 0
