"""compare_graphs.py: reads a wait graph in every format by readers that are not ours, and compares it with the JSON.

    compare_graphs.py FOLDER

FOLDER holds graph.json, graph.dot (read by pydot), graph.svg (as XML) and graph.graphml (by networkx). All
must have the same nodes and edges, with the same names and marks.
"""
import collections
import json
import os
import re
import sys
import xml.etree.ElementTree

import networkx
import pydot

SVG = "{http://www.w3.org/2000/svg}"


def check(condition, text):
    if not condition:
        sys.exit(f"compare_graphs: {text}")


def shown(text, kept=""):
    """What a picture makes of a name: control characters, but for those kept, and what is none are `?`."""
    return "".join("?" if (ord(c) < 0x20 or ord(c) in (0x7f, 0xfffe, 0xffff)) and c not in kept else c for c in text)


def without_null(of, *left_out):
    return {key: value for key, value in of.items() if value is not None and key not in left_out}


def of_xml(data):
    """A name of the JSON, as XML can hold it."""
    return {key: shown(value, "\t\n\r\x7f") if isinstance(value, str) else value for key, value in data.items()}


def compare_graphml(path, graph):
    read = networkx.read_graphml(path, force_multigraph=True)
    check(read.is_directed(), "graphml: not directed")
    nodes = {name: data for name, data in read.nodes(data=True)}
    wanted = {f"n{node['id']}": of_xml(without_null(node, "id")) for node in graph["nodes"]}
    check(nodes == wanted, f"graphml: nodes {nodes}, not {wanted}")
    edges = {key: (source, target, data) for source, target, key, data in read.edges(keys=True, data=True)}
    wanted = {f"e{i}": (f"n{edge['from']}", f"n{edge['to']}", of_xml(without_null(edge, "from", "to")))
              for i, edge in enumerate(graph["edges"])}
    check(edges == wanted, f"graphml: edges {edges}, not {wanted}")


def of_dot(text):
    """What graphviz shows of an attribute."""
    text = re.sub(r"\\(.)", r"\1", text[1:-1].replace('\\"', '"').replace("\\n", "\0")) if text[:1] == '"' else text
    return text.replace("&amp;", "&").split("\0")


def compare_dot(path, graph):
    read = pydot.graph_from_dot_file(path)
    check(read and len(read) == 1, "dot: not a graph")
    nodes = {node.get_name(): node for node in read[0].get_node_list() if re.fullmatch(r"n\d+", node.get_name())}
    check(set(nodes) == {f"n{node['id']}" for node in graph["nodes"]}, f"dot: nodes {sorted(nodes)}")
    for node in graph["nodes"]:
        label = of_dot(nodes[f"n{node['id']}"].get("label"))
        check(label == [shown(node["label"])], f"dot: {label} is {node['label']}")
    edges = read[0].get_edge_list()
    check(collections.Counter((e.get_source(), e.get_destination()) for e in edges) ==
          collections.Counter((f"n{e['from']}", f"n{e['to']}") for e in graph["edges"]), "dot: other edges")
    for edge in edges:
        one = graph["edges"][int(edge.get("key")[1:])]
        check((f"n{one['from']}", f"n{one['to']}") == (edge.get_source(), edge.get_destination()), "dot: keys")
        check((edge.get("style") == "dashed") == (one["relation"] == "or"), f"dot: {one} is {edge.get('style')}")
        if graph["by"] != "object":
            check(of_dot(edge.get("label"))[0] == shown(one["object_name"]), f"dot: {one} is {edge.get('label')}")


def texts(element):
    return ["".join(text.itertext()).replace("\xa0", " ") for text in element.iter(f"{SVG}text")]


def compare_svg(path, graph):
    root = xml.etree.ElementTree.parse(path).getroot()
    groups = collections.defaultdict(list)
    for group in root.iter(f"{SVG}g"):
        classes = group.get("class", "").split()
        if classes:
            groups[classes[0]].append((group.find(f"{SVG}title").text, set(classes[1:]), group))
    nodes = {title: (classes, group) for title, classes, group in groups["node"]}
    check(set(nodes) == {f"n{node['id']}" for node in graph["nodes"]}, f"svg: nodes {sorted(nodes)}")
    for node in graph["nodes"]:
        classes, group = nodes[f"n{node['id']}"]
        check(texts(group) == [shown(node["label"])], f"svg: {texts(group)} is {node['label']}")
        check(node["what"] in classes, f"svg: {classes} is {node['what']}")
        check(node["kind"] is None or f"kind_{node['kind']}" in classes, f"svg: {classes} is {node['kind']}")
        check(not node["blocked"] or "blocked" in classes, f"svg: {node['label']} is not marked")
    edges = collections.Counter((title, "and" in classes, *(c for c in classes if c.startswith("kind_")))
                                for title, classes, _ in groups["edge"])
    wanted = collections.Counter((f"n{e['from']}->n{e['to']}", e["relation"] == "and", f"kind_{e['kind']}")
                                 for e in graph["edges"])
    check(edges == wanted, f"svg: edges {edges}, not {wanted}")
    for title, classes, group in groups["edge"]:
        dashed = all(path.get("stroke-dasharray") for path in group.iter(f"{SVG}path"))
        check(dashed == ("or" in classes), f"svg: {title} is drawn as the other relation")
    links = [a.get("{http://www.w3.org/1999/xlink}title") for a in root.iter(f"{SVG}a")]
    check(len(links) == len(nodes) + len(groups["edge"]), "svg: not each has a tooltip")
    style = root.find(f"{SVG}style")
    check(style is not None and "prefers-color-scheme: dark" in style.text, "svg: no dark scheme")


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "graph.json"), encoding="utf-8") as file:
        graph = json.load(file)
    compare_graphml(os.path.join(folder, "graph.graphml"), graph)
    compare_dot(os.path.join(folder, "graph.dot"), graph)
    compare_svg(os.path.join(folder, "graph.svg"), graph)
    print(f"{len(graph['nodes'])} nodes, {len(graph['edges'])} edges by {graph['by']}: alike in all formats")


main()
