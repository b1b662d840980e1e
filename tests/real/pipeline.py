"""pipeline: a shell runs tar | xz | sha256sum.

Truth: xz is the slow one. tar waits to write into its full pipe until xz reads, sha256sum waits to
read from its empty one until xz writes; xz is what both others wait for, nearly all of the run, and
waits for hardly anything itself. The shell waits for its children.
"""
import os

import real
import text

SIZE = 15_000_000
SCRIPT = "tar -cf - -C folder --sort=name --mtime=@0 --owner=0 --group=0 . | xz -2 -T1 | sha256sum"


def process(report, name):
    """The one process of that program."""
    found = [p["pid"] for p in report["processes"] if os.path.basename(p["name"]) == name]
    real.check(len(found) == 1, f"{len(found)} processes are called {name}")
    return found[0]


with real.Case(kernel=False) as case:
    os.mkdir(case.path("folder"))
    with open(case.path("folder/text"), "wb") as file:
        file.write(text.words(SIZE))
    argv = ["sh", "-c", f"cd {case.dir} && {SCRIPT}"]
    plain = case.run(argv)
    traced = case.record(argv)
    real.same(plain, traced)

    report = traced.report
    tar, xz, sum_ = (process(report, name) for name in ("tar", "xz", "sha256sum"))
    pipes = traced.objects("pipe")
    for waiter in (tar, sum_):
        own = [(o, w) for o in pipes for w in o["waiters"] if w["pid"] == waiter]
        real.check(own, f"{waiter} waits on no pipe")
        pipe, _ = max(own, key=lambda pair: pair[1]["wait_ns"])
        total = sum(w["wait_ns"] for o, w in own)
        # Wakers have the waits that they ended.
        by_xz = sum(w["wait_ns"] for w in pipe["wakers"] if w["pid"] == xz)
        real.check(total >= 0.5e9 * plain.seconds, f"{waiter} waits {total / 1e9:.3f} s only")
        real.check(by_xz >= 0.95 * pipe["wait_ns"],
                   f"xz ends {by_xz / pipe['wait_ns']:.1%} of the waits on {pipe['name']} only")
        real.check(pipe["scope"] == "shared" and {waiter, xz} <= set(pipe["pids"]),
                   f"{pipe['name']} is {pipe['scope']}, of {pipe['pids']}")
        real.say(f"{pipe['name']}: {total / 1e9:.3f} s of {traced.seconds:.3f} s")
    waited = sum(w["wait_ns"] for o in pipes for w in o["waiters"] if w["pid"] == xz)
    real.check(waited <= 0.25e9 * traced.seconds, f"xz itself waits {waited / 1e9:.3f} s")
