/** What can be found out about a signature, and what the world is told of it (RFC 8601 section 2.7.1). Pure. */

export type Result = 'none' | 'pass' | 'fail' | 'policy' | 'neutral' | 'temperror' | 'permerror'

export interface Finding {
  readonly result: Result
  /** '' if the result says it all. */
  readonly reason: string
  /** By which an administrator names it in DKIMVERIFY. */
  readonly letter: string
}

function finding(result: Result, letter: string, reason = ''): Finding {
  return { result, reason, letter }
}

export const FINDINGS = {
  good: finding('pass', 'A'),
  goodTest: finding('pass', 'A', 'test key'),
  badSignature: finding('fail', 'I', 'bad signature'),
  badTestSignature: finding('fail', 'J', 'bad signature'),
  bodyHash: finding('fail', 'U', 'body hash mismatch'),
  expired: finding('fail', 'K', 'signature expired'),
  future: finding('fail', 'H', 'signature from the future'),
  unsignedContent: finding('policy', 'E', 'unsigned content'),
  version: finding('neutral', 'W', 'unknown version'),
  syntax: finding('neutral', 'H', 'bad signature syntax'),
  algorithm: finding('neutral', 'H', 'unknown algorithm'),
  query: finding('neutral', 'H', 'unknown query method'),
  fromNotSigned: finding('permerror', 'X', 'From not signed'),
  identity: finding('permerror', 'H', 'identity mismatch'),
  sha1: finding('policy', 'V', 'rsa-sha1 is obsolete'),
  shortKey: finding('policy', 'R', 'key too short'),
  noKey: finding('permerror', 'Q', 'no key'),
  dnsFailure: finding('temperror', 'P', 'DNS failure'),
  revoked: finding('permerror', 'N', 'key revoked'),
  badKey: finding('permerror', 'R', 'bad key'),
  unfitKey: finding('permerror', 'V', 'key does not fit'),
  longName: finding('permerror', 'O', 'name too long'),
  unsigned: finding('none', 'S', 'no signature'),
} as const
