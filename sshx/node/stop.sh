# End a command: gently, then firmly. $1 half of the mark, $2 its name, $3 $4 $5 seconds after each signal, $6 $7 $8 as of lend.
mark=$1:$1 name=$2 d=
export LC_ALL=C
echo "$mark"
take "$6"
places there || {
	tell none
	exit
}
# It may have been started this very moment.
for i in 1 2 3 4 5 6 7 8 9 10; do
	{ [ -s "$d.stop" ] || [ -e "$d.exit" ]; } && break
	sleep 0.1 2>/dev/null || sleep 1
done
if [ -e "$d.exit" ]; then
	tell ended
	exit
elif ! alive || ! read -r group 2>/dev/null <"$d.stop"; then
	tell unknown
	exit
fi
# $1 what to signal, then the seconds. Nobody is left when the system knows no such process; what may not be signalled is.
end='gone() { case $(kill -0 "$g" 2>&1) in *uch*) return; esac; return 1; }
g=$1
for signal in INT TERM KILL; do
	shift
	kill -$signal "$g" 2>/dev/null
	i=$(($1 * 10))
	while [ "$i" -gt 0 ]; do
		gone && exit
		sleep 0.1 2>/dev/null || { sleep 1; i=$((i - 9)); }
		i=$((i - 1))
	done
done
gone'
# What sudo started is not ours to signal.
lend "$6" "$7" "$8"
if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then
	sudo -n /bin/sh -c "$end" sh "$group" "$3" "$4" "$5"
else
	/bin/sh -c "$end" sh "$group" "$3" "$4" "$5"
fi && tell ended || tell alive
unlend
