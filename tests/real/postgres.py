"""postgres.py root|user: PostgreSQL under pgbench -c 8.

root: waitscope is run by root, and the server behind it changes its user: each backend is recorded
all the same. user: the user that the server belongs to runs waitscope.

Truth (storage/lmgr/lwlock.c, port/posix_sema.c): a backend that finds a lightweight lock taken
sleeps in PGSemaphoreLock() on the semaphore that it has in shared memory, and another process
wakes it in PGSemaphoreUnlock(). Eight clients that update the same rows, with the smallest of
buffers and no wait for the disk, meet at those locks all the time. The memory was mapped before the
backends were forked: a semaphore is one object in all of them; which of the semaphores has most is
chance.

For a row that another transaction has, a backend waits in epoll_wait() for its latch
(storage/ipc/latch.c, storage/lmgr/proc.c): a signalfd, set by a signal from the backend that ends its
transaction and lets the next one have the lock, in ProcLockWakeup().
"""
import glob
import os
import pwd
import signal
import sys

import real

CLIENTS = 8
EACH = 1200  # transactions of a client
# Where a backend may be that waits for its semaphore.
LOCKING = {"LWLockAcquire", "LWLockAcquireOrWait", "LWLockWaitForVar", "ProcArrayEndTransaction",
           "TransactionIdCommitTree", "TransactionIdAsyncCommitTree"}
SETTINGS = {
    "listen_addresses": "", "fsync": "off", "shared_buffers": "128kB", "autovacuum": "off",
    "synchronous_commit": "on", "wal_buffers": "32kB", "max_connections": "20",
    "log_min_messages": "panic", "bgwriter_lru_maxpages": "0",
}


def server_argv(programs, cluster, socket):
    argv = [f"{programs}/postgres", "-D", cluster, "-k", socket]
    for name, value in SETTINGS.items():
        argv += ["-c", f"{name}={value}"]
    return argv


def as_postgres():
    """Words that make a command the server's; nothing where we may run it ourselves."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


by_root = sys.argv[1] == "root"
if by_root and os.geteuid() != 0:
    real.skip("the server's user is changed by root only")
with real.Case() as case:
    user = as_postgres()
    programs = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda d: int(d.split("/")[4]))
    home = case.path("home")
    os.mkdir(home)
    os.chmod(home, 0o1777)
    cluster = f"{home}/cluster"
    env = {"LC_ALL": "C", "HOME": home}

    def client(*argv):
        return case.command([*user, f"{programs}/{argv[0]}", "-h", home, *argv[1:]],
                            env={**os.environ, **env})

    def load(process):
        ask = [f"{programs}/pg_isready", "-q", "-U", "postgres", "-h", home]
        real.until(lambda: case.succeeds(ask), process, "postgres")
        client("pgbench", "-i", "-q", "-s", "1", "-n", "postgres")
        client("pgbench", "-c", str(CLIENTS), "-j", "2", "-t", str(EACH), "-n", "postgres")
        # Each of the transactions moved one sum through three tables.
        return client("psql", "-Atc",
                      "select (select count(*) from pgbench_history),"
                      " (select sum(abalance) from pgbench_accounts)"
                      " = (select sum(bbalance) from pgbench_branches)", "postgres")

    def postmaster():
        with open(f"{cluster}/postmaster.pid") as file:
            return int(file.readline())

    def shared_memory():
        """The address ranges that the server shares with its children."""
        with open(f"/proc/{postmaster()}/maps") as file:
            words = [line.split() for line in file]
        return [tuple(int(end, 16) for end in w[0].split("-")) for w in words if w[1] == "rw-s"]

    ranges = []

    def stop(_):
        ranges[:] = shared_memory()
        os.kill(postmaster(), signal.SIGINT)  # a fast shutdown

    case.command([*user, f"{programs}/initdb", "-D", cluster, "-A", "trust", "-U", "postgres",
                  "-N"], env={**os.environ, **env})
    argv = server_argv(programs, cluster, home)
    env["PGUSER"] = "postgres"
    more = {"load": load, "stop": stop, "env": env}
    # runuser stays in between, as the parent of the server.
    inner = ["runuser", "-u", "postgres", "--"]
    if by_root:
        plain = case.run([*inner, *argv], **more)
        traced = case.record([*inner, *argv], **more)
    else:
        plain = case.run(argv, user=user, **more)
        traced = case.record(argv, user=user, **more)
    real.same(plain, traced)
    real.check(plain.client == traced.client == b"%d|t\n" % (CLIENTS * EACH),
               f"what it has stored differs: {traced.client}")

    sems = traced.objects("sem")
    top = traced.top()
    real.check(top["kind"] == "sem", f"on top is {top['kind']} {top['name']}, not a semaphore")
    real.check(top["scope"] == "shared", f"the semaphore is {top['scope']}")
    backends = {w["pid"] for o in sems for w in o["waiters"]}
    real.check(len(backends) >= CLIENTS, f"{len(backends)} processes wait for semaphores")
    for role, function in (("waiters", "PGSemaphoreLock"), ("wakers", "PGSemaphoreUnlock")):
        part = real.share_in(top[role], "postgres", function)
        real.check(part >= 0.95, f"{role} in {function}() have {part:.1%} of the time only")
    part = sum(w["wait_ns"] for w in top["waiters"]
               if LOCKING & {frame["function"] for frame in w["stack"]}) / top["wait_ns"]
    real.check(part >= 0.9, f"only {part:.1%} of the waiting is for a lock")
    others = [w for w in top["wakers"] if w["pid"] not in {v["pid"] for v in top["waiters"]}]
    real.check(others, "no other process wakes it")
    real.check(len(top["pids"]) >= 2, f"only {top['pids']} has met the semaphore")
    case.confirm(traced, top, within=ranges)

    latches = [o for o in traced.objects("poll") if o["name"].startswith("signal to ")
               and o["waits"] >= 100 and {w["pid"] for w in o["waiters"]} <= backends]
    for_rows = []
    for latch in latches:
        owner = {w["pid"] for w in latch["waiters"]}
        real.check(len(owner) == 1, f"{latch['name']} is waited for by {owner}")
        part = real.share_in(latch["waiters"], "postgres", "WaitEventSetWait")
        real.check(part >= 0.95, f"{part:.1%} of the waits for latches are in WaitEventSetWait()")
        if real.share_in(latch["wakers"], "postgres", "ProcLockWakeup") >= 0.9:
            others = {w["pid"] for w in latch["wakers"] if w["pid"]} - owner
            real.check(len(others) >= 2, f"{latch['name']} is set by {others} only")
            for_rows.append(latch)
    real.say(f"latches: {[(o['name'], o['waits']) for o in for_rows]}")
    real.check(len(for_rows) >= CLIENTS, f"{len(for_rows)} backends wait for each other's rows")
