"""real.py: what the tests of real programs share: runs, recordings, and the kernel's own account.

A test opens a Case, runs its program untraced and recorded, and says what the report must name:

    with real.Case() as case:
        plain = case.run(argv)
        traced = case.record(argv)
        real.same(plain, traced)
        top = traced.top()
        real.check(top["kind"] == "cond", "...")
        case.confirm(traced, top)

Every recording is checked here for what all of them need: nothing lost, and a report that its
schema describes. Beside it futex.bt sums what the kernel saw of the same run, where bpftrace can
run; where it can't, the test does the rest and ends as skipped, with the reason.

Environment (set by CMakeLists.txt): WAITSCOPE the command, WAITSCOPE_SCHEMA the report's schema.
"""
import collections
import getpass
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77  # ctest's SKIP_RETURN_CODE
READY_S = 30  # a server or bpftrace that is not ready by then never will be

# What waits in futex(2), so that the kernel's account has it. A spinlock never sleeps.
FUTEX_KINDS = ("mutex", "rwlock", "cond", "barrier", "once", "thread", "sem", "futex")

# Two sums of the same waits: one around libc's call, one around the system call in it. What lies
# between is some instructions and the taking of a stack, in which a thread may be preempted.
SUMS_AGREE = 0.10
AROUND_NS = 40_000  # each wait
# Objects nearer to each other than this have no order that another run would repeat.
TIE = 0.10

# What the text report puts behind the other waits.
IDLE = {"sleep", "signal", "process", "poll"}


class Failed(Exception):
    """The test has found what it looks for."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def say(text):
    print(text, flush=True)


def skip(text):
    """Ends a test that can't check anything here."""
    say(f"SKIPPED: {text}")
    sys.exit(SKIPPED)


def until(ready, process, what):
    """Polls until `ready` gives something; servers have no other way to tell."""
    end = time.monotonic() + READY_S
    while True:
        result = ready()
        if result:
            return result
        check(process.poll() is None, f"{what} ended with {process.returncode}")
        check(time.monotonic() < end, f"{what} is not ready after {READY_S} s")
        time.sleep(0.05)


class Run:
    """One run of the program."""

    def __init__(self, status, out, err, client, seconds):
        self.status = status  # as a shell shows it: 128+N on signal N
        self.out = out  # bytes
        self.err = err  # bytes, without waitscope's own lines
        self.client = client  # what the load gave back; None without a load
        self.seconds = seconds
        self.report = None
        self.kernel = None  # Kernel; None where bpftrace can't run

    def objects(self, *kinds):
        return [o for o in self.report["objects"] if not kinds or o["kind"] in kinds]

    def top(self, *kinds):
        """The object with most waiting, of these kinds or of all but those of idle time."""
        found = [o for o in self.objects(*kinds) if kinds or o["kind"] not in IDLE]
        check(found, f"nothing of {kinds or 'any kind'} in the report")
        return found[0]

    def thread_name(self, pid, tid):
        for thread in self.report["threads"]:
            if thread["pid"] == pid and thread["tid"] == tid:
                return thread["name"]
        return ""


class Kernel:
    """What futex.bt saw of a run. A group is (pid, word >> 3): libc waits for one object on either
    half of 8 aligned bytes (a condition variable's two groups, a rwlock's readers and writers)."""

    def __init__(self, lines):
        self.ns = collections.Counter()
        self.waits = collections.Counter()
        self.stacks = collections.defaultdict(list)
        stacks = collections.defaultdict(list)
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # bpftrace's own remarks
            if entry["type"] == "map":
                self._map(entry["data"])
            elif entry["type"] == "printf" and entry["data"].startswith("stack "):
                pid, tid, word, _, *words = entry["data"].split()[1:]
                # Lines of one sample are in order; those of two CPUs mix. All samples of a thread
                # are taken together: their number counts up while another CPU's is being printed.
                stacks[int(pid), int(tid), int(word, 16)] += [int(w, 16) for w in words]
        for (pid, _, word), words in stacks.items():
            self.stacks[pid, word >> 3].append(words)

    def _map(self, data):
        for name, into in (("@ns", self.ns), ("@waits", self.waits)):
            for key, value in data.get(name, {}).items():
                pid, word, comm = key.split(",", 2)
                # The tracer's own threads call themselves PROGRAM-ust: none of the program's.
                if not comm.endswith("-ust"):
                    into[int(pid), int(word) >> 3] += value

    def groups(self, pids, shared):
        """Counter of ns by (pids, word >> 3); of all processes together if `shared`."""
        sums = collections.Counter()
        for (pid, word), ns in self.ns.items():
            if pid in pids:
                sums[None if shared else pid, word] += ns
        return sums

    def samples(self, group):
        pid, word = group
        return [(p, words) for (p, w), list_ in self.stacks.items() for words in list_
                if w == word and pid in (None, p)]


