#!/bin/sh
# git for commands that only read. It prints differences itself: no program that a repository names for that is run.
# Whatever else such a command must not do stands in its environment.
left=$#
found=
value=
while [ "$left" -gt 0 ]; do
	left=$((left - 1))
	word=$1
	shift
	set -- "$@" "$word"
	[ -n "$found" ] && continue
	if [ -n "$value" ]; then # of the option before
		value=
		continue
	fi
	case $word in
	-C | -c | --git-dir | --work-tree | --namespace | --config-env) value=1 ;;
	-*) ;;
	*)
		found=1
		case $word in
		diff | diff-files | diff-index | diff-tree | format-patch | log | show | whatchanged)
			set -- "$@" --no-ext-diff --no-textconv
			;;
		esac
		;;
	esac
done
