#!/bin/sh
# SPDX-License-Identifier: MIT
# basic.sh: the program is as without us; the folder and the refusals are as documented.
. "${0%/*}/common.sh"

# Streams, arguments and status are the program's own.
echo "to stdin" | "$WAITSCOPE" record sh -c 'cat; echo "$0|$1|$LTTNG_HOME"; echo error >&2; exit 3' \
	a 'b  c' >out 2>err
same "$?" 3 "exit status"
same "$(sed -n 1p out)" "to stdin" "stdin"
same "$(sed -n '2s/|[^|]*$//p' out)" "a|b  c" "arguments"
home=$(sed -n '2s/.*|//p' out)
same "$(sed -n 1p err)" "error" "stderr"
same "$(wc -l <err)" 2 "lines on stderr"
has err '^waitscope: waitscope.trace: [1-9][0-9]* events, 0 lost (waitscope report)$'
nothing_left "$home"
events waitscope.trace >text
has text 'waitscope:process: .*"start"'
has waitscope.trace/waitscope-run.json '"status": 768'
has waitscope.trace/waitscope-symbols.json '{'

# Its fds are those without us (LTTng's are out of the way), and so are its signals. It ends in grep
# itself: a shell that has started one may still have all signals blocked.
show='for fd in /proc/$$/fd/?; do readlink "$fd"; done; exec grep "^Sig[BI]" /proc/self/status'
exec 8</etc/passwd
sh -c "$show" >out </dev/null 2>err
mv out plain
"$WAITSCOPE" record sh -c "$show" >out </dev/null 2>err
exec 8<&-
diff plain out >difference || fail "fds or signals differ: $(cat difference)"

# Death by a signal.
expect 143 "$WAITSCOPE" record sh -c 'kill -TERM $$'
expect 139 "$WAITSCOPE" record sh -c 'kill -SEGV $$'

# The previous trace is kept once; one that is not ours is left alone.
mkdir fresh
cd fresh || exit 1
expect 0 "$WAITSCOPE" record true
first=$(grep '"run"' waitscope.trace/waitscope-run.json)
expect 0 "$WAITSCOPE" record true
same "$(grep '"run"' waitscope.trace.old/waitscope-run.json)" "$first" "the old trace"
expect 0 "$WAITSCOPE" record -o waitscope.trace/ true
[ ! -e waitscope.trace.old.old ] || fail "a second old trace"
mkdir other theirs theirs.old empty
touch other/file theirs.old/file
expect 1 "$WAITSCOPE" record -o other true
has err '^waitscope: other: it exists and is no trace of waitscope'
same "$(ls other)" file "the foreign folder"
expect 0 "$WAITSCOPE" record -o empty true
expect 0 "$WAITSCOPE" record -o theirs true
expect 1 "$WAITSCOPE" record -o theirs true
has err '^waitscope: theirs.old: it exists'
expect 1 "$WAITSCOPE" record -o other/file true
expect 1 "$WAITSCOPE" record -o no/such/parent true
has err '^waitscope: no/such/parent[^:]*: the folder cannot be made: .*; check the name$'
cd ..

# What cannot be recorded is refused before anything is started or changed.
rm -rf waitscope.trace*
cp "$BIN/record_static" static
printf '#!%s/static\n' "$PWD" >script
printf '#!/no/such/interpreter\n' >broken
echo 'echo "by sh: $0 $1"; exit 5' >plain-text
chmod +x script broken plain-text
expect 127 "$WAITSCOPE" record no-such-program
has err '^waitscope: no-such-program: there is no such program; '
expect 127 "$WAITSCOPE" record ./no-such-program
expect 127 "$WAITSCOPE" record ''
expect 126 "$WAITSCOPE" record /etc/passwd
expect 126 "$WAITSCOPE" record /etc
expect 126 "$WAITSCOPE" record ./static
has err '^waitscope: ./static: it is statically linked'
expect 126 "$WAITSCOPE" record ./script
has err 'static: it is statically linked'
expect 126 "$WAITSCOPE" record ./broken
has err 'its interpreter /no/such/interpreter is missing; install that$'
[ ! -e waitscope.trace ] || fail "a refused program made a folder"
expect 5 "$WAITSCOPE" record ./plain-text word
has out '^by sh: ./plain-text word$'
if [ "$(id -u)" = 0 ]; then
	cp /bin/true setuid
	chown 65534 setuid
	chmod 4755 setuid
	expect 126 "$WAITSCOPE" record ./setuid
	has err '^waitscope: ./setuid: it is setuid'
fi

# Usage.
for words in --no-such-option -x -o --timeout "--timeout 0" "--timeout 5parsecs true" "--stacks some true" \
	"--on-full burn true" "--buffer-size big true" ""; do
	# shellcheck disable=SC2086
	expect 2 "$WAITSCOPE" record $words
	same "$(wc -l <err)" 1 "lines on stderr for: record $words"
	has err '^waitscope: '
done
expect 1 "$WAITSCOPE" record --buffer-size 1K true
has err 'at least 64 KiB'
expect 1 "$WAITSCOPE" record --buffer-size 10000G true
has err 'do not fit into /dev/shm'
expect 2 "$WAITSCOPE"
expect 2 "$WAITSCOPE" no-such-command
has err '^waitscope: no-such-command: there is no such command; '
for words in --help "record --help" "report --help" "doctor --help" help "help record" --version; do
	# shellcheck disable=SC2086
	expect 0 "$WAITSCOPE" $words
	[ -s out ] || fail "no output of $words"
	[ ! -s err ] || fail "stderr of $words"
done

# The options reach the library.
expect 0 "$WAITSCOPE" record --stacks caller --on-full block --no-symbols -o opt \
	sh -c 'env | grep "^WAITSCOPE_\|^LTTNG_UST_\|^LD_PRELOAD"'
has out '^WAITSCOPE_STACKS=caller$'
has out '^LTTNG_UST_ALLOW_BLOCKING=1$'
has out '^LTTNG_UST_WITHOUT_BADDR_STATEDUMP=1$'
has out '^WAITSCOPE_RUN=[1-9]'
has err '^waitscope: opt: [0-9.]* MB, 0 lost (waitscope report opt)$'
[ ! -e opt/waitscope-symbols.json ] || fail "symbols in spite of --no-symbols"

# Children are recorded, unless told otherwise.
children='sh -c "sh -c true; true"; echo $$'
expect 0 "$WAITSCOPE" record -o all sh -c "$children"
same "$(pids all | wc -l)" 3 "processes recorded"
expect 0 "$WAITSCOPE" record -o alone --no-follow sh -c "$children"
same "$(pids alone)" "$(cat out)" "processes recorded with --no-follow"
