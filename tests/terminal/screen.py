#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""screen.py WAITSCOPE PROGRAM TRACE: what a reader sees on a terminal: no line is longer than it is wide, whatever
letters names have; colours where they are wanted; and nothing that a name holds moves the cursor.

PROGRAM (mutex_handoff) is run under an odd name; TRACE is a kept one.
"""
import fcntl
import os
import pty
import re
import shutil
import struct
import sys
import tempfile
import termios
import unicodedata

from common import check, good, run

# Wide, combining, a bell, an escape that clears the screen, one that turns the direction, a broken one.
NAME = "锁́\x07\x1b[2J‮x".encode() + b"\xff"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(argv, width, environment):
    """What the command writes to a terminal of so many columns, and its status."""
    pid, fd = pty.fork()
    if pid == 0:
        for name in ("COLUMNS", "NO_COLOR", "TERM", "LC_ALL"):
            os.environ.pop(name, None)
        os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8"})
        os.environ.update(environment)
        # How far it is, is told there and taken away again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        # The width must be there before the command looks.
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        os.execvp(argv[0], argv)
    data = b""
    while True:
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        data += more
    os.close(fd)
    return os.waitpid(pid, 0)[1], data.decode().replace("\r\n", "\n")


def columns(line):
    """Columns that the line takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def check_lines(text, width, what):
    """None is too long, none ends with blanks, and nothing in them is a control character."""
    for line in ESCAPES.sub("", text).split("\n"):
        check(columns(line) <= width, f"{what}: {columns(line)} columns of {width}: {line!r}")
        check(line == line.rstrip(" "), f"{what}: blanks at the end of {line!r}")
        check(all(c.isprintable() for c in line), f"{what}: {line!r}")


def main():
    """Each width, each way to say it."""
    waitscope, program, kept = sys.argv[1:]
    folder = tempfile.mkdtemp()
    trace = os.path.join(folder, "t")
    try:
        odd = os.path.join(os.fsencode(folder), NAME)
        shutil.copy(program, odd)
        result = run(waitscope, "record", "-o", trace, "--", odd)
        check(result.returncode == 0, result.stderr.decode(errors="replace"))
        ways = [["report"], ["report", "--top", "0", "--stacks", "--findings"], ["report", "--sort", "max"],
                ["report", "--group-by", "site"], ["report", "--group-by", "thread"], ["report", "--at", "end"]]
        for source in (trace, kept):
            for way in ways:
                for width in (40, 64, 72, 80, 100, 132, 250):
                    status, text = on_terminal([waitscope, *way, source], width, {})
                    check(status == 0 and "waitscope" in text, f"{way}: {text}")
                    check_lines(text, width, f"{way} on {width} columns")
                text = good(waitscope, *way, source).decode()
                check_lines(text, 100, f"{way} to a file")
                check(not ESCAPES.search(text), f"{way}: colours in a file")
        _, text = on_terminal([waitscope, "report", trace], 100, {})
        check("锁" in text, "the name is not there")
        # No wider than $COLUMNS says, on a terminal or not; nonsense is none.
        for value, width in (("60", 60), ("0", 100), ("wide", 100), ("400", 100)):
            check_lines(good(waitscope, "report", kept, set={"COLUMNS": value}).decode(), width, f"COLUMNS={value}")
        _, text = on_terminal([waitscope, "report", kept], 100, {"COLUMNS": "70"})
        check_lines(text, 70, "COLUMNS=70 on a terminal")
        # Colours: on a terminal, unless the user says otherwise, who has the last word.
        for environment, options, wanted in (({}, [], True), ({"NO_COLOR": "1"}, [], False),
                                             ({"NO_COLOR": ""}, [], True), ({"TERM": "dumb"}, [], False),
                                             ({}, ["--color=never"], False),
                                             ({"NO_COLOR": "1"}, ["--color=always"], True),
                                             ({"NO_COLOR": "1"}, ["--color", "auto"], False)):
            _, text = on_terminal([waitscope, "report", *options, kept], 100, environment)
            check(bool(ESCAPES.search(text)) == wanted, f"colours with {environment} {options}: {text[:200]!r}")
            rest = ESCAPES.sub("", text)
            check(rest == good(waitscope, "report", "--color=never", kept).decode(), "colours change the words")
            check(text.count("\x1b[0m") * 2 == len(ESCAPES.findall(text)), "a colour is not switched off")
        check(ESCAPES.search(good(waitscope, "report", "--color=always", kept).decode()), "--color=always")
        # What cannot be shown in the reader's letters is replaced.
        text = run(waitscope, "report", trace, set={"LC_ALL": "C"}).stdout
        check(all(b < 0x80 for b in text), "letters beyond ASCII in the C locale")
    finally:
        shutil.rmtree(folder)


main()
