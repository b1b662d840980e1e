"""memory.py: exports of single waits take no memory by waits.

    memory.py WAITSCOPE TURNS [ROUNDS]

TURNS is a program whose waits come in any number. Truth: each export needs no more than the report and
what its buffers are for, however many waits there are; and it has all of them.
"""
import os
import re
import sqlite3
import sys

import driver
from driver import check, same

# 200,000 waits would take 25 MB and more.
MOST_KB = {"perfetto": 14 << 10, "sqlite": 36 << 10, "csv": 36 << 10}


def peak_kb(waitscope, *arguments):
    """The most memory that the command, or what it started, had at once."""
    child = os.fork()
    if not child:
        os.execv(waitscope.command, [waitscope.command, *arguments])
    _, status, usage = os.wait4(child, 0)
    same(status, 0, f"{arguments}: status")
    return usage.ru_maxrss


def waits_in(form, path):
    with open(path, "rb") as file:
        if form == "csv":
            return sum(line.endswith(b"\r\n") for line in file) - 1
        if form == "perfetto":
            # Slices begin with TrackEvent.type 1 in front of a name.
            return len(re.findall(rb"\x48\x01\x50", file.read()))
    with sqlite3.connect(path) as db:
        return db.execute("SELECT count(*) FROM waits").fetchone()[0]


def main():
    command, turns = sys.argv[1:3]
    rounds = sys.argv[3] if len(sys.argv) > 3 else "35000"
    with driver.Waitscope(command) as waitscope:
        trace, out = waitscope.path("trace"), waitscope.path("out")
        waitscope.run("record", "--on-full", "block", "-o", trace, "--", turns, rounds)
        waits = waitscope.report([trace])["totals"]["waits"]
        check(waits > 100_000, f"only {waits} waits")
        report = peak_kb(waitscope, "report", "--format", "json", "-o", out, trace)
        for form, most in MOST_KB.items():
            more = peak_kb(waitscope, "export", "--to", form, "-o", out, trace) - report
            print(f"{form}: {waits} waits, {more} kB more than the report's {report}")
            check(more < most, f"{form}: {more} kB more than the report")
            same(waits_in(form, out), waits, f"waits in {form}")


main()