def _bpftrace_missing():
    """Why bpftrace can't run here; None if it can."""
    if os.geteuid() != 0:
        return "bpftrace needs root"
    if not shutil.which("bpftrace"):
        return "bpftrace is not installed"
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "the kernel has no BTF"
    if os.stat("/proc/self/ns/pid").st_ino != 0xEFFFFFFC:
        return "in a PID namespace: bpftrace's pids are not ours"
    return None


class Case:
    """One test: a folder, the processes that it started, and how it ends."""

    def __init__(self, kernel=True):
        """`kernel`: with the kernel's account of what slept in futex(2)."""
        self.name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        self.dir = tempfile.mkdtemp(prefix=f"ws-{self.name}-")
        os.chmod(self.dir, 0o755)  # servers that drop root look in
        self.waitscope = os.environ["WAITSCOPE"]
        self.schema = os.environ["WAITSCOPE_SCHEMA"]
        self.processes = []
        self.wants_kernel = kernel
        self.no_kernel = _bpftrace_missing() if kernel else "not asked for"

    def __enter__(self):
        # ctest's timeout and Ctrl-C clean up too.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda n, _: sys.exit(128 + n))
        return self

    def __exit__(self, kind, error, _):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        if kind is Failed:
            say(f"FAILED: {error}\nits folder is kept: {self.dir}")
            sys.exit(1)
        if kind is not None:
            return False
        shutil.rmtree(self.dir)
        if self.wants_kernel and self.no_kernel:
            say(f"SKIPPED the comparison with the kernel: {self.no_kernel}")
            sys.exit(SKIPPED)
        return True

    def path(self, name):
        return os.path.join(self.dir, name)

    def command(self, argv, **more):
        """A helper command that must succeed; gives its stdout."""
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **more)
        check(done.returncode == 0, f"{argv[0]} ends with {done.returncode}: "
              f"{done.stderr.decode(errors='replace')[-2000:]}")
        return done.stdout

    def succeeds(self, argv):
        return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0

    def _start(self, argv, user=(), stdin=subprocess.DEVNULL, **more):
        # It ends with this test, even if that is killed. A change of the user would undo that.
        process = subprocess.Popen([*user, "setpriv", "--pdeathsig", "TERM", *argv], stdin=stdin,
                                   **more)
        if stdin != subprocess.DEVNULL:
            os.close(stdin)
        self.processes.append(process)
        return process

    def run(self, argv, load=None, user=(), **more):
        """Runs it. `load(process)`, for servers: waits until it serves, works with it and gives
        back what the clients said; the server is asked to end afterwards, by `stop(process)` or
        SIGTERM. `user`: words in front of the command that change the user. `stdin`: an fd, which
        is closed here."""
        return self._run(argv, load, user=user, **more)

    def record(self, argv, load=None, user=(), options=(), **more):
        """The same recorded by that user, with a report and, if bpftrace can run, its account."""
        trace = self.path("out/trace")
        shutil.rmtree(self.path("out"), ignore_errors=True)
        os.mkdir(self.path("out"))
        os.chmod(self.path("out"), 0o1777)
        began = time.monotonic()
        tracer = self._kernel_start()
        ready = time.monotonic()
        run = self._run([self.waitscope, "record", "-o", trace, *options, "--", *argv], load,
                        user=user, **more)
        ended = time.monotonic()
        if tracer:
            run.kernel = self._kernel_end(tracer)
            say(f"bpftrace: {ready - began:.2f} s to start, "
                f"{time.monotonic() - ended:.2f} s to end")

        report = self.path("report.json")
        began = time.monotonic()
        self.command([self.waitscope, "report", "--format", "json", "-o", report, trace])
        with open(report) as file:
            run.report = json.load(file)
        say(f"recorded: {run.seconds:.2f} s, {run.report['trace']['events']} events, "
            f"report in {time.monotonic() - began:.2f} s")
        self._valid(run.report)
        lost = run.report["trace"]
        check(lost["lost_events"] == 0 and lost["lost_packets"] == 0,
              f"lost: {lost['lost_events']} events, {lost['lost_packets']} packets")
        return run

    def _run(self, argv, load, stop=None, env=None, **more):
        with open(self.path("stdout"), "w+b") as out, open(self.path("stderr"), "w+b") as err:
            return self._run_into(argv, load, stop, env, out, err, more)

    def _run_into(self, argv, load, stop, env, out, err, more):
        began = time.monotonic()
        process = self._start(argv, stdout=out, stderr=err,
                              env={**os.environ, **(env or {})}, **more)
        client = None
        if load:
            client = load(process)
            check(process.poll() is None,
                  f"{argv[0]} ended with {process.returncode} under its load")
            stop(process) if stop else process.terminate()
        status = process.wait()
        seconds = time.monotonic() - began
        out.seek(0)
        err.seek(0)
        words = b"".join(line for line in err.read().splitlines(True)
                         if not line.startswith(b"waitscope: "))
        return Run(128 - status if status < 0 else status, out.read(), words, client, seconds)

    def _valid(self, report):
        import jsonschema
        with open(self.schema) as file:
            schema = json.load(file)
        try:
            jsonschema.validate(report, schema)
        except jsonschema.ValidationError as error:
            raise Failed(f"the report is not what its schema says: {error.message}, "
                         f"at {list(error.absolute_path)}") from None

    def _kernel_start(self):
        if self.no_kernel:
            return None
        # A mount namespace of its own: the machine's tracefs stays as it is.
        script = ("mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing; "
                  'exec bpftrace -f json "$@"')
        with open(self.path("futex.log"), "wb") as log:
            process = self._start(
                ["unshare", "--mount", "sh", "-c", script, "sh", os.path.join(HERE, "futex.bt"),
                 str(os.getpid())],
                stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, "BPFTRACE_MAP_KEYS_MAX": "65536"})

        def ready():
            if process.poll() is not None:
                return "ended"
            with open(self.path("futex.log"), "rb") as file:
                return "ready" if b"ready" in file.read() else None

        if until(ready, process, "bpftrace") == "ended":
            with open(self.path("futex.log"), errors="replace") as file:
                self.no_kernel = "bpftrace: " + " ".join(file.read().split())[-300:]
            return None
        return process

    def _kernel_end(self, process):
        process.send_signal(signal.SIGINT)
        process.wait()
        with open(self.path("futex.log"), errors="replace") as file:
            lines = file.read().splitlines()
        lost = [line for line in lines if '"lost_events"' in line]
        check(not lost, f"bpftrace itself lost events: {lost[:1]}")
        return Kernel(lines)

    def confirm(self, run, top, within=None):
        """The object that the report puts first of all that sleep in futex(2) is the one on which
        the kernel saw most waiting: its word has the same sum, and where the report says that it
        was waited for is on the stacks of those who waited on that word. `within`: address ranges
        that hold all objects of this sort; for processes that forked, in each of which LTTng
        registers anew, and waits for that at an address of its own."""
        if not run.kernel:
            return
        pids = {p["pid"] for p in run.report["processes"]}
        shared = top["scope"] == "shared"
        groups = run.kernel.groups(pids, shared)
        if within:
            groups = collections.Counter({group: ns for group, ns in groups.items() if any(
                begin <= group[1] << 3 < end for begin, end in within)})
        check(groups, "the kernel saw no futex wait at all")
        group, ns = groups.most_common(1)[0]
        samples = run.kernel.samples(group)
        check(samples, f"no stack of word {group[1] << 3:#x}")

        near = [o for o in run.objects(*FUTEX_KINDS) if o["wait_ns"] >= (1 - TIE) * top["wait_ns"]]
        found = [o for o in near if _is_on_stacks(o, samples) and _agree(o, ns)]
        say(f"kernel: {ns / 1e9:.3f} s on word {group[1] << 3:#x}; report: "
            + ", ".join(f"{o['kind']} {o['name']} {o['wait_ns'] / 1e9:.3f} s"
                        f"{'' if _is_on_stacks(o, samples) else ' (not on its stacks)'}"
                        for o in near[:6]))
        check(found, "the kernel's account of the same run has another object on top")


