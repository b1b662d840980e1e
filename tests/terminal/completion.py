#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""completion.py bash|zsh FILE LIST BIN: what the shells complete, in the shells themselves.

FILE is the completion, LIST the program that lists every option of the commands (a line each: command, long
option, short option, value, words), BIN the folder of the command. The shell runs on a terminal of its own,
keys are typed, and what it then shows is read: until it shows what is expected, or for a minute.
"""
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

LIMIT_S = 60
PROMPT = "ready>"
ROWS, COLUMNS = 200, 250  # everything fits without a question


def plain(text, between):
    """What is left without what draws; `between` stands where that was."""
    text = re.sub(r"[\r\0\x07]", "", text)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", between, text)
    return re.sub(r"[^\n]\x08", "", text)


class Shell:
    """A shell on a terminal."""

    def __init__(self, argv, folder, environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(argv[0], argv, environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.seen = ""

    def type(self, keys):
        """Sends keys."""
        os.write(self.fd, keys.encode())

    def until(self, pattern, between=""):
        """Reads until the pattern is there; what was read until its end."""
        end = time.monotonic() + LIMIT_S
        while True:
            text = plain(self.seen, between)
            match = re.search(pattern, text)
            if match:
                self.seen = text[match.end():]
                return text[:match.end()]
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                sys.exit(f"FAIL: {pattern!r} never came in {text!r}")
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                sys.exit(f"FAIL: the shell ended; {text!r}")
            self.seen += data.decode(errors="replace")

    def command(self, line):
        """Runs a line to its end."""
        self.type(line + "; echo do''ne\r")
        self.until(r"done\n")
        self.until(PROMPT)

    def completed(self, line, pattern):
        """Types a line and a Tab, and waits for what becomes of it; then forgets the line."""
        self.type(line + "\t")
        text = self.until(pattern)
        self.type("\x15\r")
        self.until(r"\n.*" + PROMPT)
        return text

    def listed(self, line, words):
        """Types a line and Tabs until each of the words is shown beside it."""
        self.type(line + "\t\t")
        missing = [w for w in words]
        text = ""
        while missing:
            text += self.until("(?<![-a-z_0-9])" + re.escape(missing[0]) + "(?![-a-z_0-9])", " ")
            text += plain(self.seen, " ")
            missing = [w for w in missing
                       if not re.search("(?<![-a-z_0-9])" + re.escape(w) + "(?![-a-z_0-9])", text)]
        self.type("\x15\r")
        self.until(r"\n.*" + PROMPT)
        return text

    def close(self):
        """Ends the shell."""
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def start_bash(file, folder, environment):
    """A bash with the completion, as a user sources it."""
    shell = Shell(["bash", "--norc", "--noprofile", "-i"], folder, environment)
    shell.type(f"PS1='{PROMPT[:3]}''{PROMPT[3:]}'; bind 'set completion-query-items 0'; bind 'set page-completions off'; "
               "bind 'set enable-bracketed-paste off'\r")
    shell.until(PROMPT)
    shell.command(f"source '{file}'")
    return shell


def start_zsh(file, folder, environment):
    """A zsh that finds the completion in its path."""
    shell = Shell(["zsh", "-f", "-i"], folder, environment)
    shell.type(f"PS1='{PROMPT[:3]}''{PROMPT[3:]}'; unsetopt zle_bracketed_paste prompt_sp 2>/dev/null; LISTMAX=10000; unsetopt auto_menu\r")
    shell.until(PROMPT)
    shell.command(f"fpath=('{os.path.dirname(file)}' $fpath); autoload -Uz compinit; compinit -u -D")
    return shell


def main():
    """Each command, its options, their words, and traces."""
    name, file, lister, folder_of_command = sys.argv[1:]
    rows = [line.split("\t") for line in
            subprocess.run([lister, "list"], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.splitlines()]
    commands = list(dict.fromkeys(row[0] for row in rows))
    folder = tempfile.mkdtemp()
    environment = {"PATH": f"{folder_of_command}:/usr/bin:/bin", "HOME": folder, "TERM": "xterm",
                   "LC_ALL": "C.UTF-8", "ZDOTDIR": folder}
    try:
        for entry in ("one.trace", "two.trace", "sources"):
            os.mkdir(os.path.join(folder, entry))
        for trace in ("one.trace", "two.trace"):
            open(os.path.join(folder, trace, "waitscope-run.json"), "w", encoding="ascii").close()
        open(os.path.join(folder, "page.html"), "w", encoding="ascii").close()
        shutil.copy("/bin/true", os.path.join(folder, "frobnicate"))
        shell = {"bash": start_bash, "zsh": start_zsh}[name](file, folder, environment)

        shell.completed("waitscope rep", r"waitscope report ")
        shell.listed("waitscope ", commands + ["help"])
        shell.completed("waitscope help do", r"waitscope help doctor")
        for command in commands:
            shell.listed(f"waitscope {command} --", [row[1] for row in rows if row[0] == command])
        # The words of every option that takes some of a set, and one of them by its beginning.
        for command, option, _, value, words in rows:
            if not words:
                continue
            words = words.split()
            if len(words) > 1:
                shell.listed(f"waitscope {command} {option} ", words)
            last = words[-1]
            if not any(w != last and w.startswith(last[:-1]) for w in words):
                shell.completed(f"waitscope {command} {option}={last[:-1]}", re.escape(f"{option}={last}"))
            if "[," in value:
                shell.completed(f"waitscope {command} {option} {words[0]},{last[:-1]}",
                                re.escape(f"{words[0]},{last}"))
        # What holds a trace, and what does not; after an option, too.
        text = shell.listed("waitscope report ", ["one.trace", "two.trace"])
        assert "sources" not in text and "page.html" not in text, text
        shell.completed("waitscope graph --by process on", r"process one\.trace/?")
        shell.completed("waitscope report --format=json tw", r"json two\.trace/?")
        shell.completed("waitscope report -o pa", r"-o page\.html")
        # What is recorded is a program, and what follows is the program's.
        shell.completed("waitscope record --mode full ./frobn", r"full \./frobnicate ")
        shell.completed("waitscope record cat pa", r"cat page\.html")
        shell.close()
    finally:
        shutil.rmtree(folder)


main()
