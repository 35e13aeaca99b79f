import { readElements } from '@moreqmail/der'
import t from 'tap'
import { fuzz, holds, type Random, same } from '../../../test/lib/fuzz.ts'
import { authorDomain } from '../src/author.ts'
import { FINDINGS } from '../src/finding.ts'
import { fieldsOf, HeaderCollector } from '../src/header.ts'
import { findKey } from '../src/key-record.ts'
import { encodeBase64, readPrivateKey, readPublicKey } from '../src/keys.ts'
import { isResultsOf, resultsField } from '../src/results.ts'
import { readSignature } from '../src/signature.ts'
import { parseTags, withoutSignature } from '../src/tag-list.ts'
import { b, field, s, verdictsOn } from './lib/bytes.ts'

const KNOWN: ReadonlySet<unknown> = new Set(Object.values(FINDINGS))
const TAG_PARTS = [
  ...[
    ';',
    '=',
    ' ',
    '\n\t',
    '\r\n ',
    ':',
    'v=1',
    'a=rsa-sha256',
    'd=example.com',
    's=sel',
    'h=from',
    'bh=AAAA',
    'b=AAAA',
  ],
  ...['; ', '; ', '; ', 'c=relaxed/simple', 'l=5', 't=1', 'x=9999999999', 'i=@example.com', 'q=dns/txt', 'p=', 'k=rsa'],
  ...['v=DKIM1', '\0', '\xff', '"', '(', '_', 'A', '0', 'a=ed25519-sha256', 's=*', 't=y:s'],
]
const GOOD =
  'v=1; a=rsa-sha256; d=example.com; s=sel; h=from:to; bh=AAAA; b=AAAA; c=relaxed/relaxed; i=@example.com; t=5'

/** A text with some bytes changed, taken out or put in. */
function damaged(random: Random, text: string): string {
  let changed = text
  for (let n = random.int(4); n > 0; n--) {
    const at = random.int(changed.length + 1)
    const more = random.once(2) ? random.pick(TAG_PARTS) : String.fromCharCode(random.int(256))
    changed = changed.slice(0, at) + (random.once(3) ? '' : more) + changed.slice(at + random.int(3))
  }
  return changed
}

t.test('tag lists and signatures', async (t) => {
  const seen = new Set<unknown>()
  await fuzz(t, 20_000, (random) => {
    const text = random.once(2) ? damaged(random, GOOD) : random.join(TAG_PARTS, 40)
    const { tags, sound } = parseTags(text)
    for (const [name, value] of tags) {
      holds(/^[A-Za-z][A-Za-z0-9_]*$/.test(name), 'a name', text)
      holds(text.includes(value) && !value.includes(';'), 'a value', text)
    }
    if (sound)
      same([...parseTags([...tags].map((tag) => tag.join('=')).join(';')).tags], [...tags], 'written again', text)
    holds(withoutSignature(text).length <= text.length, 'no longer', text)
    const { outcome } = readSignature(field(`DKIM-Signature:${text.replace(/\r?\n(?![ \t])/g, ' ')}`), 1000)
    if ('result' in outcome) {
      holds(KNOWN.has(outcome), 'a finding', text)
      seen.add(outcome.reason)
      return
    }
    seen.add('good')
    holds(outcome.names.includes('from') && outcome.keyName.length <= 253, 'a signature', text)
    const record = random.once(2)
      ? damaged(random, `v=DKIM1; k=rsa; t=s; p=${'A'.repeat(20)}`)
      : random.join(TAG_PARTS, 20)
    const key = findKey(outcome, [random.cut(record)])
    holds('result' in key ? KNOWN.has(key) : key.key.bits >= 256, 'a key', record)
  })
  t.ok(seen.has('good') && seen.size > 6, [...seen].join(', '))
})

t.test('headers', async (t) => {
  const parts = [
    '\n',
    '\r\n',
    '\r',
    ' ',
    '\t',
    ':',
    'A',
    'From: a@b.example',
    'To: x\n y',
    '\n\n',
    '\0',
    '\xff',
    'DKIM-Signature:',
  ]
  await fuzz(t, 20_000, (random) => {
    const text = random.join(parts, 40)
    const whole = new HeaderCollector(1e6)
    whole.add(b(text))
    whole.finish()
    same(whole.header + text.slice(whole.length), text, 'nothing is lost', text)
    const fields = fieldsOf(whole.header, whole.lineEnd)
    same(
      fields.map(({ from, to }) => whole.header.slice(from, to)).join(''),
      whole.header,
      'the fields are the header',
      text,
    )
    holds(text.endsWith(s(whole.body)), 'the body ends the message', text)
    const cut = new HeaderCollector(1e6)
    for (const piece of random.cut(text)) {
      if (cut.state === 'open') cut.add(b(piece))
    }
    cut.finish()
    same([cut.header, cut.lineEnd], [whole.header, whole.lineEnd], 'cut anyhow', text)
    const domain = authorDomain(fields)
    holds(domain === undefined || /^[a-z0-9_.-]+$/.test(domain), 'a domain', text)
    for (const one of fields) isResultsOf(one, 'x')
  })
})

t.test('results', async (t) => {
  await fuzz(t, 10_000, (random) => {
    const text = random.join(TAG_PARTS, 30)
    const written = resultsField('mx', [{ finding: FINDINGS.good, tags: parseTags(text).tags }])
    const lines = written.split('\n')
    holds(lines.length === 3 && /^\tdkim=pass[ -~]*$/.test(lines[1] ?? '') && lines[2] === '', 'one line', text)
    holds((lines[1] ?? '').length < 1500, 'short', text)
    // What is outside of quotes can neither end the result nor begin a comment.
    holds(!/[;()]/.test((lines[1] ?? '').replace(/"(?:\\.|[^"\\])*"/g, '')), 'nothing of its own', text)
  })
})

t.test('keys', async (t) => {
  const rsa = Buffer.from(
    'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB',
    'base64',
  ).toString('latin1')
  await fuzz(t, 20_000, (random) => {
    const data = b(damaged(random, rsa))
    const key = readPublicKey('rsa', data)
    holds(key === undefined || (key.bits <= 16384 && readElements(key.bytes)?.length === 1), 'a key', s(data))
    readPrivateKey(
      damaged(random, `-----BEGIN RSA PRIVATE KEY-----\n${encodeBase64(data)}\n-----END RSA PRIVATE KEY-----\n`),
    )
    readElements(data)
  })
})

t.test('whole messages', async (t) => {
  const parts = [
    `DKIM-Signature: ${GOOD}\n`,
    'From: joe@example.com\n',
    '\n',
    'body\n',
    '\r\n',
    ' ',
    'DKIM-Signature: b=\n',
    '\0',
  ]
  await fuzz(t, 500, async (random) => {
    const text = random.join(parts, 30)
    const answers = ['', 'v=DKIM1; p=', 'p=AAAA', GOOD].map((record) => [[record]])
    const verdicts = await verdictsOn(text, () => random.pick([...answers, 'temporary' as const]))
    holds(verdicts.length <= 10 && verdicts.every(({ finding }) => finding.result !== 'pass'), 'never good', text)
  })
})
