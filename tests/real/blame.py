"""blame.py pbzip2|postgres|flock|threads: the report blames what is to blame, and what it says would
have been if that were gone comes true in another run.

pbzip2: compresses into a pipe whose reader sleeps between two reads. All wait for that reader in the
end: pbzip2's writer for the pipe, its compressors for their queue. With half the sleep the run takes
what the report has said for half of the sleep.
postgres: one client locks a table and sleeps for two seconds in the server before it commits; a second
one wants the table. What the second one's backend waits for is the time that the first one's chose.
flock: three of util-linux's flock(1), each of which sleeps while it holds one file; then three files.
threads: four threads that sleep while they hold one lock; then each its own.

All of them wait for time, not for a processor: a busy machine makes no difference to speak of.
"""
import glob
import json
import os
import pwd
import random
import subprocess
import sys

import real

AGREE = 0.15

READER = """
import os, sys, time
while os.read(0, 65536):
    time.sleep(float(sys.argv[1]))
"""

def blamed(report, object_):
    """The parties of the object's blame."""
    return next(b for b in report["blame"]["objects"] if b["object"] == object_["id"])["parties"]


def checked(report):
    """What holds for every report."""
    for object_, blame in zip(report["objects"], report["blame"]["objects"]):
        sums = {object_["wait_ns"], blame["wait_ns"], sum(blame["causes"].values()),
                sum(p["ns"] for p in blame["parties"])}
        real.check(len(sums) == 1, f"the shares of {object_['name']} do not add up: {sums}")
    path = report["critical_path"]
    real.check(path["duration_ns"] == sum(p["ns"] for p in path["parts"])
               == sum(path["causes"].values()), "the parts of the critical path do not add up")


def what_if(case, question):
    """The answer of a second report on the last recording."""
    report = case.path("what-if.json")
    case.command([case.waitscope, "report", "--format", "json", "-o", report, "--what-if",
                  question, case.path("out/trace")])
    with open(report) as file:
        answers = [w for w in json.load(file)["what_if"] if w["asked"]]
    real.check(len(answers) == 1, f"no answer to --what-if {question}")
    return answers[0]


def comes_true(answer, report):
    predicted, measured = answer["predicted_ns"], report["critical_path"]["duration_ns"]
    real.say(f"was {answer['duration_ns'] / 1e9:.2f} s, predicted {predicted / 1e9:.2f} s, "
             f"measured {measured / 1e9:.2f} s: {predicted / measured - 1:+.1%}")
    real.check(abs(predicted - measured) <= AGREE * measured, "the what-if did not come true")
    real.check(measured < 0.8 * answer["duration_ns"], "the change made no difference")


def pbzip2(case):
    data = case.path("data")
    with open(data, "wb") as file:
        file.write(random.Random(1).randbytes(2_500_000))  # as large when it is compressed
    with open(case.path("reader.py"), "w") as file:
        file.write(READER)

    def argv(nap):
        reader = f"{sys.executable} {case.path('reader.py')} {nap}"
        return ["bash", "-c", f"pbzip2 -p2 -1 -q -c {data} | {reader}"]

    slow = case.record(argv(0.15)).report
    checked(slow)
    pipe = max((o for o in slow["objects"] if o["kind"] == "pipe" and any(
        real.site_in(w, "pbzip2") for w in o["waiters"])), key=lambda o: o["wait_ns"])
    reader = next(p["pid"] for p in slow["processes"] if p["name"].startswith("python3")
                  and p["end"] == "exited")
    time_ns = sum(p["ns"] for p in blamed(slow, pipe)
                  if p["cause"] == "time" and p["pid"] == reader)
    real.check(time_ns >= 0.8 * pipe["wait_ns"],
               f"of the waiting for {pipe['name']} only {time_ns / pipe['wait_ns']:.0%} is blamed "
               "on the reader's sleep")
    waited = sum(p["ns"] for p in pipe["meanwhile"]["parts"] if p["did"] == "waited")
    real.check(waited >= 0.8 * pipe["meanwhile"]["ns"], "meanwhile the reader did not sleep")
    sleep = next(o for o in slow["objects"] if o["kind"] == "sleep" and o["pids"] == [reader])
    answer = what_if(case, f"{sleep['id']}=half")
    comes_true(answer, case.record(argv(0.075)).report)


