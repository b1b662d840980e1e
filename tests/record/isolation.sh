#!/bin/sh
# SPDX-License-Identifier: MIT
# isolation.sh: recordings at the same time, and the machine's own daemon, do not see each other.
. "${0%/*}/common.sh"

need_root
unshare -m true 2>/dev/null || skip "needs a mount namespace"

# two LAUNCHER...: two recordings that run at the same time, each launched by it.
two() {
	for i in 1 2; do
		"$@" "$WAITSCOPE" record -o "two$i" sh -c 'echo $$ $LTTNG_HOME >pid'$i'.new
			mv pid'$i'.new pid'$i'
			for _ in $(seq 400); do [ -e both ] || sleep 0.05; done
			sh -c "echo \$\$ >>pid'$i'"; exit '$i 2>"err$i" &
		eval "recorder$i=\$!"
	done
	until_true test -e pid1 -a -e pid2
	touch both
	wait "$recorder1"
	same "$?" 1 "status of the first: $(cat err1)"
	wait "$recorder2"
	same "$?" 2 "status of the second: $(cat err2)"
	for i in 1 2; do
		sed 's/ .*//' "pid$i" | sort -un >"own$i"
		# Helpers such as sleep are in the trace too: the other's are not.
		pids "two$i" >"seen$i"
		comm -13 "seen$i" "own$i" >missing
		[ ! -s missing ] || fail "recording $i lacks $(cat missing)"
		same "$(events "two$i" | sed -n 's/.* run = \([0-9]*\),.*/\1/p' | sort -u | wc -l)" 1 \
			"recordings seen by recording $i"
	done
	comm -12 seen1 seen2 >both-seen
	[ ! -s both-seen ] || fail "seen by both: $(cat both-seen)"
	nothing_left "$(sed -n '1s/.* //p' pid1)"
	nothing_left "$(sed -n '1s/.* //p' pid2)"
	rm -rf two? pid? both
}

two env
expect 0 sh -c "[ ! -e /run/lttng/client-lttng-sessiond ] || lttng list >/dev/null"

# A recording in a recording: each is whole, and the outer one does not follow the inner's daemons.
expect 5 "$WAITSCOPE" record -o outer "$WAITSCOPE" record -o inner sh -c 'echo $$ >pid; exit 5'
has err '^waitscope: inner: [0-9]* events, 0 lost'
has err '^waitscope: outer: [0-9]* events, 0 lost'
pids inner | grep -qx "$(cat pid)" || fail "the program is not in the inner recording"
expect 0 "$WAITSCOPE" report outer
has out '^waitscope  waitscope '
has_not out 'lttng-[a-z]*\['
rm -rf inner outer pid

# A daemon of the machine's that ends takes the run directory away: no recording may notice.
"$WAITSCOPE" record -o away sh -c 'touch inside; until [ -e done ]; do sleep 0.05; done' 2>err &
recorder=$!
until_true test -e inside
mkdir -p /var/run/lttng
rmdir /var/run/lttng 2>/dev/null # in use by somebody: then this shows nothing, and is not wrong
touch done
wait "$recorder"
same "$?" 0 "exit status where the run directory is removed: $(cat err)"
has err '^waitscope: away: [0-9]* events, 0 lost'

# A trace may be written below the run directory.
expect 0 "$WAITSCOPE" record -o "/var/run/ws-test-$$" true
[ -d "/var/run/ws-test-$$/ust" ] || fail "no trace below /var/run"
rm -rf "/var/run/ws-test-$$"

# From here on with a run directory of the test's own as the machine's.
if [ "${WS_ISOLATED-}" != 1 ]; then
	# All of /run: a mount on the directory itself goes when the machine's daemon removes that.
	cat >inside.sh <<END
mount -t tmpfs machine /run && mkdir /run/lttng && WS_ISOLATED=1 exec "$0"
END
	WS_ISOLATED=0 unshare -m sh inside.sh
	status=$?
	exit "$status"
fi

# Without the right to make namespaces the machine's daemon is used: it is started, shared,
# and ended with the last recording.
if command -v setpriv >/dev/null; then
	drop="setpriv --bounding-set -sys_admin --inh-caps -sys_admin"
	# shellcheck disable=SC2086
	two $drop
	same "$(ls -A /var/run/lttng)" "" "files in the run directory"
fi

# The machine's daemon with a session of somebody's.
lttng-sessiond --daemonize --no-kernel || fail "no daemon"
daemon=$(cat /var/run/lttng/lttng-sessiond.pid)
trap 'kill "$daemon" 2>/dev/null; cd /; rm -rf "$work"' EXIT
lttng create theirs --output="$PWD/theirs" >/dev/null &&
	lttng enable-event -u 'waitscope:*' -s theirs >/dev/null && lttng start theirs >/dev/null ||
	fail "no session"
two env
# shellcheck disable=SC2086
two ${drop-env}
is_alive "$daemon" || fail "the machine's daemon was ended"
lttng list theirs >out 2>&1 || fail "the session is gone: $(cat out)"
has out 'session theirs: \[active'
lttng list >out
has_not out 'waitscope-'

# A member of group `tracing` records there too, among his own processes.
gid=$(getent group tracing | cut -d: -f3)
if [ -n "$gid" ]; then
	mkdir -m 777 member bin lib
	cp "$WAITSCOPE" bin/waitscope
	cp "$(dirname "$WAITSCOPE")/../lib/libwaitscope.so" lib/
	expect 0 setpriv --reuid 65534 --regid 65534 --groups "$gid" env HOME=/nonexistent \
		bin/waitscope record -o member/trace sh -c 'echo $$ $LTTNG_HOME'
	read -r pid home <out
	pids member/trace | grep -qx "$pid" || fail "member of group tracing: not recorded"
	nothing_left "$home"
fi
lttng destroy theirs >/dev/null
kill "$daemon"
until_true is_dead "$daemon"
