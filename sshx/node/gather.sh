# Run commands that only read, at once, each with its own output, errors and exit code. $1 half of the mark, the rest their lines.
# It ends before them when its input does: the console has gone.
mark=$1:$1
shift
umask 077
d=
for b in /dev/shm "$HOME/.cache" "$HOME" /tmp /var/tmp; do
	d=$(mktemp -d "$b/spraydeck-read.XXXXXX" 2>/dev/null) && mkfifo "$d/ended" 2>/dev/null && break
	[ -z "$d" ] || rm -rf "$d"
	d=
done
if [ -z "$d" ]; then
	echo "$mark none"
	exit 0
fi
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$d"' EXIT
trap 'exit 1' HUP INT TERM PIPE
exec 8<>"$d/ended" 9<&0
(
	exec 8>&- >/dev/null 2>&1
	trap - HUP INT TERM PIPE EXIT
	cat <&9
	echo gone >"$d/ended"
) &
pids=$!
n=0
for line in "$@"; do
	(
		# what the shell itself says of an end is nobody's output
		exec 8>&- 9<&- </dev/null >/dev/null 2>&1
		trap - HUP INT TERM PIPE EXIT
		(exec "${SHELL:-/bin/sh}" -c "$line") >"$d/$n.out" 2>"$d/$n.err"
		echo "$n $?" >"$d/ended"
	) &
	pids="$pids $!"
	n=$((n + 1))
done
while [ "$n" -gt 0 ] && read -r i exit <&8 && [ "$i" != gone ]; do
	out=$(wc -c <"$d/$i.out") err=$(wc -c <"$d/$i.err")
	echo "$mark $i $exit $((out)) $((err))"
	head -c "$((out))" "$d/$i.out"
	head -c "$((err))" "$d/$i.err"
	rm -f "$d/$i.out" "$d/$i.err"
	n=$((n - 1))
done
