import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cdb } from '../../../test/lib/cdb.ts'
import { BIN, makeHome, WAYS } from '../../qmail-remote/test/lib/remote.ts'

const FILES = {
  'control/srs_domain': 'srs.example\n',
  'control/srs_secrets': 'new\nold\n',
  'control/rcpthosts': 'mx.example\n',
}

/** Runs it with an envelope on 3: what it writes on 4, on 2, and its exit code. */
function forward(home: string, envelope: string, env: Readonly<Record<string, string>> = {}, rest = '') {
  writeFileSync(join(home, 'in'), envelope, 'latin1')
  const script = `cd / && exec "$1" anything 3<"$QMAILHOME/in" 4>&1 1>"$QMAILHOME/out" ${rest}`
  const run = spawnSync('/bin/sh', ['-c', script, 'sh', join(BIN, 'qmail-rfilter-srsforward')], {
    env: { PATH: '/usr/bin:/bin', QMAILHOME: home, ...env },
    timeout: 20_000,
  })
  return [run.stdout.toString('latin1'), run.stderr.toString('latin1'), run.status]
}

const UNCHANGED = ['', '', 0]
const failure = (text: string) => ['', `qmail-rfilter-srsforward: ${text} (#4.3.0)\n`, 111]

for (const env of WAYS)
  t.test(`forwarding${Object.keys(env).length > 0 ? ', new images' : ''}`, async (t) => {
    const home = makeHome(t, FILES)
    const [envelope, log, code] = forward(home, 'Fu@example.com\0Tr@d\0Tr@d\0Tx y@d\0\0junk', env)
    t.match(envelope, /^FSRS0=[A-Za-z0-9+/]{4}=[A-Z2-7]{2}=example\.com=u@srs\.example\0Tr@d\0Tr@d\0Tx y@d\0\0$/)
    t.same([log, code], ['', 0])
    for (const sender of [
      '',
      '#@[]',
      'u',
      'u@mx.example',
      'u@me.example',
      'SRS0=x@srs.example',
      'SRS1=a@x.example',
      'u@',
    ])
      t.same(forward(home, `F${sender}\0Tr@d\0\0`, env), UNCHANGED, sender)
    t.match(forward(home, `F${'u'.repeat(950)}@e\0Tr@d\0\0`, env), [/^FSRS0/, '', 0])
    t.same(forward(home, `F${'u'.repeat(980)}@e\0Tr@d\0\0`, env), UNCHANGED, 'too long when rewritten')
    t.same(forward(home, `F${'u'.repeat(5000)}@e\0Tr@d\0\0`, env), UNCHANGED, 'too long anyway')
    const whole = 'Fu@example.com\0Tr@d\0\0'
    for (const n of [0, 1, 5, 14, 15, 16, 19, 20])
      t.same(forward(home, whole.slice(0, n), env), failure('bad envelope'), `${n} bytes`)
    t.same(forward(home, 'garbage', env), failure('bad envelope'))
    t.same(forward(home, whole, env, '3<&- 4<&-'), UNCHANGED, 'by hand')
    t.same(forward(home, whole, { ...env, SENDER: 'u@example.com' }, '3<&-'), UNCHANGED, 'by hand, with a sender')
    t.same(forward(home, whole, env, '3</'), failure('bad envelope'), 'unreadable')
    t.same(forward(home, whole, env, '4</dev/null'), failure('unable to write the envelope'))
  })

t.test('control files that can not be read', async (t) => {
  for (const name of [
    'srs_domain',
    'srs_secrets',
    'srs_maxage',
    'rcpthosts',
    'locals',
    'virtualdomains',
    'me',
    'morercpthosts.cdb',
  ]) {
    const home = makeHome(t, FILES)
    rmSync(join(home, 'control', name), { force: true })
    mkdirSync(join(home, 'control', name))
    t.same(forward(home, 'Fu@example.com\0Tr@d\0\0'), failure('unable to read control files'), name)
  }
  const home = makeHome(t, FILES)
  rmSync(join(home, 'control/srs_secrets'))
  t.same(forward(home, 'Fu@example.com\0Tr@d\0\0'), failure('no secrets in control/srs_secrets'))
  t.same(forward(home, 'Fu@mx.example\0Tr@d\0\0'), UNCHANGED, 'of no interest where nothing is rewritten')
  const byHand = { QMAILUSER: 'u', QMAILHOST: 'example.com', SENDER: 'u@mx.example' }
  t.same(forward(home, '', byHand, '3<&-'), failure('no secrets in control/srs_secrets'), 'by hand')
  t.same(forward(home, '', { SENDER: 'u@mx.example' }, '3<&-'), UNCHANGED, 'by hand, of no interest')
  writeFileSync(join(home, 'control/srs_secrets'), '# none\n\n')
  t.same(forward(home, 'Fu@example.com\0Tr@d\0\0'), failure('no secrets in control/srs_secrets'))
})

t.test('domains of ours', async (t) => {
  const home = makeHome(t, {
    ...FILES,
    'control/locals': 'Local.example\n',
    'control/virtualdomains': 'virtual.example:alias\nuser@other.example:x\n',
    'control/morercpthosts.cdb': cdb(
      ['more.example', '.below.example'].map((key) => [Buffer.from(key), Buffer.from('')] as const),
    ),
  })
  for (const domain of ['local', 'VIRTUAL', 'more', 'More', 'a.b.below'])
    t.same(forward(home, `Fu@${domain}.example\0Tr@d\0\0`), UNCHANGED, domain)
  for (const domain of ['other', 'below'])
    t.match(forward(home, `Fu@${domain}.example\0Tr@d\0\0`), [/^FSRS0/, '', 0], domain)
  writeFileSync(join(home, 'control/srs_alwaysrewrite'), '1\n')
  t.match(forward(home, 'Fu@local.example\0Tr@d\0\0'), [/^FSRS0/, '', 0])
  writeFileSync(join(home, 'control/srs_alwaysrewrite'), '0\n')
  rmSync(join(home, 'control/rcpthosts'))
  t.same(forward(home, 'Fu@other.example\0Tr@d\0\0'), UNCHANGED, 'without rcpthosts')
})

t.test('without srs_domain nothing is looked at', async (t) => {
  const home = makeHome(t, { ...FILES, 'control/srs_domain': ' \n' })
  for (const envelope of ['Fu@example.com\0Tr@d\0\0', 'garbage', ''])
    t.same(forward(home, envelope), UNCHANGED, envelope)
  rmSync(join(home, 'control/srs_domain'))
  t.same(forward(home, 'garbage'), UNCHANGED)
})
