"""pbzip2: one thread reads, eight compress, one writes, with a queue between each two.

Truth (pbzip2.cpp): the input comes slower than eight threads use it up, so they wait most of the
time on the queue's condition variable notEmpty (consumer(), made by queueInit()), eight at a time;
main, the producer, signals it. Nothing else in the program has more than one waiter for long. The
output is what bzip2 makes of the same pieces of 900,000 bytes, one after another.
"""
import bz2
import os
import threading
import time

import real
import text

PIECE = 900_000
PIECES = 16
FEED_S = 0.2  # a piece each; a processor compresses one in about 0.12 s


def feed(data):
    """The read end of a pipe into which a thread writes piece by piece."""
    read, write = os.pipe()

    def pieces():
        with open(write, "wb", buffering=0) as pipe:
            for at in range(0, len(data), PIECE):
                pipe.write(data[at:at + PIECE])
                time.sleep(FEED_S)

    threading.Thread(target=pieces, daemon=True).start()
    return read


with real.Case() as case:
    data = text.words(PIECE * PIECES - 12345)
    pieces = [data[at:at + PIECE] for at in range(0, len(data), PIECE)]
    argv = ["pbzip2", "-p8", "-9", "-c", "-q"]
    plain = case.run(argv, stdin=feed(data))
    traced = case.record(argv, stdin=feed(data))
    real.same(plain, traced)
    real.check(traced.out == b"".join(bz2.compress(piece, 9) for piece in pieces),
               "the output is not bzip2's of the same pieces")

    top = traced.top()
    real.check(top["kind"] == "cond", f"on top is {top['kind']} {top['name']}, not the queue's")
    waiters = {w["tid"] for w in top["waiters"]}
    real.check(len(waiters) == 8, f"{len(waiters)} threads wait for the queue, not 8")
    real.check(real.share_in(top["waiters"], "pbzip2") == 1, "a waiter's site is elsewhere")
    pid = traced.report["processes"][0]["pid"]
    signals = [w for w in top["wakers"] if w["tid"] == pid]
    real.check(signals and real.site_in(signals[0], "pbzip2"), "main does not wake them")
    case.confirm(traced, top)
