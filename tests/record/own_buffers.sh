#!/bin/sh
# SPDX-License-Identifier: MIT
# own_buffers.sh: the analyzer, recorded while it reads a large trace, shows the contention of its own
# buffers: the rings' futexes by the functions that use them, who waited there and who woke whom.
. "${0%/*}/common.sh"

# So long that stages wait for each other, however fast each is: more batches than the rings hold.
expect 0 "$WAITSCOPE" record --no-symbols -o big "$BIN/record_flood" 200000
expect 0 "$WAITSCOPE" record -o own -- "$WAITSCOPE" report big -o big.txt
expect 0 "$WAITSCOPE" report own --format json -o own.json

cat >ask.py <<'END'
import json
import sys

report = json.load(open("own.json", encoding="utf-8"))
OURS = ("/analyzer/ring/ring.c", "/analyzer/ring/lock.c")
rings = [o for o in report["objects"] if o["kind"] == "futex" and o["waiters"] and
         any(w["site"] and (w["site"]["file"] or "").endswith(OURS) for w in o["waiters"])]


def functions(party):
    return [frame["function"] for frame in party["stack"]]


def fail(text):
    print(text, [(o["name"], o["waits"]) for o in report["objects"]])
    sys.exit(1)


if len(rings) < 2:
    fail("fewer than two of the rings' futexes")
for ring in rings:
    # Named by who uses it: sites in ring.c alone would make all of them one.
    if not ring["name"].startswith("futex first waited for at ") or \
            " for " not in ring["name"].replace("waited for at", "") or "(unnamed)" in ring["name"]:
        fail("a ring without a readable name: " + ring["name"])
    if ring["scope"] != "private" or ring["waits"] < 1 or ring["wait_ns"] <= 0:
        fail("a ring that is not waited for")
    for party in ring["waiters"]:
        if party["site"] is None or party["site"]["function"] not in ("sleep_at", "ws_lock_take"):
            fail(f"a waiter elsewhere: {party}")
        if not {"ws_ring_put", "ws_ring_get", "ws_ring_close", "ws_ring_cancel"}.intersection(functions(party)):
            fail(f"a waiter that did not come by the ring: {functions(party)}")
    for party in ring["wakers"]:
        names = functions(party)
        if names and not {"ws_ring_put", "ws_ring_get", "ws_ring_close", "ws_ring_cancel",
                          "ws_ring_drain"}.intersection(names):
            fail(f"a waker that did not come by the ring: {names}")
if not any(functions(party) for ring in rings for party in ring["wakers"]):
    fail("no waker with a stack")
# The stages that use them, by our names.
stages = {frame["function"] for ring in rings for side in ("waiters", "wakers") for party in ring[side]
          for frame in party["stack"] if (frame["file"] or "").endswith("/analyzer/pipeline.c")}
if len(stages) < 3:
    fail(f"not the pipeline's stages: {stages}")
print(f"{len(rings)} futexes of the rings, {sum(o['waits'] for o in rings)} waits")
END
python3 ask.py || fail "the report of the analyzer's own buffers"
