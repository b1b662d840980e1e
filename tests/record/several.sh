#!/bin/sh
# SPDX-License-Identifier: MIT
# several.sh: two recordings in one report: each folder's processes, ends and stored names are its own,
# the recordings may have pids in common, and any number of readers tells the same.
. "${0%/*}/common.sh"

for name in first second; do
	cat >$name.c <<END
#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t gate_of_$name = PTHREAD_MUTEX_INITIALIZER;
static void *wait_in_$name(void *arg)
{
	pthread_mutex_lock(&gate_of_$name);
	pthread_mutex_unlock(&gate_of_$name);
	return arg;
}
int main(void)
{
	pthread_t thread;
	pthread_mutex_lock(&gate_of_$name);
	pthread_create(&thread, 0, wait_in_$name, 0);
	usleep(50000); /* whatever happens meanwhile, the test does not depend on it */
	pthread_mutex_unlock(&gate_of_$name);
	pthread_join(thread, 0);
	return sizeof("$name") - 4; /* first 2, second 3 */
}
END
	cc -g -O1 -pthread -o $name $name.c || skip "no compiler"
done
expect 2 "$WAITSCOPE" record -o first.trace ./first
expect 3 "$WAITSCOPE" record -o second.trace ./second
rm -f first second first.c second.c # the names are those that were stored

expect 0 "$WAITSCOPE" report --format json first.trace second.trace
mv out both.json
has both.json '"gate_of_first"'
has both.json '"gate_of_second"'
has both.json 'wait_in_first'
has both.json 'wait_in_second'
python3 - <<'END' || fail "$(cat both.json | head -c 2000)"
import json
report = json.load(open("both.json"))
assert len(report["trace"]["recordings"]) == 2, report["trace"]
assert {r["path"] for r in report["trace"]["recordings"]} == {"first.trace", "second.trace"}
ends = {(p["name"], p["recording"], p["end"], p["status"]) for p in report["processes"]}
assert ends == {("first", 0, "exited", 2), ("second", 1, "exited", 3)}, ends
# One host, one clock: there is nothing to warn of.
assert not any("clock" in w for w in report["trace"]["warnings"]), report["trace"]["warnings"]
END
for n in 1 2 3 8; do
	expect 0 "$WAITSCOPE" report -j $n --format json first.trace second.trace
	cmp out both.json || fail "-j $n tells something else"
done
expect 2 "$WAITSCOPE" report -j 0 first.trace
has err 'jobs'

# A process of the second run with the pid of one of the first, as another host's may have: it is
# another one. The metadata of the copy says another host and another boot's clock.
cp -r first.trace host.trace
python3 - <<'END' || fail "the copy could not be changed"
import glob
import re
for path in glob.glob("host.trace/**/metadata", recursive=True):
    data = open(path, "rb").read()
    data, n = re.subn(rb'hostname = "(.)', lambda m: b'hostname = "' + (b"x" if m[1] != b"x" else b"y"), data)
    assert n == 1, n
    clock = data.index(b"clock {")
    uuid = data.index(b'uuid = "', clock) + 8
    data = data[:uuid] + (b"0" if data[uuid:uuid + 1] != b"0" else b"1") + data[uuid + 1:]
    open(path, "wb").write(data)
END
expect 0 "$WAITSCOPE" report --format json first.trace host.trace
mv out hosts.json
python3 - <<'END' || fail "$(head -c 2000 hosts.json)"
import json
report = json.load(open("hosts.json"))
pids = [p["pid"] for p in report["processes"]]
assert len(pids) == 2 and pids[0] == pids[1], pids
assert {p["recording"] for p in report["processes"]} == {0, 1}
assert any("2 hosts" in w for w in report["trace"]["warnings"]), report["trace"]["warnings"]
END
for n in 1 2 3 8; do
	expect 0 "$WAITSCOPE" report -j $n --format json first.trace host.trace
	cmp out hosts.json || fail "-j $n tells something else of two hosts"
done
