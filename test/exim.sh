#!/bin/sh
# Makes Debian's Exim ready in build/exim, to be run from there: it can't be installed beside Postfix. Prints nothing if it
# is there, else why it isn't.
set -e
dir=build/exim
[ ! -x $dir/usr/sbin/exim4 ] || exit 0
for tool in apt-get dpkg
do
  command -v $tool >/dev/null 2>&1 || { echo "no $tool to fetch exim4-daemon-light with"; exit 0; }
done
mkdir -p $dir
cd $dir
# Not worth waiting for where there is no network.
timeout 60 apt-get -qq -o Acquire::http::Timeout=10 -o Acquire::Retries=0 download exim4-daemon-light >/dev/null 2>&1 ||
  { echo 'exim4-daemon-light can not be fetched'; exit 0; }
dpkg -x exim4-daemon-light_*.deb .
missing=$(ldd usr/sbin/exim4 | sed -n 's/^[[:space:]]*\(.*\) => not found/\1/p')
[ -z "$missing" ] || { rm usr/sbin/exim4; echo "exim4 needs" $missing; }
