"""pairs.py: programs that have a fault and their near-twins that have not: what a report finds in them.

    pairs.py --list             the names of the pairs, one a line
    pairs.py NAME [--keep DIR]  records both, and compares the reports with the row of pairs.txt

The first must be found, with the right objects, threads and lines; the twin must yield nothing at
all. Lines are given in the source by a comment, `/* mark: NAME */`, at the end of the line.

Environment (set by CMakeLists.txt): WAITSCOPE the command, FAULT_PROGRAMS where the programs are,
VALIDATE the check of a report against its schema, WAITSCOPE_SCHEMA.
"""
import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_S = 60  # a recording that takes longer hangs: the programs themselves end at once

Pair = collections.namedtuple("Pair", "name program arguments expects kinds threads marks options")


class Failed(Exception):
    """The report is not what the table says."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def read_table():
    pairs = []
    with open(os.path.join(HERE, "pairs.txt"), encoding="utf-8") as table:
        for line in table:
            words = line.split("#")[0].split()
            if not words:
                continue
            name, call, expects, kinds, threads, marks, *options = words
            program, *arguments = call.split(",")
            pairs.append(Pair(name, program, arguments, expects, kinds.split(","), int(threads),
                              [] if marks == "-" else marks.split(","), options))
    return pairs


def marks_of(program):
    """{mark: its lines} of the program's source."""
    marks = collections.defaultdict(set)
    with open(os.path.join(HERE, program + ".c"), encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            found = re.search(r"/\* mark: (\w+) \*/", line)
            if found:
                marks[found.group(1)].add(number)
    return marks


def line_of(program, place):
    """The line of the program's source that a site or a stack comes through, innermost first."""
    for frame in [place.get("site")] + (place.get("stack") or []):
        if frame and os.path.basename(frame.get("file") or "") == program + ".c":
            return frame["line"]
    return None


class Report:
    def __init__(self, folder, pair, which):
        trace = os.path.join(folder, which)
        command = os.environ["WAITSCOPE"]
        program = os.path.join(os.environ["FAULT_PROGRAMS"], pair.program)
        done = subprocess.run([command, "record", "-o", trace, "--", program, which]
                              + pair.arguments, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=LIMIT_S, cwd=folder, check=False)
        # A program that hangs is ended by its watcher: whatever the status, it got to its end.
        check("fault: done" in done.stdout, f"{which}: not done, status {done.returncode}: "
              f"{done.stdout}")
        done = subprocess.run([command, "report", trace, "--format", "json"], timeout=LIMIT_S,
                              stdout=subprocess.PIPE, check=False)
        check(done.returncode == 0, f"{which}: report ended with {done.returncode}")
        self.json = json.loads(done.stdout)
        self.kinds = {o["id"]: o["kind"] for o in
                      self.json["objects"] + self.json.get("other_objects", [])}
        with open(os.path.join(folder, which + ".json"), "wb") as kept:
            kept.write(done.stdout)
        done = subprocess.run([sys.executable, "-B", os.environ["VALIDATE"],
                               os.environ["WAITSCOPE_SCHEMA"], kept.name], check=False)
        check(done.returncode == 0, f"{which}: the report is not as its schema says")
        check(self.json["trace"]["lost_events"] == 0, f"{which}: events were lost")

    def findings(self):
        return self.json["findings"]

    def deadlocks(self, suppressed):
        return [d for d in self.json["deadlocks"] if (d["verdict"] == "suppressed") == suppressed]


def check_kinds(pair, kinds):
    if pair.kinds != ["-"]:
        check(sorted(kinds) == sorted(pair.kinds),
              f"is about {sorted(kinds)}, wanted {sorted(pair.kinds)}")


def check_threads(pair, threads):
    threads = set(threads)
    check(len(threads) == pair.threads, f"names {len(threads)} threads, wanted {pair.threads}")


def check_finding(pair, report, finding):
    evidence = finding["evidence"]
    check_kinds(pair, [report.kinds[o] for o in finding["objects"]])
    check_threads(pair, [(e["pid"], e["tid"]) for e in evidence if e["tid"] is not None])
    marks = marks_of(pair.program)
    lines = {line_of(pair.program, e) for e in evidence} - {None}
    wanted = set()
    for mark in pair.marks:
        check(mark in marks, f"{pair.program}.c has no mark {mark}")
        check(lines & marks[mark], f"no evidence at mark {mark} (lines {sorted(marks[mark])}), "
              f"but at {sorted(lines)}")
        wanted |= marks[mark]
    check(lines <= wanted, f"evidence at lines {sorted(lines - wanted)}, which have no mark")


def check_deadlock(pair, report, deadlock):
    cycle = deadlock["cycle"]
    check_kinds(pair, [report.kinds[s["wants"]] for s in cycle])
    check_threads(pair, [(s["pid"], s["tid"]) for s in cycle])
    marks = marks_of(pair.program)
    found = []
    for step in cycle:
        # A hold is known by its stack, or by its site only.
        hold = line_of(pair.program, {"site": step.get("hold_site"), "stack": step["hold_stack"]})
        want = line_of(pair.program, {"site": step.get("want_site"), "stack": step["want_stack"]})
        # Who took a semaphore says so; who only could post it has no line of that.
        kind = report.kinds[step["holds"]]
        check(step["hold_taken"] == (kind in ("sem", "sysv_sem") and hold is not None),
              f"a {kind} is taken: {step['hold_taken']}, with line {hold}")
        found.append((hold, want))
    for mark in pair.marks:
        hold, want = mark.split(">")
        check(want in marks and hold in list(marks) + ["?"], f"{pair.program}.c lacks {mark}")
        check(any((hold == "?" or h in marks[hold]) and w in marks[want] for h, w in found),
              f"no step {mark}, but (line of hold, line of want) {found}")
    check(not pair.marks or len(cycle) == len(pair.marks),
          f"{len(cycle)} steps, wanted {len(pair.marks)}")


def option(pair, name):
    for word in pair.options:
        key, _, value = word.partition("=")
        if key == name:
            return value.split(",")
    return []


def check_fault(pair, report):
    rules = [f["rule"] for f in report.findings()]
    verdicts = [d["verdict"] for d in report.deadlocks(False)]
    also = option(pair, "also")
    if pair.expects.startswith("deadlock:"):
        verdict = pair.expects.partition(":")[2]
        check(verdict in verdicts, f"fault: no deadlock {verdict}, but {verdicts}; {rules}")
        check_deadlock(pair, report,
                       next(d for d in report.deadlocks(False) if d["verdict"] == verdict))
        check(len(verdicts) == 1, f"fault: more than one deadlock: {verdicts}")
        also.append(option(pair, "rule")[0] if option(pair, "rule") else "")
    else:
        check(pair.expects in rules, f"fault: no finding {pair.expects}, but {rules}; {verdicts}")
        count = int(option(pair, "count")[0]) if option(pair, "count") else 1
        check(rules.count(pair.expects) == count,
              f"fault: {rules.count(pair.expects)} findings {pair.expects}, wanted {count}")
        for finding in report.findings():
            if finding["rule"] == pair.expects:
                check_finding(pair, report, finding)
        also.append(pair.expects)
    check(set(rules) <= set(also), f"fault: also finds {sorted(set(rules) - set(also))}")


def check_twin(pair, report):
    found = [f["rule"] + ": " + f["title"] for f in report.findings()]
    found += [d["verdict"] + ": " + d["reason"] for d in report.deadlocks(False)]
    check(not found, f"twin: finds {found}")
    wanted = option(pair, "twin")
    if wanted:
        check(wanted == ["suppressed"], f"unknown option twin={wanted}")
        check(report.deadlocks(True), "twin: nothing was suppressed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", nargs="?")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    pairs = {pair.name: pair for pair in read_table()}
    if arguments.list:
        print("\n".join(pairs))
        return 0
    folder = arguments.keep or tempfile.mkdtemp(prefix="waitscope-fault-")
    os.makedirs(folder, exist_ok=True)
    try:
        pair = pairs[arguments.name]
        check_fault(pair, Report(folder, pair, "fault"))
        check_twin(pair, Report(folder, pair, "twin"))
    except Failed as failed:
        print(f"{arguments.name}: {failed}")
        return 1
    finally:
        if not arguments.keep:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
