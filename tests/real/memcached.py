"""memcached with four workers, under memcslap.

Truth (assoc.c, items.c, slabs.c, crawler.c, logger.c): several maintenance threads wait on
condition variables of their own from the start to the end, with nothing to do: they are on top of
everything, alike. Workers wait in epoll, and now and then for a mutex.
"""
import real

with real.Case() as case:
    socket = case.path("memcached.sock")
    argv = ["memcached", "-s", socket, "-t", "4", "-m", "64", "-u", "root"]
    servers = f"--servers={socket}"

    def load(process):
        # Its socket is there before it listens, and memcslap would fail without a word.
        real.until(lambda: case.succeeds(["memcping", servers]), process, "memcached")
        out = b""
        for test in ("set", "get"):
            out = case.command(["memcslap", servers, "--concurrency=8", "--execute-number=4000",
                                f"--test={test}"])
        with open(case.path("value"), "wb") as file:
            file.write(b"as it was\n" * 10)
        case.command(["memccp", servers, case.path("value")])
        return case.command(["memccat", servers, "value"])

    plain = case.run(argv, load)
    traced = case.record(argv, load)
    real.same(plain, traced)
    real.check(plain.client == traced.client and b"as it was" in traced.client,
               f"its answers differ: {traced.client}")

    top = traced.top()
    real.check(top["kind"] == "cond", f"on top is {top['kind']} {top['name']}, not an idle cond")
    # Main may have waited on it too, for the thread to start.
    first = top["waiters"][0]
    name = traced.thread_name(first["pid"], first["tid"])
    real.check(name.startswith("mc-"), f"{name} waits for it, no maintenance thread")
    real.check(real.site_in(first, "memcached"), "its waiter's site is elsewhere")
    real.check(top["outcomes"]["open"] == 1, "its wait did not last to the end")
    workers = [t for t in traced.report["threads"] if t["name"] == "mc-worker"]
    real.check(len(workers) == 4, f"{len(workers)} workers in the report, not 4")
    case.confirm(traced, top)
