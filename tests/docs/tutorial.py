"""tutorial.py: does what docs/tutorial.md tells its reader to do, and checks what it says of the result.

    tutorial.py WAITSCOPE DOCS

The commands are the lines that begin with `$`, run as they stand there, in a folder with docs/examples. What is
printed below a command must be in its output, but for numbers, spaces and what `…` stands for; every place, process
and object that the text names must be in some output; and the claims below hold by the JSON report.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT_S = 120
PLACE = re.compile(r"\w+\(\) \w+\.c:\d+")


def check(condition, text):
    if not condition:
        sys.exit(f"tutorial: {text}")


def steps_of(text):
    """[(command, what the text shows of its output)] of the indented blocks that begin with `$`."""
    steps = []
    for block in re.findall(r"(?:^    .*\n|^    ?\n)+", text, re.M):
        lines = [line[4:] for line in block.rstrip("\n").split("\n")]
        if lines[0].startswith("$ "):
            steps.append((lines[0][2:], [line for line in lines[1:] if line.strip()]))
    return steps


def normal(line):
    """What does not change from run to run: no figures, units and widths, nor which process, which is left out where
    a pid makes a line too long."""
    line = re.sub(r"(, \w+)?\[\d+\]", "", line)
    line = re.sub(r"> x", "x", re.sub(r"\bgone\b", "1 %", line))
    line = re.sub(r"(?<![\w:])[-+−]?[\d,.]+( ?(ns|µs|us|ms|s|%)\b)?(?![\w:])", "#", line)
    return re.sub(r"\s+", " ", line).strip()


def check_shown(command, shown, output):
    """Each line, and each part of one between `…`, is in the output, in this order."""
    text, at = normal(" ".join(output.split("\n"))), 0
    for line in shown:
        for part in line.split("…"):
            for fact in PLACE.findall(part):
                check(fact in output, f"`{command}` does not show {fact}")
            part = normal(part)
            words = [word for word in part.split(" ") if word and re.search(r"\w", word)]
            if not words:
                continue
            found = text.find(part, at)
            check(found >= 0, f"`{command}` does not show, in this order: {part}\n{output}")
            at = found + len(part)


def line_of(source, pattern, nth=0):
    lines = [i + 1 for i, line in enumerate(source.split("\n")) if re.search(pattern, line)]
    check(len(lines) > nth, f"orders.c has no {pattern}")
    return lines[nth]


def report(waitscope, folder, trace):
    text = subprocess.run([waitscope, "report", "--format", "json", trace], cwd=folder, check=True, timeout=LIMIT_S,
                          stdout=subprocess.PIPE).stdout
    return json.loads(text)


def waited_ns(of, name):
    return sum(one["wait_ns"] for one in of["objects"] if one["name"] == name)


def check_claims(text, source, slow, fast):
    """What the prose says, each with the words that say it: who changes them changes this."""
    worst = max(slow["objects"], key=lambda one: one["by_class"].get("contention", {"wait_ns": 0})["wait_ns"]
                if "by_class" in one else one["wait_ns"] * (one["class"] == "contention"))
    holder = worst["holders"][0]
    called = {one["tid"]: one["name"] for one in slow["threads"]}
    blame = next(one for one in slow["blame"]["objects"] if one["object"] == worst["id"])
    locked = line_of(source, r"pthread_mutex_lock", 2) # of the build without FIXED
    printed = line_of(source, r"usleep\(15000\)")
    claims = {
        "three processes": len({one["pid"] for one in slow["processes"]}) == 3,
        "a mutex, named by\nwhere it was initialised": worst["kind"] == "mutex" and "initialised at" in worst["name"] and
        str(line_of(source, r"pthread_mutex_init\(")) in worst["name"],
        "one object in all three\nprocesses": worst["scope"] == "shared" and len(set(worst["pids"])) == 3,
        "`sell()` and `supply()` wait for it": {one["site"]["function"] for one in worst["waiters"]} >= {"sell", "supply"},
        "held by one process: `auditor`": called[holder["tid"]] == "auditor" and holder["wait_ns"] > worst["wait_ns"] / 2,
        "took it in `audit()`": slow["verdict"]["object"] == worst["id"] and holder["site"]["function"] == "audit" and holder["site"]["line"] == locked,
        "chose to sleep, in `print_report()`": "sleep" in slow["verdict"]["change"] and blame["causes"]["time"] > worst["wait_ns"] / 2 and
        any(part["site"] and part["site"]["function"] == "print_report" and part["site"]["line"] == printed
            for part in blame["parties"] if part["cause"] == "time"),
        "<- 15 ms at a printer": holder["p50_ns"] > 5_000_000,
        "all but gone": waited_ns(fast, worst["name"]) < waited_ns(slow, worst["name"]) / 4,
    }
    for words, holds in claims.items():
        check(words in text, f"the text does not say `{words}` any more: what does it say instead?")
        check(holds, f"the text says `{words}`, the report: {json.dumps({k: worst[k] for k in ('kind', 'name', 'pids', 'wait_ns')})}, "
              f"{json.dumps(holder)[:300]}")


def main():
    waitscope, docs = map(os.path.abspath, sys.argv[1:3])
    with open(os.path.join(docs, "tutorial.md"), encoding="utf-8") as file:
        text = file.read()
    steps = steps_of(text)
    check(len(steps) == 6, f"to build and five commands are not {len(steps)}")
    outputs = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(os.path.join(docs, "examples"), folder, dirs_exist_ok=True)
        env = {**os.environ, "PATH": f"{os.path.dirname(waitscope)}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
               "NO_COLOR": "1", "COLUMNS": "100"}
        for command, shown in steps:
            done = subprocess.run(command, shell=True, cwd=folder, env=env, timeout=LIMIT_S, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, encoding="utf-8", check=False)
            check(done.returncode == 0, f"`{command}` ends with {done.returncode}: {done.stdout}")
            check_shown(command, shown, done.stdout)
            outputs.append(done.stdout)
        said = "\n".join(outputs)
        for name in set(re.findall(r"`(\w+\(\))`", text)):
            check(name in said, f"no command shows {name}")
        with open(os.path.join(folder, "orders.c"), encoding="utf-8") as file:
            check_claims(text, file.read(), report(waitscope, folder, "slow.trace"), report(waitscope, folder, "fast.trace"))
    print(f"tutorial: {len(steps)} commands do what the text says")


main()
