"""page.py: opens the report's page in Chromium and compares each view with the JSON.

    page.py WAITSCOPE CONVOY DEADLOCK FILLER [AXE]

CONVOY is a program whose threads queue at a mutex, DEADLOCK one of two threads that wait for each
other, FILLER one that fills a pipe and queues. AXE is a file with axe-core: then that is asked of every view, and nothing else is tested; 77 where it
is not there.

Truth: what the page holds is the JSON report itself; the waits of the timeline sum up to the JSON's
for each thread; every figure that a view shows is the JSON's; nothing is fetched, nothing is said on
the console, and every view can be reached and used by keys alone.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

from browser import Browser

LIMIT_S = 120
VIEWS = ["overview", "timeline", "objects", "findings", "flame", "graph", "queues", "threads"]


def check(condition, text):
    if not condition:
        sys.exit(f"page: {text}")


def run(*command):
    return subprocess.run(command, check=True, timeout=LIMIT_S, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout


def record(waitscope, folder, *program, options=()):
    """Records into a folder whose path would end the page's script, were it not escaped."""
    trace = os.path.join(folder, "<", "script><b>&amp;<!--.trace")
    os.makedirs(os.path.dirname(trace), exist_ok=True)
    subprocess.run([waitscope, "record", *options, "-o", trace, "--", *program], timeout=LIMIT_S,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    page = os.path.join(folder, f"{os.path.basename(program[0])}.html")
    run(waitscope, "report", "--format", "html", "-o", page, trace)
    return page, json.loads(run(waitscope, "report", "--format", "json", trace)), trace


def figures(browser):
    return browser.value(
        "Object.fromEntries([...document.querySelectorAll('.view:not([hidden]) [data-figure]')]"
        ".map((e) => [e.dataset.figure, Number(e.dataset.value)]))")


def expected(report):
    """All figures by the names that the page gives them."""
    totals, blame = report["totals"], report["blame"]
    values = {"trace.duration_ns": report["trace"]["duration_ns"], "trace.events": report["trace"]["events"],
              "trace.lost_events": report["trace"]["lost_events"],
              "trace.open_waits": report["trace"]["open_waits"], "processes": len(report["processes"]),
              "threads": len(report["threads"]), "objects": len(report["objects"]),
              "findings": len(report["findings"]), "totals.waits": totals["waits"],
              "totals.wait_ns": totals["wait_ns"],
              "matters_ns": sum(totals["by_class"].get(c, {"wait_ns": 0})["wait_ns"]
                                for c in ("contention", "handover"))}
    for name in ("by_kind", "by_class"):
        values.update({f"totals.{name}.{word}": sums["wait_ns"] for word, sums in totals[name].items()})
    values.update({f"blame.{cause}": ns for cause, ns in blame["total"]["causes"].items()})
    values.update({f"critical_path.{cause}": ns for cause, ns in report["critical_path"]["causes"].items()})
    for one in blame["objects"]:
        values.update({f"blame.{one['object']}.{cause}": ns for cause, ns in one["causes"].items()})
    for one in report["objects"]:
        values[f"object.{one['id']}.wait_ns"] = one["wait_ns"]
        values[f"object.{one['id']}.waits"] = one["waits"]
        if "fill" in one:
            values[f"fill.{one['id']}.most"] = one["fill"]["most"]
        if "queue" in one:
            values[f"queue.{one['id']}.longest"] = one["queue"]["longest"]
            values[f"queue.{one['id']}.read_ns"] = sum(one["queue"]["read_spans"])
            values[f"queue.{one['id']}.write_ns"] = sum(one["queue"]["spans"]) - sum(one["queue"]["read_spans"])
    for one in report["threads"]:
        values[f"thread.{one['id']}.wait_ns"] = one["wait_ns"]
        values[f"thread.{one['id']}.waits"] = one["waits"]
    return values


def check_figures(browser, view, values, least):
    shown = figures(browser)
    check(least <= set(shown), f"{view}: without {sorted(least - set(shown))}")
    for name, value in shown.items():
        check(values.get(name) == value, f"{view}: {name} is {value}, of the JSON {values.get(name)}")


def check_text(path, trace):
    """What the file is without a browser: whole, closed, and with no address to fetch from."""
    text = open(path, encoding="utf-8").read()
    check(text.count("</script>") == 5 and text.count("<script") == 5,
          "a script element that is none of the page's")
    check(trace not in text, "the trace's name is not escaped")
    links = set(re.findall(r"""(?:src|href)=["']?(https?:[^"'> ]*)""", text))
    check(links == {"https://github.com/dagrejs/dagre"}, f"links to {links}")
    check("@import" not in text and "url(http" not in text, "a style that is fetched")
    check("Permission is hereby granted, free of charge" in text, "dagre without its licence")


def check_views(browser, report, by_key):
    """All views, each reached by its key."""
    values = expected(report)
    ids = [one["id"] for one in report["objects"]]
    least = {view: set() for view in VIEWS}
    least["overview"] = {"totals.waits", "totals.wait_ns", "matters_ns", "trace.lost_events", "blame.running"}
    least["objects"] = {f"object.{i}.wait_ns" for i in ids} | {f"object.{i}.waits" for i in ids}
    least["threads"] = {f"thread.{one['id']}.wait_ns" for one in report["threads"]}
    least["queues"] = {f"queue.{one['id']}.longest" for one in report["objects"]
                       if one.get("queue", {}).get("wait_ns")}
    for i, view in enumerate(VIEWS):
        if by_key:
            browser.key(str(i + 1))
        check(browser.value("document.querySelector('.view:not([hidden])').id") == f"view-{view}",
              f"{view} is not there after its key")
        check(browser.value("document.activeElement.id") == f"tab-{view}", f"{view}: its tab has no focus")
        check_figures(browser, view, values, least[view])


def check_verdict(browser, report):
    """The answer is the report's own, word for word."""
    browser.key("1")
    for key in ("cost", "cause", "change", "lacks"):
        said = browser.value(f"""(() => {{
            const e = document.querySelector('[data-verdict={key}]');
            return e ? [...e.childNodes].filter((one) => one.className !== 'links').map((one) => one.textContent).join('') : '';
        }})()""")
        check(said == report["verdict"][key], f"overview: {key}: {said}, of the JSON {report['verdict'][key]}")


def check_timeline(browser, report):
    sums = browser.value("""waits.lanes.map((lane) => {
        let ns = 0;
        for (let i = lane.first; i < lane.first + lane.n; i++)
            ns += waits.end[i] - waits.begin[i];
        return [lane.thread, lane.n, ns];
    })""")
    check({thread: (n, ns) for thread, n, ns in sums} ==
          {t["id"]: (t["waits"], t["wait_ns"]) for t in report["threads"] if t["waits"]},
          "timeline: the lanes are not the threads' waits")
    browser.key("2")
    seen = browser.value("""(() => {
        const canvas = document.querySelector('canvas');
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let n = 0;
        for (let i = 0; i < pixels.length; i += 4)
            n += pixels[i] === 0xe0 && pixels[i + 1] === 0x54 && pixels[i + 2] === 0x2b;
        return n;
    })()""")
    check(seen > 2000, f"timeline: only {seen} pixels have the colour of mutexes")
    browser.value("document.querySelector('canvas').focus()")
    before = browser.value("timeline.to - timeline.from")
    browser.key("+")
    check(browser.value("timeline.to - timeline.from") == before / 2, "timeline: + does not zoom")
    at = browser.value("timeline.from")
    browser.key("ArrowLeft")
    check(browser.value("timeline.from") < at, "timeline: left does not move")
    browser.key("0")
    check(browser.value("timeline.to - timeline.from") == before, "timeline: 0 does not show all")
    check_wait(browser, report)


def check_wait(browser, report):
    """The longest wait for the mutex, by a link, then by a click on the canvas: the same."""
    mutex = [one for one in report["objects"] if one["kind"] == "mutex"][0]
    browser.value(f"location.hash = '#timeline/object/{mutex['id']}'")
    browser.drawn()
    i = browser.value("timeline.selected")
    length = browser.value(f"waits.end[{i}] - waits.begin[{i}]")
    check(length == mutex["max_ns"], f"timeline: the longest wait is {length}, of the JSON {mutex['max_ns']}")
    text = browser.value("document.querySelector('.chosen').textContent")
    for place in (mutex["waiters"][0]["site"], mutex["holders"][0]["site"]):
        check(place["function"] in text and f":{place['line']}" in text, f"timeline: no {place} in {text}")
    check(all(side in text for side in ("Waiting", "Held last by", "Let go by")), f"timeline: a side is missing: {text}")
    box = browser.value("""(() => {
        const at = document.querySelector('canvas').getBoundingClientRect();
        const view = viewOf(timeline.scroller.clientWidth, timeline.scroller.clientHeight);
        const middle = (waits.begin[timeline.selected] + waits.end[timeline.selected]) / 2;
        return [at.left + view.x + (middle - view.from) / (view.to - view.from) * view.width,
            at.top + timeline.row.y + RULER_HEIGHT + LANE_HEIGHT / 2 - timeline.scroller.scrollTop];
    })()""")
    browser.value("chooseWait(-1)")
    browser.click(*box)
    check(browser.value("timeline.selected") == i, "timeline: a click does not choose the wait")
    browser.value("document.querySelector('canvas').focus()")
    browser.key("n")
    check(browser.value("timeline.selected") == i + 1, "timeline: n is not the next wait")
    browser.key("p")
    check(browser.value("timeline.selected") == i, "timeline: p is not the one before")
    said = browser.value("document.querySelector('#timeline-says').textContent")
    check("waited" in said and mutex["name"] in said, f"timeline: what is chosen is not said: {said}")
    browser.value("location.hash = '#graph'")
    browser.drawn()
    choose(browser, "graph", What_to_draw="moment", only_waiting_that_matters=False)
    now = browser.value("""waits.lanes.reduce((n, lane) => {
        for (let i = lane.first; i < lane.first + lane.n; i++)
            n += waits.begin[i] <= timeline.cursor && waits.end[i] > timeline.cursor;
        return n;
    }, 0)""")
    waits = browser.value("document.querySelector('#view-graph').dataset.edges")
    check(now > 1 and int(waits) == now, f"graph: {waits} edges at a moment when {now} wait")


def check_flames(browser, report):
    browser.key("5")
    totals = {
        "waiter": report["totals"]["wait_ns"],
        "holder": sum(party["wait_ns"] for one in report["objects"] for party in one["holders"] or one["wakers"]),
        "joined": sum(edge["wait_ns"] for edge in report["waits_for"]),
    }
    for mode, total in totals.items():
        browser.value(f"document.querySelector('[data-mode={mode}]').click()")
        shown = int(browser.value("document.querySelector('#view-flame').dataset.total"))
        check(shown == total, f"flame graph {mode}: {shown}, of the JSON {total}")
        check(browser.value("document.querySelectorAll('.flame .box').length") > 3, f"flame graph {mode}: empty")
    browser.value("""(() => {
        const box = document.querySelector('#view-flame input[type=search]');
        box.value = 'work';
        box.dispatchEvent(new Event('input'));
    })()""")
    check(browser.value("document.querySelectorAll('.flame .hit').length") > 0, "flame graph: no hit for `work`")


def check_links(browser, report):
    """Each row of a table leads to time, graph and stacks, and these are of that object or thread."""
    for table, rows, what in (("objects", report["objects"], "object"), ("threads", report["threads"], "thread")):
        browser.value(f"location.hash = '#{table}'")
        browser.drawn()
        links = browser.value(f"[...document.querySelectorAll('#{table}-table .rowlinks a')].map((e) => e.getAttribute('href'))")
        check(sorted(links) == sorted(f"#{view}/{what}/{row['id']}" for row in rows for view in ("timeline", "graph", "flame")),
              f"{table}: links {links}")
    for row, what in [(one, "object") for one in report["objects"]] + [(one, "thread") for one in report["threads"] if one["waits"]]:
        browser.value(f"location.hash = '#flame/{what}/{row['id']}'")
        browser.drawn()
        browser.value("document.querySelector('[data-mode=waiter]').click()")
        total = int(browser.value("document.querySelector('#view-flame').dataset.total"))
        check(total == row["wait_ns"], f"flame graph of {what} {row['id']}: {total}, of the JSON {row['wait_ns']}")
    for one in report["objects"]:
        browser.value(f"location.hash = '#timeline/object/{one['id']}'")
        browser.drawn()
        length = browser.value("waits.end[timeline.selected] - waits.begin[timeline.selected]")
        check(length == one["max_ns"], f"timeline: the longest wait of {one['name']} is {length}, not {one['max_ns']}")


def check_findings(browser, report):
    """All of them, sorted and filtered; the worst first."""
    browser.value("location.hash = '#findings'")
    browser.drawn()
    rows = "[...document.querySelectorAll('#findings-table tbody > tr:not(.detail)')]"
    shown = browser.value(f"{rows}.map((e) => e.cells[1].textContent)")
    ranks = [["note", "warning", "error"].index(word) for word in shown]
    check(len(shown) == len(report["findings"]) + len(report["deadlocks"]), f"findings: {len(shown)} rows")
    check(ranks == sorted(ranks, reverse=True), f"findings: in the order {shown}")
    rule = report["findings"][0]["rule"]
    choose(browser, "findings", Rule=rule)
    shown = browser.value(f"{rows}.map((e) => e.cells[2].textContent)")
    check(shown and set(shown) == {rule}, f"findings: {shown} for {rule}")
    check(len(shown) == sum(one["rule"] == rule for one in report["findings"]), f"findings: {len(shown)} of {rule}")
    choose(browser, "findings", Rule="")


def choose(browser, view, **values):
    """Sets the controls of a view, by their labels: a text for a select, true or false for a box."""
    for label, value in values.items():
        browser.value(f"""(() => {{
            const label = {json.dumps(label.replace("_", " "))}, value = {json.dumps(value)};
            const control = typeof value === 'boolean' ?
                [...document.querySelectorAll('#view-{view} label')].find((e) => e.textContent.includes(label)).querySelector('input') :
                document.querySelector(`#view-{view} select[aria-label="${{label}}"]`);
            if (typeof value === 'boolean')
                control.checked = value;
            else
                control.value = value;
            control.dispatchEvent(new Event('change'));
        }})()""")


def shown_nodes(browser):
    return set(browser.value("[...document.querySelectorAll('[data-node]')].map((e) => e.dataset.node)"))


def check_graph(browser, report):
    browser.key("6")
    choose(browser, "graph", What_to_draw="trace", How_many_edges="150", only_waiting_that_matters=False,
           objects_of_one_name_as_one=False)
    total = sum(edge["wait_ns"] for edge in report["waits_for"])
    shown = int(browser.value("document.querySelector('#view-graph').dataset.total"))
    check(shown == total, f"graph: {shown}, of the JSON {total}")
    nodes = {f"o{e['object']}" for e in report["waits_for"]}
    for side in ("waiter", "blocker"):
        nodes |= {f"t{e[side]['thread']}" for e in report["waits_for"] if e[side]["thread"] is not None}
    check(shown_nodes(browser) == nodes, f"graph: nodes {sorted(shown_nodes(browser) ^ nodes)}")
    for relation in ("and", "or"):
        there = browser.value(f"document.querySelectorAll('.link.{relation}').length") > 0
        check(there == any(e["relation"] == relation for e in report["waits_for"]), f"graph: edges `{relation}`")
    choose(browser, "graph", objects_of_one_name_as_one=True)
    names = {one["id"]: one["name"] for one in report["objects"]}
    shown = int(browser.value("document.querySelector('#view-graph').dataset.total"))
    check(shown == total, f"graph, joined: {shown}, of the JSON {total}")
    check(len([name for name in shown_nodes(browser) if name[0] == "o"]) ==
          len({names[e["object"]] for e in report["waits_for"]}), "graph: objects of one name are not one")
    choose(browser, "graph", objects_of_one_name_as_one=False)
    important = {one["id"] for one in report["objects"] if one["class"] in ("contention", "handover")}
    choose(browser, "graph", only_waiting_that_matters=True)
    nodes = {f"o{e['object']}" for e in report["waits_for"] if e["object"] in important}
    check({name for name in shown_nodes(browser) if name[0] == "o"} == nodes, "graph: not what matters only")
    # Nobody's node lies on another's, and all are within the picture.
    boxes = browser.value("[...document.querySelectorAll('.node rect:first-child')].map((e) => e.getBoundingClientRect())"
                          ".map((b) => [b.left, b.top, b.right, b.bottom])")
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            check(a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], f"graph: nodes overlap: {a} {b}")
    thread = report["waits_for"][0]["waiter"]["thread"]
    browser.value(f"location.hash = '#graph/thread/{thread}'")
    browser.drawn()
    nodes = {f"o{e['object']}" for e in report["waits_for"] if thread in (e["waiter"]["thread"], e["blocker"]["thread"])}
    check({name for name in shown_nodes(browser) if name[0] == "o"} == nodes, "graph: not of the thread only")
    browser.value("document.querySelector('[data-node]').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    check(browser.value("document.querySelectorAll('#view-graph li .place').length") > 0, "graph: a node without places")


def check_orders(browser, report):
    """The lock-order graph: the JSON's pairs, those of cycles marked."""
    pairs = report["lock_order"]["pairs"]
    browser.value("location.hash = '#graph/orders'")
    browser.drawn()
    shown = browser.value("[...document.querySelectorAll('[data-link]')].map((e) => [e.dataset.link, e.classList.contains('bad')])")
    bad = {(step["holds"], step["wants"]) for deadlock in report["deadlocks"] if deadlock["verdict"] != "suppressed"
           for step in deadlock["cycle"]}
    wanted = sorted([f"o{p['held']} o{p['taken']}", (p["held"], p["taken"]) in bad] for p in pairs)
    check(pairs and sorted(shown) == wanted, f"lock order: {shown}, of the JSON {wanted}")
    check(any(mark for _, mark in shown), "lock order: no cycle is marked")
    browser.value("document.querySelector('[data-node]').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}))")
    text = browser.value("document.querySelector('#view-graph').textContent")
    for place in ("hold_site", "take_site"):
        check(f"{pairs[0][place]['function']}()" in text, f"lock order: no {place} in {text[-300:]}")


def check_tables(browser, report):
    browser.key("3")
    browser.key("/")
    for letter in "mutex":
        browser.key(letter)
    rows = browser.value("document.querySelectorAll('#objects-table tbody tr').length")
    wanted = sum(1 for one in report["objects"] if "mutex" in one["kind"] + one["name"])
    check(rows == wanted, f"objects: {rows} rows for mutex, of the JSON {wanted}")
    browser.value("document.querySelector('#objects-table .opener').focus()")
    browser.key("Enter")
    text = browser.value("document.querySelector('#objects-table .detail').textContent")
    for title in ("Who waited", "Who held it meanwhile"):
        check(title in text, f"objects: an opened row without `{title}`")
    heads = "[...document.querySelectorAll('#threads-table thead button')]"
    browser.value("document.activeElement.blur()")
    browser.key("8")
    browser.value(f"{heads}.find((e) => e.textContent === 'Waits').click()")
    order = browser.value("[...document.querySelectorAll('#threads-table [data-figure$=waits]')]"
                          ".map((e) => Number(e.dataset.value))")
    check(order == sorted(order, reverse=True), f"threads: not sorted by waits: {order}")


def check_walk(browser):
    """Tab goes through every control of each view and out again, always to something that is seen."""
    for i, view in enumerate(VIEWS):
        browser.value("document.activeElement.blur()")
        browser.key(str(i + 1))
        wanted = browser.value(
            "[...document.querySelectorAll('.view:not([hidden]) button, .view:not([hidden]) input, "
            ".view:not([hidden]) select, .view:not([hidden]) canvas, .view:not([hidden]) [tabindex=\"0\"]')]"
            ".filter((e) => e.tabIndex >= 0 && e.checkVisibility()).length")
        met = set()
        for _ in range(400):
            browser.key("Tab")
            where = browser.value("""(() => {
                const e = document.activeElement;
                const box = e.getBoundingClientRect();
                e.dataset.walk = e.dataset.walk || String(walk++);
                return [e.closest('.view') ? 'view' : e.closest('footer') ? 'footer' : e.tagName,
                    e.dataset.walk, box.width > 0 && box.height > 0, e.matches('a')];
            })()""")
            if where[0] != "view":
                break
            check(where[2], f"{view}: the focus is on what is not seen")
            if not where[3]:
                met.add(where[1])
        check(where[0] != "view", f"{view}: Tab does not leave it")
        check(len(met) == wanted, f"{view}: Tab meets {len(met)} controls of {wanted}")


def check_schemes(browser):
    back = "getComputedStyle(document.body).backgroundColor"
    light = browser.value(back)
    browser.media("dark")
    dark = browser.value(back)
    browser.media("light", "print")
    shown = browser.value("getComputedStyle(document.querySelector('nav')).display")
    browser.media()
    check(light != dark and browser.value(back) == light, f"light is {light}, dark is {dark}")
    check(shown == "none", "on paper there are tabs")


def check_paper(browser):
    """Printed from a dark screen, every view is there, black on white."""
    browser.media("dark", "print")
    browser.value("dispatchEvent(new Event('beforeprint'))")
    browser.drawn()
    for view, drawn in (("timeline", ".paper canvas"), ("flame", ".flame .box"), ("graph", ".graph svg"),
                        ("objects", "tbody tr"), ("findings", "h2"), ("queues", "h2"), ("threads", "tbody tr")):
        size = browser.value(f"""(() => {{
            const e = document.querySelector('#view-{view} {drawn}'), box = e && e.getBoundingClientRect();
            return e ? [box.width, box.height] : null;
        }})()""")
        check(size and min(size) > 10, f"on paper, {view} is {size}")
    colours = browser.value("""(() => {
        const canvas = document.querySelector('#view-timeline .paper canvas');
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        const seen = new Set();

        for (let i = 0; i < data.length; i += 4)
            seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
        return [seen.has('255,255,255'), seen.size, getComputedStyle(document.querySelector('.lanes')).display];
    })()""")
    check(colours[0] and colours[1] > 5 and colours[2] == "none", f"on paper, the lanes are {colours}")
    browser.media()


def check_axe(browser, axe, addresses):
    """No view, in light and dark, has what axe-core calls serious or critical."""
    source = open(axe, encoding="utf-8").read()
    browser.value(f"{source}; 1")
    for scheme in ("light", "dark"):
        browser.media(scheme)
        for address in addresses:
            browser.value(f"location.hash = '#{address}'")
            browser.drawn()
            found = browser.value("axe.run().then((found) => ({ passes: found.passes.length, bad: found.violations.filter((one) => "
                                  "one.impact === 'serious' || one.impact === 'critical').map((one) => "
                                  "`${one.id}: ${one.nodes[0].html.slice(0, 200)}`) }))")
            check(found["passes"] > 10, f"axe, {address}: only {found['passes']} rules were asked")
            check(not found["bad"], f"axe, {address}, {scheme}: {found['bad']}")


def test_axe(waitscope, convoy, deadlock, axe, folder):
    if not os.path.exists(axe):
        print(f"page: axe-core is not here ({axe}): tests/support/install-npm build")
        sys.exit(77)
    path, report, _ = record(waitscope, folder, convoy, "fault")
    mutex = max(report["objects"], key=lambda one: one["wait_ns"])["id"]
    browser = opened(path, report)
    check_axe(browser, axe, VIEWS + [f"objects/{mutex}", f"timeline/object/{mutex}", f"graph/object/{mutex}",
                                     f"flame/object/{mutex}"])
    closed(browser)
    path, report, _ = record(waitscope, folder, deadlock, "fault", "abba")
    browser = opened(path, report)
    check_axe(browser, axe, ["overview", "findings", "graph", "graph/orders", "queues"])
    closed(browser)
    print("page: nothing serious in any view")


def check_deadlock(browser, report):
    check([d["verdict"] for d in report["deadlocks"]] == ["occurred"], "the program has no deadlock")
    browser.key("1")
    text = browser.value("document.querySelector('.verdict').textContent")
    check("1 deadlock happened" in text, f"overview: no deadlock in {text}")
    browser.key("4")
    cycle = browser.value("[...document.querySelectorAll('[data-verdict=occurred] .cycle > li')]"
                          ".map((e) => e.textContent)")
    check(len(cycle) == len(report["deadlocks"][0]["cycle"]), f"findings: a cycle of {len(cycle)}")
    for step, shown in zip(report["deadlocks"][0]["cycle"], cycle):
        for place in (step["hold_site"], step["want_site"]):
            check(f"{place['function']}()" in shown, f"findings: no {place['function']} in {shown}")
    browser.key("6")
    bad = set(browser.value("[...document.querySelectorAll('.node.bad')].map((e) => e.dataset.node)"))
    wanted = {f"t{s['thread']}" for s in report["deadlocks"][0]["cycle"]} | \
        {f"o{s['wants']}" for s in report["deadlocks"][0]["cycle"]}
    check(bad == wanted, f"graph: {bad} is marked, not {wanted}")
    check_orders(browser, report)


def check_fill(browser, report):
    """What lay in pipes and queues is plotted in traces of the full mode, and of these only."""
    filled = {one["id"] for one in report["objects"] if "fill" in one}
    check(len(filled) == 3, f"{len(filled)} objects know how much lay in them")
    browser.key("7")
    shown = figures(browser)
    values = expected(report)
    for name in {f"fill.{i}.most" for i in filled}:
        check(shown.get(name) == values[name], f"queues: {name} is {shown.get(name)}, of the JSON {values[name]}")
    check(browser.value("document.querySelectorAll('[data-fill]').length") == 3, "queues: not a plot for each")


def opened(path, report):
    browser = Browser()
    browser.open(path)
    check(browser.value("document.body.dataset.ready") == "yes", f"not ready: {browser.problems}")
    browser.value("globalThis.walk = 0")
    check(browser.value("page.report") == report, "the page's report is not the JSON")
    return browser


def closed(browser):
    check(not browser.problems, f"the console says {browser.problems}")
    check(all(url.startswith(("file://", "data:")) for url in browser.requests), f"fetched {browser.requests}")
    browser.close()


def main():
    waitscope, convoy, deadlock, filler = sys.argv[1:5]
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) > 5:
            test_axe(waitscope, convoy, deadlock, sys.argv[5], folder)
            return
        path, report, trace = record(waitscope, folder, convoy, "fault")
        check_text(path, trace)
        browser = opened(path, report)
        check_views(browser, report, True)
        check_verdict(browser, report)
        check_timeline(browser, report)
        check_flames(browser, report)
        check_graph(browser, report)
        check_links(browser, report)
        check_findings(browser, report)
        check_tables(browser, report)
        check_schemes(browser)
        check_paper(browser)
        closed(browser)
        browser = opened(path, report)
        check_walk(browser)
        closed(browser)
        path, report, trace = record(waitscope, folder, deadlock, "fault", "abba")
        browser = opened(path, report)
        check_deadlock(browser, report)
        closed(browser)
        path, report, trace = record(waitscope, folder, filler, options=("--mode", "full"))
        browser = opened(path, report)
        check_fill(browser, report)
        closed(browser)
    print("page: every view is the JSON's")


main()
