"""apt: an apt-get that waits for dpkg's lock, which another apt-get has; in a root of its own.

Truth (apt's apt-pkg/deb/debsystem.cc): with DPkg::Lock::Timeout, apt asks for lock-frontend by
fcntl(F_SETLK), closes the file where it is told no, sleeps for a second, and asks again. Nobody
blocks in the kernel. The first apt-get keeps the lock while a hook of it runs, which sleeps.
"""
import os
import subprocess

import real

if not all(os.path.exists(f"/usr/bin/{name}") for name in ("apt-get", "dpkg", "dpkg-deb")):
    real.skip("no apt here")
if os.geteuid():
    real.skip("dpkg unpacks for root only")

HOLD_S = 4

with real.Case(kernel=False) as case:
    root, held = case.path("root"), case.path("held")
    for folder in ("var/lib/dpkg/updates", "var/lib/dpkg/info", "var/lib/apt/lists/partial",
                   "var/cache/apt/archives/partial", "etc/apt/apt.conf.d",
                   "etc/apt/preferences.d", "etc/apt/sources.list.d", "var/log/apt"):
        os.makedirs(f"{root}/{folder}")
    for file in ("var/lib/dpkg/status", "etc/apt/sources.list"):
        with open(f"{root}/{file}", "w"):
            pass
    with open(case.path("apt.conf"), "w") as file:
        file.write(f"""
Dir "{root}";
Dir::State::status "{root}/var/lib/dpkg/status";
Dir::Bin::dpkg "/usr/bin/dpkg";
DPkg::Options {{ "--root={root}"; "--log={root}/dpkg.log"; }};
DPkg::Lock::Timeout "120";
APT::Sandbox::User "root";
""")
    for name in ("first", "second"):
        os.makedirs(case.path(f"{name}/DEBIAN"))
        with open(case.path(f"{name}/DEBIAN/control"), "w") as file:
            file.write(f"Package: ws-{name}\nVersion: 1\nArchitecture: all\n"
                       "Maintainer: none <none@localhost>\nDescription: nothing\n")
        subprocess.run(["dpkg-deb", "-b", case.path(name), case.path(f"{name}.deb")], check=True,
                       stdout=subprocess.DEVNULL)

    install = "apt-get -q -y install"
    traced = case.record(["sh", "-c", f"""
{install} -o DPkg::Pre-Invoke::='touch {held}; sleep {HOLD_S}' {case.path("first.deb")} &
while ! [ -e {held} ]; do sleep 0.1; done
{install} {case.path("second.deb")} || exit 1
wait $!
"""], env={"APT_CONFIG": case.path("apt.conf"), "LC_ALL": "C"})
    real.check(traced.status == 0, f"status {traced.status}")
    with open(f"{root}/var/lib/dpkg/status") as file:
        status = file.read()
    real.check(status.count("Status: install ok installed") == 2, f"not installed: {status}")

    report = traced.report
    names = {p["pid"]: p["name"] for p in report["processes"]}
    # Both wait for it by their names' file, be it the one of the frontends or dpkg's own.
    locks = [o for o in traced.objects("record_lock") if "/var/lib/dpkg/lock" in o["name"]]
    real.check(locks, "nobody waits for dpkg's lock")
    lock = max(locks, key=lambda o: o["wait_ns"])
    real.say(f"{lock['name']}: {lock['waits']} waits, {lock['wait_ns'] / 1e9:.3f} s")
    real.check(lock["name"].endswith("/lock-frontend"), f"it is {lock['name']}")
    # The first try's sleep is a sleep: it may have been by chance.
    real.check(lock["wait_ns"] > (HOLD_S - 2.5) * 1e9, "not for as long as it is held")
    waiters = {w["pid"] for w in lock["waiters"]}
    holders = {h["pid"] for h in lock["holders"] if h["pid"]}
    real.check(len(waiters) == 1 and len(holders) == 1 and waiters != holders,
               f"{waiters} wait for {holders}")
    for pid in waiters | holders:
        real.check(names[pid] == "apt-get", f"{pid} is {names[pid]}")
    real.check(any(f["rule"] == "sleep_polling" and lock["name"] in f["title"]
                   for f in report["findings"]), "that it is polled is not said")
