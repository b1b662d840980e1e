"""driver.py: what the tests of exports share: running the command, and the kept and new traces that
each export is checked on.
"""
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

LIMIT_S = 240


def check(condition, text):
    if not condition:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {text}")


def same(got, wanted, text):
    check(got == wanted, f"{text}: {got!r}, not {wanted!r}")


class Waitscope:
    """The command, and a folder that is gone in the end."""

    def __init__(self, command):
        self.command = command
        self.folder = tempfile.mkdtemp(prefix="waitscope-exports-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments, **options):
        return subprocess.run([self.command, *arguments], check=True, timeout=LIMIT_S,
                              stdout=subprocess.PIPE, **options)

    def messages(self, name):
        """The module that protoc makes of the published numbers in NAME.proto."""
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.run(["protoc", f"--proto_path={here}", f"--python_out={self.folder}",
                        f"{name}.proto"], check=True, timeout=LIMIT_S)
        sys.path.insert(0, self.folder)
        return importlib.import_module(f"{name}_pb2")

    def record(self, mode, *program):
        """A new trace of the program, however that ends."""
        trace = self.path("trace")
        subprocess.run([self.command, "record", "--mode", mode, "-o", trace, "--", *program], check=False,
                       timeout=LIMIT_S, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return trace

    def report(self, traces, *options):
        return json.loads(self.run("report", "--format", "json", *traces, *options).stdout)

    def export(self, form, traces, *options):
        """The export, as a file and as what goes to standard output, which is the same however many
        threads read."""
        path = self.path(f"export.{form}")
        # The span's end has another name where --to is the format.
        options = ["--until" if option == "--to" else option for option in options]
        self.run("export", "--to", form, *traces, "-o", path, *options)
        with open(path, "rb") as file:
            data = file.read()
        check(data == self.run("export", "--to", form, "-j", "1", *traces, *options).stdout,
              f"{form}: -o and -j 1 give something else")
        return path, data


def choices(report):
    """Ways to choose waits, of which the report says what there is."""
    yield []
    if not report["totals"]["waits"]:
        return
    thread = max(report["threads"], key=lambda t: t["wait_ns"])
    kind = max(report["totals"]["by_kind"].items(), key=lambda k: k[1]["wait_ns"])[0]
    middle = max(o["p50_ns"] for o in report["objects"])
    yield ["--pid", str(thread["pid"])]
    yield ["--tid", str(thread["tid"])]
    yield ["--kind", kind]
    yield ["--object", str(report["objects"][-1]["id"])]
    yield ["--min-wait", f"{middle}ns"]
    third = report["trace"]["duration_ns"] // 3
    yield ["--from", f"{third}ns", "--to", f"{2 * third}ns"]


def check_traces(waitscope, arguments, check_all):
    """--record MODE PROGRAM ARG..., which has to wait; or folders: each, and all of them as one trace."""
    if arguments[0] == "--record":
        report = check_all([waitscope.record(*arguments[1:])])
        check(report["totals"]["waits"] > 0, "the program did not wait")
        return
    for traces in [[trace] for trace in arguments] + [arguments]:
        check_all(traces)
