#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""errors.py WAITSCOPE TRACE: what cannot be done is said in one line of one form, with the right exit status:

    waitscope: FILE-or-OPTION: what is wrong; what to do
"""
import os
import re
import shutil
import sys
import tempfile

from common import check, run

FORM = re.compile(r"^waitscope: (?P<subject>[^:]+(?::\d+)?[^:]*): (?P<wrong>[^;]+); (?P<remedy>.+)\n$")

# The command line, with T for a trace, and the exit status; what the subject begins with; and what must be
# in the rest of the line.
LINES = [
    # commands
    ("frobnicate", 2, "frobnicate", "no such command"),
    ("--frobnicate", 2, "--frobnicate", "waitscope --help"),
    ("help frobnicate", 2, "frobnicate", "no such command"),
    # options of any command
    ("report --frobnicate T", 2, "--frobnicate", "waitscope report --help"),
    ("report -Z T", 2, "-Z", "no such option"),
    ("report --stacks=yes T", 2, "--stacks=yes", "takes no value"),
    ("report T --top", 2, "--top", "N"),
    ("graph --format", 2, "--format", "FORMAT"),
    ("export -o", 2, "-o", "FILE"),
    ("record --mode", 2, "--mode", "MODE"),
    ("doctor --frob", 2, "--frob", "waitscope doctor --help"),
    ("doctor true false", 2, "false", "one program"),
    # words
    ("report --format pdf T", 2, "--format pdf", "text, json, html"),
    ("report --sort size T", 2, "--sort size", "time, waits, mean, p50, p95, p99, max, name"),
    ("report --group-by day T", 2, "--group-by day", "site, object, thread, process, kind"),
    ("report --color sometimes T", 2, "--color sometimes", "auto, always, never"),
    ("report --kind lock T", 2, "--kind lock", "mutex, rwlock"),
    ("report --kind mutex,,sem T", 2, "--kind mutex,,sem", "mutex, rwlock"),
    ("report --kind= T", 2, '--kind ""', "mutex, rwlock"),
    ("graph --by colour T", 2, "--by colour", "thread, site, pool, process, object"),
    ("graph --format png T", 2, "--format png", "dot, svg"),
    ("export --to nonsense T", 2, "--to nonsense", "folded"),
    ("record --mode slow true", 2, "--mode slow", "contention, full"),
    ("record --stacks most true", 2, "--stacks most", "full, caller, none"),
    ("record --on-full cry true", 2, "--on-full cry", "discard, block"),
    ("record --only nonsense true", 2, "--only", "neither a kind nor a function"),
    # numbers and times
    ("report --top many T", 2, "--top many", "0 is all"),
    ("report --top=-1 T", 2, "--top -1", "0 is all"),
    ("report --top 99999999999999999999999 T", 2, "--top 9999", "0 is all"),
    ("report --pid 0 T", 2, "--pid 0", "positive number"),
    ("report --pid x T", 2, "--pid x", "positive number"),
    ("report --tid 1.5 T", 2, "--tid 1.5", "positive number"),
    ("report --tid 99999999999 T", 2, "--tid 9999", "positive number"),
    ("report -j 0 T", 2, "--jobs 0", "1 to 64"),
    ("report -j 65 T", 2, "--jobs 65", "1 to 64"),
    ("report --min-wait soon T", 2, "--min-wait soon", "10us, 1.5ms or 2s"),
    ("report --min-wait=-1 T", 2, "--min-wait -1", "10us, 1.5ms or 2s"),
    ("report --from 1x T", 2, "--from 1x", "10us, 1.5ms or 2s"),
    ("report --to nan T", 2, "--to nan", "10us, 1.5ms or 2s"),
    ("report --until 0x10 T", 2, "--until 0x10", "10us, 1.5ms or 2s"),
    ("report --at yesterday T", 2, "--at yesterday", "end"),
    ("report --stuck-after 0 T", 2, "--stuck-after 0", "1.5s"),
    ("report --critical-path 0 T", 2, "--critical-path 0", "thread id"),
    ("record --timeout soon true", 2, "--timeout soon", "500ms, 30s or 2m"),
    ("record --buffer-size=-1 true", 2, "--buffer-size -1", "512K or 16M"),
    # other values
    ("report --object= T", 2, '--object ""', "cache*"),
    ("report --class lazy T", 2, "--class lazy", "contention, handover, input, pacing or idle"),
    ("report --class x=lazy T", 2, "--class x=lazy", "contention, handover, input, pacing or idle"),
    ("report --what-if= T", 2, '--what-if ""', "name or id"),
    ("report --output= T", 2, '--output ""', "file name"),
    ("record -o", 2, "-o", "DIR"),
    ("record", 2, "PROGRAM", "program"),
    # what contradicts itself
    ("report --from 2s --to 1s T", 2, "--to, --until", "--from"),
    ("export --to folded --from 2s --until 1s T", 2, "--until", "--from"),
    ("report --calls --format json T", 2, "--calls", "text only"),
    ("report --calls --group-by site T", 2, "--calls", "--group-by"),
    ("report --calls --object x T", 2, "--calls", "--object"),
    ("report --sort p99 --format html T", 2, "--sort", "html"),
    ("report --group-by site --format html T", 2, "--group-by", "html"),
    ("report T T", 2, "T", "twice"),
    ("export T", 2, "--to", "--to folded"),
    ("report --object a" + " --object b" * 16 + " T", 2, "--object b", "16"),
    ("diff", 2, "BEFORE", "waitscope diff --help"),
    ("diff T", 2, "AFTER", "waitscope diff --help"),
    ("diff --per day T T", 2, "--per day", "run, second"),
    ("diff --top x T T", 2, "--top x", "number"),
    ("diff --least x T T", 2, "--least x", "percent"),
    ("check --format xml T", 2, "--format xml", "text, json"),
    ("check --max-wait foo T", 2, "--max-wait foo", "FIELD<VALUE"),
    ("check --tolerance foo=1 T", 2, "--tolerance foo=1", "contended=N"),
    ("check --update-baseline T", 2, "--update-baseline", "--baseline FILE"),
    ("export --to csv --table foo T", 2, "--table foo", "wait_list"),
    # files
    ("check no-such-trace", 2, "no-such-trace", "waitscope record PROGRAM"),
    ("check --baseline none.json T", 2, "none.json", "--update-baseline"),
    ("diff no-such-trace T", 1, "no-such-trace", "waitscope record PROGRAM"),
    ("report no-such-trace", 1, "no-such-trace", "waitscope record PROGRAM"),
    ("report", 1, "./waitscope.trace", "waitscope record PROGRAM"),
    ("graph no-such-trace", 1, "no-such-trace", "waitscope record PROGRAM"),
    ("export --to folded no-such-trace", 1, "no-such-trace", "waitscope record PROGRAM"),
    ("report a-file", 1, "a-file", "folder"),
    ("report empty", 1, "empty", "metadata"),
    ("report broken", 1, "", ""),
    ("report not-ours", 1, "", ""),
    ("report -o a-folder T", 1, "a-folder", "another file with -o"),
    ("report -o missing/r.txt T", 1, "missing/r.txt", "another file with -o"),
    ("report --at 1h T", 1, "--at", "earlier time"),
    ("graph --at 1h T", 1, "--at", "earlier time"),
    ("report --calls T", 1, "T", "--mode full"),
    # programs
    ("record no-such-program", 127, "no-such-program", "PATH"),
    ("record ./a-file", 126, "./a-file", "chmod"),
    ("record ./bad-script", 126, "./bad-script", "interpreter"),
    ("record -o theirs true", 1, "theirs", "another folder with -o"),
    ("record -o no/parent true", 1, "no/parent", "check the name"),
]


def prepare(folder, trace):
    """The files that the lines name."""
    shutil.copytree(trace, os.path.join(folder, "T"))
    for name in ("empty", "a-folder", "broken", "not-ours", "theirs"):
        os.mkdir(os.path.join(folder, name))
    for name, text in (("a-file", "x"), ("broken/metadata", "nothing of the kind"), ("theirs/file", "x"),
                       ("not-ours/metadata", "/* CTF 1.8 */\n"), ("bad-script", "#!/no/such/interpreter\n")):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)
    os.chmod(os.path.join(folder, "bad-script"), 0o755)


def main():
    """All of them, and that control characters in names do not get through."""
    waitscope, trace = sys.argv[1:]
    folder = tempfile.mkdtemp()
    wrong = []
    try:
        prepare(folder, trace)
        for line, status, subject, word in LINES:
            result = run(waitscope, *line.split(" "), cwd=folder)
            text = result.stderr.decode(errors="replace")
            match = FORM.match(text)
            if (result.returncode != status or result.stdout or not match
                    or not match["subject"].startswith(subject) or word not in text):
                wrong.append(f"{line}: status {result.returncode} instead of {status}, {text!r}")
        check(not wrong, "\n".join(wrong))
        text = run(waitscope, "report", "no\nsuch\x1b[2Jtrace", cwd=folder).stderr.decode()
        check(text.count("\n") == 1 and "\x1b" not in text, f"raw control characters: {text!r}")
        left = sorted(set(os.listdir(folder)) - {"T", "empty", "a-folder", "broken", "not-ours", "theirs",
                                                 "a-file", "bad-script"})
        check(not left, f"left behind: {left}")
    finally:
        shutil.rmtree(folder)


main()
