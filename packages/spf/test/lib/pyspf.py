"""Reads checks as JSON from 0 and writes what pyspf says to each."""
import ipaddress
import json
import sys

import spf

spf.MAX_VOID_LOOKUPS = 2
zone = {}


def lookup(name, qtype, strict=True, timeout=None):
    entry = zone.get(name.lower().rstrip('.'), {})
    return [((name, qtype), value(qtype, datum)) for datum in entry.get(qtype, [])]


def value(qtype, datum):
    if qtype == 'TXT':
        return (datum.encode('latin1'),)
    if qtype == 'AAAA' and not hasattr(spf, 'dns'):
        return ipaddress.ip_address(datum).packed
    return tuple(datum) if qtype == 'MX' else datum


spf.DNSLookup = lookup
answers = []
for check in json.load(sys.stdin):
    zone = check['zone']
    query = spf.query(i=check['ip'], s=check['sender'], h=check['helo'], receiver='me.example', strict=True)
    query.set_default_explanation('DEFAULT')
    result, _, text = query.check()
    answers.append([result, text])
json.dump(answers, sys.stdout)
