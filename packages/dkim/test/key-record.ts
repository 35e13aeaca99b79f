import t from 'tap'
import { FINDINGS } from '../src/finding.ts'
import { findKey, type KeyAnswer } from '../src/key-record.ts'
import { readSignature } from '../src/signature.ts'
import { field } from './lib/bytes.ts'

const ED = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='
const RSA =
  'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB'

function find(answer: KeyAnswer, algorithm = 'rsa-sha256', identity = '@example.com') {
  const text = `DKIM-Signature: v=1; a=${algorithm}; d=example.com; s=s; i=${identity}; h=from; bh=AAAA; b=AAAA`
  const { outcome } = readSignature(field(text), 0)
  if ('result' in outcome) throw new Error(outcome.reason)
  return findKey(outcome, answer)
}

t.test('records that can be used', async (t) => {
  for (const record of [
    `v=DKIM1; k=rsa; p=${RSA}`,
    `p=${RSA}`,
    `p=${RSA};`,
    `k=rsa; p=${RSA}; v=DKIM1`,
    ` v = DKIM1 ;h= sha1 : sha256; s=email:other; t=z ; g=; n=any note;p=${RSA.replace(/.{20}/g, '$& ')}`,
    `v=DKIM1; s=*; x_y=\xfc; p=${RSA}`,
    `k=RSA; p=${RSA}`,
  ])
    t.match(find([[record]]), { key: { type: 'rsa', bits: 1024 }, test: false }, record.slice(0, 40))
  t.match(find([[`v=DKIM1; t=y:s; p=${RSA}`]]), { test: true })
  t.match(find([[`v=DKIM1; k=ed25519; p=${ED}`]], 'ed25519-sha256'), { key: { type: 'ed25519' } })
  const record = `v=DKIM1; p=${RSA}`
  t.match(find([[record.slice(0, 9), '', record.slice(9)]]), { test: false }, 'strings are joined')
  t.match(find([['v=spf1 -all'], ['v=DKIM1'], [record], ['v=DKIM1; p=']]), { test: false }, 'others are passed over')
})

t.test('records that can not', async (t) => {
  const tests: ReadonlyArray<readonly [KeyAnswer, keyof typeof FINDINGS]> = [
    ['temporary', 'dnsFailure'],
    [[], 'noKey'],
    [[[]], 'noKey'],
    [[['v=spf1 -all']], 'noKey'],
    [[['v=DKIM1; k=rsa']], 'noKey'],
    [[['v=DKIM1; p=']], 'revoked'],
    [[['v=DKIM1; k=foo; p= ']], 'revoked'],
    [[['v=DKIM1; p='], [`v=DKIM1; p=${RSA}`]], 'revoked'],
    [[[`v=DKIM2; p=${RSA}`]], 'badKey'],
    [[[`v=dkim1; p=${RSA}`]], 'badKey'],
    [[[`p=${RSA}; v=DKIM2`]], 'badKey'],
    [[[`v=DKIM1; p=${RSA}; p=${RSA}`]], 'badKey'],
    [[[`v=DKIM1;; p=${RSA}`]], 'badKey'],
    [[[`v=DKIM1; p=${RSA.slice(0, -8)}`]], 'badKey'],
    [[['v=DKIM1; p=!!!']], 'badKey'],
    [[['v=DKIM1; p=AAAA']], 'badKey'],
    [[[`v=DKIM1; p=${ED}`]], 'badKey'],
    [[[`v=DKIM1; k=ed25519; p=${ED}`]], 'unfitKey'],
    [[[`v=DKIM1; k=; p=${RSA}`]], 'unfitKey'],
    [[[`v=DKIM1; h=sha1; p=${RSA}`]], 'unfitKey'],
    [[[`v=DKIM1; h=; p=${RSA}`]], 'unfitKey'],
    [[[`v=DKIM1; s=tlsrpt; p=${RSA}`]], 'unfitKey'],
  ]
  for (const [answer, wanted] of tests) t.equal(find(answer), FINDINGS[wanted], JSON.stringify(answer).slice(0, 60))
  t.equal(find([[`t=s; p=${RSA}`]], 'rsa-sha256', '@sub.example.com'), FINDINGS.identity)
  t.equal(find([[`p=${RSA}`]], 'ed25519-sha256'), FINDINGS.unfitKey)
  t.equal(find([[`k=ed25519; p=${RSA}`]], 'ed25519-sha256'), FINDINGS.badKey)
})

t.test('huge and strange answers', async (t) => {
  const began = Date.now()
  t.equal(find([Array<string>(250).fill('x'.repeat(255))]), FINDINGS.noKey)
  t.equal(find([[`p=${'A'.repeat(64_000)}`]]), FINDINGS.badKey)
  t.equal(find([['; '.repeat(30_000)]]), FINDINGS.noKey)
  t.equal(find([[`${' '.repeat(60_000)}p=`]]), FINDINGS.revoked)
  t.equal(find(Array<string[]>(2000).fill(['v=spf1 ', '\0\xff'])), FINDINGS.noKey)
  t.ok(Date.now() - began < 2000)
})
