"""tracecompass.py: docs/waitscope.xml is what Trace Compass takes, speaks of the events that there are,
and finds the waits that the report finds.

    tracecompass.py SOURCE PLUGINS WAITSCOPE PROGRAM [ARG...]

The file is run on a recording by an interpreter of ours (tmfxml.py). The truth are the JSON report and
the events that filter.waitscope.waits adds: the same waits, to the nanosecond. A state provider knows of
a wait when its event comes, which is a moment after it began; the event says when that was.
"""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import events
import tmfxml

LIMIT_S = 120


def check(condition, text):
    if not condition:
        sys.exit(f"tracecompass: {text}")


def run(*command, **options):
    return subprocess.run(command, check=True, timeout=LIMIT_S, stdout=subprocess.PIPE, **options).stdout


def check_grammar(xml):
    grammar = os.path.join(os.path.dirname(__file__), "tmfxml.rng")
    run("xmllint", "--noout", "--relaxng", grammar, xml, stderr=subprocess.DEVNULL)


def tables(source):
    """The events with their fields, and the lists of words, as the source has them."""
    with open(os.path.join(source, "tracepoints/events.h")) as file:
        text = file.read()
    lists = dict(re.findall(r"#define WS_FIELDS_(\w+)\(.*?\) +\\\n((?:.*\\\n)*.*\n)", text))
    fields = {name: set(re.findall(r"\b(?:INT|HEX|ENUM|SEQ)\(\w+, (\w+)", body)) |
              set(re.findall(r"\bSTR\((\w+)", body)) for name, body in lists.items()}
    common = fields.pop("COMMON", None) or fields.pop("common")
    with open(os.path.join(source, "tracepoints/kinds.h")) as file:
        words = re.findall(r"#define WS_(\w+)\(X\) +\\\n((?:.*\\\n)*.*\n)", file.read())
    words = {name: re.findall(r"X\(\w+, (\w+), (\d+)\)", body) for name, body in words}
    return {name: found | common for name, found in fields.items()}, words


def check_names(provider, fields, words):
    seen = set()
    for handler in provider.handlers:
        prefix, _, event = handler.get("eventName").partition(":")
        check(prefix == "waitscope" and event in fields, f"no event {handler.get('eventName')}")
        used = {e.get("name") for e in handler.iter("field")}
        used |= {e.get("value") for tag in ("stateAttribute", "stateValue") for e in handler.iter(tag)
                 if e.get("type") == "eventField"}
        for location in {e.get("value") for e in handler.iter("stateAttribute") if e.get("type") == "location"}:
            used |= {e.get("value") for e in provider.locations[location] if e.get("type") == "eventField"}
        check(used <= fields[event], f"{event} has no field {used - fields[event]}")
        for condition in handler.iter("condition"):
            field = condition.find("field")
            if field is not None and field.get("name") in ("op", "kind"):
                kinds = {"thread": "THREAD_OPS", "process": "PROCESS_OPS"}
                known = words["KINDS" if field.get("name") == "kind" else kinds[event]]
                word = condition.find("stateValue").get("value")
                check(word in dict(known), f"{event}: {field.get('name')} is never {word}")
                seen.add((field.get("name"), word))
    for word, number in words["KINDS"]:
        check(provider.values.get(word) == number and ("kind", word) in seen, f"the kind {word} is not there")


def check_waits(provider, trace, plugins, report):
    began = {}  # (tid, seq): (event, begin)
    ended = []  # intervals as events tell them, for those that are no waits
    end = 0
    for end, name, fields in events.events("--clock-cycles", trace):
        provider.event(end, name, fields)
        key = (fields.get("tid"), fields.get("seq"))
        if name == "waitscope:wait_begin":
            began[key] = (end, fields["begin_ns"] or end)
        elif name == "waitscope:wait_end" and fields["outcome"] == "no_wait":
            ended.append((fields["tid"], began[key][0], end))
    before = {(tid, event): begin for (tid, _), (event, begin) in began.items()}
    no_waits = set(ended)
    state = provider.state
    numbers = {int(number): name for name, number in provider.values.items()}

    found, by_thread, by_kind = collections.Counter(), collections.Counter(), collections.Counter()
    for path in state.history:
        if path[0] == "Processes" and path[-1] == "Wait":
            tid = int(path[3])
            for begin, until, number in state.intervals(path, end):
                if (tid, begin, until) in no_waits or begin == until == end:
                    continue
                begin = before[tid, begin]
                found[tid, begin, until, numbers[number]] += 1
                by_thread[tid] += until - begin
                by_kind[numbers[number]] += until - begin
    told = collections.Counter()
    for _, name, fields in events.events("--plugin-path", plugins, "--clock-cycles", trace, "-c",
                                         "filter.waitscope.waits"):
        if name == "waitscope_analysis:wait":
            told[fields["waiter_tid"], fields["begin_ns"], fields["end_ns"], fields["kind"]] += 1
    check(found == told, f"not the same waits: {list((found - told).items())[:3]} "
                         f"{list((told - found).items())[:3]}")
    check(sum(found.values()) == report["totals"]["waits"], "number of waits")
    check(by_kind == {k: v["wait_ns"] for k, v in report["totals"]["by_kind"].items()}, f"kinds: {by_kind}")
    check({t: ns for t, ns in by_thread.items() if ns} ==
          {t["tid"]: t["wait_ns"] for t in report["threads"] if t["wait_ns"]}, f"threads: {by_thread}")
    for path, value in state.now.items():
        check(path[0] != "Kinds" or value == 0, f"{path}: {value} at the end")
    names = {state.get(("Processes", str(t["pid"]), "Threads", str(t["tid"]), "Name"))
             for t in report["threads"]}
    check({t["name"] for t in report["threads"]} <= names, f"names: {names}")


def main():
    source, plugins, waitscope, *program = sys.argv[1:]
    xml = os.path.join(source, "docs/waitscope.xml")
    folder = tempfile.mkdtemp(prefix="waitscope-tracecompass-")
    trace = os.path.join(folder, "trace")
    try:
        check_grammar(xml)
        provider = tmfxml.StateProvider(xml, "waitscope.waits")
        check_names(provider, *tables(source))
        run(waitscope, "record", "-o", trace, "--", *program, stderr=subprocess.DEVNULL)
        report = json.loads(run(waitscope, "report", "--format", "json", trace))
        check(report["totals"]["waits"] > 20, "the program did not wait")
        check_waits(provider, trace, plugins, report)
    finally:
        shutil.rmtree(folder)


main()
