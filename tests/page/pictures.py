"""pictures.py: makes the pictures of the page that the documents show, from a recorded program.

    pictures.py WAITSCOPE FOLDER PROGRAM [ARG...]

Records PROGRAM and writes a PNG of each view into FOLDER, in light; overview and timeline in dark, too.
"""
import base64
import os
import subprocess
import sys
import tempfile

from browser import Browser

VIEWS = {
    "overview": "overview",
    "timeline": "timeline/object/{worst}",
    "objects": "objects/{worst}",
    "findings": "findings",
    "flame": "flame",
    "graph": "graph",
    "queues": "queues",
    "threads": "threads",
}


def main():
    waitscope, folder, *program = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        trace = os.path.join(scratch, "waitscope.trace")
        page = os.path.join(scratch, "page.html")
        subprocess.run([waitscope, "record", "-o", trace, "--", *program], stdout=subprocess.DEVNULL, check=True)
        subprocess.run([waitscope, "report", "--format", "html", "-o", page, "waitscope.trace"], check=True, cwd=scratch)
        browser = Browser()
        browser.call("Emulation.setDeviceMetricsOverride", width=1200, height=820, deviceScaleFactor=1, mobile=False)
        browser.call("Emulation.setScrollbarsHidden", hidden=True)
        browser.open(page)
        worst = browser.value("page.report.objects.slice().sort((a, b) => matteringNs(b) - matteringNs(a))[0].id")
        for scheme in ("light", "dark"):
            browser.media(scheme)
            for view, address in VIEWS.items():
                if scheme == "dark" and view not in ("overview", "timeline"):
                    continue
                browser.value(f"location.hash = '#{address.format(worst=worst)}'")
                if view == "flame":
                    browser.value("document.querySelector('[data-mode=joined]').click()")
                if view == "timeline":
                    browser.value("zoom(4)")
                browser.value("document.activeElement.blur(), scrollTo(0, 0)")
                browser.drawn()
                data = browser.call("Page.captureScreenshot", format="png")["data"]
                name = f"page-{view}{'-dark' if scheme == 'dark' else ''}.png"
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(base64.b64decode(data))
        problems = browser.problems
        browser.close()
        if problems:
            sys.exit(f"pictures: the console says {problems}")


main()
