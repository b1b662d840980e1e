# SPDX-License-Identifier: MIT
# common.sh: what the tests of `waitscope record` share. Sourced, with
#   WAITSCOPE  the built command        BIN  the folder of this test's programs
# Each test runs in a folder of its own; whatever it asserts names what was seen.
set -u

work=$(mktemp -d /tmp/wsrec.XXXXXX) || exit 1
chmod 755 "$work"
cd "$work" || exit 1
trap 'cd /; rm -rf "$work"' EXIT

fail() {
	echo "FAIL: $*" >&2
	[ -s err ] && sed 's/^/  stderr: /' err >&2
	exit 1
}

skip() {
	echo "SKIP: $*"
	exit 77
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# expect STATUS COMMAND...: runs it with its output in `out` and `err`.
expect() {
	wanted=$1
	shift
	"$@" >out 2>err
	got=$?
	[ "$got" = "$wanted" ] || fail "status $got instead of $wanted of: $*"
}

# has FILE PATTERN / has_not FILE PATTERN
has() {
	grep -q -- "$2" "$1" || fail "no \"$2\" in $1: $(cat "$1")"
}

has_not() {
	if grep -q -- "$2" "$1"; then
		fail "\"$2\" in $1: $(cat "$1")"
	fi
}

same() {
	[ "$1" = "$2" ] || fail "$3: \"$1\" instead of \"$2\""
}

# events TRACE: its events as text; fails if the trace cannot be read.
events() {
	babeltrace2 "$1" 2>bt-err || fail "$1 cannot be read: $(cat bt-err)"
}

# pids TRACE: the processes in it, one a line, sorted.
pids() {
	events "$1" | sed -n 's/.* pid = \([0-9]*\),.*/\1/p' | sort -un
}

# until_true COMMAND...: waits for it, 20 s at most. A sleep is only the step.
until_true() {
	for _ in $(seq 400); do
		"$@" && return 0
		sleep 0.05
	done
	fail "never came true: $*"
}

# is_alive PID: exists and is no zombie.
is_alive() {
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	'' | Z*) return 1 ;;
	esac
}

is_dead() {
	! is_alive "$1"
}

# belongs PID HOME: the process is one of the recording whose private folder HOME is.
belongs() {
	grep -qsF -- "$2" "/proc/$1/cmdline" || grep -qszxF -- "LTTNG_HOME=$2" "/proc/$1/environ"
}

# The recorder itself (`waitscope-ctl`) has no such word, but the folder goes last and with it.
no_process_of() {
	for proc in /proc/[0-9]*; do
		pid=${proc#/proc/}
		if is_alive "$pid" && belongs "$pid" "$1"; then
			return 1
		fi
	done
}

is_gone() {
	[ ! -e "$1" ]
}

# nothing_left HOME: asserts that the recording whose private folder was HOME left nothing.
nothing_left() {
	case $1 in
	/*/waitscope-??????) ;;
	*) fail "not a private folder: $1" ;;
	esac
	is_gone "$1" || fail "$1 was left"
	no_process_of "$1" || fail "process $pid of the recording was left: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	if grep -q ' /run/lttng tmpfs .*waitscope\|^waitscope ' /proc/mounts; then
		fail "a mount was left: $(grep waitscope /proc/mounts)"
	fi
}
