import t from 'tap'
import { directoryFaults, fileFaults, isOptional, userOf } from '../src/modes.ts'

const qmailr = { name: 'qmailr', uid: 20, gid: 30 }
const root = { name: 'root', uid: 0, gid: 0 }
const mode = (mode: number, uid = 0, gid = 0) => ({ mode: 0o100000 | mode, uid, gid })

t.test('secrets', async (t) => {
  t.same(fileFaults(mode(0o600), true, []), [])
  t.same(fileFaults(mode(0o640), true, []), [])
  t.same(fileFaults(mode(0o644), false, []), [])
  t.same(fileFaults(mode(0o644), true, []), ['everybody can read it, and there is a secret in it'])
  t.same(fileFaults(mode(0o660), true, []), ['its group can change it'])
  t.same(fileFaults(mode(0o664), false, []), [])
  t.same(fileFaults(mode(0o646), false, []), ['everybody can change it'])
})

t.test('who has to read', async (t) => {
  const fault = ["qmailr, as whom qmail-remote runs, can't read it"]
  const one = (m: number, uid = 0, gid = 0) => fileFaults(mode(m, uid, gid), false, [['qmail-remote', qmailr]])
  t.same(one(0o600), fault)
  t.same(one(0o640), fault)
  t.same(one(0o640, 0, 30), [])
  t.same(one(0o600, 20), [])
  t.same(one(0o044, 20), fault, 'the owner is judged as such')
  t.same(one(0o604, 0, 30), fault, 'and so is the group')
  t.same(one(0o644), [])
  t.same(fileFaults(mode(0), false, [['x', root]]), [])
  const twice = [
    ['qmail-remote', qmailr],
    ['qmail-smtpc', qmailr],
  ] as const
  t.same(fileFaults(mode(0o600), false, twice), fault, 'once for each user')
  t.same(fileFaults(mode(0o640), false, [['qmail-ofmipd', undefined]]), [
    'not everybody can read it, as qmail-ofmipd needs',
  ])
})

t.test('directories', async (t) => {
  t.same(directoryFaults(mode(0o755), [qmailr]), [])
  t.same(directoryFaults(mode(0o777), [qmailr]), ['everybody can change what is in it'])
  t.same(directoryFaults(mode(0o750), [qmailr]), ["qmailr can't get at what is in it"])
  t.same(directoryFaults(mode(0o750, 0, 30), [qmailr]), [])
})

t.test('as whom programs run', async (t) => {
  t.equal(userOf('qmail-smtpd'), 'qmaild')
  t.equal(userOf('qmail-rcptcheck-qregex'), 'qmaild')
  t.equal(userOf('qmail-rfilter-srsforward'), 'qmailr')
  t.equal(userOf('qmail-ofmipd'), 'anyone')
  t.equal(userOf('checkpassword'), undefined)
  t.same(['qmail-rcptcheck', 'qmail-remote', 'qmail-smtpd'].filter(isOptional), [])
  t.ok(['qmail-rcptcheck-qregex', 'qmail-spp-spf', 'qmail-qfilter-queue', 'qmail-rfilter-remote'].every(isOptional))
})
