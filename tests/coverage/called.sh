#!/bin/bash
# called.sh GEN NOT_CALLED PROGRAMS [NAMES]: every function of functions.def is called by one of the
# test programs (of those whose name matches NAMES), whose recordings or outputs are held against
# their truth; but for those that the file NOT_CALLED lists, each with its reason ("NAME [NAME...]:
# reason"). A line there that is no longer true fails, too.
set -euo pipefail

gen=$1 not_called=$2 programs=$3 names=${4:-*}
wanted=$("$gen" map | sed -n 's/^\t\([A-Za-z_0-9]*\);$/\1/p' | sort -u)
called=$(find "$programs" -maxdepth 1 -type f -perm -u+x -name "$names" -print0 |
	xargs -0 -n 1 nm -D --undefined-only 2>/dev/null | awk '{ sub(/@.*/, "", $2); print $2 }' | sort -u)
excused=$(sed -n 's/^\([A-Za-z_0-9 ]*\): .*/\1/p' "$not_called" | tr ' ' '\n' | sort -u)
[[ -n $called ]] || { echo "no test program in $programs"; exit 1; }

status=0
missing=$(comm -23 <(comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$called")) <(printf '%s\n' "$excused"))
stale=$(comm -12 <(printf '%s\n' "$excused") <(printf '%s\n' "$called"))
unknown=$(comm -23 <(printf '%s\n' "$excused") <(printf '%s\n' "$wanted"))
[[ -z $missing ]] || { printf 'called by no test program:\n%s\n' "$missing"; status=1; }
[[ -z $stale ]] || { printf 'listed as not called, but called:\n%s\n' "$stale"; status=1; }
[[ -z $unknown ]] || { printf 'listed as not called, but not in functions.def:\n%s\n' "$unknown"; status=1; }
exit $status
