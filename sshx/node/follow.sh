# follow copies what the command prints, until ended says so, and then the last of it. Descriptors 3 and 4 remember how far it
# got. Once the console is gone it only waits for the end.
follow() {
	over= bad=0 z=0.05
	trap over=1 USR1
	while :; do
		ended && over=1
		last=$over
		news out && { cat <&3 || bad=1; }
		news err && { cat <&4 >&2 || bad=1; }
		[ -z "$last" ] || return "$bad"
		[ "$bad" = 0 ] || exec >/dev/null 2>&1
		sleep "$z" >/dev/null 2>&1 &
		[ -n "$over" ] || wait $! || [ -n "$over" ] || z=1 # no fractions there
		case $z in 0.05) z=0.1 ;; 0.1) z=0.2 ;; 0.2) z=0.3 ;; esac
	done
}

# news says whether a file may have some; what was taken away can still be read.
news() {
	[ -s "$d.$1" ] || [ ! -e "$d.$1" ]
}
