"""perfetto.py: reads `export --to perfetto` by Google's protobuf library, and does with the events what
Perfetto's trace processor does: slices that nest, flows, counters.

    perfetto.py WAITSCOPE [--record MODE PROGRAM ARG... | TRACE...]

Truth: the JSON report's sums, by thread, object, kind, outcome and holder, to the nanosecond.
"""
import collections
import sys

import driver
from driver import check, same

MONOTONIC = 3


def no_unknown(message):
    same(len(message.UnknownFields()), 0, f"fields of no published number in {message.DESCRIPTOR.name}")
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for one in value if field.label == field.LABEL_REPEATED else [value]:
                no_unknown(one)


class Trace:
    """What the packets come to."""

    def __init__(self, pb2, data):
        self.pb2 = pb2
        self.texts = {name: {} for name in (
            "event_categories", "event_names", "debug_annotation_names",
            "debug_annotation_string_values")}
        self.tracks = {}
        self.slices, self.instants, self.flows = [], [], {}
        self.counters = collections.defaultdict(list)
        trace = pb2.Trace.FromString(data)
        no_unknown(trace)
        events = []
        for number, packet in enumerate(trace.packet):
            check(packet.trusted_packet_sequence_id != 0, "a packet of no sequence")
            self.intern(packet.interned_data)
            which = packet.WhichOneof("data")
            if which == "track_descriptor":
                check(packet.track_descriptor.uuid not in self.tracks, "a track twice")
                self.tracks[packet.track_descriptor.uuid] = packet.track_descriptor
            elif which == "track_event":
                same(packet.timestamp_clock_id, MONOTONIC, "clock of an event")
                check(packet.sequence_flags & 2, "an event that needs no texts")
                events.append((packet.timestamp, number, packet.track_event))
            else:
                same(which, "clock_snapshot", "a packet")
                same(packet.clock_snapshot.primary_trace_clock, MONOTONIC, "trace's clock")
                same([c.clock_id for c in packet.clock_snapshot.clocks], [MONOTONIC], "clocks")
                same(packet.sequence_flags & 1, 1, "first packet's flags")
        same(trace.packet[0].WhichOneof("data"), "clock_snapshot", "first packet")
        self.open = collections.defaultdict(list)
        for at, _, event in sorted(events, key=lambda e: e[:2]):
            self.event(at, event)
        check(not any(self.open.values()), "a slice without an end")

    def intern(self, data):
        for field, entries in data.ListFields():
            for entry in entries:
                text = entry.str.decode() if field.name.endswith("values") else entry.name
                check(entry.iid and entry.iid not in self.texts[field.name], "a text twice")
                self.texts[field.name][entry.iid] = text

    def value(self, arg):
        if arg.array_values:
            return [self.value(entry) for entry in arg.array_values]
        if arg.dict_entries:
            return self.args(arg.dict_entries)
        which = arg.WhichOneof("value")
        if which == "string_value_iid":
            return self.texts["debug_annotation_string_values"][arg.string_value_iid]
        return getattr(arg, which)

    def args(self, args):
        return {self.texts["debug_annotation_names"][a.name_iid]: self.value(a) for a in args}

    def event(self, at, event):
        kind = self.pb2.TrackEvent
        track = self.tracks[event.track_uuid]
        same(track.HasField("counter"), event.type == kind.TYPE_COUNTER, "a track that counts")
        if event.type == kind.TYPE_COUNTER:
            self.counters[track.uuid].append((at, event.counter_value))
            return
        stack = self.open[track.uuid]
        if event.type == kind.TYPE_SLICE_END:
            check(stack, "an end without a slice")
            stack.pop()["end"] = at
            return
        one = {"begin": at, "track": track, "depth": len(stack),
               "name": self.texts["event_names"][event.name_iid],
               "categories": [self.texts["event_categories"][c] for c in event.category_iids],
               "args": self.args(event.debug_annotations)}
        if event.type == kind.TYPE_SLICE_BEGIN:
            stack.append(one)
            self.slices.append(one)
        else:
            same(event.type, kind.TYPE_INSTANT, "type")
            self.instants.append(one)
        for flow in event.flow_ids:
            check(flow not in self.flows, "a flow that begins twice")
            self.flows[flow] = [one, None]
        for flow in event.terminating_flow_ids:
            check(flow in self.flows and not self.flows[flow][1], "a flow that ends without a begin")
            self.flows[flow][1] = one

    def thread(self, one):
        """pid and tid of the track, or of that below which it is."""
        track = one["track"]
        while track.HasField("parent_uuid"):
            track = self.tracks[track.parent_uuid]
        return (track.thread.pid, track.thread.tid) if track.HasField("thread") else None


