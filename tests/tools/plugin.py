"""plugin.py: the plugin of babeltrace2: what its sink reports is what the command reports, and what its
filter adds are the waits of the JSON report, in a stream that others can read.

    plugin.py PLUGINS WAITSCOPE PROGRAM...

Each PROGRAM (a command line in one word) is recorded; the last two also as one trace.
"""
import collections
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

import events

LIMIT_S = 120
FILTER = "filter.waitscope.waits"
SINK = "sink.waitscope.report"


def check(condition, text):
    if not condition:
        sys.exit(f"plugin: {text}")


def run(*command, **options):
    return subprocess.run(command, check=True, timeout=LIMIT_S, stdout=subprocess.PIPE, **options).stdout


def same(a, b):
    """The same events. libbabeltrace2 2.0.4 shows of an empty text what its memory held before."""
    if len(a) != len(b):
        return False
    for (time, name, fields), (time2, name2, fields2) in zip(a, b):
        if (time, name, fields.keys()) != (time2, name2, fields2.keys()):
            return False
        if any(v != fields2[k] and "" not in (v, fields2[k]) for k, v in fields.items()):
            return False
    return True


class Plugin:
    def __init__(self, plugins, waitscope):
        self.plugins, self.waitscope = plugins, waitscope

    def convert(self, *arguments):
        """babeltrace2 with the plugin. It must have nothing to warn of."""
        done = subprocess.run(["babeltrace2", "--log-level=W", "--plugin-path", self.plugins, *arguments],
                              timeout=LIMIT_S, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.returncode == 0, f"{arguments}: {done.stderr.decode()}")
        check(not done.stderr, f"{arguments}: {done.stderr.decode()}")
        return done.stdout

    def fails(self, word, *arguments):
        done = subprocess.run(["babeltrace2", "--plugin-path", self.plugins, *arguments], timeout=LIMIT_S,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.returncode != 0, f"{arguments}: it took that")
        text = " ".join(done.stderr.decode().split())
        check(word in text, f"{arguments}: {text}")
        check(not done.stdout, f"{arguments}: a report all the same")

    def report(self, *arguments):
        return run(self.waitscope, "report", *arguments)

    def json(self, *traces):
        return json.loads(self.report("--format", "json", *traces))

    def check_sink(self, folder, *traces):
        text = self.report(*traces)
        check(text, "no report")
        check(self.convert(*traces, "-c", SINK) == text, f"{traces}: not the same report")
        utf8 = dict(os.environ, LC_ALL="C.UTF-8")
        check(subprocess.run(["babeltrace2", "--plugin-path", self.plugins, *traces, "-c", SINK], env=utf8,
                             stdout=subprocess.PIPE).stdout ==
              run(self.waitscope, "report", *traces, env=utf8), f"{traces}: not the same in UTF-8")
        check(self.convert(*traces, "-c", SINK, "-p", 'top=0,stacks=yes,kind="mutex,sem",min-wait="1us"') ==
              self.report("--top", "0", "--stacks", "--kind", "mutex,sem", "--min-wait", "1us", *traces),
              f"{traces}: not the same with options")
        # The order of sources is not ours to say: of one trace only.
        if len(traces) == 1:
            check(self.convert(*traces, "-c", SINK, "-p", 'format="json"') ==
                  self.report("--format", "json", os.path.abspath(traces[0])), f"{traces}: not the same JSON")
            output = os.path.join(folder, "report.html")
            check(self.convert(*traces, "-c", SINK, "-p", f'format="html",output="{output}"') == b"",
                  "it wrote elsewhere")
            with open(output, "rb") as file:
                page = file.read()
            check(page == self.report("--format", "html", os.path.abspath(traces[0])),
                  f"{traces}: not the same page")

    def check_filter(self, folder, *traces):
        report = self.json(*traces)
        totals = report["totals"]
        passed, last, sums, kinds, objects = [], 0, 0, collections.Counter(), collections.Counter()
        waits = []
        for time, name, fields in events.events("--plugin-path", self.plugins, "--clock-cycles", *traces,
                                                "-c", FILTER):
            check(len(traces) > 1 or time >= last, f"{name} at {time} after {last}")
            last = time
            if name != "waitscope_analysis:wait":
                passed.append((time, name, fields))
                continue
            waits.append(fields)
            check(fields["end_ns"] == time, f"{fields} at {time}")
            check(fields["duration_ns"] == fields["end_ns"] - fields["begin_ns"], f"{fields}")
            sums += fields["duration_ns"]
            kinds[fields["kind"]] += fields["duration_ns"]
            objects[fields["object_id"], fields["object"]] += fields["duration_ns"]
        check(same(passed, list(events.events("--clock-cycles", *traces))), "it did not pass on what came in")
        check(len(waits) == totals["waits"] and sums == totals["wait_ns"], f"{len(waits)} waits, {sums} ns")
        check(kinds == {k: v["wait_ns"] for k, v in totals["by_kind"].items()}, f"{kinds}")
        check(objects == {(o["id"], o["name"]): o["wait_ns"] for o in report["objects"]}, f"{objects}")
        outcomes = collections.Counter(w["outcome"] for w in waits)
        told = collections.Counter()
        for o in report["objects"]:
            told.update({k: n for k, n in o["outcomes"].items() if n})
        check(outcomes == told, f"{outcomes}, {told}")
        waiters = collections.Counter()
        wakers = collections.Counter()
        for wait in waits:
            waiters[wait["waiter_pid"], wait["waiter_tid"]] += wait["duration_ns"]
            if wait["waker_tid"] != -1:
                wakers[wait["waker_tid"]] += 1
        check(waiters == {(t["pid"], t["tid"]): t["wait_ns"] for t in report["threads"] if t["waits"]},
              f"{waiters}")
        told = collections.Counter()
        for o in report["objects"]:
            for w in o["wakers"]:
                if w["tid"] is not None:
                    told[w["tid"]] += w["waits"]
        check(wakers == told, f"{wakers}, {told}")

        # Written as CTF, it is read again, and by the command too: it passes over what it does not know.
        out = os.path.join(folder, "written")
        self.convert(*traces, "-c", FILTER, "-c", "sink.ctf.fs", "-p", f'path="{out}",quiet=yes')
        again = [f for _, name, f in events.events("--clock-cycles", out) if name == "waitscope_analysis:wait"]
        key = lambda f: (f["end_ns"], f["begin_ns"], f["waiter_tid"], f["object"])
        check(sorted(again, key=key) == sorted(waits, key=key), "not the same when written and read")
        check(self.json(out)["totals"]["wait_ns"] == totals["wait_ns"], "the command reads something else")
        shutil.rmtree(out)

    def check_errors(self, folder, trace):
        self.fails("there is no option taste", trace, "-c", SINK, "-p", 'taste="sour"')
        self.fails("there is no format clay", trace, "-c", SINK, "-p", 'format="clay"')
        self.fails("`format` must be a text", trace, "-c", SINK, "-p", "format=3")
        self.fails("min-wait=soon", trace, "-c", FILTER, "-p", 'min-wait="soon"')
        self.fails("no/such/x", trace, "-c", SINK, "-p", 'output="no/such/x"')
        # A trace without an event of ours: the filter has nothing to add, the sink nothing to say.
        other = os.path.join(folder, "other")
        os.makedirs(other)
        with open(os.path.join(other, "metadata"), "w") as file:
            file.write('/* CTF 1.8 */\ntrace { major = 1; minor = 8; byte_order = le; };\n'
                       'stream { packet.context := struct { integer { size = 8; } x; }; };\n'
                       'event { name = "e"; fields := struct { integer { size = 8; } y; }; };\n')
        with open(os.path.join(other, "stream"), "wb") as file:
            file.write(b"\1\2\3")
        check(b"{ y = 3 }" in self.convert(other, "-c", FILTER), "it did not pass on others' events")
        self.fails("it holds no event of waitscope's", other, "-c", SINK)


def main():
    plugins, waitscope, *programs = sys.argv[1:]
    plugin = Plugin(plugins, waitscope)
    folder = tempfile.mkdtemp(prefix="waitscope-plugin-")
    try:
        traces = []
        for i, program in enumerate(programs):
            traces.append(os.path.join(folder, f"trace{i}"))
            subprocess.run([waitscope, "record", "-o", traces[-1], "--", *shlex.split(program)],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT_S)
            check(plugin.json(traces[-1])["totals"]["waits"] > 0, f"{program} did not wait")
            plugin.check_sink(folder, traces[-1])
            plugin.check_filter(folder, traces[-1])
        plugin.check_sink(folder, *traces[-2:])
        plugin.check_errors(folder, traces[0])
    finally:
        shutil.rmtree(folder)


main()
