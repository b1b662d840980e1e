"""selftest.py: pairs.py is satisfied by the right report only: each thing that it compares is put wrong."""
import copy
import os
import sys

import pairs

MARKS = pairs.marks_of("meet")
LINES = {name: min(lines) for name, lines in MARKS.items()}


def place(mark):
    return {"file": "/src/meet.c", "line": LINES[mark], "function": "f"}


def evidence(tid, mark):
    return {"pid": 1, "tid": tid, "site": place(mark), "stack": [place(mark)]}


class Made:
    """What pairs.Report has, without a recording."""

    def __init__(self):
        self.kinds = {0: "mutex", 1: "mutex"}
        self.json = {
            "findings": [{
                "rule": "lock_order", "title": "t", "objects": [0, 1],
                "evidence": [evidence(1, "a_first"), evidence(1, "b_second"),
                             evidence(2, "b_first"), evidence(2, "a_second")]}],
            "deadlocks": [{
                "verdict": "predictable", "reason": "r", "cycle": [
                    {"pid": 1, "tid": 1, "holds": 0, "wants": 1, "hold_taken": False,
                     "hold_stack": [place("a_first")], "want_stack": [place("b_second")]},
                    {"pid": 1, "tid": 2, "holds": 1, "wants": 0, "hold_taken": False,
                     "hold_stack": [place("b_first")], "want_stack": [place("a_second")]}]}]}

    findings = pairs.Report.findings
    deadlocks = pairs.Report.deadlocks


def pair(expects, marks, options=()):
    return pairs.Pair("made", "meet", [], expects, ["mutex", "mutex"], 2, marks, list(options))


FINDING = pair("lock_order", ["a_first", "b_second", "b_first", "a_second"])
DEADLOCK = pair("deadlock:predictable", ["a_first>b_second", "b_first>a_second"],
                ["rule=lock_order"])


def refuses(check, row, change):
    report = Made()
    change(report.json)
    try:
        check(row, report)
    except pairs.Failed:
        return
    sys.exit(f"selftest: {change.__name__} went unnoticed")


def nothing_found(report):
    report["findings"] = []


def no_deadlock(report):
    report["deadlocks"] = []


def another_verdict(report):
    report["deadlocks"][0]["verdict"] = "occurred"


def told_twice(report):
    report["findings"].append(copy.deepcopy(report["findings"][0]))


def another_rule_too(report):
    report["findings"].append(dict(report["findings"][0], rule="stuck"))


def one_object_less(report):
    report["findings"][0]["objects"].pop()


def one_thread_only(report):
    for one in report["findings"][0]["evidence"] + report["deadlocks"][0]["cycle"]:
        one["tid"] = 1


def a_line_missing(report):
    report["findings"][0]["evidence"].pop()
    report["findings"][0]["evidence"].append(evidence(2, "b_first"))


def a_line_too_many(report):
    report["findings"][0]["evidence"][0]["stack"][0]["line"] += 1
    report["findings"][0]["evidence"][0]["site"]["line"] += 1


def another_hold(report):
    report["deadlocks"][0]["cycle"][0]["hold_stack"] = [place("b_first")]


def taken_though_a_mutex(report):
    report["deadlocks"][0]["cycle"][0]["hold_taken"] = True


def another_want(report):
    report["deadlocks"][0]["cycle"][1]["want_stack"] = [place("b_second")]


def another_file(report):
    for one in report["findings"][0]["evidence"]:
        one["site"]["file"] = one["stack"][0]["file"] = "/src/other.c"


def as_it_is(report):
    del report  # a twin must have nothing of it


def main():
    pairs.check_fault(FINDING, Made())
    pairs.check_fault(DEADLOCK, Made())
    for change in (nothing_found, told_twice, another_rule_too, one_object_less, one_thread_only,
                   a_line_missing, a_line_too_many, another_file):
        refuses(pairs.check_fault, FINDING, change)
    for change in (no_deadlock, another_verdict, one_thread_only, another_hold, another_want,
                   taken_though_a_mutex):
        refuses(pairs.check_fault, DEADLOCK, change)
    for change in (as_it_is, nothing_found, no_deadlock):
        refuses(pairs.check_twin, FINDING, change)
    quiet = Made()
    quiet.json = {"findings": [], "deadlocks": []}
    pairs.check_twin(FINDING, quiet)
    names = [row.name for row in pairs.read_table()]
    if len(names) != len(set(names)) or len(names) < 60:
        sys.exit(f"selftest: {len(names)} pairs, {len(set(names))} names")
    for row in pairs.read_table():
        if not os.path.exists(os.path.join(pairs.HERE, row.program + ".c")):
            sys.exit(f"selftest: {row.name}: there is no {row.program}.c")


if __name__ == "__main__":
    main()
