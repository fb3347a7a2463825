# Run commands that only read, at once, each with its own output, errors and exit code. $1 half of the mark, the rest their lines.
# When its input ends before them, the console has gone: then they are ended, too.
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
# each in a group of its own, with what it starts
if command -v setsid >/dev/null; then
	alone=setsid group=-
else
	alone= group=
fi
stop() {
	left=
	for f in "$d.over"/*.pid; do
		read -r p 2>/dev/null <"$f" && kill -"$1" "$group$p" 2>/dev/null && left=1
	done
}
# The name of the directory goes first: a command that has not begun finds no place for its number, and does not.
over() {
	trap '' HUP INT TERM PIPE
	kill $pids 2>/dev/null
	mv "$d" "$d.over" && stop TERM
	[ -z "$left" ] || { sleep 1 && stop KILL; }
	rm -rf "$d.over"
}
pids=
trap over EXIT
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
		(exec $alone /bin/sh -c 'echo $$ >"$0.pid" && exec "$1" -c "$2"' "$d/$n" "${SHELL:-/bin/sh}" "$line") >"$d/$n.out" 2>"$d/$n.err"
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
	rm -f "$d/$i.out" "$d/$i.err" "$d/$i.pid"
	n=$((n - 1))
done
