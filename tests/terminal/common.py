# SPDX-License-Identifier: MIT
"""common.py: what the tests of the command line share: running the command, and failing."""
import json
import os
import subprocess
import sys

LIMIT_S = 120


def fail(text):
    """Ends the test."""
    sys.exit(f"FAIL: {text}")


def check(is_right, text):
    """Ends the test unless it is right."""
    if not is_right:
        fail(text)


def run(*argv, **more):
    """Runs a command; its result, whatever its status."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", **more.pop("env", {}))
    for name in ("COLUMNS", "NO_COLOR"):
        if name not in more.get("keep", ()) and name in environment and name not in more.get("set", {}):
            del environment[name]
    environment.update(more.pop("set", {}))
    more.pop("keep", None)
    return subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=LIMIT_S, env=environment, **more)


def good(*argv, **more):
    """Runs a command that must succeed; what it wrote."""
    result = run(*argv, **more)
    check(result.returncode == 0, f"{argv}: {result.returncode}, {result.stderr.decode(errors='replace')}")
    return result.stdout


def report(waitscope, *arguments):
    """The JSON report."""
    return json.loads(good(waitscope, "report", "--format", "json", *arguments))
