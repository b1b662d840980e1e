#!/bin/sh
# SPDX-License-Identifier: MIT
# inherited.sh: the reader of a shell pipeline is recorded, its writer is not: the pipe on its standard
# input is an object with a name and an identity, and nobody is made up for its other end.
. "${0%/*}/common.sh"

# Until the reader sleeps in read() of its standard input (0 on x86-64, 63 on arm64).
until_it_reads() {
	for _ in $(seq 400); do
		case $(cat "/proc/$(cat pid 2>/dev/null)/syscall" 2>/dev/null) in
		"0 0x0 "* | "63 0x0 "*) return ;;
		esac
		sleep 0.05
	done
}

(until_it_reads; echo one; until_it_reads; echo two; until_it_reads) |
	"$WAITSCOPE" record -o t sh -c 'echo $$ >pid; exec cat' >out 2>err || fail "record ended with $?"
same "$(cat out)" "one
two" "what cat gave"
"$WAITSCOPE" report --format json t >report 2>err || fail "report ended with $?"
# One object: a pipe by its reader, 3 waits on it (a line, a line, the end), ended by nobody known.
${PYTHON:-python3} - "$(cat pid)" <<'END' || fail "$(cat report)"
import json, sys
objects = [o for o in json.load(open("report"))["objects"] if o["kind"] == "pipe"]
assert len(objects) == 1, len(objects)
pipe = objects[0]
assert pipe["name"] == "pipe ?\u2192cat", pipe["name"]
assert pipe["scope"] == "shared" and pipe["waits"] == 3, pipe["waits"]
assert {w["pid"] for w in pipe["waiters"]} == {int(sys.argv[1])}
assert all(w["pid"] is None for w in pipe["wakers"])
assert pipe["transfer"]["bytes_in"] == 8 and pipe["transfer"]["bytes_out"] == 0
END
