# Does sudo want a password, and is this the one? $1 half of the mark, $2 "secret" with one to try, $3 the sudo, $4 its options.
mark=$1:$1
export LC_ALL=C
echo "$mark"
take "$2"
say() {
	case $said in
	*"incorrect password"* | *"no password was provided"* | *"try again"*) tell wrong ;;
	*"password is required"*) tell wanted ;;
	*) tell other ;;
	esac
}
kind=$2 sudo=$3
eval "set -- $4"
if [ "$kind" = secret ]; then
	said=$(printf '%s\n' "$secret" | "$sudo" -S -k -p '' "$@" -v 2>&1) && tell right || say
else
	said=$("$sudo" -n "$@" true 2>&1) || said=$("$sudo" -n "$@" -v 2>&1) && tell free || say
fi
