# A sudo that asks us. It stands before the real one in PATH, for this command only: sudo -A runs the program that it finds in
# SUDO_ASKPASS when it wants the password, and that reads it from a pipe. The password is in no file, argument or environment.

# take reads the password, the first line of the input. $1 says whether there is one.
take() {
	secret=
	[ "$1" != secret ] || IFS= read -r secret
}

# lend makes it. $1 says whether there is a password, $2 the sudo, $3 its options.
lend() {
	lent=
	[ -n "$1" ] || return 0
	real=$(command -v "$2") || return 0
	umask_before=$(umask)
	umask 077
	for b in "$HOME/.cache" "$HOME" /tmp /var/tmp; do
		lent=$(mktemp -d "$b/spraydeck-sudo.XXXXXX" 2>/dev/null) || continue
		how="-n $3"
		[ "$1" != secret ] || how="-A $3"
		{
			printf '#!/bin/sh\n[ "$1" != -n ] || shift\nexec %s %s "$@"\n' "$real" "$how" >"$lent/sudo" &&
				printf '#!/bin/sh\np=$(dd bs=4096 count=1 2>/dev/null <"%s/p") && printf "%%s\\n" "$p" >"%s/p" && printf "%%s\\n" "$p"\n' "$lent" "$lent" >"$lent/ask" &&
				chmod 700 "$lent/sudo" "$lent/ask" && [ -x "$lent/ask" ]
		} 2>/dev/null && { [ "$1" != secret ] || mkfifo "$lent/p"; } && break
		rm -rf "$lent"
		lent=
	done
	umask "$umask_before"
	[ -n "$lent" ] || return 0
	PATH=$lent:$PATH
	export PATH
	[ "$1" = secret ] || return 0
	SUDO_ASKPASS=$lent/ask
	export SUDO_ASKPASS
	exec 7<>"$lent/p" # as long as we have it open
	printf '%s\n' "$secret" >&7
	secret=
}

# unlend removes it.
unlend() {
	[ -z "$lent" ] || rm -rf "$lent"
}
