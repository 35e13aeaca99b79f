import t from 'tap'
import { fuzz, holds, Random, same } from '../../../test/lib/fuzz.ts'
import { forward, isSrs, reverse, sameDomain, splitAddress } from '../src/address.ts'
import { fullHash } from '../src/hash.ts'
import { stampOf } from '../src/stamp.ts'
import { DAY, NOW, settings } from './lib/settings.ts'

const local = (address: string) => address.slice(0, address.lastIndexOf('@'))
const usual = settings()

t.test('three forwarders deep, and back', async (t) => {
  const [one, two, three] = ['one.example', 'two.example', 'three.example'].map((domain, i) =>
    settings({ domain, secrets: [`secret ${i}`], separator: (['=', '+', '-'] as const)[i] ?? '=' }),
  ) as [typeof usual, typeof usual, typeof usual]
  const first = forward('u=x+y@example.com', one, NOW)
  t.match(first, /^SRS0=[A-Za-z0-9+/]{4}=54=example\.com=u=x\+y@one\.example$/)
  const second = forward(first, two, NOW + DAY)
  t.match(second, /^SRS1\+[A-Za-z0-9+/]{4}=one\.example==[A-Za-z0-9+/]{4}=54=example\.com=u=x\+y@two\.example$/)
  const third = forward(second, three, NOW + 2 * DAY)
  t.match(third, /^SRS1-[A-Za-z0-9+/]{4}=one\.example==[A-Za-z0-9+/]{4}=54=example\.com=u=x\+y@three\.example$/)
  t.equal(third.length, second.length + 2, 'it does not grow any more')

  t.same(reverse(local(third), three, NOW + 3 * DAY), { address: first }, 'past the second one')
  t.same(reverse(local(second), two, NOW + 3 * DAY), { address: first })
  t.same(reverse(local(first), one, NOW + 4 * DAY), { address: 'u=x+y@example.com' })
  t.same(reverse(local(first), one, NOW + 22 * DAY), { error: 'SRS: Time stamp out of date.' })
  t.match(reverse(local(third), two, NOW), { error: /Hash invalid/ }, 'nobody else believes it')
  for (const end of ['1', '0']) t.notMatch(reverse(`SRS${end}${local(third).slice(4)}`, two, NOW), { address: /./ })
})

t.test('senders that stay as they are', async (t) => {
  for (const address of [
    '',
    'user',
    '@example.com',
    'user@',
    '@',
    'SRS1=a@x',
    'SRS1=a=b@x',
    'SRS1=a==b@x',
    'SRS1=a=b=@x',
  ])
    t.equal(forward(address, usual, NOW), address)
  t.match(forward('SRS1==b=c@x', usual, NOW), /^SRS1=....=b=c@srs/, 'the old hash does not matter')
})

t.test('which local parts are SRS', async (t) => {
  for (const yes of ['SRS0=', 'SRS1=', 'srs0-x', 'sRs1+=', 'SRS0=\n']) t.ok(isSrs(yes), yes)
  for (const no of ['', 'SRS', 'SRS0', 'SRS2=x', 'SRS01=', 'SRS0_x', 'xSRS0=', ' SRS0=', 'SRS0 ='])
    t.notOk(isSrs(no), no)
})

t.test('every error', async (t) => {
  const hash = (...parts: string[]) => fullHash('tops3cret', parts).slice(0, 4)
  const day = stampOf(NOW)
  const errors: ReadonlyArray<readonly [string, string]> = [
    ['user', 'Not an SRS address.'],
    ['SRS0=', 'No hash in SRS0 address.'],
    ['SRS0==', 'No hash in SRS0 address.'],
    ['SRS0==AB=h=u', 'No hash in SRS0 address.'],
    ['SRS0=abcd', 'No timestamp in SRS0 address.'],
    ['SRS0=abcd==h=u', 'No timestamp in SRS0 address.'],
    ['SRS0=abcd=AB', 'No host in SRS0 address.'],
    ['SRS0=abcd=AB==u', 'No host in SRS0 address.'],
    ['SRS0=abcd=AB=h', 'No user in SRS0 address.'],
    ['SRS0=abcd=AB=h=', 'No user in SRS0 address.'],
    ['SRS0=abcd=A1=h=u', 'Bad base32 character in timestamp.'],
    ['SRS0=abcd=A=h=u', 'Bad base32 character in timestamp.'],
    ['SRS0=abcd=ABC=h=u', 'Bad base32 character in timestamp.'],
    ['SRS0=abc=AB=h=u', 'Hash too short in SRS address.'],
    ['SRS0=abcd=AB=h=u', 'Hash invalid in SRS address.'],
    [`SRS0=${hash('ZZ', 'h', 'u')}=ZZ=h=u`, 'Time stamp out of date.'],
    [`SRS0=${hash(stampOf(NOW + DAY), 'h', 'u')}=${stampOf(NOW + DAY)}=h=u`, 'Time stamp out of date.'],
    ['SRS1=', 'No hash in SRS1 address.'],
    ['SRS1=abcd', 'No host in SRS1 address.'],
    ['SRS1=abcd==u', 'No host in SRS1 address.'],
    ['SRS1=abcd=h', 'No user in SRS1 address.'],
    ['SRS1=abcd=h=', 'No user in SRS1 address.'],
    ['SRS1=a=h=u', 'Hash too short in SRS address.'],
    ['SRS1=abcd=h=u', 'Hash invalid in SRS address.'],
  ]
  for (const [text, error] of errors) t.same(reverse(text, usual, NOW), { error: `SRS: ${error}` }, text)
  t.same(reverse(`SRS0=${hash(day, 'h', 'u')}=${day}=h=u`, usual, NOW), { address: 'u@h' }, 'and none')
})

