"""redis-server with two I/O threads (main is the first), under redis-benchmark.

Truth (networking.c, bio.c): between bursts main holds the mutex of the other one, a member of
io_threads_mutex[] (startThreadedIO() releases it, stopThreadedIO() takes it again), and the
thread's IOThreadMain() waits for it: no other mutex is waited for as long. Each of the three
background threads waits on a condition variable of its own (bioProcessBackgroundJobs()) from the
start to the end, as there is nothing for them to do: these are on top of everything, alike, and
jemalloc's own idle threads with them.
"""
import os
import shutil

import real

# Debian's redis-server is a link to redis-check-rdb.
MODULE = os.path.basename(os.path.realpath(shutil.which("redis-server")))

with real.Case() as case:
    socket = case.path("redis.sock")
    argv = ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", case.dir, "--save", "",
            "--io-threads", "2", "--io-threads-do-reads", "yes", "--loglevel", "warning"]
    cli = ["redis-cli", "-s", socket]

    def load(process):
        real.until(lambda: case.succeeds([*cli, "ping"]), process, "redis-server")
        # Bursts and pauses: without a pause the I/O threads are never put to sleep.
        for _ in range(3):
            case.command(["redis-benchmark", "-s", socket, "-q", "-c", "64", "-P", "4",
                          "-n", "20000", "-r", "1000", "-t", "set"])
        # Keys and values depend on the benchmark's own dice: their number and size do not.
        case.command([*cli, "set", "counted", "0"])
        for _ in range(10):
            case.command([*cli, "incr", "counted"])
        return b"".join(case.command([*cli, *words]) for words in (
            ("get", "counted"), ("strlen", "key:000000000001")))

    plain = case.run(argv, load)
    traced = case.record(argv, load)
    # What it says on stderr and stdout has pids and times in it.
    real.same(plain, traced, out=False, err=False)
    real.check(plain.client == traced.client == b"10\n3\n", f"its answers differ: {traced.client}")

    top = traced.top()
    idle = [o for o in traced.objects("cond")
            if real.share_in(o["waiters"], MODULE, "bioProcessBackgroundJobs") == 1]
    real.check(len(idle) == 3, f"{len(idle)} condition variables of background threads, not 3")
    for cond in idle:
        real.check(cond["wait_ns"] >= (1 - real.TIE) * top["wait_ns"],
                   f"{top['kind']} {top['name']} is far above idle {cond['name']}")
        real.check(cond["outcomes"]["open"] == 1, f"the wait for {cond['name']} has ended")

    mutex = traced.top("mutex")
    names = {traced.thread_name(w["pid"], w["tid"]) for w in mutex["waiters"]}
    real.check(mutex["name"].startswith("io_threads_mutex"), f"first mutex is {mutex['name']}")
    real.check(names == {"io_thd_1"}, f"{names} wait for it")
    real.check(real.share_in(mutex["waiters"], MODULE, "IOThreadMain") == 1,
               "it is not waited for in IOThreadMain()")
    pid = traced.report["processes"][0]["pid"]
    known = [h for h in mutex["holders"] if h["tid"]]
    real.check({h["tid"] for h in known} == {pid}, "it is not main alone that holds it")
    case.confirm(traced, top)

    # It holds that mutex while it has no work to hand out: what it waits for then is to blame, its
    # clients, which are not recorded. The scheduler's part depends on what else the machine does.
    blame = next(b for b in traced.report["blame"]["objects"] if b["object"] == mutex["id"])
    clients = sum(p["ns"] for p in blame["parties"]
                  if p["tid"] == pid and p["cause"] in ("outside", "time", "running"))
    real.say(f"blame for {mutex['name']}: {blame['causes']}")
    real.check(clients >= 0.9 * (blame["wait_ns"] - blame["causes"]["scheduler"]),
               "main and its clients are not to blame for it")
