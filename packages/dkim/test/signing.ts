import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { authorDomain, domainOf } from '../src/author.ts'
import { BodyHashes } from '../src/body-hash.ts'
import type { Canonicalization } from '../src/canonical.ts'
import { publishedKey } from '../src/crypto.ts'
import { fieldsOf } from '../src/header.ts'
import { encodeBase64, readPrivateKey } from '../src/keys.ts'
import { zoneRecord } from '../src/publishing.ts'
import { signOptions } from '../src/sign-options.ts'
import { faultOf, namesToSign, type Signer, signatureField } from '../src/signing.ts'
import { b, pieces, verdictsOn } from './lib/bytes.ts'

const KEYS = [generateKeyPairSync('rsa', { modulusLength: 1024 }), generateKeyPairSync('ed25519')].map(
  ({ privateKey }) => readPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())!,
)
const NOW = 1_800_000_000
const HEADER =
  'Received: x\nFrom: Joe\n\t<joe@example.com>\nX-Other: y\nTo: a@b\nto : c@d\nSubject:  many   blanks \nList-Id: <l>\n'
const BODIES = [
  '',
  '\n',
  'one line\n',
  'no end',
  ' a  b \t\n\n c\n\n\n',
  '8-bit \xe4\xf6\0\n.\n..dots\n',
  `${'x'.repeat(300_000)}\n`,
]

function options(words: string) {
  return signOptions((name) => (name === 'O' ? words : undefined), 'O')!
}

async function sign(header: string, body: string, signer: Signer): Promise<string> {
  const hashes = new BodyHashes('\n')
  hashes.want(signer.options.bodyForm)
  for (const piece of pieces(body, 1000)) hashes.take(piece)
  hashes.end()
  return (await signatureField(fieldsOf(header, '\n'), hashes, signer, NOW)) ?? 'none'
}

t.test('what is signed can be verified', async (t) => {
  for (const key of KEYS) {
    const record = `v=DKIM1; k=${key.type}; p=${encodeBase64((await publishedKey(key))!)}`
    for (const form of ['r', 's', 't', 'u'])
      for (const body of BODIES) {
        const words = `-c ${form} -i @sub.example.com -x 60 -q`
        const signer = { key, domain: 'example.com', selector: 'sel', options: options(words) }
        const field = await sign(HEADER, body, signer)
        const check = async (message: string) =>
          (await verdictsOn(message, () => [[record]], { now: NOW }))[0]?.finding.reason
        const name = `${key.type} ${form} ${JSON.stringify(body.slice(0, 20))}`
        t.equal(await check(`${field}${HEADER}\n${body}`), '', name)
        const again = await sign(HEADER, body, signer)
        t.equal(await check(`${again}${HEADER}Received: z\n\n${body}`), '', 'a field that is not signed is added')
        t.equal(
          await check(`${field}Subject: b\n${HEADER}\n${body}`),
          'bad signature',
          'one that is oversigned is added',
        )
        t.equal(await check(`${field}${HEADER.replace('Joe', 'Job')}\n${body}`), 'bad signature')
        t.equal(await check(`${field}${HEADER}\nx${body}`), 'body hash mismatch')
      }
  }
})

