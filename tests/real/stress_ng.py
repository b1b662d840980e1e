"""stress_ng STRESSOR: one of stress-ng's stressors for what processes wait on, with --verify.

Truth: recorded, it finds no failure that it doesn't find untraced. What it calls is every function
and every failure of the mechanism, from many processes at once, as fast as they can, so events may be
lost; nothing is asked of the report but that it can be made.
"""
import re
import sys

import real

SECONDS = 3

# Stressors that end after so many operations, not after so many seconds: mq's receiver gives up at
# the whole second after the end that was planned, so that a stop a little late is its failure.
OPERATIONS = {"mq": 500_000}


def failures(run):
    """What stress-ng says of failures, without pids and addresses."""
    text = run.out + run.err
    return sorted({re.sub(rb"0x[0-9a-f]+|\d+", b"N", line) for line in text.splitlines()
                   if re.search(rb"stress-ng: (fail|error)|unsuccessful|corrupt", line)})


stressor = sys.argv[1]
with real.Case() as case:
    case.no_kernel = None  # nothing is compared with the kernel here
    if stressor in OPERATIONS:
        until = [f"--{stressor}-ops", str(OPERATIONS[stressor]), "--timeout", "60"]
    else:
        until = ["--timeout", str(SECONDS)]
    argv = ["stress-ng", f"--{stressor}", "2", *until, "--verify", "--temp-path", case.dir]
    plain = case.run(argv)
    trace = case.path("trace")
    traced = case.run([case.waitscope, "record", "--no-symbols", "-o", trace, "--", *argv])
    real.check(plain.status == traced.status,
               f"exit status {traced.status}, untraced {plain.status}: {traced.err[-2000:]}")
    new = [line for line in failures(traced) if line not in failures(plain)]
    real.check(not new, f"failures that it doesn't have untraced: {new}")
    real.check(b"successful run completed" in traced.out + traced.err or plain.status != 0,
               "it has not said how it went")
    report = case.command([case.waitscope, "report", trace])
    real.check(report.startswith(b"waitscope  stress-ng"), f"the report: {report[:200]}")
    real.say(f"untraced: {plain.seconds:.2f} s, recorded: {traced.seconds:.2f} s")
