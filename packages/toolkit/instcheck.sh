#!/bin/sh
# Compares an installation with what hier.sh names: instcheck.sh BIN HOME. Reports each difference; exit 1 if there is any.
here=$(dirname "$0")
home=$2
list=$(sh "$here/hier.sh" "$1") || exit 1
me=$(id -u)

# What holds of a thing itself, also if it is a link: is THING EXPRESSION-OF-FIND
is() {
  thing=$1
  shift
  [ -n "$(find "$thing" -prune "$@" 2>/dev/null)" ]
}

say() {
  echo "instcheck: $1"
}

# True if there is nothing to say of it, which is quickly found out.
good() {
  case $kind in
    d) is "$what" -type d -perm "$mode" \( -user 0 -o -user "$me" \) ;;
    f) is "$what" -type f -perm "$mode" \( -user 0 -o -user "$me" \) && cmp -s "$from" "$what" ;;
    *) false ;;
  esac
}

look() {
  what=$1
  ! good || return
  case $kind in
    h | d) type=d ;;
    *) type=$kind ;;
  esac
  if [ ! -e "$what" ] && [ ! -L "$what" ]
  then
    say "$what is missing"
    return
  fi
  if ! is "$what" -type "$type"
  then
    case $type in
      d) say "$what is no directory" ;;
      f) say "$what is no file" ;;
      l) say "$what is no link" ;;
    esac
    return
  fi
  # What root installs is root's; others can only install for themselves.
  is "$what" \( -user 0 -o -user "$me" \) || say "$what has the wrong owner: $(ls -ldn "$what" | awk '{ print $3 }')"
  case $kind in
    h) ! is "$what" \( -perm -020 -o -perm -002 \) || say "$what can be changed by others" ;;
    d | f) is "$what" -perm "$mode" || say "$what has the wrong mode: $(ls -ldn "$what" | cut -c 1-10), not $mode" ;;
  esac
  case $kind in
    f) cmp -s "$from" "$what" || say "$what differs from $from" ;;
    l) [ "$(readlink "$what")" = "$from" ] || say "$what leads to $(readlink "$what"), not to $from" ;;
  esac
}

# Programs under the names of the list: each has to run, and to know its name.
answer() {
  case $path in
    bin/moreqmail*) return ;;
    bin/*) ;;
    *) return ;;
  esac
  name=${path#bin/}
  case $("$home/$path" --version 2>&1) in
    "$name (moreqmail) "*) ;;
    *) say "$home/$path does not run" ;;
  esac
}

# Links to the executable that no list has any more.
left_over() {
  for what in "$home"/bin/*
  do
    [ -L "$what" ] && [ "$(readlink "$what")" = moreqmail ] || continue
    echo "$list" | grep -qxF "l - bin/${what##*/} moreqmail" || say "$what is left over from another version"
  done
}

differences=$(
  echo "$list" | while read -r kind mode path from
  do
    look "$home/${path#.}"
    [ $kind != l ] || answer
  done
  left_over
)
if [ -n "$differences" ]
then
  echo "$differences"
  exit 1
fi
echo "instcheck: $home is as it should be"
