/** The three hosts of the demo, and what the name server says of them. */
import { networkInterfaces, platform } from 'node:os'
import type { Zone, ZoneEntry } from '../test/lib/case.ts'
import type { HostPlan } from './host.ts'

/** Alice writes from here. */
export const SHOP = 'shop'
/** Bob's mail comes here, and is forwarded. */
export const CLUB = 'club'
/** Bob reads his mail here. */
export const HOME = 'home'

export const ALICE = 'alice@shop.example'
export const BOB = 'bob@club.example'
/** Where Bob's mail goes from his club. */
export const BOB_AT_HOME = 'bob@home.example'
/** Nobody's. */
export const NOBODY = 'nobody@home.example'

/** Each host has an address of its own where the system lets us: all of 127/8 is loopback on Linux. */
const many =
  platform() === 'linux' &&
  Object.values(networkInterfaces())
    .flat()
    .some((at) => at?.netmask === '255.0.0.0')
const address = (n: number): string => (many ? `127.0.0.${n}` : '127.0.0.1')

/** An address that no SPF record has. */
export const STRANGER: string = address(9)

/** What every host that takes and sends mail has. */
function common(name: string, n: number): Readonly<Record<string, string>> {
  return {
    me: `mx.${name}.example\n`,
    outgoingip: `${address(n)}\n`,
    rcptchecks: 'bin/qmail-rcptcheck-badrcptto\n',
    badrcptto: `nobody@${name}.example\n`,
    smtpplugins: '[mail]\nbin/qmail-spp-spf\n',
    spfbehavior: '3\n',
    tlsstrictness: '2\n',
  }
}

export const PLANS: readonly HostPlan[] = [
  {
    name: SHOP,
    domain: 'shop.example',
    address: address(2),
    maildirs: { [ALICE]: 'alice/Maildir' },
    forwards: {},
    queued: ['shop.example', 'club.example'],
    control: {
      ...common(SHOP, 2),
      rcpthosts: 'shop.example\n',
      locals: 'shop.example\n',
      idhost: 'shop.example\n',
      defaulthost: 'shop.example\n',
      defaultdomain: 'example\n',
      smtpfilters: 'qmail-qfilter-dkimverify\n',
      remotefilters: 'qmail-rfilter-srsforward\nqmail-rfilter-dkimsign\n',
    },
  },
  {
    name: CLUB,
    domain: 'club.example',
    address: address(3),
    maildirs: {},
    forwards: { [BOB]: BOB_AT_HOME },
    queued: ['shop.example', 'club.example', 'srs.club.example'],
    control: {
      ...common(CLUB, 3),
      rcpthosts: 'club.example\nsrs.club.example\n',
      locals: 'club.example\n',
      srs_domain: 'srs.club.example\n',
      smtpfilters: 'qmail-qfilter-dkimverify\nqmail-qfilter-srsreverse\n',
      remotefilters: 'qmail-rfilter-srsforward\nqmail-rfilter-dkimsign\n',
    },
  },
  {
    name: HOME,
    domain: 'home.example',
    address: address(4),
    maildirs: { [BOB_AT_HOME]: 'bob/Maildir' },
    forwards: {},
    queued: ['home.example'],
    control: {
      ...common(HOME, 4),
      rcpthosts: 'home.example\n',
      locals: 'home.example\n',
      smtpfilters: 'qmail-qfilter-dkimverify\n',
    },
  },
]

/** A TXT record as the zone has it: strings of at most 255 bytes. */
function txt(text: string): { TXT: readonly (readonly string[])[] } {
  return { TXT: [text.match(/.{1,255}/g) ?? []] }
}

/** Addresses and SPF records of all hosts, and what else is to be known. */
export function zoneOf(plans: readonly HostPlan[], more: Readonly<Record<string, string>>): Zone {
  const zone: Record<string, ZoneEntry> = {}
  for (const { name, domain, address } of plans) {
    zone[`mx.${domain}`] = { A: [address], ...txt('v=spf1 a -all') }
    zone[domain] = { ...mail(domain), ...txt(`v=spf1 ip4:${address} -all`) }
    if (name === CLUB) zone[`srs.${domain}`] = { ...mail(domain), ...txt(`v=spf1 ip4:${address} -all`) }
  }
  for (const [name, text] of Object.entries(more)) zone[name] = txt(text)
  return zone
}

function mail(domain: string): { MX: ReadonlyArray<readonly [number, string]> } {
  return { MX: [[10, `mx.${domain}`]] }
}
