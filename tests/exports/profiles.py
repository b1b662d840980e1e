"""profiles.py: reads the exports that are profiles, each by a reader that is not ours.

    profiles.py WAITSCOPE SCHEMA [--record MODE PROGRAM ARG... | TRACE...]

Truth: each stack with its process, object and time is what the JSON report says of its waiters, to
the nanosecond. `go tool pprof` and FlameGraph's flamegraph.pl come to the same sums, and speedscope's
file fits the SCHEMA that comes with it, if that is there.
"""
import collections
import gzip
import html
import json
import os
import re
import subprocess
import sys

import jsonschema

import driver
from driver import check, same

FLAMEGRAPH = "/usr/share/perl5/Devel/NYTProf/flamegraph.pl"


def clean(text):
    """As a part of a folded stack."""
    return re.sub("[\x00-\x1f\x7f]", " ", text).replace(";", ",")


def frame_name(frame):
    module = os.path.basename(frame["module"]) if frame["module"] else "unknown"
    return frame["function"] or f"{module}+{frame['offset']:#x}"


def label(kind, name):
    return name if name.startswith(f"{kind} ") else f"{kind} {name}"


def waiters(report):
    """process, thread, frames (outermost first), object, waits, ns: one after the other."""
    threads = {t["id"]: t for t in report["threads"]}
    processes = {p["id"]: f"{p['name']}[{p['pid']}]" for p in report["processes"]}
    for one in report["objects"]:
        for waiter in one["waiters"]:
            thread = threads.get(waiter["thread"])
            process = processes[thread["process"]] if thread else "unknown"
            yield process, thread, waiter["stack"][::-1], one, waiter["waits"], waiter["wait_ns"]


def check_folded(text, report):
    wanted = collections.Counter()
    for process, _, stack, one, _, ns in waiters(report):
        frames = [frame_name(frame) for frame in stack] or ["unknown"]
        names = [process, *frames, f"[{label(one['kind'], one['name'])}]"]
        wanted[";".join(map(clean, names))] += ns
    lines = text.decode().split("\n")
    same(lines.pop(), "", "folded: the last line's end")
    stacks = [line.rsplit(" ", 1)[0] for line in lines]
    same([stack.encode() for stack in stacks], sorted(stack.encode() for stack in stacks),
         "folded: order")
    same(len(set(stacks)), len(stacks), "folded: a stack twice")
    same({stack: int(line.rsplit(" ", 1)[1]) for stack, line in zip(stacks, lines)},
         {stack: ns for stack, ns in wanted.items() if ns}, "folded: stacks")
    total = report["totals"]["wait_ns"]
    same(sum(int(line.rsplit(" ", 1)[1]) for line in lines), total, "folded: ns in all")
    if total:
        check_flamegraph(text, report)


def check_flamegraph(text, report):
    """The objects of FlameGraph's picture, and all of it."""
    picture = subprocess.run([FLAMEGRAPH, "--countname=ns", "--minwidth=0"], input=text, check=True,
                             stdout=subprocess.PIPE, timeout=driver.LIMIT_S).stdout.decode()
    got, wanted = collections.Counter(), collections.Counter()
    for name, ns in re.findall(r"<title>(.*?) \(([\d,]+) ns, ", picture):
        got[html.unescape(name)] += int(ns.replace(",", ""))
    for one in report["objects"]:
        wanted[f"[{clean(label(one['kind'], one['name']))}]"] += one["wait_ns"]
    wanted["all"] = report["totals"]["wait_ns"]
    same({name: ns for name, ns in got.items() if name[0] == "[" or name == "all"},
         {name: ns for name, ns in wanted.items() if ns}, "flamegraph.pl")


