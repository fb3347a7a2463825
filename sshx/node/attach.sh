# Take up a command that was started before. $1 half of the mark, $2 its name, $3 and $4 how much of its output is known.
mark=$1:$1 name=$2 d=
echo "$mark"
places there || {
	tell none
	exit
}
tell kept "$d"
ended() { [ -s "$d.exit" ] || ! alive; }
exec 3<"$d.out" 4<"$d.err"
tail -c "+$(($3 + 1))" <&3
tail -c "+$(($4 + 1))" <&4 >&2
follow || exit
if [ -s "$d.exit" ]; then
	read -r exit <"$d.exit"
	tell "exit $exit"
elif [ "$now" = "$boot" ]; then
	tell dead
else
	tell boot
fi