t.test('nothing implausible comes out, however well it is signed', async (t) => {
  const day = stampOf(NOW)
  const sign = (tag: string, ...parts: string[]) =>
    `${tag}=${[fullHash('tops3cret', parts).slice(0, 4), ...parts].join('=')}`
  for (const host of ['a@b', 'a b', 'a\tb', 'a\nb', 'a\0b', 'a\x7f', '@']) {
    t.same(reverse(sign('SRS0', day, host, 'u'), usual, NOW), { error: 'SRS: No host in SRS0 address.' })
    t.same(reverse(sign('SRS1', host, '=u'), usual, NOW), { error: 'SRS: No host in SRS1 address.' })
  }
  for (const user of ['a\nb', 'a\0b', '\n']) {
    t.same(reverse(sign('SRS0', day, 'h', user), usual, NOW), { error: 'SRS: No user in SRS0 address.' })
    t.same(reverse(sign('SRS1', 'h', user), usual, NOW), { error: 'SRS: No user in SRS1 address.' })
  }
  t.same(reverse(sign('SRS0', day, 'h', 'a@b c'), usual, NOW), { address: 'a@b c@h' }, 'a user may hold a lot')
})

t.test('one character changed', async (t) => {
  const long = settings({ hashLength: 27 })
  const good = local(forward('User@Example.com', long, NOW))
  t.same(reverse(good, long, NOW), { address: 'User@Example.com' })
  for (let i = 0; i < good.length; i++) {
    const found = reverse(`${good.slice(0, i)}7${good.slice(i + 1)}`, long, NOW)
    if (good[i] === '7') continue
    if (!('error' in found)) t.fail(`${i} changed: ${found.address}`)
    if (i > 4) t.ok('error' in reverse(good.slice(0, i), long, NOW), `the first ${i}`)
  }
})

t.test('very long ones', async (t) => {
  const text = 'x'.repeat(1_000_000)
  t.same(reverse(local(forward(`${text}@example.com`, usual, NOW)), usual, NOW), { address: `${text}@example.com` })
  for (const one of [`SRS0=${text}`, `SRS1=${'='.repeat(1_000_000)}`, `SRS0=${'=A'.repeat(500_000)}`, `SRS${text}`])
    t.ok('error' in reverse(one, usual, NOW))
})

t.test('splitting and comparing', async (t) => {
  t.same(splitAddress('a@b@c'), ['a@b', 'c'])
  t.same(splitAddress('@'), ['', ''])
  t.equal(splitAddress('a'), undefined)
  t.ok(sameDomain('A.example', 'a.EXAMPLE'))
  t.notOk(sameDomain('\xc4.example', '\xe4.example'), 'only ASCII has no case')
})

const PIECES = [
  'SRS0',
  'SRS1',
  'srs0',
  '=',
  '=',
  '==',
  '-',
  '+',
  '@',
  'AB',
  '54',
  'abcd',
  'host.example',
  'user',
  '\0',
  '\n',
]
const ODD = [...PIECES, ' ', '"', '\xff', '\x80', '.', '#@[]', 'SRS', '0', '1', '/', 'zz', '']

t.test('anything at all', (t) =>
  fuzz(t, 5000, (random) => {
    const text = random.join(ODD, 20)
    const found = reverse(text, usual, NOW)
    holds('error' in found && /^SRS: [ -~]+\.$/.test(found.error), 'no secret, no address', text)
    const sender = `${text}@${random.pick(['h.example', 'a.b', '[1.2.3.4]', ''])}`
    const sent = forward(sender, usual, NOW)
    holds(sent === sender || /^SRS[01]=/.test(sent), 'changed, or not', sender)
  }),
)

t.test('there and back again', (t) =>
  fuzz(t, 2000, (random) => {
    const user = random.join(PIECES.slice(0, 14), 6).replace(/[\0\n]/g, '') || 'u'
    const host = random.pick(['example.com', 'a', '[192.0.2.1]', 'X.Example'])
    const sender = `${user}@${host}`
    const own = settings({
      hashLength: 1 + random.int(27),
      separator: random.pick(['=', '+', '-'] as const),
      secrets: ['now', 'before'],
      maxAge: 1 + random.int(40),
    })
    const then = NOW + random.int(5000) * DAY + random.int(DAY)
    const sent = forward(sender, own, then)
    if (sent === sender) return holds(/^SRS1/i.test(user), 'only a bad SRS1 stays', sender)
    const later = then + random.int(own.maxAge) * DAY
    const shifted = random.once(2) ? local(sent) : local(sent).toUpperCase()
    const back = reverse(shifted, random.once(2) ? own : { ...own, secrets: ['next', 'now'] }, later)
    // Of one that is already rewritten the first forwarder alone knows the way.
    if (isSrs(user)) return holds('address' in back && back.address.startsWith('SRS0'), 'leads back', sender)
    same('address' in back && back.address.toUpperCase(), sender.toUpperCase(), 'the sender', sender)
  }),
)

t.test('a guess is as good as the hash is long', async (t) => {
  const random = new Random(7)
  const short = settings({ hashLength: 1 })
  let right = 0
  for (let i = 0; i < 4000; i++)
    if ('address' in reverse(`SRS0=${random.pick([...'abcdefghij0123456789+/'])}=${stampOf(NOW)}=h=u${i}`, short, NOW))
      right++
  t.ok(right > 40 && right < 200, `${right} of 4000`)
})
