# Run a command with a sudo that asks us. $1 half of the mark, $2 $3 $4 as of lend, $5 its line.
take "$2"
line=$5
trap : HUP INT TERM PIPE
lend "$2" "$3" "$4"
"${SHELL:-/bin/sh}" -c "$line" 7>&-
exit=$?
unlend
exit "$exit"
