#!/bin/sh
# SPDX-License-Identifier: MIT
# doctor.sh: all is well where recordings work, and each failure comes with its remedy.
. "${0%/*}/common.sh"

expect 0 "$WAITSCOPE" doctor
has out '^ok *recording *.*/bin/true gave [1-9]'
has_not out '^FAIL'
expect 0 "$WAITSCOPE" doctor sh
has out '^ok *program'
expect 1 "$WAITSCOPE" doctor "$BIN/record_static"
has out '^FAIL *program .*statically linked'
expect 1 "$WAITSCOPE" doctor no-such-program
expect 2 "$WAITSCOPE" doctor --no-such-option
same "$(ls -d /tmp/waitscope-doctor-* 2>/dev/null)" "" "folders left"

# Without lttng-sessiond.
mkdir bin
ln -s /bin/true bin/true
expect 1 env PATH="$PWD/bin" "$WAITSCOPE" doctor
has out '^FAIL *lttng-sessiond'
has out 'apt-get install lttng-tools'
expect 1 env PATH="$PWD/bin" "$WAITSCOPE" record true
has err '^waitscope: lttng-sessiond: it is missing; apt-get install lttng-tools$'
[ ! -e waitscope.trace ] || fail "a folder was left by a recording that did not start"

# Without the library, or with one that cannot be loaded.
echo "not a library" >broken.so
expect 1 env WAITSCOPE_LIBRARY="$PWD/broken.so" "$WAITSCOPE" doctor
has out '^FAIL *library'
expect 1 env WAITSCOPE_LIBRARY="$PWD/missing.so" "$WAITSCOPE" doctor
has out '^FAIL *library'
expect 1 env WAITSCOPE_LIBRARY="$PWD/missing.so" "$WAITSCOPE" record true
has err '^waitscope: WAITSCOPE_LIBRARY='

# A folder that cannot be written to.
if [ "$(id -u)" != 0 ]; then
	mkdir -m 555 closed
	cd closed || exit 1
	"$WAITSCOPE" doctor >../out 2>../err
	same "$?" 1 "status"
	cd ..
	has out '^FAIL *output folder'
fi
