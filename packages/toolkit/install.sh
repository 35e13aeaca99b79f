#!/bin/sh
# Installs what hier.sh names: install.sh BIN HOME. Each thing takes the place of the old one in one step, so that
# programs that run or start meanwhile find the one or the other.
here=$(dirname "$0")
home=$2
list=$(sh "$here/hier.sh" "$1") || exit 1
umask 022
echo "$list" | while read -r kind mode path from
do
  to=$home/$path
  new=$(dirname "$to")/.$(basename "$to").new
  case $kind in
    h | d) [ -d "$to" ] || mkdir -p "$to" ;;
    f) rm -f "$new" && cp "$from" "$new" && chmod "$mode" "$new" && mv -f "$new" "$to" ;;
    l) rm -f "$new" && ln -s "$from" "$new" && mv -f "$new" "$to" ;;
  esac || { echo "install: fatal: unable to install $to" >&2; exit 1; }
done
[ $? = 0 ] || exit 1
echo "install: everything is in $home"
