# SPDX-License-Identifier: MIT
"""What `record --mode full` costs, against `strace -f` of the system calls that the same program makes:
round trips between two processes, each call of which both record with arguments, result and time. No
limit: the figures are for people. Used by tests/bench/run, group `calls`."""
import os
import shutil
import statistics
import tempfile

# What the program goes through, and the system calls that it makes there.
WAYS = {
    "pipe": "read,write",
    "mq": "mq_timedsend,mq_timedreceive",
    "sysv_sem": "semop,semtimedop",
    "posix_sem": "futex",
}


def run(build, runs, figure):
    """Prints the figures and returns them."""
    waitscope = os.path.join(build, "bin", "waitscope")
    program = os.path.join(build, "tests", "bench", "roundtrip")
    results = {}
    with tempfile.TemporaryDirectory(prefix="waitscope-calls-") as folder:
        trace = os.path.join(folder, "trace")

        def recorded(*words):
            value = figure([waitscope, "record", "--no-symbols", "-o", trace, *words])
            for name in (trace, trace + ".old"):
                shutil.rmtree(name, ignore_errors=True)
            return value

        for way, calls in WAYS.items():
            command = [program, way]
            ways = {
                "untraced": lambda: figure(command),
                "waitscope record": lambda: recorded("--", *command),
                "... --mode full": lambda: recorded("--mode", "full", "--", *command),
            }
            if shutil.which("strace"):
                ways["strace -f -e ipc calls"] = lambda: figure(
                    ["strace", "-f", "-qq", "-T", "-ttt", "-e", f"trace={calls}", "-o",
                     os.path.join(folder, "strace"), *command])
            else:
                print("left out: strace (not installed)")
            figures = {name: [] for name in ways}
            for _ in range(runs):
                for name, measure in ways.items():
                    figures[name].append(measure())
            bases = figures["untraced"]
            print(f"\ncalls, {way}: {runs} runs each, in turn; medians, ns per round trip")
            for name, values in figures.items():
                ratio = statistics.median(v / b for v, b in zip(values, bases))
                print(f"  {name:24} {statistics.median(values):12.1f} ns  {ratio:8.2f} x")
            if "strace -f -e ipc calls" in figures:
                gain = statistics.median(s / f for s, f in zip(figures["strace -f -e ipc calls"],
                                                               figures["... --mode full"]))
                print(f"  strace takes {gain:.1f} times as long as full mode")
            results[way] = figures
    return results