def sums(pairs):
    result = collections.Counter()
    for key, value in pairs:
        result[key] += value
    return {key: value for key, value in result.items() if value}


def check_slices(trace, report):
    slices = trace.slices
    same(len(slices), report["totals"]["waits"], "slices")
    same(sum(s["end"] - s["begin"] for s in slices), report["totals"]["wait_ns"], "ns in all")
    same(sums((s["categories"][0], s["end"] - s["begin"]) for s in slices),
         sums((k, v["wait_ns"]) for k, v in report["totals"]["by_kind"].items()), "ns by kind")
    same(sums((trace.thread(s), 1) for s in slices if trace.thread(s)),
         sums(((t["pid"], t["tid"]), t["waits"]) for t in report["threads"]), "waits by thread")
    same(sums((trace.thread(s), s["end"] - s["begin"]) for s in slices if trace.thread(s)),
         sums(((t["pid"], t["tid"]), t["wait_ns"]) for t in report["threads"]), "ns by thread")
    same(sums((s["args"]["object_id"], s["end"] - s["begin"]) for s in slices),
         sums((o["id"], o["wait_ns"]) for o in report["objects"]), "ns by object")
    same(sums(((s["args"]["object_id"], s["args"]["outcome"]), 1) for s in slices),
         sums(((o["id"], word), n) for o in report["objects"] for word, n in o["outcomes"].items()),
         "outcomes")
    names = {o["id"]: (o["kind"], o["name"]) for o in report["objects"]}
    for one in slices:
        args = one["args"]
        same((args["kind"], args["object"]), names[args["object_id"]], "object")
        check(one["name"].startswith((args["object"], f"{args['kind']} {args['object']}")), one["name"])
        same("(open at the end)" in one["name"], args["outcome"] == "open", "mark of an open wait")
        check(args["site"], "no site")
    same(sorted(s["args"]["wait"] for s in slices), list(range(len(slices))), "numbers of waits")
    same([s["begin"] for s in sorted(slices, key=lambda s: s["args"]["wait"])],
         sorted(s["begin"] for s in slices), "waits in order")


def label(party):
    return f"[{party['tid']}]" if party["tid"] is not None else "unknown"


def check_blockers(trace, report):
    """Holders are charged what the report says; wakers too."""
    holders = sums(((s["args"]["object_id"], h["thread"][h["thread"].rfind("["):]
                     if "[" in h["thread"] else h["thread"]), h["wait_ns"])
                   for s in trace.slices for h in s["args"].get("holders", []))
    same(holders, sums(((o["id"], label(h)), h["wait_ns"]) for o in report["objects"]
                       for h in o["holders"]), "ns by holder")
    woken = [s for s in trace.slices if "waker" in s["args"] and s["args"]["waker"] != "unknown"]
    same(sums(((s["args"]["object_id"], s["args"]["waker"][s["args"]["waker"].rfind("["):]),
               s["end"] - s["begin"]) for s in woken),
         sums(((o["id"], label(w)), w["wait_ns"]) for o in report["objects"] for w in o["wakers"]
              if w["tid"] is not None), "ns by waker")
    same(len(trace.flows), len(woken), "flows")
    for one in woken:
        source, target = trace.flows[one["args"]["wait"] + 1]
        check(target, "a flow without an end")
        check(source["begin"] <= target["begin"], "a flow backwards in time")
        same(target["begin"], one["end"], "where a waiter goes on")
        same(target["track"].uuid, one["track"].uuid, "whose flow it is")
        same(source["name"], one["args"]["wake"], "wake")
        same(f"[{trace.thread(source)[1]}]", one["args"]["waker"][one["args"]["waker"].rfind("["):],
             "who wakes")
        same(source["args"]["object"], one["args"]["object"], "what the wake is on")


