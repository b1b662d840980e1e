"""make: GNU make -j4 with three makes below it, which share its jobserver.

Truth (make's src/job.c, src/posixos.c): the jobserver is a pipe with a byte for each job but the first
that may run. A make that wants to start one more job reads a byte, for which it waits in pselect()
until another of the makes has put one back, or until a child of its own has ended. So the pipe is
a semaphore: the makes wait for each other by it. There are more jobs than bytes all the time.
"""
import os

import real

JOBS = 6
# Half of the jobs sleep, half work.
MAKEFILE = f"""
PARTS := a b c
JOBS := {' '.join(str(n) for n in range(JOBS))}
all: $(PARTS)
$(PARTS): ; @+$(MAKE) -s -f {{file}} part PART=$@
part: $(JOBS:%=$(PART).%)
	@echo $(PART) >>{{done}}
$(PART).0 $(PART).2 $(PART).4: ; @sleep 0.15 && echo $@ >>{{done}}
$(PART).1 $(PART).3 $(PART).5: ; @head -c 3000000 /dev/zero | sha256sum >/dev/null && sleep 0.1 && echo $@ >>{{done}}
.PHONY: all part $(PARTS)
"""

with real.Case(kernel=False) as case:
    done = case.path("done")
    with open(case.path("Makefile"), "w") as file:
        file.write(MAKEFILE.format(file=case.path("Makefile"), done=done))

    def results():
        with open(done) as file:
            words = sorted(file.read().split())
        os.unlink(done)
        return words

    # None of an outer make's.
    clean = {"MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": "", "MAKEOVERRIDES": ""}
    argv = ["make", "-s", "-j4", "-f", case.path("Makefile")]
    plain = case.run(argv, env=clean)
    expected = results()
    real.check(len(expected) == 3 * (JOBS + 1), f"make has made {expected}")
    traced = case.record(argv, env=clean)
    real.same(plain, traced)
    real.check(results() == expected, "it has not made what it makes untraced")

    report = traced.report
    makes = [p["pid"] for p in report["processes"] if p["name"] == "make"]
    real.check(len(set(makes)) >= 4, f"{len(set(makes))} makes were recorded")
    jobserver = [o for o in traced.objects("poll", "pipe")
                 if len({w["pid"] for w in o["waiters"]} & set(makes)) >= 2]
    real.check(len(jobserver) == 1, f"{len(jobserver)} objects are waited for by several makes")
    pipe = jobserver[0]
    waiters = {w["pid"] for w in pipe["waiters"]}
    wakers = {w["pid"] for w in pipe["wakers"] if w["pid"]}
    real.say(f"{pipe['kind']} {pipe['name']}: {pipe['waits']} waits of {len(waiters)} makes, "
             f"{pipe['wait_ns'] / 1e9:.3f} s, ended by {len(wakers)}")
    real.check("pipe" in pipe["name"] and pipe["scope"] == "shared", f"it is {pipe['name']}")
    real.check(waiters <= set(makes) and wakers <= set(makes), "others than makes have tokens")
    real.check(len(wakers) >= 2, "only one make gives tokens back")
    passed_on = sum(w["wait_ns"] for w in pipe["wakers"] if w["pid"] in wakers)
    real.check(passed_on >= 0.9 * pipe["wait_ns"], "who gave the token back is not known")
