"""diff.py: `waitscope diff` on variants of a program of which it is known what is better.

    diff.py WAITSCOPE VALIDATE SCHEMA

Truth: equal runs are the same, also of a build whose lines have moved; a shorter hold and a split lock are
better, at the lock and the line that it is waited for; the other way round they are worse.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from shop import LIMIT_S, Shop, check, moved


def changed(report, change):
    return [o for o in report["objects"] if o["change"] == change]


class Diff:
    def __init__(self, shop, validate, schema):
        self.shop, self.validate, self.schema = shop, validate, schema

    def __call__(self, *words):
        done = self.shop.run("diff", "--format", "json", *words)
        valid = subprocess.run([sys.executable, self.validate, self.schema], input=done.stdout,
                               check=False, timeout=LIMIT_S, stderr=subprocess.PIPE)
        check(valid.returncode == 0, f"{words}: {valid.stderr.decode()}")
        return json.loads(done.stdout)


def check_same(diff, what, *words):
    report = diff(*words)
    told = [(o["name"], o["change"], o["metrics"]) for o in report["objects"]
            if o["change"] in ("better", "worse")]
    check(report["verdict"] == "same" and not told, f"{what}: {told}")
    check(report["duration_ns"]["change"] == "same", f"{what}: {report['duration_ns']}")
    check(not report["lock_orders"] and not report["deadlocks"], f"{what}: orders or deadlocks")
    check(not [f for f in report["findings"] if not f["by_chance"]], f"{what}: {report['findings']}")
    return report


def check_cache(diff, what, change, *runs):
    """The cache's lock alone is that, at the line in refill(): in one of the comparisons. The machine may
    have stood still in a run, which one comparison cannot tell from what is sought, and says so; none says the
    contrary."""
    reports = [diff(*words) for words in runs]
    wrong = [r["verdict"] for r in reports if r["verdict"] not in (change, "same")]
    check(not wrong, f"{what}: {wrong}")
    report = next((r for r in reports if r["verdict"] == change), reports[0])
    # The program sleeps for as long as it holds it: that changes, too, and is said.
    found = [o for o in changed(report, change) if o["kind"] != "sleep"]
    check(report["verdict"] == change, f"{what}: {report['verdict']}")
    check(len(found) == 1 and "cache_lock" in found[0]["before"]["name"],
          f"{what}: {[(o['name'], o['metrics']) for o in found]}")
    lock = found[0]
    side = "before" if change == "better" else "after"
    other = "after" if change == "better" else "before"
    check(lock[side]["wait_ns"] > 4 * lock[other]["wait_ns"], f"{what}: {lock}")
    first = lock["waiters"][0]
    check(first[side]["site"]["function"] == "refill" and first["wait_ns"]["change"] == change,
          f"{what}: {first}")
    check(first[side]["site"]["line"] > 0, f"{what}: no line")
    return lock


def check_text(diff, pairs):
    text = [diff.shop.run("diff", old, new).stdout.decode() for old, new in pairs]
    check(max(len(line) for one in text for line in one.splitlines()) <= 100,
          "text: wider than 100 columns")
    (old, new), text = next((p, t) for p, t in zip(pairs, text) if "\nBetter: of " in t)
    check("better mutex cache_lock" in text and "at refill() shop.c:" in text, f"text: {text}")
    path = os.path.join(diff.shop.folder, "out")
    diff.shop.run("diff", "-o", path, old, new)
    with open(path, encoding="utf-8") as file:
        check(file.read() == text, "text: -o differs")


def check_usage(diff, trace):
    refused = diff.shop.refused
    refused("BEFORE: there is no folder", "diff")
    refused("AFTER: there is no folder", "diff", trace)
    refused("is it before or after?", "diff", trace, trace, trace)
    refused("--per", "diff", "--per", "hour", trace, trace)
    refused("--least", "diff", "--least", "much", trace, trace)
    refused("--format", "diff", "--format", "xml", trace, trace)
    refused("must come before the folders", "diff", trace, "--after", trace)
    refused("/nowhere", "diff", trace, "/nowhere", status=1)
    refused("/nowhere/x", "diff", "-o", "/nowhere/x", trace, trace, status=1)


def main():
    waitscope, validate, schema = sys.argv[1:]
    folder = tempfile.mkdtemp(prefix="waitscope-diff-")
    try:
        shop = Shop(waitscope, folder)
        diff = Diff(shop, validate, schema)
        slow = shop.build("slow")
        traces = [shop.record(slow, f"slow.{i}") for i in range(3)]
        again = [shop.record(slow, f"again.{i}") for i in range(3)]
        fast = [shop.record(shop.build("fast", "HOLD_US=100"), f"fast.{i}") if not i else
                shop.record(os.path.join(folder, "fast.d", "shop"), f"fast.{i}") for i in range(3)]
        program = shop.build("split", "SPLIT")
        split = [shop.record(program, f"split.{i}") for i in range(3)]
        moved_trace = shop.record(shop.build("moved", edit=moved), "moved")
        order = shop.record(shop.build("order", "ORDER"), "order")
        cycle = shop.record(shop.build("cycle", "ORDER", "CYCLE"), "cycle")
        check_same(diff, "itself", traces[0], traces[0])
        for i in range(3):
            check_same(diff, "equal", traces[i], again[i])
        check_same(diff, "three equal ones", *traces, "--", *again)
        report = check_same(diff, "moved", traces[0], moved_trace)
        lock = next(o for o in report["objects"] if o["name"] == "mutex cache_lock")
        sites = [w for w in lock["waiters"] if w["before"]["site"] and w["after"]["site"]]
        check(len(sites) == 1 and sites[0]["after"]["site"]["line"] ==
              sites[0]["before"]["site"]["line"] + 6, f"moved: {lock['waiters']}")
        buckets = [o for o in report["objects"] if o["before"]["name"] and o["after"]["name"] and
                   "initialised at" in o["name"]]
        check(len(buckets) == 1, f"moved: the array is not one group on both sides: {buckets}")
        check_cache(diff, "shorter", "better", *zip(traces, fast))
        check_cache(diff, "longer", "worse", *zip(fast, traces))
        lock = check_cache(diff, "shorter, three runs", "better",
                           ("--before", *traces, "--after", *fast),
                           ("--before", *traces, *again, "--after", *fast))
        check(lock["metrics"]["p50_ns"] is None or lock["shorter"] > 0.5, f"shorter: {lock}")
        check_cache(diff, "lists", "better", (",".join(traces), ",".join(fast)),
                    (",".join(again), ",".join(fast)))
        check_cache(diff, "split", "better", *zip(traces, split))
        orders = diff(traces[0], order)["lock_orders"]
        check([(o["side"], o["held"], o["taken"]) for o in orders] ==
              [("after", "mutex count_lock", "mutex log_lock")], f"orders: {orders}")
        report = diff(order, cycle)
        wanted = 1 if report["deadlocks"][0]["verdict"] == "predictable" else 0
        check(report["new_errors"] == wanted and (not wanted or report["verdict"] == "worse"),
              f"cycle: {report['verdict']}")
        report["findings"] = [f for f in report["findings"] if f["side"] == "after"]
        check([f["rule"] for f in report["findings"] if not f["by_chance"]] == ["lock_order"],
              f"cycle: {report['findings']}")
        check(len(report["deadlocks"]) == 1, f"cycle: {report['deadlocks']}")
        check(report["deadlocks"][0]["cycle"][0]["want_site"]["function"] in ("count", "contradict"),
              f"cycle: {report['deadlocks']}")
        unlock = shop.record(shop.build("unlock", "UNLOCK"), "unlock")
        report = diff(traces[0], unlock)
        check(report["new_errors"] == 1 and report["verdict"] in ("worse", "mixed"), "a new error is not worse")
        check(shop.run("diff", traces[0], unlock).stdout.decode().splitlines()[4].startswith(
            "Worse: 1 error that was not there before"), "text: a new error is not the verdict")
        one, other = (shop.run("diff", "--format", "json", "-j", n, traces[0], fast[0]).stdout
                      for n in "12")
        check(one == other, "the same traces gave other bytes")
        check_text(diff, list(zip(traces, fast)))
        check_usage(diff, traces[0])
    finally:
        shutil.rmtree(folder)


main()