def check_fills(trace, report):
    """How much lay in pipes and queues."""
    begin, end = report["trace"]["begin_ns"], report["trace"]["begin_ns"] + report["trace"]["duration_ns"]
    got = {(t.name, t.counter.unit): trace.counters.pop(uuid) for uuid, t in trace.tracks.items()
           if t.name.startswith("most ")}
    wanted = {}
    for one in report["objects"]:
        fill, label = one.get("fill"), one["name"]
        if fill:
            label = label if label.startswith(f"{one['kind']} ") else f"{one['kind']} {label}"
            wanted[f"most {fill['unit']} in {label}", 3 if fill["unit"] == "bytes" else 2] = sorted(
                [(begin + i * fill["span_ns"], most) for i, most in enumerate(fill["spans"])] +
                [(end, fill["last"])], key=lambda v: v[0])
    same(got, wanted, "fills")


def check_counters(trace):
    """How many wait at once, as the slices say."""
    for uuid, values in trace.counters.items():
        name = trace.tracks[uuid].name
        check(name.startswith("waiting for "), name)
        of = [s for s in trace.slices if s["args"]["object_id"] == uuid & (1 << 32) - 1]
        check(of, f"{name}: nobody waits")
        steps = sums([(s["begin"], 1) for s in of] + [(s["end"], -1) for s in of])
        at_end, now = {}, 0
        for at in sorted(steps):
            now += steps[at]
            at_end[at] = now
        last = dict(values)  # the last of each moment
        for at, value in at_end.items():
            same(last[at], value, f"{name} at {at}")
        same(values[-1][1], 0, f"{name}: at the end")
        check(all(value >= 0 for _, value in values), f"{name}: below 0")


def check_trace(trace, report):
    about = next(i for i in trace.instants if i["categories"] == ["trace"])
    same(about["begin"], report["trace"]["begin_ns"], "begin")
    for key in "duration_ns", "events", "lost_events", "lost_packets", "open_waits", "lost_waits":
        same(about["args"][key], report["trace"][key], key)
    for key in "waits", "wait_ns":
        same(about["args"][key], report["totals"][key], key)
    same(about["args"].get("warnings", []), report["trace"]["warnings"], "warnings")
    same(about["args"]["paths"], report["trace"]["paths"], "paths")
    lost = [i for i in trace.instants if i["categories"] == ["lost"]]
    same(sum(i["args"]["events"] for i in lost), report["trace"]["lost_events"], "lost events")
    same(sum(i["args"]["packets"] for i in lost), report["trace"]["lost_packets"], "lost packets")
    tracks = trace.tracks.values()
    same(sorted((t.process.pid, t.process.process_name) for t in tracks if t.HasField("process")),
         sorted((p["pid"], p["name"]) for p in report["processes"]), "processes")
    same(sorted((t.thread.pid, t.thread.tid, t.thread.thread_name) for t in tracks
                if t.HasField("thread")),
         sorted((t["pid"], t["tid"], t["name"]) for t in report["threads"]), "threads")


def check_all(waitscope, pb2, traces):
    whole = waitscope.report(traces)
    for options in driver.choices(whole):
        report = waitscope.report(traces, *options)
        trace = Trace(pb2, waitscope.export("perfetto", traces, *options)[1])
        check_trace(trace, report)
        check_slices(trace, report)
        check_blockers(trace, report)
        check_fills(trace, report)
        check_counters(trace)
        print(f"{' '.join([*traces, *options])}: {len(trace.slices)} slices, {len(trace.flows)} flows, "
              f"{len(trace.counters)} counters")
    return whole


def main():
    command, *arguments = sys.argv[1:]
    with driver.Waitscope(command) as waitscope:
        pb2 = waitscope.messages("perfetto_trace")
        driver.check_traces(waitscope, arguments, lambda traces: check_all(waitscope, pb2, traces))


main()
