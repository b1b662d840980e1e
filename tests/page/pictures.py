"""pictures.py: makes the pictures that the documents show: of recorded programs, by the page in Chromium.

    pictures.py WAITSCOPE FOLDER [PROGRAM ARG...]

Records PROGRAM (default: Python compiling some of its library in four processes) and docs/examples/dine.c, a
deadlock. Writes a PNG of each view of the page into FOLDER, some in dark, too; the report as text, report.txt; and
the wait graph of the deadlock as graph.svg.
"""
import base64
import os
import shutil
import subprocess
import sys
import tempfile

from browser import Browser

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "examples")
LIBRARY = "/usr/lib/python3.11"

FEW_EDGES = """(() => {
    const many = document.querySelector('#view-graph select[aria-label="How many edges"]');
    many.value = '12';
    many.dispatchEvent(new Event('change'));
})()"""

# Name, page, address, what is done there, and whether in dark, too.
VIEWS = [
    ("overview", "program", "overview", "", True),
    ("timeline", "program", "timeline/object/{worst}", "zoom(6)", True),
    ("objects", "program", "objects/{worst}", "", False),
    ("findings", "dine", "findings", "", False),
    ("flame", "program", "flame", "document.querySelector('[data-mode=waiter]').click()", False),
    ("flame-joined", "program", "flame", "document.querySelector('[data-mode=joined]').click()", True),
    ("graph", "program", "graph/trace", FEW_EDGES, False),
    ("graph-moment", "program", "graph/moment", "", False),
    ("deadlock", "dine", "graph/deadlocks", "", True),
    ("orders", "dine", "graph/orders", "", False),
    ("queues", "program", "queues", "", False),
    ("threads", "program", "threads", "", False),
]


def record(waitscope, scratch, name, *program, limit=()):
    trace = os.path.join(scratch, f"{name}.trace")
    subprocess.run([waitscope, "record", *limit, "-o", trace, "--", *program], stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE, cwd=scratch, check=not limit)
    page = os.path.join(scratch, f"{name}.html")
    # In its folder, so that the page names the trace without the scratch folder's path.
    subprocess.run([waitscope, "report", "--format", "html", "-o", page, f"{name}.trace"], check=True, cwd=scratch)
    return page


def compile_library(scratch):
    """What is recorded where nobody says otherwise: a command of Debian's, with its arguments."""
    for package in ("json", "email", "asyncio", "http"):
        shutil.copytree(os.path.join(LIBRARY, package), os.path.join(scratch, "lib", package))
    return ["/usr/bin/python3", "-m", "compileall", "-q", "-f", "-j", "4", "lib"]


def take(browser, path, height):
    browser.value("document.activeElement.blur(), scrollTo(0, 0)")
    browser.drawn()
    tall = browser.value("document.querySelector('main').getBoundingClientRect().bottom + scrollY")
    data = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                        clip={"x": 0, "y": 0, "width": 1200, "height": min(tall, height), "scale": 1})["data"]
    with open(path, "wb") as file:
        file.write(base64.b64decode(data))


def take_views(pages, folder):
    for page in pages:
        browser = Browser()
        browser.call("Emulation.setDeviceMetricsOverride", width=1200, height=820, deviceScaleFactor=1, mobile=False)
        browser.call("Emulation.setScrollbarsHidden", hidden=True)
        browser.open(pages[page])
        worst = browser.value("page.report.objects.slice().sort((a, b) => matteringNs(b) - matteringNs(a))[0].id")
        for name, of, address, then, dark in VIEWS:
            if of != page:
                continue
            for scheme in ("light", "dark") if dark else ("light",):
                browser.media(scheme)
                browser.value(f"location.hash = '#{address.format(worst=worst)}'")
                browser.drawn()
                if then and (scheme == "light" or "click" in then):
                    browser.value(then)
                browser.drawn()
                take(browser, os.path.join(folder, f"page-{name}{'-dark' if scheme == 'dark' else ''}.png"), 1000)
        problems = browser.problems
        browser.close()
        if problems:
            sys.exit(f"pictures: the console says {problems}")


def main():
    waitscope, folder, *program = sys.argv[1:]
    waitscope, folder = os.path.abspath(waitscope), os.path.abspath(folder)
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["cc", "-g", "-pthread", "-o", "dine", os.path.join(EXAMPLES, "dine.c")], cwd=scratch, check=True)
        pages = {"program": record(waitscope, scratch, "waitscope", *(program or compile_library(scratch))),
                 "dine": record(waitscope, scratch, "dine", "./dine", limit=("--timeout", "1s"))}
        env = {**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1"}
        with open(os.path.join(folder, "report.txt"), "wb") as file:
            subprocess.run([waitscope, "report", "waitscope.trace"], cwd=scratch, env=env, stdout=file, check=True)
        subprocess.run([waitscope, "graph", "--at", "end", "--by", "object", "--format", "svg", "-o",
                        os.path.join(folder, "graph.svg"), "dine.trace"], cwd=scratch, check=True)
        take_views(pages, folder)


main()
