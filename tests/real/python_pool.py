"""Python's multiprocessing: a Pool of three, and a Queue of two places between three processes.

Truth (programs/python_pool.py; Lib/multiprocessing/{pool,queues}.py): a Pool's results come through
one pipe, which a thread of the parent reads and the workers write. What is idle of the workers
stands in line for the pipe of the tasks, by a lock that is a POSIX semaphore called /mp-RANDOM.
Places of the queue are another: the producers wait for it while the parent, which posts it by get(),
sleeps: about 0.4 s for 40 items, less what had its place at once.
"""
import os

import real

PYTHON = os.path.realpath("/usr/bin/python3")  # Debian's, whatever comes first in PATH

with real.Case(kernel=False) as case:
    argv = [PYTHON, "-X", "utf8", os.path.join(real.HERE, "programs/python_pool.py")]
    plain = case.run(argv)
    traced = case.record(argv)
    real.same(plain, traced)
    real.check((traced.status, traced.out) == (4, b"squares 70210\nsquares 70210\ntotal 60\n"),
               f"it ends with {traced.status} and says {traced.out}")

    report = traced.report
    parent, *children = [p["pid"] for p in report["processes"]]
    real.check(len(children) == 5, f"{len(children)} children were recorded")
    workers, producers = set(children[:3]), set(children[3:])

    named = [s for s in traced.objects("sem") if s["name"].startswith("/mp-")]
    real.check(named and all(s["scope"] == "shared" for s in named), "no named semaphore")
    places = [s for s in named if {w["pid"] for w in s["waiters"]} == producers]
    real.check(places, "the producers wait for no semaphore together")
    place = max(places, key=lambda s: s["wait_ns"])
    real.say(f"{place['name']}: {place['waits']} waits, {place['wait_ns'] / 1e9:.3f} s")
    # A post that comes while the wait begins may go unseen.
    real.check({w["pid"] for w in place["wakers"]} <= {parent, None}, "others than the parent post it")
    real.check(place["unknown_ns"] <= 0.05 * place["wait_ns"], "who posts it is not known")
    real.check(place["waits"] >= 20 and place["wait_ns"] >= 0.2e9, "they wait for hardly anything")

    results = [o for o in traced.objects("pipe") if {w["pid"] for w in o["waiters"]} == {parent}
               and workers & {w["pid"] for w in o["wakers"]}]
    real.check(results, "the parent waits on no pipe that a worker writes")
    pipe = max(results, key=lambda o: o["wait_ns"])
    real.say(f"{pipe['name']}: {pipe['waits']} waits, {pipe['wait_ns'] / 1e9:.3f} s")
    real.check({w["pid"] for w in pipe["wakers"]} >= workers, "not every worker writes it")
    by_workers = sum(w["wait_ns"] for w in pipe["wakers"] if w["pid"] in workers)
    real.check(by_workers >= 0.9 * pipe["wait_ns"],
               f"workers end {by_workers / pipe['wait_ns']:.1%} of its time only")
    real.check(pipe["scope"] == "shared", f"the pipe is {pipe['scope']}")