t.test('form', async (t) => {
  for (const key of KEYS) {
    const field = await sign(HEADER, 'x', { key, domain: 'example.com', selector: 's', options: options('-x 60') })
    t.ok(field.endsWith('\n') && !field.endsWith('\n\n'))
    for (const line of field.trimEnd().split('\n')) t.ok(line.replace('\t', ' '.repeat(8)).length < 79, line)
    t.match(field, /^DKIM-Signature: v=1; a=(rsa|ed25519)-sha256; c=relaxed\/relaxed; d=example\.com;\s+s=s;/)
    t.match(field, /[ \t]t=1800000000; x=1800000060;\s+h=from:from:reply-to:/)
    t.notMatch(field, /[;\s][lzq]=/)
  }
  const key = KEYS[1]!
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`
  const field = await sign(HEADER, '', { key, domain: long, selector: 's', options: options('-q -i joe@example.com') })
  t.ok(field.includes(` d=${long};`) || field.includes(`\td=${long};`))
  t.match(field, /\bi=joe@example\.com;\s+t=1800000000;\s+q=dns\/txt;\s+h=/)
})

t.test('names', async (t) => {
  const fields = fieldsOf('To: a\nX: y\nTO: b\nFrom: c\nComments: d\nBcc: e\nAutocrypt: f\nReferences: g\n', '\n')
  t.equal(
    namesToSign(fields, []).join(':'),
    'from:from:reply-to:subject:date:message-id:to:to:to:cc:mime-version:content-type:content-transfer-encoding:references:autocrypt',
  )
  t.equal(
    namesToSign(fields, ['from', 'to', 'content-type', 'mime-version', 'cc', 'autocrypt']).join(':'),
    'from:from:reply-to:subject:date:message-id:content-transfer-encoding:references',
  )
})

t.test('faults', async (t) => {
  const key = KEYS[1]!
  const fault = (domain: string, selector: string, words = '') =>
    faultOf({ key, domain, selector, options: options(words) })
  t.equal(fault('example.com', 's'), undefined)
  t.equal(fault('example.com', 's1.pem', '-i x@a.EXAMPLE.com'), undefined)
  t.match(fault('example.com', 's', '-i @example.org'), /^identity @example\.org is not in domain example\.com$/)
  t.ok(fault('example.com', 's', '-i example.com'))
  t.ok(fault('example.com', 's', '-i a;b@example.com'))
  t.ok(fault('com', 's'))
  t.ok(fault('example.com', 'a b'))
})

t.test('options', async (t) => {
  const read = (env: Record<string, string>) => signOptions((name) => env[name], 'O')
  const forms = (found: ReturnType<typeof read>): readonly (Canonicalization | undefined)[] => [
    found?.headerForm,
    found?.bodyForm,
  ]
  t.same(forms(read({})), ['relaxed', 'relaxed'])
  t.same(forms(read({ O: '-c s' })), ['simple', 'simple'])
  t.same(forms(read({ O: '-ct' })), ['relaxed', 'simple'])
  t.same(forms(read({ O: ' -c  u\t' })), ['simple', 'relaxed'])
  t.match(read({ O: '-b 1 -z 3 -z1 -lhtq -d a.b -i @a.b -x 3600 -y sel -s key' }), {
    ...{ domain: 'a.b', identity: '@a.b', seconds: 3600, selector: 'sel', keyFile: 'key', query: true },
  })
  t.match(read({ O: '-x 5 -i a', DKIMEXPIRE: '7', DKIMIDENTITY: 'b' }), { seconds: 7, identity: 'b' })
  for (const none of ['-x -', '-x 0', '']) t.equal(read({ O: none })?.seconds, 0, none)
  t.same(read({ EXCLUDE_DKIMSIGN: 'To: Subject:' })?.excluded, ['to', 'subject', ''])
  for (const bad of ['-k', '-c', '-c x', '-c constructor', '-x soon', 'word', '-q word', '--', '-x -5'])
    t.equal(bad === '--' ? undefined : read({ O: bad }), undefined, bad)
  t.equal(read({ DKIMEXPIRE: 'x' }), undefined)
})

t.test('authors', async (t) => {
  for (const [header, domain] of [
    ['From: joe@Example.COM\n', 'example.com'],
    ['From: "a@evil.example" <joe@example.com>\n', 'example.com'],
    ['From: Joe (a@evil.example) <joe@example.com> (x)\n', 'example.com'],
    ['From: Joe\n <joe\n @example.com>\n', 'example.com'],
    ['From: "a@b" @example.com\n', 'example.com'],
    ['From: "x\\"@y"@example.com\n', 'example.com'],
    ['From: a@first.example, b@second.example\n', 'first.example'],
    ['From: list: a@first.example, b@second.example;\n', 'first.example'],
    ['From: a@first.example\nFrom: b@second.example\n', 'first.example'],
    ['from : joe@example.com', 'example.com'],
    ['From: joe\n', undefined],
    ['From: joe@localhost\n', undefined],
    ['From: joe@[192.0.2.1]\n', undefined],
    ['From: joe@a/../b.example\n', undefined],
    ['From: joe@..\n', undefined],
    ['From: joe@.example.com\n', undefined],
    ['From: joe@ex\xe4mple.com\n', undefined],
    ['From: joe@a\0.example\n', undefined],
    ['From:\n', undefined],
    [`From: joe@${'a'.repeat(245)}.example\n`, `${'a'.repeat(245)}.example`],
    [`From: joe@${'a'.repeat(246)}.example\n`, undefined],
    ['From: list:;\n', undefined],
    ['To: joe@example.com\n', undefined],
    ['', undefined],
  ] as const)
    t.equal(authorDomain(fieldsOf(header, '\n')), domain, JSON.stringify(header))
  t.equal(domainOf('a@b@Example.com'), 'example.com')
  t.equal(domainOf('example.com'), undefined)
  const began = Date.now()
  authorDomain(fieldsOf(`From: ${'a@b, '.repeat(200_000)}c@d.example\n`, '\n'))
  t.ok(Date.now() - began < 3000, 'a million bytes of addresses')
})

t.test('records', async (t) => {
  t.equal(
    zoneRecord('S', 'Example.com', 'ed25519', b('\0'.repeat(32))),
    `s._domainkey.example.com. IN TXT "v=DKIM1; k=ed25519; p=${'A'.repeat(43)}="\n`,
  )
  const long = zoneRecord('s', 'example.com', 'rsa', new Uint8Array(500))
  const strings = [...long.matchAll(/"([^"]*)"/g)].map(([, text]) => text ?? '')
  t.ok(strings.length > 1 && strings.every((text) => text.length <= 255))
  t.equal(strings.join(''), `v=DKIM1; k=rsa; p=${Buffer.alloc(500).toString('base64')}`)
})