def _agree(top, kernel_ns):
    ours = top["wait_ns"]
    return abs(ours - kernel_ns) <= SUMS_AGREE * max(ours, kernel_ns) + AROUND_NS * top["waits"]


def _is_on_stacks(top, samples):
    """True if each of these stacks has a site of the object's waiters. A return address is found by
    its offset within a page, and must give one load address for the module in all of a process."""
    places = {(w["site"]["module"], w["site"]["offset"]) for w in top["waiters"] if w["site"]}
    by_pid = collections.defaultdict(list)
    for pid, words in samples:
        by_pid[pid].append({(module, word - offset) for word in words for module, offset in places
                            if word >= offset and (word - offset) % 4096 == 0})
    return all(set.intersection(*biases) for biases in by_pid.values())


def same(plain, traced, out=True, err=True):
    """The program did what it does untraced."""
    check(plain.status == traced.status,
          f"exit status {traced.status}, untraced {plain.status}: {traced.err[-2000:]}")
    check(not out or plain.out == traced.out, "its stdout differs from that of an untraced run")
    check(not err or plain.err == traced.err,
          f"its stderr differs from that of an untraced run: {traced.err[-2000:]}")
    say(f"untraced: {plain.seconds:.2f} s, recorded: {traced.seconds:.2f} s")


def site_in(party, module, function=None):
    """True if this waiter, holder or waker stands in that module (base name), in that function."""
    site = party["site"]
    return bool(site and site["module"] and os.path.basename(site["module"]) == module
                and function in (None, site["function"]))


def share_in(parties, module, function=None):
    """Which part of their time is spent by those that stand there."""
    total = sum(p["wait_ns"] for p in parties)
    return sum(p["wait_ns"] for p in parties if site_in(p, module, function)) / max(total, 1)
