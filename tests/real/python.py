"""Python: four threads compete for a threading.Lock, a fifth reads from a queue.Queue.

Truth (programs/python_threads.py; CPython's Python/thread_pthread.h): a Lock is a semaphore,
waited for in PyThread_acquire_lock_timed() and released in PyThread_release_lock(). The program's
own Lock is held for a second in all, with three threads waiting at first: at least 1.5 s, as for
cxx_waits. Whatever else is waited for (a thread's end, an item of the queue, each a Lock of its
own; the interpreter's lock, which sleepers do not hold) has one waiter at a time, for a second at
most in all.
"""
import os

import real

PYTHON = os.path.realpath("/usr/bin/python3")  # Debian's, whatever comes first in PATH
MODULE = os.path.basename(PYTHON)

with real.Case() as case:
    argv = [PYTHON, "-X", "utf8", os.path.join(real.HERE, "programs/python_threads.py")]
    plain = case.run(argv)
    traced = case.record(argv)
    real.same(plain, traced)
    real.check((traced.status, traced.out) == (3, b"sum 4900\ntotal 4900\n"), 
               f"it ends with {traced.status} and says {traced.out}")

    top = traced.top()
    real.check(top["kind"] == "sem", f"on top is {top['kind']} {top['name']}, not the Lock")
    threads = {w["tid"] for w in top["waiters"]}
    real.check(len(threads) == 4, f"{len(threads)} threads wait for it, not 4")
    for role, function in (("waiters", "PyThread_acquire_lock_timed"),
                           ("wakers", "PyThread_release_lock")):
        part = real.share_in(top[role], MODULE, function)
        real.check(part >= 0.95, f"{role} in {function}() have {part:.1%} of the time only")
    wakers = {w["tid"] for w in top["wakers"] if w["tid"]}
    real.check(wakers <= threads, "somebody else releases it")
    case.confirm(traced, top)
