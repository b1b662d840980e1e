"""futex_truth: the sum of all waits in a report is within 5 % of what the kernel's futex(2) slept.

What is compared. The kernel's part: the time between sys_enter_futex and sys_exit_futex of the
waiting operations on every object that the program names. Ours: everything in the report, all
kinds together. They differ by what a wait is besides its sleep:
  - the way from the program's call into the system call and back: instructions, unless the thread
    is preempted there;
  - calls that found the word changed (EAGAIN) count in the kernel's sum as in ours: they are part
    of a wait that went on;
  - pthread_cond_wait() takes its mutex back inside libc: in the kernel that is time on the mutex's
    word, in the report on the condition variable. So only the sums, and not each kind, must agree;
  - mutexes, semaphores and rwlocks of these types do not spin before they sleep (an adaptive mutex
    and a spinlock do, and are not used here);
  - a barrier's last thread does not sleep, and is no wait in the report.
Not in the kernel's part: what is no object of the program, which is LTTng's constructor waiting to
be registered, and loader and allocator.
"""
import os

import real

NEAR = 0.05

with real.Case() as case:
    argv = [os.path.join(os.environ["REAL_PROGRAMS"], "futex_truth")]
    traced = case.record(argv)
    real.check(traced.status == 0, f"it ends with {traced.status}: {traced.err}")
    ranges = [(kind, int(begin, 16), int(end, 16))
              for kind, begin, end in (line.split() for line in traced.out.decode().splitlines())]
    real.check(len(ranges) == 10, f"it has named {len(ranges)} objects, not 10")

    # It also sleeps, which is no futex.
    kinds = {kind: total for kind, total in traced.report["totals"]["by_kind"].items()
             if kind not in ("sleep", "process", "signal")}
    real.check(set(kinds) == {kind for kind, _, _ in ranges},
               f"kinds in the report: {sorted(kinds)}")
    ours = sum(total["wait_ns"] for total in kinds.values())
    real.check(ours > 2e9, f"{ours / 1e9:.3f} s of waiting is too little to compare")
    if traced.kernel:
        by_kind = dict.fromkeys(kinds, 0)
        rest = 0
        pid = traced.report["processes"][0]["pid"]
        for (_, word), ns in traced.kernel.groups({pid}, False).items():
            named = [kind for kind, begin, end in ranges if begin <= word << 3 < end]
            if named:
                by_kind[named[0]] += ns
            else:
                rest += ns
        theirs = sum(by_kind.values())
        for kind, ns in by_kind.items():
            real.say(f"{kind:8} kernel {ns / 1e9:8.3f} s   "
                     f"report {kinds[kind]['wait_ns'] / 1e9:8.3f} s")
        real.say(f"sum      kernel {theirs / 1e9:8.3f} s   report {ours / 1e9:8.3f} s   "
                 f"({ours / theirs - 1:+.2%}; on other words {rest / 1e9:.3f} s)")
        real.check(abs(ours - theirs) <= NEAR * theirs, f"the sums differ by more than {NEAR:.0%}")
