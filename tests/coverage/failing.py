"""failing.py: every mechanism has a program for every way in which a wait of two processes can end.

    failing.py KINDS TABLE PROGRAMS BUILD

KINDS is tracepoints/kinds.h, TABLE failing.txt, which has the words, PROGRAMS the folder of the test
programs, BUILD that of the build, which knows the tests. It fails where a kind has no row, a cell is
empty, a test does not exist, or a program does not say that it did what the table says of it
(truth_case()): each is run, unrecorded. That the reports agree is for the tests named.

At last it breaks the table in every such way, and fails unless that is noticed.
"""
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

LIMIT_S = 60
PARALLEL = 4  # they sleep most of the time

Cell = collections.namedtuple("Cell", "row case program outcome")  # program: None: cannot happen


class Table:
    """failing.txt. What is wrong with it as a text is in `complaints`."""

    def __init__(self, text):
        self.rows = {}  # name: (kind, kind of its waits)
        self.cases = []
        self.elsewhere = set()
        self.cells = []
        self.tests = []
        self.complaints = []
        self.covered = set()  # (row, case) of which something is said
        rest = []
        for line in text.splitlines():
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] == "row":
                self.rows[words[1]] = (words[2], words[-1])
            elif words[0] == "case":
                self.cases.append(words[1])
            elif words[0] == "elsewhere":
                self.elsewhere |= set(words[1:])
            elif "*" in words[:2]:
                rest.append(words)
            else:
                self.add(words)
        for words in rest:
            self.add(words)

    def pairs(self, words):
        rows = list(self.rows) if words[0] == "*" else words[0].split(",")
        cases = self.cases if words[1] == "*" else words[1].split(",")
        for row in rows:
            for case in cases:
                if "*" not in words[:2] or (row, case) not in self.covered:
                    yield row, case

    def add(self, words):
        if len(words) < 4:
            self.complaints.append(f"not understood: {' '.join(words)}")
            return
        for row, case in list(self.pairs(words)):
            if row not in self.rows or case not in self.cases:
                self.complaints.append(f"{row} {case}: no such row or case")
            if words[2] == "test":
                self.tests.append((row, case, words[3]))
            else:
                self.cells.append(Cell(row, case, None if words[2] == "-" else words[2], words[3]))
            self.covered.add((row, case))


def kinds_of(path):
    with open(path, encoding="utf-8") as header:
        listed = re.search(r"#define WS_KINDS\(X\)(.*?)\n\n", header.read(), re.DOTALL)
    return re.findall(r"X\(\w+, (\w+), \d+\)", listed.group(1))


def tests_of(build):
    done = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"],
                          stdout=subprocess.PIPE, check=True)
    return {test["name"] for test in json.loads(done.stdout)["tests"]}


def truth_of(folder, program):
    """The (row, case, kind, outcome) that the program says it had, and its processes; or an error."""
    name, *arguments = program.split(",")
    path = os.path.join(folder, name)
    if not os.access(path, os.X_OK):
        return f"no program {name}", set()
    with tempfile.TemporaryDirectory(prefix="waitscope-failing-") as scratch:
        truth = os.path.join(scratch, "truth")
        try:
            done = subprocess.run([path] + arguments, stdin=subprocess.DEVNULL, timeout=LIMIT_S,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                  env=dict(os.environ, WS_TRUTH=truth), check=False)
        except subprocess.TimeoutExpired:
            return f"{program} hangs", set()
        if done.returncode != 0:
            return f"{program} ended with {done.returncode}: {done.stderr}", set()
        with open(truth, encoding="utf-8") as printed:
            text = printed.read()
    decoder, found, pids = json.JSONDecoder(), set(), set()
    while text.strip():
        process, end = decoder.raw_decode(text.lstrip())
        text = text.lstrip()[end:]
        pids.add(process["pid"])
        for call in process["waits"] + process["tries"]:
            found |= {(row, case, call["kind"], call["outcome"]) for row, case in call["cases"]}
    return pids, found


def complaints(table, kinds, tests, truths):
    """What the table lacks, or says that is not so, one line each."""
    found = list(table.complaints)
    told = table.elsewhere | {kind for kind, _ in table.rows.values()}
    found += [f"kind {kind} has no row" for kind in kinds if kind not in told]
    found += [f"{kind} is no kind" for kind in sorted(told - set(kinds))]
    found += [f"{row} {case}: nothing is said of it" for row in table.rows
              for case in table.cases if (row, case) not in table.covered]
    found += [f"{row} {case}: there is no test {test}" for row, case, test in table.tests
              if test not in tests]
    reasons = {(c.row, c.case) for c in table.cells if not c.program}
    for cell in table.cells:
        if not cell.program:
            continue
        if (cell.row, cell.case) in reasons:
            found.append(f"{cell.row} {cell.case}: it cannot happen, and is covered")
        test = "e2e.truth." + cell.program.replace(",", "_")
        if test not in tests:
            found.append(f"{cell.row} {cell.case}: there is no test {test}")
            continue
        pids, calls = truths.get(cell.program, ("was not run", set()))
        if isinstance(pids, str):
            found.append(f"{cell.row} {cell.case}: {pids}")
            continue
        if len(pids) < 2:
            found.append(f"{cell.row} {cell.case}: {cell.program} is one process only")
        kind = table.rows.get(cell.row, (None, None))[1]
        if (cell.row, cell.case, kind, cell.outcome) not in calls:
            found.append(f"{cell.row} {cell.case}: {cell.program} has no {kind} of outcome "
                         f"{cell.outcome}")
    said = {(c.program, c.row, c.case, c.outcome) for c in table.cells}
    for program, (_, calls) in truths.items():
        found += [f"{program} says that it covers {row} {case} ({outcome}), the table does not"
                  for row, case, _, outcome in sorted(calls)
                  if (program, row, case, outcome) not in said]
    return found


# Each must be noticed: (what is replaced, by what) in the table.
DAMAGES = [
    ("elsewhere mutex ", "elsewhere "),  # a kind without a row
    ("row flock flock\n", ""),  # a row is gone
    ("pipe interrupted bytes_failing,pipe interrupted\n", ""),  # an empty cell
    ("mq turns mq_server acquired", "mq turns mq_servant acquired"),  # no such program
    ("unix turns socket_turns,pair acquired", "unix turns socket_turns,tcp acquired"),  # not its
    ("mq timeout mq_server timeout", "mq timeout mq_server interrupted"),  # another outcome
    ("tcp timeout meeting_failing,tcp timeout\n", ""),  # covered, but not said
    ("test e2e.leftovers", "test e2e.leftover"),  # no such test
    ("process timeout -", "process turns,timeout -"),  # cannot happen, and does
]


def main():
    kinds_path, table_path, folder, build = sys.argv[1:]
    kinds, tests = kinds_of(kinds_path), tests_of(build)
    with open(table_path, encoding="utf-8") as file:
        text = file.read()
    table = Table(text)
    programs = sorted({cell.program for cell in table.cells if cell.program})
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        truths = dict(zip(programs, pool.map(lambda p: truth_of(folder, p), programs)))
    wrong = complaints(table, kinds, tests, truths)
    for before, after in DAMAGES if not wrong else []:
        if before not in text:
            wrong.append(f"the table has no '{before.strip()}' to be damaged")
        elif not complaints(Table(text.replace(before, after)), kinds, tests, truths):
            wrong.append(f"not noticed: '{before.strip()}' replaced by '{after.strip()}'")
    print("\n".join(wrong))
    print(f"{len(table.rows)} rows, {len(table.cases)} cases, {len(programs)} programs")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
