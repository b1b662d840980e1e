#!/bin/bash
# SPDX-License-Identifier: MIT
# graph.sh: the graph of a hang, at its end and over time, in each format; and what is wrong to ask.
. "$(dirname "$0")/common.sh"

program=$(dirname "$WAITSCOPE")/../tests/faults/programs/hang
"$WAITSCOPE" record -o t -- "$program" fault nested >out 2>err || fail "record: $(cat err)"
# A moment in the middle of it: all have slept for 100 ms when it is ended.
"$WAITSCOPE" report --format json -o report.json t || fail "report"
at=$(python3 -c '
import json
report = json.load(open("report.json"))
print(report["deadlocks"][0]["at_ns"] - report["trace"]["begin_ns"] + 50000000)')
"$WAITSCOPE" graph --at "${at}ns" --format json t >graph.json || fail "graph"
python3 - <<'P' || fail "the graph is not what hangs"
import json
graph = json.load(open("graph.json"))
nodes = {node["id"]: node for node in graph["nodes"]}
blocked = [n for n in nodes.values() if n["what"] == "thread" and n["blocked"]]
assert len(blocked) == 3 and all(n["state"] == "waits" for n in blocked), blocked
assert len({n["knot"] for n in blocked}) == 1 and blocked[0]["knot"] is not None
edges = {e["object_name"].split()[0]: e for e in graph["edges"] if nodes[e["from"]]["blocked"]}
assert edges["mutex"]["relation"] == "and" and edges["cond"]["relation"] == "or", edges
# Who joins waits for who wants the mutex, which waits for who waits for the signal.
assert edges["thread"]["to"] == edges["mutex"]["from"]
assert edges["mutex"]["to"] == edges["cond"]["from"]
P
"$WAITSCOPE" report --at "${at}ns" t >text || fail "report --at"
grep -q 'for thread hang.*(for ever)' text || fail "the chain is not in the text"
for by in thread site pool process object; do
	"$WAITSCOPE" graph --by $by t >$by.dot || fail "graph --by $by"
	mkdir -p $by
	for format in dot svg json graphml; do
		"$WAITSCOPE" graph --by $by --at "${at}ns" --format $format -o $by/graph.$format t ||
			fail "graph --by $by --format $format"
	done
	/usr/bin/python3 -B "$(dirname "$0")/../support/compare_graphs.py" $by || fail "the formats of --by $by differ"
	grep -q '^digraph' $by.dot && grep -q ' -> ' $by.dot || fail "--by $by draws nothing"
done
grep -q 'signals_nested hang.c' site.dot || fail "--by site does not name the line"
grep -q 'shape=ellipse' object.dot || fail "--by object has no object"
"$WAITSCOPE" graph --at end t | grep -q '^}' || fail "--at end"
"$WAITSCOPE" graph --at 1h t >/dev/null 2>err && fail "--at after the end"
grep -q '^waitscope: --at: the trace is only [0-9.]* s long; ' err || fail "--at after the end: $(cat err)"
# The deadlock is marked in pictures of all of the time, too.
"$WAITSCOPE" record -o d -- "$(dirname "$program")/deadlock" fault abba >out 2>err || fail "record: $(cat err)"
"$WAITSCOPE" graph --format svg d >d.svg || fail "graph --format svg"
[ "$(grep -c 'class="node thread blocked"' d.svg)" = 2 ] || fail "not both threads of the deadlock are marked"
[ "$(grep -c 'class="edge and kind_mutex blocked"' d.svg)" = 2 ] || fail "not both waits of the deadlock are marked"
"$WAITSCOPE" graph --by object --format svg d >d.svg || fail "graph --by object --format svg"
[ "$(grep -c 'class="edge and kind_mutex blocked"' d.svg)" = 4 ] || fail "by object, the deadlock is not marked"
for wrong in "--by frob" "--format png" "--at yesterday" --frob; do
	"$WAITSCOPE" graph $wrong t >out 2>err && fail "graph $wrong is accepted"
	[ "$("$WAITSCOPE" graph $wrong t >/dev/null 2>&1; echo $?)" = 2 ] || fail "graph $wrong: status"
	grep -q 'see `waitscope graph --help`' err || fail "graph $wrong: $(cat err)"
done
"$WAITSCOPE" graph nowhere >out 2>err && fail "a graph of nothing"
grep -q 'waitscope record PROGRAM' err || fail "no remedy: $(cat err)"
