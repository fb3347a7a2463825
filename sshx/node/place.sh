# Where the files of a command stand. The home directory is nobody else's; where it cannot be written there are two that are
# everybody's, and there only a directory counts that is ours: one that somebody put there before us is left alone.
places() {
	for b in "$HOME/.cache/spraydeck" "/var/tmp/spraydeck-${LOGNAME:-$(id -u)}" "/tmp/spraydeck-${LOGNAME:-$(id -u)}"; do
		"$1" "$b" && return
	done
	return 1
}

# ours says whether a directory is; base is then its true name, whatever links led there. It asks from inside, where nobody
# can put another in its place.
ours() {
	base= here=$PWD
	cd -P "$1" 2>/dev/null || return 1
	[ -O . ] && case ${PWD##*/} in spraydeck | spraydeck-*) base=$PWD ;; esac
	cd "$here" 2>/dev/null || cd /
	[ -n "$base" ]
}

# there looks for what an earlier console started.
there() {
	ours "$1" && [ -e "$base/$name.run" ] && d=$base/$name
}

# since gives the time at which a process began, which tells it from a later one of the same number.
since() {
	read -r s 2>/dev/null <"/proc/$1/stat" || return 1
	set -- ${s##*) }
	began=${20}
}

# alive says whether the shell that runs the command is there.
alive() {
	read -r pid start boot 2>/dev/null <"$d.run" && read -r now </proc/sys/kernel/random/boot_id &&
		[ "$now" = "$boot" ] && since "$pid" && [ "$began" = "$start" ]
}

# tell speaks to the console that reads along.
tell() {
	echo "$mark $*" >&2
}
