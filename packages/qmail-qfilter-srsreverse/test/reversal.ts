import { forward } from '@moreqmail/srs'
import t from 'tap'
import { DAY, NOW, settings } from '../../srs/test/lib/settings.ts'
import { hasSrs, reverseEnvelope } from '../src/reversal.ts'

const own = settings()
const srs = (sender: string, now = NOW) => forward(sender, own, now)
const reverse = (sender: string, recipients: readonly string[], any = false) =>
  reverseEnvelope({ sender, recipients }, own, any, NOW)

const USER = srs('User@example.com')
const OTHER = srs('o@other.example')
const BAD = USER.replace(/=....=/, '=AAAA=')
const OLD = srs('User@example.com', NOW - 22 * DAY)

t.test('bounces', async (t) => {
  for (const sender of ['', '#@[]']) {
    t.same(reverse(sender, [USER]), { sender, recipients: ['User@example.com'] })
    t.same(reverse(sender, [USER.toUpperCase()]), { sender, recipients: ['USER@EXAMPLE.COM'] })
  }
  const mixed = [
    'a@example.org',
    USER,
    OTHER,
    USER,
    'SRS0=x@elsewhere.example',
    'postmaster@srs.example.org',
    'nobody',
    '',
  ]
  t.same(reverse('', mixed), {
    sender: '',
    recipients: [
      'a@example.org',
      'User@example.com',
      'o@other.example',
      'User@example.com',
      'SRS0=x@elsewhere.example',
      'postmaster@srs.example.org',
      'nobody',
      '',
    ],
  })
})

t.test('one bad recipient among many is enough', async (t) => {
  t.same(reverse('', [USER, BAD, OTHER]), { text: 'SRS: Hash invalid in SRS address.', code: '5.1.1' })
  t.same(reverse('', [OLD]), { text: 'SRS: Time stamp out of date.', code: '5.1.1' })
  t.same(reverse('', ['SRS0=@srs.example.org']), { text: 'SRS: No hash in SRS0 address.', code: '5.1.1' })
})

t.test('what is no bounce', async (t) => {
  const refused = { text: 'SRS address only accepts bounces', code: '5.7.1' }
  for (const sender of ['s@x', 'SRS0=x@elsewhere.example', '@', ' ', '<>', '#@[]x', OTHER]) {
    t.same(reverse(sender, ['a@b', USER]), refused, sender)
    t.match(reverse(sender, ['a@b', BAD]), { code: '5.1.1' })
  }
  t.same(reverse('s@x', ['a@b']), { sender: 's@x', recipients: ['a@b'] })
  t.same(reverse('s@x', [USER], true), { sender: 's@x', recipients: ['User@example.com'] })
  t.match(reverse('s@x', [BAD], true), { code: '5.1.1' })
})

t.test('a sender of ours', async (t) => {
  t.same(reverse(USER, ['a@b']), { sender: 'User@example.com', recipients: ['a@b'] })
  for (const sender of [BAD, OLD, 'postmaster@srs.example.org', 'SRS0=@srs.example.org'])
    t.same(reverse(sender, ['a@b']), { sender, recipients: ['a@b'] }, sender)
})

t.test('whether there is anything to do', async (t) => {
  const domain = 'srs.example.org'
  t.ok(hasSrs({ sender: '', recipients: ['a@b', 'srs1+@SRS.example.org'] }, domain))
  t.ok(hasSrs({ sender: 'SRS0=@srs.example.org', recipients: [] }, domain))
  t.notOk(hasSrs({ sender: 'SRS0=@srs.example.com', recipients: ['SRS0@srs.example.org', 'SRS0=x'] }, domain))
})
