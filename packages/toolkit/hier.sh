#!/bin/sh
# Says what an installation consists of: hier.sh BIN, at the top of the sources. BIN has what was built.
#
# One thing a line: its kind, its mode, its path below the home, and what it is made of:
#   h - .                                    the home, which may have been there before
#   d 755 bin                                a directory
#   f 755 bin/moreqmail dist/bin/moreqmail   a copy of a file
#   l - bin/qmail-smtpd moreqmail            a link, and where it leads
bin=$1
names=$("$bin/moreqmail" --list) || exit 1

echo 'h - .'
for directory in bin man man/man5 man/man7 man/man8 moreqmail
do
  echo "d 755 $directory"
done

for file in moreqmail moreqmail.node moreqmail.cjs
do
  [ ! -e "$bin/$file" ] || echo "f 755 bin/$file $bin/$file"
done
for name in $names
do
  echo "l - bin/$name moreqmail"
done

for manual in packages/*/*.[578] doc/*.[578]
do
  [ ! -e "$manual" ] || echo "f 644 man/man${manual##*.}/${manual##*/} $manual"
done
# A program under another name has the manual of the first.
for name in $names
do
  case $name in
    s6-*) first=${name#s6-} ;;
    qmail-newremote) first=qmail-remote ;;
    qmail-ofmipname) first=ofmipname ;;
    *) continue ;;
  esac
  [ ! -e "packages/$first/$first.8" ] || echo "l - man/man8/$name.8 $first.8"
done

find run -type d | sort | sed 's|.*|d 755 moreqmail/&|'
find run -type f | sort | while read -r file
do
  mode=644
  [ ! -x "$file" ] || mode=755
  echo "f $mode moreqmail/$file $file"
done
