"""sysbench mutex: eight threads take and release one mutex as fast as they can.

Truth (sb_mutex.c): the only mutex with more than a moment's waiting is the one that
mutex_execute_event() takes. How much that is depends on the machine: a thread holds it for a few
instructions, and with few processors a waiter is one that met a holder that was preempted. So main,
which joins the threads, may well wait longer: the mutex is first of the mutexes only.
"""
import re

import real


def told(out):
    """What sysbench says that does not depend on the clock."""
    return re.findall(rb"(?:Number of threads|total number of events): *(\d+)", out)


with real.Case() as case:
    argv = ["sysbench", "mutex", "--threads=8", "--mutex-num=1", "--mutex-locks=1000000",
            "--mutex-loops=0", "run"]
    plain = case.run(argv)
    traced = case.record(argv)
    real.same(plain, traced, out=False)
    real.check(told(plain.out) == told(traced.out) == [b"8", b"8"],
               f"it says something else: {traced.out}")

    top = traced.top("mutex")
    # A holder of so few instructions has often let go before a waiter can look at who it is.
    for role, least in (("waiters", 0.95), ("holders", 0.75)):
        part = real.share_in(top[role], "sysbench")
        real.check(part >= least, f"{role} in sysbench have {part:.1%} of the time only")
    waiters = {w["tid"] for w in top["waiters"]}
    real.check(len(waiters) >= 2, f"{len(waiters)} of 8 threads waited for the mutex")
    case.confirm(traced, traced.top(*real.FUTEX_KINDS))
