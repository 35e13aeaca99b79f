#!/bin/sh
# Runs a program of moreqmail on Node. Node opens descriptors of its own, so those that are to reach the next program
# are listed here, before it starts; all but the one through which the shell reads this file.
dir=$(dirname "$(readlink -f "$0")")
list=
for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 \
  ${SSLCTLFD-} ${SSLREADFD-} ${SSLWRITEFD-}
do
  [ -e "/dev/fd/$fd" ] && ! [ "/dev/fd/$fd" -ef "$0" ] && list="$list $fd"
done
# Some shells drop variables whose names they could not have given.
named=$(grep -z '^\(CERT\|KEY\)FILE:' "/proc/$$/environ" 2>/dev/null | tr '\0' '\n')
MOREQMAIL_FDS=${list# } MOREQMAIL_NAMED=$named exec @NODE@ "$dir/moreqmail.cjs" "$0" "$@"
