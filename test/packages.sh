#!/bin/sh
# Installs the Debian packages whose programs the tests use, where that can be done; names those it could not install.
# Without them the tests that need them are skipped, by name.
packages='ucspi-tcp daemontools s6 tinycdb swaks libnet-ssleay-perl postfix mandoc python3 openssl unbound nsd ldnsutils curl msmtp fetchmail opendkim opendkim-tools python3-dkim python3-spf libmail-srs-perl'
missing=
for package in $packages
do
  dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
then
  export DEBIAN_FRONTEND=noninteractive
  # A program that serves the network is not to start because it is installed.
  policy=/usr/sbin/policy-rc.d
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && made=1; }
  apt-get update -qq >/dev/null 2>&1
  for package in $missing
  do
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || echo "packages: could not install $package"
  done
  [ -z "${made-}" ] || rm -f $policy
else
  echo "packages: not installed:$missing"
fi
exit 0
