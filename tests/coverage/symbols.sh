#!/bin/bash
# symbols.sh GEN LEFT_OUT LIBRARY: no name of glibc that belongs to what we record is forgotten. Each
# dynamic symbol of LIBRARY's libc whose name is one of the families below, in any of its spellings (__X, _IO_X,
# X64, __X_chk, __X_2, X_unlocked), is a row of functions.def or a line "NAME: reason" of LEFT_OUT,
# where NAME may be a pattern. A line that is no longer true fails, too: a name that libc doesn't have,
# or that has become a row.
set -euo pipefail

gen=$1 left_out=$2 library=$3
libc=$(ldd "$library" | awk '$1 == "libc.so.6" { print $3 }')

families='pthread_(mutex|cond|rwlock|barrier|spin|once|create|join|setname|cancel|kill|sigqueue|exit|detach).*
pthread_(try|timed|clock)join.* (mtx|cnd|thrd)_.* call_once
sem_.* mq_.* (sem|msg|shm)(get|op|timedop|ctl|snd|rcv|at|dt) ftok shm_.* memfd_create
mmap munmap mremap remap_file_pages f?truncate
p?(read|write)(v|v2)? splice tee vmsplice sendfile copy_file_range
fread fwrite fgets fgetc getc getchar gets getline getdelim uflow underflow fflush getw fgetws getws? getwc getwchar fgetwc (wu|wunder)flow
(v?f?w?)?scanf fwrite fputs puts fputc putc putchar w?overflow putw fputws fputwc putwc putwchar
v?f?w?printf v?dprintf
(f|fd|fre)?open open(at|at2|_by_handle_at) f?dopendir opendir creat x?mk(fifo|nod)(at)? pipe2? popen tmpfile mko?stemps? posix_openpt getpt openpty
close closefrom close_range closedir fclose fcloseall pclose dup[23]? fcntl unlink(at)? remove
p?poll p?select epoll_.* (event|signal|timer)fd.* inotify_.* fanotify_.*
socket(pair)? bind listen accept4? connect shutdown (recv|send)(from|to|msg|mmsg)?
flock lockf
wait wait(pid|id|3|4) system (nano|clock_nano|u)?sleep
sigwait(info)? sigtimedwait pause sigsuspend (xpg_)?sigpause kill killpg tgkill raise gsignal sigqueue
v?fork clone forkpty daemon start_main f?exec(l|lp|le|v|ve|vp|vpe|veat) posix_spawnp? p?spawn.*
exit quick_exit abort (aio|gai)_suspend lio_listio syscall prctl
sete?[ug]id setres?[ug]id setgroups initgroups capset dlclose dl_iterate_phdr'

wanted=$("$gen" map | sed -n 's/^\t\([A-Za-z_0-9]*\);$/\1/p' | sort -u)
# GLIBC_PRIVATE is libc's own: nothing of a program binds to it.
relevant=$(nm -D --defined-only "$libc" | awk -v families="$families" '
	BEGIN { gsub(/[ \n]+/, "|", families); families = "^(" families ")$" }
	$2 ~ /^[TWi]$/ && $3 !~ /@+GLIBC_PRIVATE$/ {
		name = $3
		sub(/@.*/, "", name)
		key = tolower(name)
		gsub(/64/, "", key)
		sub(/^_+/, "", key)
		sub(/^(libc|io|isoc99)_/, "", key)
		sub(/(_chk|_2|_nocancel)$/, "", key)
		sub(/_unlocked$/, "", key)
		if (key ~ families)
			print name
	}' | sort -u)
all=$(nm -D --defined-only "$libc" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u)

# Families that match nothing would make a test that cannot fail.
(($(wc -l <<<"$relevant") > 300)) || { echo "$libc: only $(wc -l <<<"$relevant") names known"; exit 1; }

status=0
unlisted=$(comm -23 <(printf '%s\n' "$relevant") <(printf '%s\n' "$wanted"))
while IFS= read -r line; do
	[[ $line != '#'* && -n $line ]] || continue
	if [[ ! $line =~ ^([A-Za-z_0-9*?]+(\ [A-Za-z_0-9*?]+)*):\ .+ ]]; then
		printf '%s: not "NAME: reason": %s\n' "$left_out" "$line"
		status=1
		continue
	fi
	read -ra patterns <<<"${BASH_REMATCH[1]}"
	for pattern in "${patterns[@]}"; do
		regex="^${pattern//\*/.*}\$"
		regex=${regex//\?/.}
		if ! grep -Eq "$regex" <<<"$all"; then
			printf '%s is listed as left out, but libc has no such name\n' "$pattern"
			status=1
		fi
		rows=$(grep -E "$regex" <<<"$wanted" || true)
		if [[ -n $rows ]]; then
			printf '%s is listed as left out, but has a row: %s\n' "$pattern" "${rows//$'\n'/ }"
			status=1
		fi
		unlisted=$(grep -Ev "$regex" <<<"$unlisted" || true)
	done
done <"$left_out"
if [[ -n $unlisted ]]; then
	printf 'neither in functions.def nor in %s:\n%s\n' "${left_out##*/}" "$unlisted"
	status=1
fi
((status)) || printf '%d names of %s: each a row, or left out for a reason\n' \
	"$(wc -l <<<"$relevant")" "$libc"
exit $status
