import t from 'tap'
import { FINDINGS } from '../src/finding.ts'
import { readSignature } from '../src/signature.ts'
import { field } from './lib/bytes.ts'

const NOW = 1_800_000_000
const TAGS = {
  v: '1',
  a: 'rsa-sha256',
  d: 'example.com',
  s: 'sel',
  h: 'from:to',
  bh: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  b: 'AAAA',
}

function read(changes: Readonly<Record<string, string | undefined>>) {
  const tags = Object.entries({ ...TAGS, ...changes }).filter(([, value]) => value !== undefined)
  return readSignature(field(`DKIM-Signature: ${tags.map(([name, value]) => `${name}=${value}`).join('; ')}`), NOW)
    .outcome
}

t.test('good ones', async (t) => {
  const plain = read({})
  if ('result' in plain) throw new Error(plain.reason)
  t.same(
    [plain.type, plain.headerForm, plain.bodyForm, plain.keyName],
    ['rsa', 'simple', 'simple', 'sel._domainkey.example.com'],
  )
  t.same(
    [plain.names, plain.bodyLength, plain.identityDomain],
    [['from', 'to'], Number.POSITIVE_INFINITY, 'example.com'],
  )
  for (const [changes, wanted] of [
    [{ c: 'relaxed' }, { headerForm: 'relaxed', bodyForm: 'simple' }],
    [{ c: 'Relaxed/RELAXED' }, { headerForm: 'relaxed', bodyForm: 'relaxed' }],
    [{ c: 'simple/relaxed' }, { headerForm: 'simple', bodyForm: 'relaxed' }],
    [{ a: 'Ed25519-SHA256' }, { type: 'ed25519' }],
    [
      { d: 'EXAMPLE.com', s: 'A.b' },
      { domain: 'example.com', keyName: 'a.b._domainkey.example.com' },
    ],
    [{ i: '@sub.EXAMPLE.com' }, { identityDomain: 'sub.example.com' }],
    [{ i: '"a@b"@example.com' }, { identityDomain: 'example.com' }],
    [{ l: '0' }, { bodyLength: 0 }],
    [{ h: ' FROM :\n\tSubject' }, { names: ['from', 'subject'] }],
    [{ q: 'x/y:DNS/TXT' }, {}],
    [{ t: String(NOW + 3600), x: String(NOW + 3600) }, {}],
    [{ x: String(NOW) }, {}],
    [{ x: '9'.repeat(76) }, {}],
    [{ zz: '1' }, {}],
    [{ s: 'a'.repeat(63) }, {}],
  ] as const) {
    const found = read(changes)
    t.match(found, wanted, JSON.stringify(changes))
    t.notOk('result' in found, JSON.stringify(changes))
  }
})

t.test('bad ones', async (t) => {
  const long = Array<string>(5).fill('a'.repeat(50)).join('.')
  for (const [changes, wanted] of [
    [{ v: undefined }, 'version'],
    [{ v: '2' }, 'version'],
    [{ v: undefined, a: undefined }, 'version'],
    ...['a', 'b', 'bh', 'd', 'h', 's'].map((name) => [{ [name]: undefined }, 'syntax'] as const),
    [{ b: '' }, 'syntax'],
    [{ b: 'A$' }, 'syntax'],
    [{ bh: 'A' }, 'syntax'],
    [{ d: 'com' }, 'syntax'],
    [{ d: 'a..com' }, 'syntax'],
    [{ d: '.a.com' }, 'syntax'],
    [{ d: 'a.com.' }, 'syntax'],
    [{ d: 'a b.com' }, 'syntax'],
    [{ d: '' }, 'syntax'],
    [{ s: '' }, 'syntax'],
    [{ s: 'a.' }, 'syntax'],
    [{ s: '*' }, 'syntax'],
    [{ c: '' }, 'syntax'],
    [{ c: 'relaxed/' }, 'syntax'],
    [{ c: 'relaxed/strict' }, 'syntax'],
    [{ c: 'nofws' }, 'syntax'],
    [{ c: 'simple/simple/simple' }, 'syntax'],
    [{ l: '' }, 'syntax'],
    [{ l: '-1' }, 'syntax'],
    [{ l: '9'.repeat(77) }, 'syntax'],
    [{ t: 'now' }, 'syntax'],
    [{ x: '1.5' }, 'syntax'],
    [{ a: 'rsa-sha1' }, 'sha1'],
    [{ a: 'rsa-sha512' }, 'algorithm'],
    [{ a: '' }, 'algorithm'],
    [{ q: 'http' }, 'query'],
    [{ q: '' }, 'query'],
    [{ h: 'to' }, 'fromNotSigned'],
    [{ h: '' }, 'fromNotSigned'],
    [{ i: '@example.org' }, 'identity'],
    [{ i: '@badexample.com' }, 'identity'],
    [{ i: 'example.com' }, 'identity'],
    [{ i: '' }, 'identity'],
    [{ i: '@com' }, 'identity'],
    [{ t: String(NOW + 3601) }, 'future'],
    [{ x: String(NOW - 1) }, 'expired'],
    [{ t: String(NOW + 100), x: String(NOW + 99) }, 'expired'],
    [{ s: 'a'.repeat(64) }, 'longName'],
    [{ d: `${long}.example` }, 'longName'],
  ] as const)
    t.equal(read(changes), FINDINGS[wanted], JSON.stringify(changes))
  t.equal(readSignature(field('DKIM-Signature: hello world'), NOW).outcome, FINDINGS.syntax)
  t.equal(readSignature(field('DKIM-Signature:'), NOW).outcome, FINDINGS.syntax)
})
