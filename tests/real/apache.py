"""apache.py fcntl|sysvsem: apache2's prefork children under ab, with that kind of accept mutex.

Truth (server/mpm/prefork/prefork.c): with several sockets to listen on, an idle child takes the
accept mutex, and only the child that has it waits for connections; the others wait for the mutex.
`Mutex fcntl` is a record lock on a file, waited for in proc_mutex_fcntl_acquire()'s fcntl();
`Mutex sysvsem` is a System V semaphore, waited for in semop(). Either is one object in all children,
who pass it to each other.
"""
import os
import signal
import socket
import sys

import real

CHILDREN = 4
REQUESTS = 9000
WAITS_LEAST = 150
PAGE = "hello\n"
SETTINGS = """ServerRoot {dir}
ServerName localhost
DefaultRuntimeDir {dir}
PidFile {dir}/pid
ErrorLog {dir}/error.log
DocumentRoot {dir}/pages
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{other}
Mutex {mutex}
LoadModule mpm_prefork_module {modules}/mod_mpm_prefork.so
LoadModule authz_core_module {modules}/mod_authz_core.so
StartServers {children}
MinSpareServers {children}
MaxSpareServers {children}
MaxRequestWorkers {children}
"""
AS_USER = "User www-data\nGroup www-data\n"


def free_ports(count):
    """Ports of loopback that nobody has now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


kind = sys.argv[1]
with real.Case(kernel=False) as case:
    folder = case.path("server")
    os.makedirs(f"{folder}/pages")
    with open(f"{folder}/pages/index.html", "w") as file:
        file.write(PAGE)
    port, other = free_ports(2)
    settings = SETTINGS.format(dir=folder, port=port, other=other, children=CHILDREN,
                               modules="/usr/lib/apache2/modules",
                               mutex="sysvsem" if kind == "sysvsem" else f"fcntl:{folder}")
    with open(f"{folder}/conf", "w") as file:
        file.write(settings + (AS_USER if os.geteuid() == 0 else ""))

    def answers():
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        except ConnectionRefusedError:
            return False

    def load(process):
        real.until(answers, process, "apache2")
        said = case.command(["ab", "-q", "-n", str(REQUESTS), "-c", "4",
                             f"http://127.0.0.1:{port}/index.html"])
        # Its figures without those of time.
        return [line for line in said.splitlines() if line.startswith(
            (b"Complete requests", b"Failed requests", b"Document Length", b"HTML transferred"))]

    def stop(_):
        with open(f"{folder}/pid") as file:
            os.kill(int(file.read()), signal.SIGTERM)

    # A group of its own: it sends all of its group the signal that ends it.
    argv = ["/usr/sbin/apache2", "-f", f"{folder}/conf", "-DFOREGROUND"]
    more = {"load": load, "stop": stop, "start_new_session": True}
    plain = case.run(argv, **more)
    traced = case.record(argv, **more)
    real.same(plain, traced)
    real.check(traced.client == plain.client, f"ab says {traced.client}, untraced {plain.client}")
    words = b" ".join(traced.client).split()
    real.check(words[words.index(b"Complete") + 2] == b"%d" % REQUESTS and
               words[words.index(b"Failed") + 2] == b"0", f"ab says {traced.client}")

    mutex = traced.top("record_lock" if kind == "fcntl" else "sysv_sem")
    server = traced.report["processes"][0]["pid"]
    waiters = {w["pid"] for w in mutex["waiters"]}
    wakers = {w["pid"] for w in mutex["wakers"] if w["pid"]}
    real.say(f"{mutex['kind']} {mutex['name']}: {mutex['waits']} waits of {len(waiters)} children, "
             f"{mutex['wait_ns'] / 1e9:.3f} s")
    real.check(mutex["scope"] == "shared", f"the accept mutex is {mutex['scope']}")
    real.check(len(waiters) >= CHILDREN and server not in waiters,
               f"{len(waiters)} processes wait for the accept mutex")
    real.check(len(wakers & waiters) >= 2, f"only {wakers} pass it on")
    # Up to the scheduler: a child that is back before another is awake takes it again.
    real.check(mutex["waits"] >= WAITS_LEAST, f"only {mutex['waits']} waits")
    if kind == "fcntl":
        holders = {h["pid"] for h in mutex["holders"] if h["pid"]}
        real.check(folder in mutex["name"], f"the lock's file is {mutex['name']}")
        real.check(holders <= waiters and len(holders) >= 2, f"its holders are {holders}")
    # Holds are short: some are over between the failed try and the look at who has it.
    known = 1 - mutex["unknown_ns"] / mutex["wait_ns"]
    real.check(known >= 0.75, f"who it was waited for is known of {known:.1%} of the time only")
