"""same_pictures.py: the script that makes the documents' pictures works, and makes those that are there.

    same_pictures.py WAITSCOPE PICTURES

PICTURES is docs/pictures. What differs from run to run is not compared: each picture must be one in which something
is to be seen, and the report's text must have its sections.
"""
import os
import struct
import subprocess
import sys
import tempfile
import zlib

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures.py")


def check(condition, text):
    if not condition:
        sys.exit(f"pictures: {text}")


def png(path):
    """Width, height and the pixel bytes, still filtered."""
    with open(path, "rb") as file:
        data = file.read()
    check(data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is no PNG")
    at, pixels, size = 8, b"", (0, 0)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            size = struct.unpack(">II", data[at + 8:at + 16])
        elif kind == b"IDAT":
            pixels += data[at + 8:at + 8 + length]
        at += length + 12
    return size, zlib.decompress(pixels)


def check_folder(folder):
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.endswith(".png"):
            (width, height), pixels = png(path)
            check(width == 1200 and height >= 250, f"{name} is {width}x{height}")
            check(len(set(pixels)) > 60, f"{name} is nearly empty")
        elif name.endswith(".svg"):
            with open(path, encoding="utf-8") as file:
                check(file.read().count('class="node') >= 6, f"{name} has too few nodes")
        else:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            check(max(map(len, text.split("\n"))) <= 100, f"{name} is wider than a terminal")
            for section in ("waitscope  python3", "cost most", "who waits for whom", "critical path", "trust"):
                check(section in text, f"{name} has no `{section}`")


def main():
    waitscope, kept = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([sys.executable, "-B", SCRIPT, waitscope, made], check=True, timeout=240)
        check(sorted(os.listdir(made)) == sorted(os.listdir(kept)),
              f"{sorted(set(os.listdir(made)) ^ set(os.listdir(kept)))} are made or kept only: tests/page/pictures.py "
              "build/bin/waitscope docs/pictures")
        check_folder(made)
    check_folder(kept)
    print(f"pictures: {len(os.listdir(kept))}, made anew as they are")


main()
