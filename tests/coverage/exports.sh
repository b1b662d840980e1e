#!/bin/bash
# exports.sh LIBRARY GEN: the library exports the functions of functions.def, each of them and
# nothing else. (That each row has a wrapper: an export without one would be missing here.)
set -euo pipefail

library=$1 gen=$2
wanted=$("$gen" map | sed -n 's/^\t\([A-Za-z_0-9]*\);$/\1/p' | sort -u)
exported=$(nm -D --defined-only "$library" | awk '$2 == "T" || $2 == "W" || $2 == "i" { sub(/@.*/, "", $3); print $3 }' | sort -u)
others=$(nm -D --defined-only "$library" | awk '$2 != "T" && $2 != "W" && $2 != "i" { print $3 }')

status=0
missing=$(comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$exported"))
surplus=$(comm -13 <(printf '%s\n' "$wanted") <(printf '%s\n' "$exported"))
[[ -z $missing ]] || { printf 'in functions.def, but without a wrapper:\n%s\n' "$missing"; status=1; }
[[ -z $surplus ]] || { printf 'exported, but not in functions.def:\n%s\n' "$surplus"; status=1; }
[[ -z $others ]] || { printf 'exported data:\n%s\n' "$others"; status=1; }
((status)) || printf '%d functions\n' "$(wc -l <<<"$wanted")"
exit $status
