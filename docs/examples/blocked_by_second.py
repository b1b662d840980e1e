#!/usr/bin/env python3
"""blocked_by_second.py: who kept whom waiting, second by second, from waitscope's JSON and waits.

    waitscope report --format json -o report.json server.trace
    babeltrace2 --clock-cycles server.trace -c filter.waitscope.waits > waits.txt
    ./blocked_by_second.py report.json waits.txt [KIND...]

For each second of the recording, and each pair of a waiter and of who kept it waiting, a line with the
milliseconds. Who kept it is each holder of the object for its part, where the object has holders; else
who let it go on. A wait over several seconds counts in each with its part. KINDs (default: all but sleep,
poll, process and signal) are those of the report. docs/python.md explains it.
"""
import collections
import json
import re
import sys

IDLE = {"sleep", "poll", "process", "signal"}
WAIT = re.compile(r"waitscope_analysis:wait: (\{.*\})$")
FIELD = re.compile(r'(\w+) = (?:"((?:[^"\\]|\\.)*)"|(-?\d+))')
HOLDER = re.compile(r"\[\d+\] = \{ ([^}]*) \}")


def fields(text):
    return {name: int(number) if number else string for name, string, number in FIELD.findall(text)}


def waits(lines):
    """Each wait with its holders: a dict of its fields."""
    for line in lines:
        match = WAIT.search(line)
        if match:
            text, _, holders = match[1].partition("holders = [")
            wait = fields(text)
            wait["holders"] = [fields(one) for one in HOLDER.findall(holders)]
            yield wait


def blockers(wait):
    """Who kept it waiting, from when to when: holders one after the other, or all at once (readers)."""
    if not wait["holders"]:
        yield wait["waker"], wait["waker_tid"], wait["begin_ns"], wait["end_ns"]
    at_once = sum(holder["ns"] for holder in wait["holders"]) > wait["duration_ns"]
    at = wait["begin_ns"]
    for holder in wait["holders"]:
        yield holder["thread"], holder["tid"], at, at + holder["ns"]
        at += 0 if at_once else holder["ns"]


def by_second(begin_ns, end_ns):
    """The span in pieces: (second, nanoseconds)."""
    while begin_ns < end_ns:
        second = begin_ns // 10**9
        until = min(end_ns, (second + 1) * 10**9)
        yield second, until - begin_ns
        begin_ns = until


def name(thread, tid):
    return f"{thread}[{tid}]" if tid >= 0 else "unknown"


def main():
    report_file, waits_file, *kinds = sys.argv[1:]
    with open(report_file, encoding="utf-8") as file:
        report = json.load(file)
    begin_ns = report["trace"]["begin_ns"]
    kinds = set(kinds) or set(report["totals"]["by_kind"]) - IDLE
    ns = collections.Counter()
    total = 0
    with open(waits_file, encoding="utf-8", errors="replace") as file:
        for wait in waits(file):
            total += wait["end_ns"] - wait["begin_ns"]
            if wait["kind"] not in kinds:
                continue
            waiter = name(wait["waiter"], wait["waiter_tid"])
            for thread, tid, begin, end in blockers(wait):
                for second, part in by_second(begin - begin_ns, end - begin_ns):
                    ns[second, waiter, name(thread, tid)] += part
    if total != report["totals"]["wait_ns"]:
        sys.exit("blocked_by_second: the two files are not of one recording")
    for (second, waiter, blocker), part in sorted(ns.items(), key=lambda item: (item[0][0], -item[1], item[0])):
        print(f"{second:4} s  {part / 1e6:10.3f} ms  {waiter} waited for {blocker}")


if __name__ == "__main__":
    main()