def check_speedscope(text, report, schema):
    data = json.loads(text)
    if schema:
        jsonschema.validate(data, schema)
    same(data["$schema"], "https://www.speedscope.app/file-format-schema.json", "speedscope: schema")
    frames = data["shared"]["frames"]
    got, wanted = collections.Counter(), collections.Counter()
    for profile in data["profiles"]:
        same((profile["type"], profile["unit"]), ("sampled", "nanoseconds"), "speedscope: type")
        same(len(profile["samples"]), len(profile["weights"]), "speedscope: lengths")
        same(profile["endValue"] - profile["startValue"], sum(profile["weights"]), "speedscope: end")
        for sample, weight in zip(profile["samples"], profile["weights"]):
            check(all(0 <= i < len(frames) for i in sample), "speedscope: a frame")
            got[profile["name"], tuple((frames[i]["name"], frames[i].get("file"), frames[i].get("line"))
                                       for i in sample)] += weight
    for process, _, stack, one, _, ns in waiters(report):
        names = [(frame_name(f), f["file"], f["line"]) for f in stack]
        wanted[process, (*names, (label(one["kind"], one["name"]), None, None))] += ns
    same(dict(got), {stack: ns for stack, ns in wanted.items() if ns}, "speedscope: stacks")
    same(sum(got.values()), report["totals"]["wait_ns"], "speedscope: ns in all")


def check_pprof(path, report, pb2):
    with gzip.open(path) as file:
        profile = pb2.Profile.FromString(file.read())
    text = profile.string_table
    same((text[0], len(set(text))), ("", len(text)), "pprof: texts")
    same([(text[t.type], text[t.unit]) for t in profile.sample_type],
         [("contentions", "count"), ("delay", "nanoseconds")], "pprof: sample types")
    same(profile.duration_nanos, report["trace"]["duration_ns"], "pprof: duration")
    functions = {f.id: (text[f.name], text[f.filename]) for f in profile.function}
    places = {p.id: [(*functions[line.function_id], line.line) for line in p.line]
              for p in profile.location}
    got, wanted = collections.Counter(), collections.Counter()
    for sample in profile.sample:
        labels = {text[one.key]: text[one.str] or one.num for one in sample.label}
        stack = tuple(frame for place in sample.location_id for frame in places[place])
        key = (labels["process"], labels.get("tid"), labels["kind"], labels["object"], stack)
        got[key, "waits"] += sample.value[0]
        got[key, "ns"] += sample.value[1]
    for process, thread, stack, one, waits, ns in waiters(report):
        frames = tuple((frame_name(f), f["file"] or "", f["line"] or 0) for f in stack[::-1])
        key = (process, thread and thread["tid"], one["kind"], one["name"],
               frames or (("unknown", "", 0),))
        wanted[key, "waits"] += waits
        wanted[key, "ns"] += ns
    same(got, wanted, "pprof: samples")
    go = ["go", "tool", "pprof"]
    raw = subprocess.run([*go, "-sample_index=delay", "-raw", path], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         timeout=driver.LIMIT_S).stdout.decode()
    check("contentions/count delay/nanoseconds" in raw, "go tool pprof: sample types")
    values = [(int(a), int(b)) for a, b in re.findall(r"^ +(\d+) +(\d+):", raw, re.M)]
    same((sum(a for a, _ in values), sum(b for _, b in values)),
         (report["totals"]["waits"], report["totals"]["wait_ns"]), "go tool pprof: sums")
    if not report["totals"]["wait_ns"]:
        return
    top = subprocess.run([*go, "-top", "-unit=ns", "-nodefraction=0", path], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         timeout=driver.LIMIT_S).stdout.decode()
    same(re.search(r"of (\d+)ns total", top).group(1), str(report["totals"]["wait_ns"]),
         "go tool pprof -top")


def check_all(waitscope, pb2, traces, schema):
    whole = waitscope.report(traces)
    for options in driver.choices(whole):
        report = waitscope.report(traces, *options)
        check_folded(waitscope.export("folded", traces, *options)[1], report)
        check_speedscope(waitscope.export("speedscope", traces, *options)[1], report, schema)
        check_pprof(waitscope.export("pprof", traces, *options)[0], report, pb2)
        print(f"{' '.join([*traces, *options])}: {report['totals']['waits']} waits")
    return whole


def main():
    command, schema, *arguments = sys.argv[1:]
    if os.path.exists(schema):
        with open(schema, encoding="utf-8") as file:
            schema = json.load(file)
    else:
        print(f"speedscope's schema is not here ({schema}): tests/support/install-npm BUILD")
        schema = None
    with driver.Waitscope(command) as waitscope:
        pb2 = waitscope.messages("profile")
        driver.check_traces(waitscope, arguments, lambda traces: check_all(waitscope, pb2, traces, schema))


main()
