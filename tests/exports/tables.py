"""tables.py: reads `export --to sqlite` by Python's sqlite3 and `--to csv` by its csv module.

    tables.py WAITSCOPE DOCS [--record MODE PROGRAM ARG... | TRACE...]

Truth: the JSON report, to the nanosecond; the tables, columns and queries of DOCS (exports.md) are those
that there are, and the queries' answers what the report says.
"""
import collections
import csv
import io
import re
import sqlite3
import subprocess
import sys

import driver
from driver import check, same


def documented(path):
    """{table: [(column, never NULL)]} and {name: query} of the page."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tables = {}
    for name, rest in re.findall(r"^\*\*(\w+)\*\*(.*?)(?=^\*\*\w+\*\*|^## )", text, re.M | re.S):
        columns = []
        for row in re.findall(r"^\| (`.*?) \|", rest, re.M):
            columns += [(column, bool(mark)) for column, mark in re.findall(r"`(\w+)`(!?)", row)]
        tables[name] = columns
    queries = dict(re.findall(r"^```sql\n-- (\w+)\n(.*?)^```", text, re.M | re.S))
    same(len(queries), 3, "queries in the page")
    return tables, queries


def check_schema(db, tables):
    real = {}
    for name, in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"):
        real[name] = db.execute(f"PRAGMA table_info({name})").fetchall()
    same(sorted(tables), sorted(real), "tables in the page")
    for name, columns in real.items():
        view = name == "wait_list"
        # An id is the row's own, or part of the key.
        same([(c[1], not view and bool(c[3] or c[5])) for c in columns], tables[name],
             f"columns of {name} in the page")
    same(db.execute("PRAGMA user_version").fetchone(), (1,), "version")
    same(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "integrity")
    same(db.execute("PRAGMA foreign_key_check").fetchall(), [], "references to rows that are not there")


def rows(db, sql):
    return db.execute(sql).fetchall()


def sums(pairs):
    result = collections.Counter()
    for key, value in pairs:
        result[key] += value
    return {key: value for key, value in result.items() if value}


class Frames:
    """Frames and stacks of the database, as the JSON has them."""

    def __init__(self, db):
        self.db = db
        self.sites = {None: None}
        for number, *frame in rows(db, "SELECT id, function, file, line, module, offset FROM frames"):
            self.sites[number] = self.told_apart(*frame)
        same(len(set(self.sites.values())), len(self.sites), "a frame twice")
        self.stacks = collections.defaultdict(list)
        for stack, depth, frame in rows(db, "SELECT * FROM stack_frames ORDER BY stack_id, depth"):
            same(depth, len(self.stacks[stack]), "depth")
            self.stacks[stack].append(self.sites[frame])
        for stack, folded in rows(db, "SELECT * FROM stacks"):
            same(folded.count(";") + 1, len(self.stacks[stack]), "frames of a folded stack")

    @staticmethod
    def told_apart(function, file, line, module, offset):
        """What people can tell apart: a file says more than a module, a name than an offset."""
        if function is None:
            return module, offset
        return function, file or module, line

    def of_json(self, site):
        return site and self.told_apart(*(site[key] for key in (
            "function", "file", "line", "module", "offset")))

    def party(self, thread, site, stack):
        site = self.sites[site]
        frames = self.stacks[stack] if stack is not None else [site] if site else []
        return thread, site, tuple(frames)

    def party_of_json(self, party):
        return (party["thread"], self.of_json(party["site"]),
                tuple(map(self.of_json, party["stack"])))


def check_sums(db, report):
    totals = report["totals"]
    same(rows(db, "SELECT count(*), ifnull(sum(wait_ns), 0) FROM waits"),
         [(totals["waits"], totals["wait_ns"])], "waits in all")
    same(rows(db, "SELECT waits, wait_ns, unknown_ns, begin_ns, duration_ns, events, lost_events, "
              "lost_packets, open_waits, lost_waits, uncertain_waits, frames, unresolved_frames, path "
              "FROM trace"),
         [(totals["waits"], totals["wait_ns"], totals["unknown_ns"]) + tuple(
             report["trace"][key] for key in (
                 "begin_ns", "duration_ns", "events", "lost_events", "lost_packets", "open_waits",
                 "lost_waits", "uncertain_waits", "frames", "unresolved_frames", "path"))], "trace")
    chosen = report["filter"]
    same(rows(db, "SELECT min_wait_ns, only_pid, only_tid, only_kinds, only_objects, "
              "ifnull(from_ns, 0), to_ns FROM trace"),
         [(chosen["min_wait_ns"], chosen["pid"], chosen["tid"], ",".join(chosen["kinds"]) or None,
           "\n".join(chosen["objects"]) or None, chosen["from_ns"], chosen["to_ns"])], "filter")
    same(dict((k, (n, ns)) for k, n, ns in rows(
        db, "SELECT kind, count(*), sum(w.wait_ns) FROM waits w JOIN objects o ON o.id = object_id "
        "GROUP BY kind")),
         {k: (v["waits"], v["wait_ns"]) for k, v in totals["by_kind"].items()}, "kinds")
    same(rows(db, "SELECT object_id, count(*), sum(wait_ns), min(wait_ns), max(wait_ns) FROM waits "
              "GROUP BY object_id"),
         sorted((o["id"], o["waits"], o["wait_ns"], o["min_ns"], o["max_ns"])
                for o in report["objects"]), "objects")
    same(rows(db, "SELECT thread_id, count(*), sum(wait_ns) FROM waits WHERE thread_id IS NOT NULL "
              "GROUP BY thread_id"),
         [(t["id"], t["waits"], t["wait_ns"]) for t in report["threads"] if t["waits"]], "threads")
    same(rows(db, "SELECT count(*) FROM waits WHERE end_ns - begin_ns <> wait_ns"), [(0,)], "lengths")
    same(rows(db, "SELECT id FROM waits ORDER BY begin_ns, id"),
         [(i,) for i in range(totals["waits"])], "numbers of waits")
    for table in ("waits", "object_outcomes"):
        count = "count(*)" if table == "waits" else "sum(waits)"
        same({(o, word): n for o, word, n in rows(
            db, f"SELECT object_id, outcome, {count} FROM {table} GROUP BY object_id, outcome")},
             {(o["id"], word): n for o in report["objects"] for word, n in o["outcomes"].items() if n},
             f"outcomes of {table}")
    same(rows(db, "SELECT ifnull(sum(events), 0), ifnull(sum(packets), 0) FROM losses"),
         [(report["trace"]["lost_events"], report["trace"]["lost_packets"])], "losses")


def check_blockers(db, report, frames):
    same(sums(((o, t), ns) for o, t, ns in rows(
        db, "SELECT object_id, h.thread_id, h.wait_ns FROM wait_holders h "
        "JOIN waits w ON w.id = wait_id")),
         sums(((o["id"], h["thread"]), h["wait_ns"]) for o in report["objects"]
              for h in o["holders"]), "holders of waits")
    same(sums(((o, t), ns) for o, t, ns in rows(
        db, "SELECT object_id, waker_thread_id, wait_ns FROM waits "
        "WHERE waker_thread_id IS NOT NULL")),
         sums(((o["id"], w["thread"]), w["wait_ns"]) for o in report["objects"]
              for w in o["wakers"] if w["thread"] is not None), "wakers of waits")
    parties = [(o, role, frames.party(*who), *times) for o, role, *who, times in (
        (row[0], row[1], row[2], row[3], row[4], row[5:]) for row in rows(
            db, "SELECT object_id, role, thread_id, site_id, stack_id, waits, wait_ns, min_ns, p50_ns, "
            "p95_ns, p99_ns, max_ns FROM object_parties ORDER BY rowid"))]
    same(parties, [(o["id"], role, frames.party_of_json(p), p["waits"], p["wait_ns"], p["min_ns"],
                    p["p50_ns"], p["p95_ns"], p["p99_ns"], p["max_ns"])
                   for o in report["objects"] for role in ("waiter", "holder", "waker")
                   for p in o[f"{role}s"]], "parties")
    edges = [(o, rel, frames.party(*a), frames.party(*b), n, ns) for o, rel, a, b, n, ns in (
        (row[0], row[1], row[2:5], row[5:8], row[8], row[9]) for row in rows(
            db, "SELECT object_id, relation, waiter_thread_id, waiter_site_id, waiter_stack_id, "
            "blocker_thread_id, blocker_site_id, blocker_stack_id, waits, wait_ns FROM waits_for "
            "ORDER BY id"))]
    same(edges, [(e["object"], e["relation"], frames.party_of_json(e["waiter"]),
                  frames.party_of_json(e["blocker"]), e["waits"], e["wait_ns"])
                 for e in report["waits_for"]], "waits_for")
    # The pieces of a wait are all of it, one after the other.
    at = {}
    for wait, seq, begin, end in rows(
            db, "SELECT wait_id, seq, begin_ns, end_ns FROM wait_pieces ORDER BY wait_id, seq"):
        same((seq, begin), at.get(wait, (0, begin)), "pieces")
        at[wait] = (seq + 1, end)
    for wait, begin, end in rows(
            db, "SELECT id, (SELECT min(begin_ns) FROM wait_pieces WHERE wait_id = id), end_ns "
            "FROM waits WHERE id IN (SELECT wait_id FROM wait_pieces) AND begin_ns = "
            "(SELECT min(begin_ns) FROM wait_pieces WHERE wait_id = id)"):
        same(at.pop(wait)[1], end, f"end of the pieces from {begin}")
    same(at, {}, "waits whose pieces begin elsewhere")


def check_lists(db, report, frames):
    same(rows(db, "SELECT id, pid, name, exe, begin_ns, end_ns, end, status FROM processes"),
         [tuple(p[key] for key in ("id", "pid", "name", "exe", "begin_ns", "end_ns", "end", "status"))
          for p in report["processes"]], "processes")
    same(rows(db, "SELECT id, process_id, tid, name, waits, wait_ns FROM threads"),
         [tuple(t[key] for key in ("id", "process", "tid", "name", "waits", "wait_ns"))
          for t in report["threads"]], "threads")
    same(rows(db, "SELECT id, kind, name, scope, waits, wait_ns, unknown_ns, class, min_ns, mean_ns, "
              "p50_ns, p95_ns, p99_ns, max_ns, longest_queue FROM objects ORDER BY id"),
         sorted([tuple(o[key] for key in (
             "id", "kind", "name", "scope", "waits", "wait_ns", "unknown_ns", "class", "min_ns",
             "mean_ns", "p50_ns", "p95_ns", "p99_ns", "max_ns")) + (
                 (o.get("queue") or {}).get("longest") or None,) for o in report["objects"]] +
                [(o["id"], o["kind"], o["name"], o["scope"], 0, 0, 0) + (None,) * 8
                 for o in report["other_objects"]]), "objects")
    same(rows(db, "SELECT text FROM warnings ORDER BY id"),
         [(w,) for w in report["trace"]["warnings"]], "warnings")
    same(rows(db, "SELECT path, host FROM recordings ORDER BY id"),
         [(r["path"], r["host"]) for r in report["trace"]["recordings"]], "recordings")
    same(rows(db, "SELECT object_id, process_id, bytes_in, bytes_out, empty_ns, full_ns FROM transfers"),
         sorted((o["id"], p["process"], p["bytes_in"], p["bytes_out"], p["empty_ns"], p["full_ns"])
                for o in report["objects"] for p in o.get("transfer", {}).get("processes", [])),
         "transfers")
    begin = report["trace"]["begin_ns"]
    same(rows(db, "SELECT object_id, begin_ns, end_ns, wait_ns FROM queue_spans"),
         sorted((o["id"], begin + i * q["span_ns"], begin + (i + 1) * q["span_ns"], ns)
                for o in report["objects"] for q in [o.get("queue")] if q
                for i, ns in enumerate(q["spans"])), "spans of queues")
    same(rows(db, "SELECT object_id, begin_ns, end_ns, most, unit FROM fill_spans"),
         sorted((o["id"], begin + i * f["span_ns"], begin + (i + 1) * f["span_ns"], most, f["unit"])
                for o in report["objects"] for f in [o.get("fill")] if f
                for i, most in enumerate(f["spans"])), "spans of fills")
    same([(*ids, times, frames.sites[a], frames.sites[b]) for *ids, times, a, b in rows(
        db, "SELECT held_id, taken_id, thread_id, times, held_site_id, taken_site_id "
        "FROM lock_orders ORDER BY id")],
         [(p["held"], p["taken"], p["thread"], p["times"], frames.of_json(p["hold_site"]),
           frames.of_json(p["take_site"])) for p in report["lock_order"]["pairs"]], "orders of locks")
    same(rows(db, "SELECT rule, severity, title FROM findings ORDER BY id"),
         [(f["rule"], f["severity"], f["title"]) for f in report["findings"]], "findings")
    same(rows(db, "SELECT finding_id, object_id FROM finding_objects"),
         sorted((i, o) for i, f in enumerate(report["findings"]) for o in f["objects"]),
         "objects of findings")
    for table, owner, key in (("finding_evidence", "finding_id", "findings"),
                              ("deadlock_evidence", "deadlock_id", "deadlocks")):
        same([(i, at, text, frames.party(*who)) for i, at, text, *who in rows(
            db, f"SELECT {owner}, at_ns, text, thread_id, site_id, stack_id FROM {table} "
            f"ORDER BY {owner}, seq")],
             [(i, e["at_ns"], e["text"], frames.party_of_json(e)) for i, f in enumerate(report[key])
              for e in f["evidence"]], table)
    same(rows(db, "SELECT verdict, reason, at_ns, until_ns FROM deadlocks ORDER BY id"),
         [(d["verdict"], d["reason"], d["at_ns"], d["until_ns"]) for d in report["deadlocks"]],
         "deadlocks")
    same(rows(db, "SELECT deadlock_id, thread_id, holds_id, hold_as, hold_ns, wants_id, want_ns, "
              "relation, want_known FROM deadlock_steps ORDER BY deadlock_id, seq"),
         [(i, *(s[key] for key in ("thread", "holds", "hold_as", "hold_ns", "wants", "want_ns",
                                   "relation", "want_known")))
          for i, d in enumerate(report["deadlocks"]) for s in d["cycle"]], "steps of deadlocks")
    same(rows(db, "SELECT kind, name, kernel_id, bytes, created_ns FROM leftovers ORDER BY id"),
         [(o["kind"], o["name"], o["id"] or None, o["bytes"], o["created_ns"])
          for o in report["leftovers"]], "leftovers")


def check_queries(db, queries, report):
    """The page's queries say what the report says."""
    most = collections.defaultdict(collections.Counter)
    for one in report["objects"]:
        for waiter in one["waiters"]:
            most[one["id"]][waiter["thread"]] += waiter["wait_ns"]
    objects = sorted(report["objects"], key=lambda o: (-o["wait_ns"], o["id"]))
    same(rows(db, queries["objects"]),
         [(o["kind"], o["name"], o["waits"], o["wait_ns"], max(most[o["id"]].values()))
          for o in objects[:10]], "query objects")
    same(sums((row[:4], row[5]) for row in rows(db, queries["holders"])),
         sums(((*((h["site"] or {}).get(key) for key in ("function", "file", "line")), o["name"]),
               h["wait_ns"]) for o in report["objects"] for h in o["holders"]), "query holders")
    tenths = rows(db, queries["tenths"])
    check(all(0 <= row[1] <= 9 for row in tenths), "query tenths")
    same(sums((row[0], row[2]) for row in tenths),
         sums((t["tid"], t["wait_ns"]) for t in report["threads"]), "query tenths")


