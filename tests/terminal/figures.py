#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""figures.py WAITSCOPE PROGRAM: --sort, --group-by, --top and the filters against figures that are worked out
here from the plain JSON report; and that what they say holds alike in text, JSON, graphs and exports.

PROGRAM (class_pool, see tests/programs) is recorded, twice at once under one shell: several processes,
threads, kinds, places.
"""
import collections
import fnmatch
import json
import os
import re
import shutil
import sys
import tempfile

from common import check, good, report, run

KEYS = {"time": "wait_ns", "waits": "waits", "mean": "mean_ns", "p50": "p50_ns", "p95": "p95_ns",
        "p99": "p99_ns", "max": "max_ns"}


def place(site):
    """What tells lines of code apart."""
    return site and (site["function"], site["file"], site["line"],
                     None if site["file"] else (site["module"], site["offset"]))


def sums(rows):
    """Waits and time."""
    return sum(row["waits"] for row in rows), sum(row["wait_ns"] for row in rows)


def of_waiters(whole, choose):
    """{what `choose` says of an object and its waiter: (waits, time)}."""
    groups = collections.defaultdict(lambda: [0, 0])
    for thing in whole["objects"]:
        for waiter in thing["waiters"]:
            group = groups[choose(thing, waiter)]
            group[0] += waiter["waits"]
            group[1] += waiter["wait_ns"]
    return {key: tuple(value) for key, value in groups.items()}


def check_groups(waitscope, trace, whole):
    """Every grouping, each sum of it."""
    keys = {
        "site": (lambda thing, waiter: place(waiter["site"]), lambda group: place(group["site"])),
        "object": (lambda thing, waiter: thing["id"], lambda group: group["object"]),
        "thread": (lambda thing, waiter: (waiter["pid"], waiter["tid"]),
                   lambda group: (group["pid"], group["tid"])),
        "process": (lambda thing, waiter: waiter["pid"], lambda group: group["pid"]),
        "kind": (lambda thing, waiter: thing["kind"], lambda group: group["kind"]),
    }
    for by, (of_waiter, of_group) in keys.items():
        groups = report(waitscope, "--group-by", by, trace)["groups"]
        check(groups["by"] == by and groups["list"], f"by {by}: {groups}")
        seen = {of_group(group): (group["waits"], group["wait_ns"]) for group in groups["list"]}
        check(len(seen) == len(groups["list"]), f"by {by}: a group is there twice")
        check(seen == of_waiters(whole, of_waiter), f"by {by}: {seen}")
        check(sums(groups["list"]) == (whole["totals"]["waits"], whole["totals"]["wait_ns"]), f"by {by}: totals")
        for group in groups["list"]:
            check(group["min_ns"] <= group["p50_ns"] <= group["p95_ns"] <= group["p99_ns"] <= group["max_ns"],
                  f"by {by}: {group}")
        # The table has them all, in this order, and nothing else has.
        text = good(waitscope, "report", "--group-by", by, "--top", "0", trace).decode()
        rows = re.findall(r"^ *\d+ +(?:< )?\d+ %  .*$", text, re.M)
        check(len(rows) == len(groups["list"]), f"by {by}: {len(rows)} rows, {text}")
        check(f"waits by {by}" in text and "cost most" not in text, f"by {by}: {text}")
        if len(rows) > 1:
            text = good(waitscope, "report", "--group-by", by, "--top", "1", trace).decode()
            check(f"{len(rows) - 1} more" in text, f"by {by} --top 1: {text}")
    check(whole["groups"] is None, "groups that nobody asked for")


def check_orders(waitscope, trace, whole):
    """Every order, of objects and of groups, in JSON and text."""
    for key, member in KEYS.items():
        sorted_report = report(waitscope, "--sort", key, "--group-by", "thread", trace)
        for rows in (sorted_report["objects"], sorted_report["groups"]["list"]):
            numbers = [(row[member], row["wait_ns"]) for row in rows]
            check(numbers == sorted(numbers, reverse=True), f"--sort {key}: {numbers}")
        check(sorted(o["id"] for o in sorted_report["objects"]) == sorted(o["id"] for o in whole["objects"]),
              f"--sort {key} loses objects")
    by_name = report(waitscope, "--sort", "name", trace)
    names = [o["name"].encode() for o in by_name["objects"]]
    check(names == sorted(names), f"--sort name: {names}")
    text = good(waitscope, "report", "--sort", "name", "--top", "0", trace).decode()
    shown = [text.index(f"\n{number:>3} ") for number in range(1, len(names) + 1)]
    check(shown == sorted(shown) and "objects by name" in text, "--sort name in text")


def check_alike(waitscope, trace, whole, arguments, keep):
    """The filter leaves what `keep` says of an object and its waiter, in every format."""
    expected = [(thing, waiter) for thing in whole["objects"] for waiter in thing["waiters"]
                if keep(thing, waiter)]
    waits, wait_ns = sums([waiter for _, waiter in expected])
    seen = report(waitscope, *arguments, trace)
    check((seen["totals"]["waits"], seen["totals"]["wait_ns"]) == (waits, wait_ns),
          f"{arguments}: {seen['totals']} instead of {waits}, {wait_ns}")
    check(sums(seen["objects"]) == (waits, wait_ns), f"{arguments}: objects")
    check(sums(seen["threads"]) == (waits, wait_ns), f"{arguments}: threads")
    classes = collections.Counter()
    for values in seen["by_class" if "by_class" in seen else "totals"]["by_class"].values() \
            if "by_class" not in seen else seen["by_class"].values():
        classes["waits"] += values["waits"]
        classes["wait_ns"] += values["wait_ns"]
    check((classes["waits"], classes["wait_ns"]) == (waits, wait_ns), f"{arguments}: by class {classes}")
    check({o["id"] for o in seen["objects"]} == {thing["id"] for thing, _ in expected},
          f"{arguments}: which objects")
    check(sum(b["wait_ns"] for b in seen["blame"]["objects"]) == wait_ns == seen["blame"]["total"]["wait_ns"],
          f"{arguments}: blame")
    folded = good(waitscope, "export", "--to", "folded",
                  *[a if a != "--to" else "--until" for a in arguments], trace).decode()
    check(sum(int(line.rsplit(" ", 1)[1]) for line in folded.splitlines()) == wait_ns, f"{arguments}: folded")
    scope = json.loads(good(waitscope, "export", "--to", "speedscope",
                            *[a if a != "--to" else "--until" for a in arguments], trace))
    check(sum(sum(p["weights"]) for p in scope["profiles"]) == wait_ns, f"{arguments}: speedscope")
    graph = json.loads(good(waitscope, "graph", "--format", "json", "--by", "object", *arguments, trace))
    plain = json.loads(good(waitscope, "graph", "--format", "json", "--by", "object", trace))
    check(len(graph["edges"]) <= len(plain["edges"]), f"{arguments}: graph")
    check((not graph["edges"]) == (not seen["waits_for"]), f"{arguments}: graph {len(graph['edges'])}")
    text = good(waitscope, "report", *arguments, trace).decode()
    check(f" in {waits:,} wait{'' if waits == 1 else 's'}\n" in text, f"{arguments}: {text[:300]}")
    check("\nonly " in text, f"{arguments}: the text does not say so")
    page = good(waitscope, "report", "--format", "html", *arguments, trace).decode()
    check(f'"wait_ns":{wait_ns}' in page.replace(" ", ""), f"{arguments}: the page's total")
    return waits


def check_filters(waitscope, trace, whole):
    """Each filter, by what the plain report has; those of time by bounds that hold for every wait."""
    things = whole["objects"]
    kinds = {}
    for thing in things:
        kinds.setdefault(thing["kind"], thing)
    check(len(kinds) > 1, f"one kind only: {list(kinds)}")
    for kind in kinds:
        check_alike(waitscope, trace, whole, ["--kind", kind], lambda t, w, k=kind: t["kind"] == k)
    for pid in {w["pid"] for t in things for w in t["waiters"]}:
        check_alike(waitscope, trace, whole, ["--pid", str(pid)], lambda t, w, p=pid: w["pid"] == p)
    tid = things[0]["waiters"][0]["tid"]
    check_alike(waitscope, trace, whole, ["--tid", str(tid)], lambda t, w: w["tid"] == tid)
    # By name, by kind and name, by pattern, by id, several of them; and with others.
    name, kind = things[0]["name"], things[0]["kind"]
    escaped = re.sub(r"([*?\[\\])", r"\\\1", name)
    check_alike(waitscope, trace, whole, ["--object", escaped], lambda t, w: t["name"] == name)
    check_alike(waitscope, trace, whole, ["--object", f"{kind} {escaped}"],
                lambda t, w: t["name"] == name and t["kind"] == kind)
    check_alike(waitscope, trace, whole, ["--object", f"{kind} *"],
                lambda t, w: t["kind"] == kind or fnmatch.fnmatchcase(t["name"], f"{kind} *"))
    check_alike(waitscope, trace, whole, ["--object", str(things[-1]["id"])],
                lambda t, w: t["id"] == things[-1]["id"] or t["name"] == str(things[-1]["id"]))
    check_alike(waitscope, trace, whole, ["--object", str(things[0]["id"]), "--object", str(things[-1]["id"])],
                lambda t, w: t["id"] in (things[0]["id"], things[-1]["id"]))
    check_alike(waitscope, trace, whole, ["--object", "*", "--tid", str(tid)], lambda t, w: w["tid"] == tid)
    check(check_alike(waitscope, trace, whole, ["--object", "no such name"], lambda t, w: False) == 0, "nothing")
    # All of the time is no limit; the end of all leaves nothing.
    check_alike(waitscope, trace, whole, ["--from", "0", "--to", "1h"], lambda t, w: True)
    check_alike(waitscope, trace, whole, ["--from", "1h", "--to", "2h"], lambda t, w: False)
    longest = max(t["max_ns"] for t in things)
    check_alike(waitscope, trace, whole, ["--min-wait", f"{longest + 1}ns"], lambda t, w: False)
    one = report(waitscope, "--min-wait", f"{longest}ns", trace)
    check(one["totals"]["waits"] >= 1 and all(o["min_ns"] == longest for o in one["objects"]),
          f"--min-wait: {one['totals']}")
    middle = sorted(t["p50_ns"] for t in things)[len(things) // 2]
    above = report(waitscope, "--min-wait", f"{middle}ns", trace)
    check(all(o["min_ns"] >= middle for o in above["objects"]), "--min-wait lets shorter ones through")
    check(above["totals"]["waits"] < whole["totals"]["waits"], "--min-wait leaves all")


def main():
    """A recording, and all of it."""
    waitscope, program = sys.argv[1:]
    folder = tempfile.mkdtemp()
    trace = os.path.join(folder, "t")
    try:
        result = run(waitscope, "record", "-o", trace, "sh", "-c", '"$0" & "$0"; wait', program)
        check(result.returncode == 0, result.stderr.decode())
        whole = report(waitscope, trace)
        check(len(whole["objects"]) >= 4 and len(whole["processes"]) >= 3, "too little was waited for")
        check_groups(waitscope, trace, whole)
        check_orders(waitscope, trace, whole)
        check_filters(waitscope, trace, whole)
        # Whatever the number is, it is a report.
        for top in ("0", "1", "7", "9223372036854775807"):
            text = good(waitscope, "report", "--top", top, trace).decode()
            check("cost most" in text and "trust" in text, f"--top {top}")
    finally:
        shutil.rmtree(folder)


main()
