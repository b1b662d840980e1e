"""exports.py: records a program, and reads each export of it back by a reader that is not ours.

    exports.py WAITSCOPE PROGRAM [ARG...]

Truth: the sums of every export are those of the JSON report, to the nanosecond; `go tool pprof` reads
the profile and names the function that waits.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT_S = 120


def run(*command, **options):
    return subprocess.run(command, check=True, timeout=LIMIT_S, stdout=subprocess.PIPE, **options)


def check(condition, text):
    if not condition:
        sys.exit(f"exports: {text}")


def check_folded(text, report):
    lines = text.decode().splitlines()
    check(lines == sorted(lines, key=lambda line: line.rsplit(" ", 1)[0].encode()), "folded: not in order")
    stacks = [line.rsplit(" ", 1)[0] for line in lines]
    check(len(set(stacks)) == len(stacks), "folded: a stack twice")
    total = sum(int(line.rsplit(" ", 1)[1]) for line in lines)
    check(total == report["totals"]["wait_ns"], f"folded: {total} ns")
    check(any(re.search(r";work;\[mutex lock\] \d+$", line) for line in lines),
          "folded: no stack that ends in work, mutex lock")


def check_speedscope(text, report):
    data = json.loads(text)
    check(data["$schema"] == "https://www.speedscope.app/file-format-schema.json", "speedscope: schema")
    frames = data["shared"]["frames"]
    total = 0
    for profile in data["profiles"]:
        check(profile["type"] == "sampled" and profile["unit"] == "nanoseconds", "speedscope: type")
        check(len(profile["samples"]) == len(profile["weights"]), "speedscope: lengths")
        check(all(0 <= i < len(frames) for s in profile["samples"] for i in s), "speedscope: frame")
        check(profile["endValue"] - profile["startValue"] == sum(profile["weights"]), "speedscope: end")
        total += sum(profile["weights"])
    check(total == report["totals"]["wait_ns"], f"speedscope: {total} ns")
    names = {tuple(frames[i]["name"] for i in s[-2:]) for p in data["profiles"] for s in p["samples"]}
    check(("work", "mutex lock") in names, f"speedscope: {names}")


def pprof(path, sample):
    return run("go", "tool", "pprof", f"-sample_index={sample}", "-raw", path,
               stderr=subprocess.DEVNULL).stdout.decode()


def check_pprof(path, report):
    raw = pprof(path, "delay")
    check("contentions/count delay/nanoseconds" in raw, "pprof: sample types")
    values = [(int(a), int(b)) for a, b in re.findall(r"^ +(\d+) +(\d+):", raw, re.M)]
    check(sum(a for a, _ in values) == report["totals"]["waits"], "pprof: count")
    check(sum(b for _, b in values) == report["totals"]["wait_ns"], "pprof: nanoseconds")
    top = run("go", "tool", "pprof", "-top", path, stderr=subprocess.DEVNULL).stdout.decode()
    first = top.splitlines()[top.splitlines().index(next(
        line for line in top.splitlines() if "flat%" in line)) + 1]
    check(first.split()[-1] == "work", f"pprof -top: {first}")


def main():
    waitscope, *program = sys.argv[1:]
    folder = tempfile.mkdtemp(prefix="waitscope-exports-")
    trace = os.path.join(folder, "trace")
    try:
        run(waitscope, "record", "-o", trace, "--", *program, stderr=subprocess.DEVNULL)
        report = json.loads(run(waitscope, "report", "--format", "json", trace).stdout)
        check(report["totals"]["waits"] > 100, "the program did not wait")
        for name, reader in ("folded", check_folded), ("speedscope", check_speedscope):
            text = run(waitscope, "export", "--to", name, trace).stdout
            reader(text, report)
            check(text == run(waitscope, "export", "--to", name, "-j", "1", trace).stdout,
                  f"{name}: differs from run to run")
        path = os.path.join(folder, "waits.pb.gz")
        run(waitscope, "export", trace, "--to", "pprof", "-o", path)
        check_pprof(path, report)
        # Filters count here, too.
        mutex = run(waitscope, "export", "--to", "folded", "--kind", "mutex", trace).stdout.decode()
        total = sum(int(line.rsplit(" ", 1)[1]) for line in mutex.splitlines())
        check(total == report["totals"]["by_kind"]["mutex"]["wait_ns"], "folded: --kind")
        wrong = subprocess.run([waitscope, "export", "--to", "nonsense", trace], check=False,
                               stderr=subprocess.PIPE, timeout=LIMIT_S)
        check(wrong.returncode == 2 and wrong.stderr.decode().startswith(
            "waitscope: --to nonsense: not one of ") and b"folded, perfetto, pprof" in wrong.stderr,
              f"a wrong format: {wrong}")
    finally:
        shutil.rmtree(folder)


main()
