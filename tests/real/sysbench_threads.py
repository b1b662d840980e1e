"""sysbench threads: eight threads lock, yield and unlock one mutex.

Truth (sb_threads.c): all of the waiting is for the mutex, which threads_execute_event() both waits
for and holds; besides, main joins each thread once, which is at most the length of the run,
against about seven waiting threads at a time.
"""
import re

import real

THREADS = 8


def told(out):
    """What sysbench says that does not depend on the clock."""
    return re.findall(rb"(?:Number of threads|total number of events): *(\d+)", out)


with real.Case() as case:
    argv = ["sysbench", "threads", f"--threads={THREADS}", "--thread-locks=1",
            "--thread-yields=100", "--events=1500", "--time=0", "run"]
    plain = case.run(argv)
    traced = case.record(argv)
    real.same(plain, traced, out=False)
    real.check(told(plain.out) == told(traced.out) == [b"8", b"1500"],
               f"it says something else: {traced.out}")

    top = traced.top()
    real.check(top["kind"] == "mutex", f"on top is {top['kind']} {top['name']}, not the mutex")
    real.check(len({w["tid"] for w in top["waiters"]}) == THREADS, "not all threads wait for it")
    holders = {h["tid"] for h in top["holders"] if h["tid"]}
    real.check(len(holders) == THREADS, "not all threads hold it")
    for role in ("waiters", "holders"):
        part = real.share_in(top[role], "sysbench")
        real.check(part >= 0.95, f"{role} in sysbench have {part:.1%} of the time only")
    case.confirm(traced, top)
