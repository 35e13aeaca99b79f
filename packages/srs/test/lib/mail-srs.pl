# Answers each line of input `NOW TAB OP TAB SECRET TAB DOMAIN TAB SEPARATOR TAB LENGTH TAB ADDRESS` by what Mail::SRS
# makes of it: the address, or ERROR.
use strict;
use warnings;
our $now;
BEGIN { *CORE::GLOBAL::time = sub { $now } }
use Mail::SRS;
binmode STDIN;
binmode STDOUT;
while (<STDIN>) {
  chomp;
  my ($time, $op, $secret, $domain, $separator, $length, $address) = split /\t/, $_, 7;
  $now = $time;
  my $srs = Mail::SRS->new(Secret => [$secret], Separator => $separator, HashLength => $length, MaxAge => 21);
  my $answer = eval { $op eq 'forward' ? $srs->forward($address, $domain) : $srs->reverse($address) };
  print defined $answer ? $answer : 'ERROR', "\n";
}
