#!/bin/sh
# SPDX-License-Identifier: MIT
# ends.sh: however the program or the recorder ends, the trace can be read and nothing is left.
. "${0%/*}/common.sh"

# A failure leaves no program behind that keeps our output open.
trap 'kill -KILL -"$recorder" 2>/dev/null; cd /; rm -rf "$work"' EXIT
recorder=none

# start NAME COMMANDS: `record -o NAME sh -c COMMANDS` in a process group of its own, as a shell
# does; returns when the commands have called `say`. Sets recorder, program and home.
start() {
	name=$1
	rm -f said
	# What a shell starts with & ignores Ctrl-C, unless that is undone.
	setsid env --default-signal=INT,QUIT "$WAITSCOPE" record -o "$name" sh -c "
		say() {
			echo \$\$ \$LTTNG_HOME >said.new
			mv said.new said
		}
		$2" 2>err &
	recorder=$!
	until_true test -e said
	read -r program home <said
	[ -d "$home" ] || fail "no private folder: $home"
}

# finish STATUS: the recorder ends with it, and leaves what it should.
finish() {
	wait "$recorder"
	same "$?" "$1" "exit status of $name"
	nothing_left "$home"
	pids "$name" | grep -qx "$program" || fail "$name has no event of the program"
}

# Ctrl-C reaches all of the group; the program's answer to it is what counts.
start intr 'say; exec sleep 60'
kill -INT -"$recorder"
finish 130
start intr7 'trap "exit 7" INT; say; while :; do sleep 0.1; done'
kill -INT -"$recorder"
finish 7
start quit 'say; exec sleep 60'
kill -QUIT -"$recorder"
finish 131

# SIGTERM and SIGHUP to the recorder alone are passed on.
start term 'say; exec sleep 60'
kill -TERM "$recorder"
finish 143
start hup 'say; exec sleep 60'
kill -HUP "$recorder"
finish 129
start term9 'trap "exit 9" TERM; say; while :; do sleep 0.1; done'
kill -TERM "$recorder"
finish 9

# One that does not want to end is left alone, unrecorded.
start deaf 'trap "" TERM; say; sleep 60; :'
kill -TERM "$recorder"
wait "$recorder"
same "$?" 143 "exit status of deaf"
has err 'runs on unrecorded'
is_alive "$program" || fail "deaf was ended"
is_gone "$home" || fail "$home was left"
kill -KILL -"$recorder"
until_true is_dead "$program"
pids deaf | grep -qx "$program" || fail "deaf has no event of the program"

# The program is killed.
start killed 'say; exec sleep 60'
kill -KILL "$program"
finish 137

# The recorder is killed: the program goes on, the trace is completed, everything is taken away.
start orphan 'say; sleep 60; :'
kill -KILL "$recorder"
wait "$recorder" 2>/dev/null
until_true is_gone "$home"
is_alive "$program" || fail "the program of a killed recorder was ended"
kill -KILL -"$recorder"
until_true no_process_of "$home"
nothing_left "$home"
pids orphan | grep -qx "$program" || fail "orphan has no event of the program"
# Its trace counts as ours, and is kept as one.
expect 0 "$WAITSCOPE" record -o orphan true
[ -d orphan.old ] || fail "the trace of a killed recorder was not kept"

# Children that outlive the program are told.
expect 0 "$WAITSCOPE" record -o child sh -c 'sleep 60 >/dev/null 2>&1 & echo $! $LTTNG_HOME'
read -r child home <out
has err '^waitscope: 1 process of the program runs on unrecorded$'
is_alive "$child" || fail "the child was ended"
kill "$child"
until_true is_dead "$child"
nothing_left "$home"

# A time limit ends the program and its children; SIGKILL helps where SIGTERM does not.
expect 124 "$WAITSCOPE" record -o late --timeout 500ms sh -c 'sleep 61 & echo $! $LTTNG_HOME; wait'
read -r child home <out
has err '^waitscope: --timeout 500ms: the program was ended$'
is_dead "$child" || fail "a child outlived the time limit"
nothing_left "$home"
# Also one that does not hear SIGTERM, while the program does.
expect 124 "$WAITSCOPE" record -o late --timeout 500ms sh -c \
	'(trap "" TERM; while :; do sleep 0.1; done) & echo $! $LTTNG_HOME; wait'
read -r child home <out
is_dead "$child" || fail "a deaf child outlived the time limit"
nothing_left "$home"
expect 124 "$WAITSCOPE" record -o late --timeout 0.5 sh -c 'trap "" TERM; while :; do sleep 0.1; done'

# A program that hangs: the trace shows the wait, open.
expect 124 "$WAITSCOPE" record -o hang --timeout 1s "$BIN/record_hang"
read -r waiter <out
events hang >text
grep "waitscope:wait_begin.* tid = $waiter,.*\"mutex\"" text >begun
same "$(wc -l <begun)" 1 "waits begun by the hanging thread"
if grep -q "waitscope:wait_end.* tid = $waiter," text; then
	fail "the wait that hangs has an end"
fi

# child_of PID NAME: the child of that name.
child_of() {
	for child in $(cat /proc/"$1"/task/*/children); do
		[ "$(cat "/proc/$child/comm")" = "$2" ] && echo "$child" && return
	done
	fail "process $1 has no child $2"
}

# The control process of a recording is killed: that is told, and nothing is left either.
start headless 'say; sleep 1; exit 3'
kill -KILL "$(child_of "$recorder" waitscope-ctl)"
wait "$recorder"
same "$?" 3 "exit status of headless"
has err '^waitscope: control process: it died'
until_true no_process_of "$home"
nothing_left "$home"

# So it is with the session daemon.
start daemonless 'say; sleep 1; exit 0'
kill -KILL "$(child_of "$(child_of "$recorder" waitscope-ctl)" lttng-sessiond)"
wait "$recorder"
same "$?" 1 "exit status of daemonless"
has err '^waitscope: lttng-sessiond: it died'
nothing_left "$home"

# Where full buffers make it wait, the program does not wait for a daemon that is gone for ever.
# The consumer is stopped first, so that the buffers are full for certain.
rm -f said
setsid "$WAITSCOPE" record -o stuck --no-symbols --on-full block --buffer-size 64K sh -c '
	echo $LTTNG_HOME >said.new; mv said.new said; "$0" 200000; exit 4' "$BIN/record_flood" 2>err &
recorder=$!
until_true test -e said
read -r home <said
daemon=$(child_of "$(child_of "$recorder" waitscope-ctl)" lttng-sessiond)
consumer=$(child_of "$daemon" lttng-consumerd)
kill -STOP "$consumer"
sleep 1 # time for the flood to fill the buffers: too little makes the test easier, not wrong
kill -KILL "$daemon" "$consumer"
wait "$recorder"
same "$?" 4 "exit status of stuck"
nothing_left "$home"
