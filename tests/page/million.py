"""million.py: a page with a million waits: all of them are there, it is small and quick enough.

    million.py WAITSCOPE TURNS [ROUNDS]

TURNS is a program whose waits come in any number. Prints how long the page takes until it can be
used, and the longest frame while it is moved. What is judged is the work of the page's main thread,
which other programs on the machine do not add to.
"""
import os
import subprocess
import sys
import tempfile

from browser import Browser

WAITS = 1_000_000
SIZE_MAX = 25_000_000
READY_MAX_MS = 3000
FRAME_MAX_MS = 100


def check(condition, text):
    if not condition:
        sys.exit(f"million: {text}")


def busy_ms(browser):
    """What the page's main thread has worked: its processor's time, whatever else the machine does."""
    metrics = {one["name"]: one["value"] for one in browser.call("Performance.getMetrics")["metrics"]}
    return 1000 * metrics["TaskDuration"]


def main():
    waitscope, turns = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 210_000
    with tempfile.TemporaryDirectory() as folder:
        trace, page = os.path.join(folder, "trace"), os.path.join(folder, "page.html")
        subprocess.run([waitscope, "record", "--on-full", "block", "-o", trace, "--", turns, str(rounds)], check=True,
                       stderr=subprocess.DEVNULL)
        subprocess.run([waitscope, "report", "--format", "html", "-o", page, trace], check=True)
        size = os.path.getsize(page)
        browser = Browser()
        browser.call("Performance.enable", timeDomain="threadTicks")
        begin = busy_ms(browser)
        browser.open(page)
        ready, wall = busy_ms(browser) - begin, browser.value("performance.now()")
        total = browser.value("page.report.totals.waits")
        n, sums = browser.value("waits.n"), browser.value("waits.sums")
        browser.value("location.hash = '#timeline'")
        browser.drawn()
        frames = []
        for i in range(100):
            begin = busy_ms(browser)
            if i % 10 == 9:
                browser.value("zoom(%s)" % ("0.4" if i < 60 else "2"))
            browser.value("pan(%s)" % ("0.05" if i % 2 else "0.03"))
            browser.value("new Promise(requestAnimationFrame).then(() => 1)")
            frames.append(busy_ms(browser) - begin)
        problems = browser.problems
        browser.close()
        print(f"million: {n} waits, {size / 1e6:.1f} MB, ready after {wall:.0f} ms ({ready:.0f} ms of work), "
              f"longest frame {max(frames):.0f} ms of work, median {sorted(frames)[50]:.0f}")
        check(not problems, f"the console says {problems}")
        check(n + sums == total, f"{n} waits and {sums} in sums are not the {total} of the JSON")
        check(total >= WAITS, f"only {total} waits: give it more rounds")
        check(n >= 600_000 and size <= SIZE_MAX, f"{n} waits in {size} bytes")
        check(ready <= READY_MAX_MS, f"{ready:.0f} ms of work until it can be used")
        check(max(frames) <= FRAME_MAX_MS, f"frames of {sorted(frames)[-8:]} ms of work")


main()
