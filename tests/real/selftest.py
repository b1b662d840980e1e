"""selftest: the comparison with the kernel's account passes a right report and fails a wrong one.

By hand-made accounts: needs neither waitscope nor bpftrace.
"""
import json

import real

PID, WORD, OTHER = 100, 0x5000, 0x6000
LOAD = 0x7F0000000000  # where module m lies in that process
MS = 1_000_000


def lines(words):
    """What futex.bt prints: `words` are {word: (ns, return address offset in m)}."""
    maps = {"@ns": {f"{PID},{word},prog": ns * MS for word, (ns, _) in words.items()}}
    # LTTng's own thread waits longest of all.
    maps["@ns"][f"{PID},{0x9000},prog-ust"] = 10**15
    yield "ERROR: bpftrace's own words are passed over"
    for word, (_, offset) in words.items():
        for sample in (1, 2):
            stack = f"stack {PID} {PID} {word:x} {sample} 0 1234 {LOAD + offset:x} ffff\n"
            yield json.dumps({"type": "printf", "data": stack})
    yield json.dumps({"type": "map", "data": maps})


def item(name, ns, offset):
    return {"kind": "mutex", "name": name, "scope": "private", "wait_ns": ns * MS, "waits": 1,
            "waiters": [{"site": {"module": "/usr/bin/m", "offset": offset, "function": None}}]}


def outcome(objects, words):
    """What confirm() says of this report, None if it agrees."""
    run = real.Run(0, b"", b"", None, 0)
    run.kernel = real.Kernel(lines(words))
    run.report = {"processes": [{"pid": PID}], "threads": [], "objects": objects}
    try:
        real.Case.confirm(None, run, run.top())
    except real.Failed as error:
        return str(error)
    return None


a, b = item("a", 1000, 0x1234), item("b", 100, 0x2345)
kernel = {WORD: (990, 0x1234), OTHER: (100, 0x2345)}
real.say("the same account")
assert outcome([a, b], kernel) is None
real.say("another object is on top")
assert outcome([item("b", 1000, 0x2345), item("a", 100, 0x1234)], kernel)
real.say("the right place, but a fifth of the waiting is missing")
assert outcome([item("a", 800, 0x1234), b], kernel)
real.say("the right sum, but another place in the code")
assert outcome([item("a", 1000, 0x1235), b], kernel)
real.say("near the top, they may change places")
assert outcome([item("b", 1000, 0x2345), item("a", 960, 0x1234)], {WORD: (1000, 0x1234),
                                                                    OTHER: (960, 0x2345)}) is None
real.say("nothing was seen")
assert outcome([a, b], {})
