"""check.py: `waitscope check` on builds that pass and builds that do not.

    check.py WAITSCOPE VALIDATE SCHEMA LOSSY

Truth: a build passes its own baseline, also when its lines have moved; a new line that blocks, a new order of
locks, a deadlock that is predictable, an error, and a wait above its limit each fail, at their line. LOSSY is a
trace that lost events: it does not pass silently.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import junitparser

from shop import LIMIT_S, Shop, check, moved


class Check:
    def __init__(self, shop, validate, schema):
        self.shop, self.validate, self.schema = shop, validate, schema
        self.baseline = os.path.join(shop.folder, "waits.json")

    def __call__(self, *words, status=0):
        """The broken and unknown rules, as JSON, JUnit and SARIF have them alike."""
        junit, sarif = (os.path.join(self.shop.folder, name) for name in ("out.xml", "out.sarif"))
        done = self.shop.run("check", "--format", "json", "--junit", junit, "--sarif", sarif, *words,
                             status=status)
        valid = subprocess.run([sys.executable, self.validate, self.schema], input=done.stdout,
                               check=False, timeout=LIMIT_S, stderr=subprocess.PIPE)
        check(valid.returncode == 0, f"{words}: {valid.stderr.decode()}")
        report = json.loads(done.stdout)
        check(report["pass"] == (status == 0), f"{words}: pass")
        self.check_junit(report, junit)
        self.check_sarif(report, sarif)
        return report, [r for r in report["rules"] if r["status"] != "pass"]

    @staticmethod
    def check_junit(report, path):
        suites = junitparser.JUnitXml.fromfile(path)
        cases = [case for suite in suites for case in suite]
        check(len(cases) == len(report["rules"]) == suites.tests, "junit: cases")
        check(suites.failures == report["failed"], "junit: failures")
        for case, rule in zip(cases, report["rules"]):
            kinds = [type(result).__name__ for result in case.result]
            wanted = {"pass": [], "fail": ["Failure"],
                      "unknown": ["Skipped" if report["pass"] else "Error"]}[rule["status"]]
            check(kinds == wanted, f"junit: {case.name}: {kinds}")
            check(case.classname == f"waitscope.{rule['rule']}", f"junit: {case.classname}")
            if wanted == ["Failure"]:
                check(case.result[0].message == rule["message"], f"junit: {case.result[0].message}")

    @staticmethod
    def check_sarif(report, path):
        """The members that SARIF 2.1.0 requires, and those that code scanning reads."""
        with open(path, encoding="utf-8") as file:
            log = json.load(file)
        schema = os.environ.get("SARIF_SCHEMA")
        if schema:
            import jsonschema  # only where somebody has the schema
            with open(schema, encoding="utf-8") as file:
                jsonschema.validate(log, json.load(file))
        check(log["version"] == "2.1.0" and log["$schema"].endswith("sarif-schema-2.1.0.json"), "sarif: version")
        (run,) = log["runs"]
        driver = run["tool"]["driver"]
        check(driver["name"] == "waitscope" and driver["version"], "sarif: driver")
        ids = [rule["id"] for rule in driver["rules"]]
        check(len(set(ids)) == len(ids) and all(r["shortDescription"]["text"] for r in driver["rules"]),
              "sarif: rules")
        broken = [r for r in report["rules"] if r["status"] != "pass"]
        check(len(run["results"]) == len(broken), "sarif: results")
        for result, rule in zip(run["results"], broken):
            check(result["ruleId"] == rule["rule"] == ids[result["ruleIndex"]], "sarif: rule")
            check(result["level"] == ("error" if rule["status"] == "fail" else "warning"), "sarif: level")
            check(rule["message"] in result["message"]["text"], "sarif: message")
            check(list(result["partialFingerprints"]), "sarif: fingerprint")
            if rule["site"] and rule["site"]["line"]:
                place = result["locations"][0]["physicalLocation"]
                check(place["region"]["startLine"] == rule["site"]["line"], "sarif: line")
                check(place["artifactLocation"]["uri"].endswith("shop.c"), "sarif: file")


def fails(judge, what, rule, function, *words):
    """One kind of rule is broken, at a line in that function."""
    _, broken = judge(*words, status=1)
    check(broken and {r["rule"] for r in broken} == {rule}, f"{what}: {broken}")
    places = {r["site"]["function"] for r in broken if r["site"]}
    check(function in places and all(r["site"]["line"] for r in broken), f"{what}: {broken}")
    return broken


def read(path):
    with open(path, "rb") as file:
        return file.read()


def quiet(trace):
    """A copy of which it is not known how busy the machine was: nothing more is allowed for that."""
    copy = trace + ".quiet"
    shutil.copytree(trace, copy)
    path = os.path.join(copy, "waitscope-run.json")
    with open(path, encoding="utf-8") as file:
        run = json.load(file)
    check(run["machine_ns"] > 0 and run["program_ns"] >= 0 and run["processors"] > 0, f"run file: {run}")
    del run["machine_ns"]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(run, file)
    return copy


def check_baseline(judge, trace):
    """It is the same bytes again, and what was removed from it by hand is new."""
    first = read(judge.baseline)
    judge.shop.run("check", "--baseline", judge.baseline, "--update-baseline", trace)
    check(read(judge.baseline) == first, "the baseline changes though nothing did")
    with open(judge.baseline, encoding="utf-8") as file:
        baseline = json.load(file)
    for lock in baseline["objects"]:
        if lock["name"] == "mutex cache_lock":
            lock["contended"] = 0.0
            check(lock["blocks"][0]["function"] == "refill", f"baseline: {lock}")
    stricter = judge.baseline + ".strict"
    with open(stricter, "w", encoding="utf-8") as file:
        json.dump(baseline, file)
    fails(judge, "contended", "contended", "refill", "--baseline", stricter, trace)
    for lock in baseline["objects"]:
        if lock["name"] == "mutex cache_lock":
            lock.update(contended=1.0, critical_path=0.0)
    with open(stricter, "w", encoding="utf-8") as file:
        json.dump(baseline, file)
    fails(judge, "critical path", "critical_path", "refill", "--baseline", stricter, trace)
    judge("--baseline", stricter, "--tolerance", "critical_path=100", trace)


def check_malformed(judge, trace):
    bad = os.path.join(judge.shop.folder, "bad.json")
    good = json.loads(read(judge.baseline))
    texts = {"line 1": "{", "\"format\" is not": "{}",
             "format_version": json.dumps(dict(good, format_version=99)),
             "objects 0: the list is missing": json.dumps(dict(good, objects=3)),
             "object 0: there is no such kind": json.dumps(dict(good, objects=[{"kind": "latch"}])),
             "there is no object of such a name":
                 json.dumps(dict(good, lock_orders=[{"held": "a", "taken": "b"}])),
             "accepted 0": json.dumps(dict(good, accepted=[1]))}
    for said, text in texts.items():
        with open(bad, "w", encoding="utf-8") as file:
            file.write(text)
        judge.shop.refused(said, "check", "--baseline", bad, trace)
        judge.shop.refused(said, "check", "--baseline", bad, "--update-baseline", trace)
        check(read(bad).decode() == text, "a bad baseline was overwritten")
    judge.shop.refused("--update-baseline makes it", "check", "--baseline", bad + ".none", trace)
    for said, rule in {"there is no limit in it": "kind=mutex", "there is no kind \"latch\"": "kind=latch,p99<1ms",
                       "none of p50": "p42<1ms", "needs a time": "p99<fast", "needs a number": "waits<2ms",
                       "none of kind=": "p99>1ms", "\"\" is none": "p99<1ms,"}.items():
        judge.shop.refused(said, "check", "--max-wait", rule, trace)
    judge.shop.refused("give --baseline FILE", "check", "--update-baseline", trace)
    judge.shop.refused("--tolerance", "check", "--tolerance", "patience=1", trace)
    judge.shop.refused("/nowhere", "check", "/nowhere")
    judge.shop.refused("/nowhere/x", "check", "--junit", "/nowhere/x", trace)


def check_errors(judge, shop):
    """Errors fail without a baseline, too; what a person accepted passes."""
    trace = shop.record(shop.build("unlock", "UNLOCK"), "unlock")
    broken = fails(judge, "error", "finding", "main", trace)
    check(broken[0]["key"].startswith("unlock_not_owner mutex log_lock"), f"error: {broken}")
    accepting = judge.baseline + ".accepting"
    shop.run("check", "--baseline", accepting, "--update-baseline", trace, status=1)
    check(not os.path.exists(accepting), "an error got into the baseline")
    baseline = json.loads(read(judge.baseline))
    baseline["accepted"] = [broken[0]["key"]]
    with open(accepting, "w", encoding="utf-8") as file:
        json.dump(baseline, file)
    judge("--baseline", accepting, trace)
    shop.run("check", "--baseline", accepting, "--update-baseline", trace)
    check(json.loads(read(accepting))["accepted"] == baseline["accepted"], "what is accepted was lost")


def main():
    waitscope, validate, schema, lossy = sys.argv[1:]
    folder = tempfile.mkdtemp(prefix="waitscope-check-")
    try:
        shop = Shop(waitscope, folder)
        judge = Check(shop, validate, schema)
        slow = shop.build("slow")
        traces = [shop.record(slow, f"slow.{i}") for i in range(3)]
        report, _ = judge(traces[0])
        check([r["rule"] for r in report["rules"]] == ["complete", "deadlock", "finding"], "no baseline")
        against = ("--baseline", judge.baseline)
        judge(*against, "--update-baseline", *traces)
        for _ in range(3):
            judge(*against, shop.record(slow, f"again.{_}"))
        trace = shop.record(shop.build("moved", edit=moved), "moved")
        judge(*against, trace)
        judge(*against, shop.record(shop.build("fast", "HOLD_US=100"), "fast"))
        check_baseline(judge, quiet(traces[0]))
        new = shop.record(shop.build("new", "NEW_LOCK", edit=moved), "new")
        fails(judge, "new lock", "site", "audit", *against, quiet(new))
        order = shop.record(shop.build("order", "ORDER"), "order")
        fails(judge, "order", "lock_order", "count", *against, order)
        updated = judge.baseline + ".order"
        shutil.copy(judge.baseline, updated)
        judge("--baseline", updated, "--update-baseline", order)
        judge("--baseline", updated, order, traces[0])
        cycle = shop.record(shop.build("cycle", "ORDER", "CYCLE"), "cycle")
        broken = judge("--baseline", updated, cycle, status=1)[1]
        check("lock_order" in {r["rule"] for r in broken}, f"cycle: {broken}")
        fails(judge, "limit", "max_wait", "refill", "--max-wait", "object=cache*,max<1us", traces[0])
        fails(judge, "limit", "max_wait", "refill", "--max-wait", "kind=rwlock|mutex,site=ref*,waits<1",
              traces[0])
        judge("--max-wait", "kind=mutex,p99<1000s,total<1000s", "--max-wait", "kind=rwlock,waits<1", traces[0])
        check_errors(judge, shop)
        _, broken = judge(lossy, status=1)
        check([(r["rule"], r["status"]) for r in broken] == [("complete", "unknown")], f"lossy: {broken}")
        text = shop.run("check", "--allow-unknown", lossy).stdout.decode()
        check(text.startswith("Passed, as far as is known\n") and "unknown" in text, f"lossy: {text}")
        judge("--allow-unknown", lossy)
        text = shop.run("check", *against, new + ".quiet", status=1).stdout.decode()
        check(text.startswith("Failed: ") and "audit() shop.c:" in text, f"text: {text}")
        check(max(len(line) for line in text.splitlines()) <= 100, "text: wider than 100 columns")
        check_malformed(judge, traces[0])
    finally:
        shutil.rmtree(folder)


main()
