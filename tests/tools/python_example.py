"""python_example.py: docs/examples/blocked_by_second.py says what the JSON report says.

    python_example.py SOURCE PLUGINS WAITSCOPE PROGRAM [ARG...]

Truth: what each waited for each other on mutexes, over all seconds, is `waits_for` of the report; seconds
come in order; files of two recordings are refused.
"""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT_S = 120


def check(condition, text):
    if not condition:
        sys.exit(f"python_example: {text}")


def run(*command, **options):
    return subprocess.run(command, check=True, timeout=LIMIT_S, stdout=subprocess.PIPE, **options).stdout


def record(folder, name, plugins, waitscope, program):
    """The two files that the example wants, by the commands that it names."""
    trace = os.path.join(folder, name)
    report, waits = trace + ".json", trace + ".txt"
    run(waitscope, "record", "-o", trace, "--", *program, stderr=subprocess.DEVNULL)
    run(waitscope, "report", "--format", "json", "-o", report, trace)
    with open(waits, "wb") as file:
        file.write(run("babeltrace2", "--plugin-path", plugins, "--clock-cycles", trace, "-c",
                       "filter.waitscope.waits"))
    return report, waits


def main():
    source, plugins, waitscope, *program = sys.argv[1:]
    example = os.path.join(source, "docs/examples/blocked_by_second.py")
    folder = tempfile.mkdtemp(prefix="waitscope-python-")
    try:
        report_file, waits_file = record(folder, "one", plugins, waitscope, program)
        with open(report_file, encoding="utf-8") as file:
            report = json.load(file)
        told = collections.Counter()
        last = (-1, 0)
        for line in run(example, report_file, waits_file, "mutex").decode().splitlines():
            match = re.fullmatch(r" *(\d+) s +([\d.]+) ms  .*\[(\d+)\] waited for (?:.*\[(\d+)\]|unknown)", line)
            check(match, f"line: {line}")
            second, ms = int(match[1]), float(match[2])
            check((second, -ms) >= last, f"not in order: {line}")
            last = second, -ms
            told[int(match[3]), match[4] and int(match[4])] += ms
        mutexes = {o["id"] for o in report["objects"] if o["kind"] == "mutex"}
        want = collections.Counter()
        for edge in report["waits_for"]:
            if edge["object"] in mutexes:
                want[edge["waiter"]["tid"], edge["blocker"]["tid"]] += edge["wait_ns"] / 1e6
        check(want and told.keys() == want.keys(), f"{told.keys() ^ want.keys()}")
        for pair, ms in want.items():
            check(abs(ms - told[pair]) < 0.01, f"{pair}: {told[pair]} ms, not {ms}")
        check(run(example, report_file, waits_file), "nothing of all kinds")
        other, _ = record(folder, "two", plugins, waitscope, program)
        done = subprocess.run([example, other, waits_file], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.returncode and b"not of one recording" in done.stderr, "files of two recordings")
    finally:
        shutil.rmtree(folder)


main()
