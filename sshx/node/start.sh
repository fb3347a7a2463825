# Run a command so that it survives the connection. $1 half of the mark, $2 its name, $3 "in" where it has input, $4 its line,
# $5 $6 $7 as of lend.
mark=$1:$1 name=$2 input=$3 line=$4 d= data= sudo=$5 real=$6 options=$7
shell=${SHELL:-/bin/sh}

take "$sudo" || {
	tell input
	exit 1
}

# All of its input, or it is not started: half a file must not pass for a whole one.
if [ -n "$input" ]; then
	command -v base64 >/dev/null && read -r data || {
		tell input
		exit 1
	}
fi

# settle begins to keep it in a directory, if that can be written.
settle() {
	[ -d "$1" ] || mkdir -p "$1" 2>/dev/null
	ours "$1" || return 1
	d=$base/$name
	[ -e "$d.o" ] && tell again && exit 1
	since $$ && read -r boot </proc/sys/kernel/random/boot_id && mkfifo "$d.o" "$d.e" 2>/dev/null &&
		{ true >"$d.out" && true >"$d.err" && echo "$$ $began $boot" >"$d.run"; } 2>/dev/null
}

# feed gives the command its input.
feed() {
	if [ -n "$input" ]; then printf %s "$data" | base64 -d | "$@"; else "$@" </dev/null; fi
}

# whole waits for one of those that keep the output, and notes if the disk was full.
whole() {
	wait "$1"
	s=$?
	[ "$s" -lt 128 ] || { # a signal cut the waiting short
		wait "$1"
		s=$?
	}
	[ "$s" != 1 ] || full=" full"
}

trap : PIPE # that the console is gone already is no reason to die here
echo "$mark"
mask=$(umask)
umask 077
places settle || d=
umask "$mask"
if [ -z "$d" ]; then
	tell plain
	lend "$sudo" "$real" "$options"
	[ -n "$input$lent" ] || exec "$shell" -c "$line" </dev/null
	feed "$shell" -c "$line" 7>&-
	exit=$?
	unlend
	exit "$exit"
fi
start=$began
tell kept "$d"

# What a stop is sent to: a group of its own, or ours, or if we are in a foreign one nothing but the command.
if command -v setsid >/dev/null; then
	alone=setsid group=-
else
	alone= group=
	read -r s <"/proc/$$/stat"
	set -- ${s##*) }
	[ "$3" = $$ ] && echo "-$$" >"$d.stop"
fi

# A stop ends the command; those that keep its output and its exit status wait for its end.
trap : HUP INT TERM
exec 3<"$d.out" 4<"$d.err"
(trap '' HUP INT TERM && exec tee "$d.out") <"$d.o" >/dev/null 2>&1 3<&- 4<&- &
out=$!
(trap '' HUP INT TERM && exec tee "$d.err") <"$d.e" >/dev/null 2>&1 3<&- 4<&- &
err=$!
trap '' USR1
(
	trap '' HUP INT TERM
	ended() { [ -e "$d.exit" ] || ! since $$ || [ "$began" != "$start" ]; } # the latter if we were killed
	follow
) </dev/null &
follower=$!
trap - USR1

# The command takes the pipes itself, so that what our shell says of its end is not in its output.
lend "$sudo" "$real" "$options"
exec 5>"$d.o" 6>"$d.e"
feed $alone /bin/sh -c '[ -s "$0.stop" ] || echo "$3$$" >"$0.stop"; exec "$1" -c "$2" >&5 2>&6 5>&- 6>&-' \
	"$d" "$shell" "$line" "$group" 2>/dev/null 3<&- 4<&- 7>&-
exit=$? full=
unlend
exec 5>&- 6>&-
whole "$out"
whole "$err"
{ echo "$exit$full" >"$d.exit"; } 2>/dev/null # one write: nobody sees half of it
kill -USR1 "$follower" 2>/dev/null # it may have seen the end by itself
wait "$follower" && tell "exit $exit$full"
exit "$exit"
