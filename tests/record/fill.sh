#!/bin/bash
# SPDX-License-Identifier: MIT
# fill.sh: in the full mode reports know how much lay in pipes and queues; in the other they do not say.
. "$(dirname "$0")/common.sh"

"$WAITSCOPE" record --mode full -o full -- "$BIN/record_fill" >out 2>err || fail "record: $(cat err)"
"$WAITSCOPE" report --format json -o full.json full || fail "report"
"$WAITSCOPE" record -o waits -- "$BIN/record_fill" >out 2>err || fail "record: $(cat err)"
"$WAITSCOPE" report --format json -o waits.json waits || fail "report"
"$WAITSCOPE" record --mode full -o stream -- sh -c '(sleep 0.1; echo x) | sha256sum' >out 2>err || fail "record: $(cat err)"
"$WAITSCOPE" report --format json -o stream.json stream || fail "report"
/usr/bin/python3 - <<'P' || fail "the fill is not what was put in"
import json
full = {one["kind"]: one for one in json.load(open("full.json"))["objects"]}
for kind, unit, most, last in (("pipe", "bytes", 1000, 750), ("mq", "messages", 5, 4), ("sysv_msg", "messages", 3, 2)):
    fill = full[kind]["fill"]
    assert (fill["unit"], fill["most"], fill["last"], fill["unseen"]) == (unit, most, last, 0), (kind, fill)
    assert max(fill["spans"]) == most and fill["spans"][-1] >= last, (kind, fill)
# sha256sum reads by fread(): what that has taken when is not known.
pipes = [one for one in json.load(open("stream.json"))["objects"] if one["kind"] == "pipe"]
assert pipes and not any("fill" in one for one in pipes), pipes
assert not any("fill" in one for one in json.load(open("waits.json"))["objects"])
P
/usr/bin/python3 -B "$(dirname "$0")/../support/validate_report.py" "$(dirname "$0")/../../docs/report.schema.json" <full.json ||
	fail "not as the schema says"