def as_text(value):
    return "" if value is None else str(value)


def check_csv(waitscope, db, traces, tables, options, default_only):
    for table in [None] if default_only else [None, *sorted(tables)]:
        data = waitscope.export("csv", traces, *options, *(["--table", table] if table else []))[1]
        read = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
        name = table or "wait_list"
        same(read[0], [column for column, _ in tables[name]], f"columns of {name}.csv")
        order = " ORDER BY wait" if name == "wait_list" else ""
        same([tuple(row) for row in read[1:]],
             [tuple(map(as_text, row)) for row in rows(db, f"SELECT * FROM {name}{order}")],
             f"{name}.csv")
        check(data.endswith(b"\r\n"), f"{name}.csv: the last line's end")


def check_all(waitscope, traces, tables, queries):
    whole = waitscope.report(traces)
    for options in driver.choices(whole):
        report = waitscope.report(traces, *options)
        db = sqlite3.connect(waitscope.export("sqlite", traces, *options)[0])
        check_schema(db, tables)
        frames = Frames(db)
        check_sums(db, report)
        check_blockers(db, report, frames)
        check_lists(db, report, frames)
        check_queries(db, queries, report)
        check_csv(waitscope, db, traces, tables, options, bool(options))
        db.close()
        print(f"{' '.join([*traces, *options])}: {report['totals']['waits']} waits, "
              f"{len(frames.sites)} frames, {len(frames.stacks)} stacks")
    return whole


def check_wrong(waitscope):
    """Errors of --table are the user's, in a line that says what there is."""
    for options, text in (
            (["--to", "csv", "--table", "nonsense"], "--table nonsense: not one of wait_list, trace, "),
            (["--to", "folded", "--table", "waits"], "--table waits: of csv only, not of folded; "),
            (["--to", "otlp"], "--to otlp: OTLP's profiles are not stable yet "),
            (["--to", "nonsense"], "--to nonsense: not one of csv, folded, perfetto, pprof, ")):
        wrong = subprocess.run([waitscope.command, "export", *options], check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               timeout=driver.LIMIT_S)
        same((wrong.returncode, wrong.stdout), (2, b""), text)
        check(wrong.stderr.decode().startswith(f"waitscope: {text}"), wrong.stderr)
        same(wrong.stderr.count(b"\n"), 1, "lines of an error")


def main():
    command, docs, *arguments = sys.argv[1:]
    tables, queries = documented(docs)
    with driver.Waitscope(command) as waitscope:
        driver.check_traces(waitscope, arguments, lambda traces: check_all(waitscope, traces, tables, queries))
        check_wrong(waitscope)


main()
