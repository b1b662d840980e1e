# SPDX-License-Identifier: MIT
"""The group `report` of tests/bench/run: how long `waitscope report` takes, and what memory.

Traces of 1, 5 and 20 million events, most of them calls as in full mode, in two streams, are made by
tests/bench/flood under /tmp (2 GB, removed at the end). On the longest, `waitscope report` and
`babeltrace2 -c sink.utils.dummy`, which reads the same and does nothing, run in turn. Limits: no more
time than the dummy; 250 MB, for all processes together; and the time for an event is the same in a
short and a long trace.
"""
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

MILLIONS = [1, 5, 20]
CALLS = 12            # of 16 events, see flood.c
MOST_RATIO = 1.0      # of the dummy's time
MOST_MB = 250
MOST_GROWTH = 1.25    # of the time for an event, 20 million against 1 million
DISK_BYTES = 3 << 30  # for the traces


def memory_kb(pid, peaks):
    """Notes the highest resident size so far of the process and all below it."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    peaks[pid] = int(line.split()[1])
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            for child in children.read().split():
                memory_kb(int(child), peaks)
    except OSError:
        pass  # it has just ended


def timed(command):
    """Seconds and MB that the command takes, all its processes together."""
    peaks = {}
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    over = threading.Event()

    def sample():
        while not over.wait(0.05):
            memory_kb(process.pid, peaks)

    sampler = threading.Thread(target=sample)
    sampler.start()
    status = process.wait()
    seconds = time.monotonic() - begin
    over.set()
    sampler.join()
    if status:
        raise SystemExit(f"bench: {' '.join(command)}: status {status}")
    return seconds, sum(peaks.values()) / 1024


def run(build, runs):
    """Prints the figures. They, and whether a limit was exceeded."""
    if not shutil.which("babeltrace2"):
        print("left out: report (babeltrace2 is not installed)")
        return {}, False
    if shutil.disk_usage(tempfile.gettempdir()).free < DISK_BYTES:
        print(f"left out: report (less than {DISK_BYTES >> 30} GB are free in {tempfile.gettempdir()})")
        return {}, False
    waitscope = os.path.join(build, "bin", "waitscope")
    here = os.path.dirname(os.path.abspath(__file__))
    report, dummy, memory = {n: [] for n in MILLIONS}, [], []
    with tempfile.TemporaryDirectory(prefix="waitscope-bench-") as folder:
        for n in MILLIONS:
            subprocess.run([os.path.join(here, "record_flood"), build, f"{folder}/{n}",
                            str(n * 1000000), "2", str(CALLS)], check=True)
        for _ in range(runs):
            for n in MILLIONS:
                seconds, megabytes = timed([waitscope, "report", f"{folder}/{n}"])
                report[n].append(seconds)
                if n == MILLIONS[-1]:
                    memory.append(megabytes)
            dummy.append(timed(["babeltrace2", "-c", "sink.utils.dummy", f"{folder}/{n}"])[0])
    longest = MILLIONS[-1]
    # Each run is compared with the one just after it: the machine's speed drifts.
    ratio = statistics.median(r / d for r, d in zip(report[longest], dummy))
    growth = (statistics.median(report[longest]) / longest) / statistics.median(report[MILLIONS[0]])
    exceeded = ratio > MOST_RATIO or max(memory) > MOST_MB or growth > MOST_GROWTH
    print(f"\nreport: {runs} runs each, in turn; medians")
    for n in MILLIONS:
        seconds = statistics.median(report[n])
        print(f"  {n:3} M events {seconds:8.2f} s  {1000 * seconds / n:8.1f} ns an event")
    print(f"  babeltrace2's dummy {statistics.median(dummy):5.2f} s; report takes {ratio:.2f} x that "
          f"(limit {MOST_RATIO:.2f}){'  EXCEEDED' if ratio > MOST_RATIO else ''}")
    print(f"  an event of {longest} M takes {growth:.2f} x one of {MILLIONS[0]} M "
          f"(limit {MOST_GROWTH:.2f}){'  EXCEEDED' if growth > MOST_GROWTH else ''}")
    print(f"  memory {max(memory):.0f} MB (limit {MOST_MB})"
          f"{'  EXCEEDED' if max(memory) > MOST_MB else ''}")
    return {"report_s": report, "dummy_s": dummy, "memory_mb": memory, "ratio": ratio,
            "growth": growth}, exceeded
