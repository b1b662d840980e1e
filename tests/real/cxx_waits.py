"""cxx_waits: a C++20 program that waits by std::mutex, condition_variable, counting_semaphore and
atomic::wait, one after the other.

Truth (programs/cxx_waits.cpp): four threads hold `gate` for a second in all, so between 1.5 s
(each keeps it until it is done) and 3 s (they take turns) are waited for it, and a second at most
for any other object. The standard library's header code may or may not be inlined: the program's
line is a frame of the stack, if not the first. libstdc++ makes futex(2) calls of its own for the
last two.
"""
import os

import real

OBJECTS = (  # kind, name, function, mark of the line
    ("mutex", "gate", "mutex_worker", "mutex"),
    ("cond", "ready", "cond_consumer", "cond"),
    ("futex", "tokens", "semaphore_worker", "semaphore"),
    ("futex", "turn", "atomic_waiter", "atomic"),
)


def line_of(mark):
    with open(os.path.join(real.HERE, "programs/cxx_waits.cpp")) as file:
        return next(n for n, line in enumerate(file, 1) if f"/* waits for: {mark} */" in line)


def has_line(party, function, line):
    return any((frame["function"] or "").startswith(function) and frame["line"] == line
               for frame in party["stack"])


with real.Case() as case:
    argv = [os.path.join(os.environ["REAL_PROGRAMS"], "cxx_waits")]
    plain = case.run(argv)
    traced = case.record(argv)
    real.same(plain, traced)
    real.check(traced.status == 7, f"its exit status is {traced.status}, not 7")

    top = traced.top()
    real.check((top["kind"], top["name"]) == ("mutex", "gate"),
               f"on top is {top['kind']} {top['name']}")
    for kind, name, function, mark in OBJECTS:
        found = [o for o in traced.objects(kind) if o["name"] == name]
        real.check(len(found) == 1, f"{kind} {name} is {len(found)} times in the report")
        line = line_of(mark)
        there = sum(w["wait_ns"] for w in found[0]["waiters"] if has_line(w, function, line))
        part = there / found[0]["wait_ns"]
        real.check(part >= 0.95, f"{part:.0%} of the waiting for {name} is in {function}(), line "
                   f"{line}: {found[0]['waiters'][0]['stack'][:6]}")
    case.confirm(traced, top)
