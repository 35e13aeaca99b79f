import type { Result } from '@moreqmail/spf'
import t from 'tap'
import { configured, refusal, saysNothing } from '../src/commands.ts'

const RESULTS: readonly Result[] = ['pass', 'temperror', 'fail', 'softfail', 'neutral', 'none', 'permerror']

t.test('configured commands', async (t) => {
  t.equal(configured(undefined), '')
  t.equal(configured(''), '')
  t.equal(configured('A'), 'A\n')
  t.equal(configured('P1,P2'), 'P1\nP2\n')
  t.equal(configured('P1,'), 'P1\n')
  t.equal(configured('P1\n'), 'P1\n')
  t.equal(configured(',,'), '\n\n')
  t.equal(configured('E550 spf_smtp_msg'), 'E550 spf_smtp_msg\n', 'no explanation')
  t.equal(
    configured('E550 spf_smtp_msg', () => 'a, b'),
    'E550 a, b\n',
    'commas of an explanation stay',
  )
  t.equal(
    configured('Pspf_smtp_msg,Espf_smtp_msg.', () => 'spf_smtp_msg'),
    'Pspf_smtp_msg\nEspf_smtp_msg.\n',
  )
  t.equal(
    configured('Espf_smtp_msg', () => ''),
    'E\n',
  )
  let asked = 0
  configured('A,B', () => `${asked++}`)
  t.equal(asked, 0, 'nobody wants it')
  configured('spf_smtp_msg spf_smtp_msg', () => `${asked++}`)
  t.equal(asked, 1, 'it is made once')
})

t.test('behaviour levels', async (t) => {
  const refused = (level: number) => RESULTS.filter((result) => refusal(level, result, () => 'why') !== '').join(' ')
  t.equal(refused(1), '')
  t.equal(refused(2), 'temperror')
  t.equal(refused(3), 'temperror fail')
  t.equal(refused(4), 'temperror fail softfail')
  t.equal(refused(5), 'temperror fail softfail neutral')
  t.equal(refused(6), 'temperror fail softfail neutral none permerror')
  t.equal(refused(Number.POSITIVE_INFINITY), refused(6))
  t.equal(
    refusal(3, 'fail', () => 'why'),
    'E550 why (#5.7.23)\n',
  )
  t.equal(
    refusal(3, 'temperror', () => 'why'),
    'E451 SPF lookup failure (#4.4.3)\n',
  )
})

t.strictSame(RESULTS.filter(saysNothing), ['temperror', 'none', 'permerror'])
