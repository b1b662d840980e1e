"""xz: as many threads as processors (-T0), and four (-T4).

Truth (liblzma/common/stream_encoder_mt.c): main gives out blocks and waits in stream_encode_mt()
for a block to be finished or a thread to be free, on the coder's condition variable, nearly all of
the run; the workers signal it. A worker waits on its own one (worker_start()) when main has
nothing for it.
"""
import lzma

import real
import text

with real.Case() as case:
    data = text.words(10_000_000)
    with open(case.path("text"), "wb") as file:
        file.write(data)
    for threads in ("-T0", "-T4"):
        argv = ["xz", "-1", threads, "--block-size=512KiB", "-c", case.path("text")]
        plain = case.run(argv)
        traced = case.record(argv)
        real.same(plain, traced)
        real.check(lzma.decompress(traced.out) == data, "what it packed is not what it was given")

        top = traced.top()
        pid = traced.report["processes"][0]["pid"]
        real.check(top["kind"] == "cond", f"on top is {top['kind']} {top['name']}, not main's cond")
        real.check({w["tid"] for w in top["waiters"]} == {pid}, "it is not main that waits")
        real.check(all(w["site"]["module"].split("/")[-1].startswith("liblzma.so")
                       for w in top["waiters"] + top["wakers"]), "a site outside liblzma")
        real.check(pid not in {w["tid"] for w in top["wakers"]}, "main wakes itself")
        case.confirm(traced, top)
