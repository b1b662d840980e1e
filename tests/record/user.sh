#!/bin/sh
# SPDX-License-Identifier: MIT
# user.sh: an ordinary user records with a daemon of his own; a program may change its user.
. "${0%/*}/common.sh"

need_root
command -v setpriv >/dev/null || skip "needs setpriv"
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_RUNTIME_DIR HOME=/nonexistent"

# A copy that everybody may read, found relative to itself as after an install.
mkdir -p bin lib
cp "$WAITSCOPE" bin/waitscope
cp "$(dirname "$WAITSCOPE")/../lib/libwaitscope.so" lib/ || fail "no library beside the command"
cp "$BIN/record_hang" .
chmod -R go+rX bin lib record_hang

mkdir -m 777 theirs
cd theirs || exit 1
show='id -u; echo $$ $LTTNG_HOME; exit 4'
$nobody "$work/bin/waitscope" record sh -c "$show" >../out 2>../err
same "$?" 4 "exit status: $(cat ../err)"
cd ..
same "$(sed -n 1p out)" 65534 "user"
read -r pid home <<END
$(sed -n 2p out)
END
pids theirs/waitscope.trace | grep -qx "$pid" || fail "not recorded"
same "$(stat -c %u theirs/waitscope.trace)" 65534 "owner of the trace"
nothing_left "$home"
cd theirs || exit 1
$nobody "$work/bin/waitscope" doctor >../out 2>../err || fail "doctor: $(cat ../out)"
cd ..

# Root's program becomes another user, and stays in the trace.
expect 0 "$work/bin/waitscope" record -o change \
	runuser -u nobody -- sh -c 'sh -c "echo \$\$"; true'
read -r pid <out
pids change | grep -qx "$pid" || fail "not recorded after it changed its user"
