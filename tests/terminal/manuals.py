#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""manuals.py WAITSCOPE FOLDER: the manual pages in FOLDER: each command has one, with the very options of its
--help, and nothing warns of them: groff, man, and mandoc but for what scdoc always writes.
"""
import os
import re
import sys

from common import check, good, run


def options_of_help(text):
    """The options and the names of their values, in order."""
    return re.findall(r"^  (?:-(\w), )?--([a-z-]+)(?: (\S+))?(?:\s|$)", text, re.M)


def options_of_page(text):
    """The same of a rendered page."""
    section = re.search(r"^OPTIONS\n(.*?)^[A-Z]", text, re.M | re.S)
    check(section, "a page without options")
    return re.findall(r"^       (?:-(\w), )?--([a-z-]+)(?: (\S+))?$", section[1], re.M)


def lint(path):
    """Nothing warns."""
    result = run("groff", "-ww", "-man", "-Tutf8", "-z", path)
    check(not result.stderr, f"groff: {result.stderr.decode()}")
    result = run("man", "--warnings", "-l", path, set={"MANWIDTH": "80"})
    check(result.returncode == 0 and not result.stderr, f"man: {result.stderr.decode()}")
    # scdoc begins every paragraph by .PP, also after a heading, and pages that are not there are other
    # packages'.
    lines = [line for line in run("mandoc", "-T", "lint", path).stdout.decode().splitlines()
             if "skipping paragraph macro" not in line and "STYLE" not in line
             and "referenced manual not found" not in line]
    check(not lines, f"mandoc: {lines}")


def main():
    """All of them."""
    waitscope, folder = sys.argv[1:]
    overview = good(waitscope, "--help").decode()
    commands = re.findall(r"^  ([a-z]+) +\S", overview.split("commands:")[1].split("A first look")[0], re.M)
    commands = [command for command in commands if command != "help"]
    check(len(commands) >= 5, f"commands: {commands}")
    check(sorted(os.listdir(folder)) ==
          sorted(["waitscope.1"] + [f"waitscope-{command}.1" for command in commands]),
          f"pages: {os.listdir(folder)}")
    page = good("man", "-l", os.path.join(folder, "waitscope.1"), set={"MANWIDTH": "100"}).decode()
    for command in commands:
        check(f"waitscope-{command}(1)" in page, f"waitscope(1) does not name {command}")
        path = os.path.join(folder, f"waitscope-{command}.1")
        mine = options_of_page(good("man", "-l", path, set={"MANWIDTH": "200"}).decode())
        told = options_of_help(good(waitscope, command, "--help").decode())
        check(told and mine == told, f"{command}: {set(mine) ^ set(told) or 'another order'}")
    for name in os.listdir(folder):
        lint(os.path.join(folder, name))


main()