def flock(case):
    def argv(files):
        one = " & ".join(f"flock {case.path('lock')}{n % files} sleep 3" for n in range(3))
        return ["bash", "-c", f"{one} & wait"]

    shared = case.record(argv(1)).report
    checked(shared)
    lock = next(o for o in shared["objects"] if o["kind"] == "flock")
    sleeps = sum(p["ns"] for p in blamed(shared, lock) if p["cause"] == "time")
    real.check(sleeps >= 0.7 * lock["wait_ns"],
               f"the sleeps of the holders are blamed for {sleeps / lock['wait_ns']:.0%} only")
    comes_true(what_if(case, str(lock["id"])), case.record(argv(3)).report)


def threads(case):
    def argv(locks):
        return [os.path.join(os.environ["REAL_PROGRAMS"], "holders"), locks]

    shared = case.record(argv("one")).report
    checked(shared)
    lock = max((o for o in shared["objects"] if o["kind"] == "mutex"),
               key=lambda o: o["wait_ns"])
    sleeps = sum(p["ns"] for p in blamed(shared, lock) if p["cause"] == "time")
    real.check(sleeps >= 0.8 * lock["wait_ns"],
               f"the sleeps of the holders are blamed for {sleeps / lock['wait_ns']:.0%} only")
    comes_true(what_if(case, str(lock["id"])), case.record(argv("own")).report)


def postgres(case):
    user = []
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        user = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    programs = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda d: int(d.split("/")[4]))
    home = case.path("home")
    os.mkdir(home)
    os.chmod(home, 0o1777)
    env = {"LC_ALL": "C", "HOME": home, "PGUSER": "postgres"}
    case.command([*user, f"{programs}/initdb", "-D", f"{home}/cluster", "-A", "trust", "-U",
                  "postgres", "-N"], env={**os.environ, **env})
    psql = [*user, f"{programs}/psql", "-h", home, "-At", "postgres", "-c"]

    def load(process):
        ask = [*psql, "select 1"]
        real.until(lambda: case.succeeds(ask), process, "postgres")
        case.command([*psql, "create table t (n int)"])
        holder = subprocess.Popen(
            [*psql, "begin; lock table t; select pg_backend_pid(); select pg_sleep(2); commit"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        case.processes.append(holder)
        locked = ("select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted "
                  "and relation = 't'::regclass")
        real.until(lambda: case.command([*psql, locked]).strip() == b"1", process, "the lock")
        case.command([*psql, "select count(*) from t"])
        pids = [int(w) for w in holder.communicate()[0].split() if w.isdigit()]
        return pids[0]

    def stop(_):
        with open(f"{home}/cluster/postmaster.pid") as file:
            os.kill(int(file.readline()), 2)

    traced = case.record([f"{programs}/postgres", "-D", f"{home}/cluster", "-k", home,
                          "-c", "listen_addresses=", "-c", "autovacuum=off"], load, user=user,
                         stop=stop, env=env)
    checked(traced.report)
    holder = traced.client
    found = []
    for object_ in traced.objects():
        for party in blamed(traced.report, object_):
            pids = {w["pid"] for w in object_["waiters"]}
            if party["pid"] == holder and party["cause"] == "time" and holder not in pids \
                    and party["ns"] >= 500_000_000:
                found.append(object_)
    real.check(found, f"no backend's waiting is blamed on backend {holder}, which has the lock")
    real.check(any(p["did"] == "waited" and p["ns"] >= 500_000_000
                   for p in found[0]["meanwhile"]["parts"]), "meanwhile it did not wait")
    real.say(f"{found[0]['name']}: blamed on backend {holder}")


with real.Case(kernel=False) as case:
    {"pbzip2": pbzip2, "flock": flock, "threads": threads, "postgres": postgres}[sys.argv[1]](case)
