"""links.py: every link of the documents to a file of the tree leads there, and every picture is one.

    links.py TREE
"""
import os
import re
import subprocess
import sys


def documents(tree):
    try:
        listed = subprocess.run(["git", "ls-files", "*.md"], cwd=tree, check=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, encoding="utf-8").stdout.split("\n")
    except (OSError, subprocess.CalledProcessError): # not a checkout
        listed = []
    found = [name for name in listed if name and os.path.exists(os.path.join(tree, name))]
    return found or [name for name in os.listdir(tree) if name.endswith(".md")] + \
        [f"docs/{name}" for name in os.listdir(os.path.join(tree, "docs")) if name.endswith(".md")]


def is_picture(path):
    with open(path, "rb") as file:
        head = file.read(24)
    width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    return head[:8] == b"\x89PNG\r\n\x1a\n" and width >= 600 and height >= 300 and os.path.getsize(path) > 8000


def main():
    tree, links, wrong = sys.argv[1], 0, []
    for name in documents(tree):
        with open(os.path.join(tree, name), encoding="utf-8") as file:
            text = re.sub(r"^(```.*?^```|    .*?$)", "", file.read(), flags=re.M | re.S)
        for mark, target in re.findall(r"(!?)\[[^\]]*\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:|#", target):
                continue
            path = os.path.join(tree, os.path.dirname(name), target.split("#")[0])
            links += 1
            if not os.path.exists(path):
                wrong.append(f"{name}: {target} is not there")
            elif mark and not is_picture(path):
                wrong.append(f"{name}: {target} is no picture that one can see something in")
    if wrong or links < 40:
        sys.exit("\n".join(wrong) or f"links: only {links} links were found")
    print(f"links: {links} lead somewhere")


main()
