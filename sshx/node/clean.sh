# Remove the files of commands whose outcome was received. $1 half of the mark, then their names.
mark=$1:$1
echo "$mark"
shift
names=$*
take() {
	ours "$1" || return 1
	for name in $names; do
		rm -f "$base/$name".*
	done
	rmdir "$base" 2>/dev/null
	return 1
}
places take
tell done
