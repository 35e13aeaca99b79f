import t from 'tap'
import { faultOf, judge } from '../../qmail-remote/test/lib/rspawn.ts'
import * as say from '../src/report.ts'

const report = (code: number, line = '', recipients = 1, letter: say.Letter | '' = '') =>
  say.reportOf({ filter: 'f', code, letter, line }, recipients)

t.test('for good or for now', async (t) => {
  for (const code of [100, 31, 11, 40]) t.equal(report(code, 'no'), 'Dno (#5.7.1)\n\0', `${code}`)
  for (const code of [1, 2, 10, 41, 51, 71, 81, 91, 98, 101, 111, 120, 126, 127, 255, -1])
    t.equal(report(code, 'no'), 'Zno (#4.3.0)\n\0', `${code}`)
})

t.test('texts', async (t) => {
  t.equal(report(100), 'Dqmail-rfilter: f rejected the message. (#5.7.1)\n\0')
  t.equal(report(111), 'Zqmail-rfilter: f failed. (#4.3.0)\n\0')
  t.equal(report(-1), 'Zqmail-rfilter: f crashed. (#4.3.0)\n\0')
  t.equal(report(-1, 'last words'), 'Zlast words (#4.3.0)\n\0')
  t.equal(report(100, 'a (#5.1.1) b'), 'Da (#5.1.1) b\n\0')
  t.equal(report(100, 'x'.repeat(401)), `D${'x'.repeat(400)} (#5.7.1)\n\0`)
  t.equal(report(100, `${'x'.repeat(399)}(#5.1.1)`), `D${'x'.repeat(399)}( (#5.7.1)\n\0`, 'a code that was cut is none')
  t.equal(report(100, 'a\0b\r\tc\x7f\xff'), 'Da?b??c?? (#5.7.1)\n\0')
  t.equal(say.notRun('a\nK\0b'), 'Zqmail-rfilter: unable to run a?K?b. (#4.3.0)\n\0')
  t.equal(say.badEnvelope('f'), 'Zqmail-rfilter: f wrote a bad envelope. (#4.3.0)\n\0')
})

t.test('with a letter', async (t) => {
  t.equal(report(82, 'no', 1, 'D'), 'Dno (#5.7.1)\n\0')
  t.equal(report(82, 'no (#4.7.1)', 1, 'Z'), 'Zno (#4.7.1)\n\0')
  t.equal(report(82, 'Dno'), 'ZDno (#4.3.0)\n\0')
  t.equal(report(82), 'Zqmail-rfilter: f failed. (#4.3.0)\n\0')
  t.equal(report(82, '', 1, 'D'), 'Dqmail-rfilter: f rejected the message. (#5.7.1)\n\0')
  t.equal(report(100, 'Zno'), 'DZno (#5.7.1)\n\0', 'with 82 only')
})

t.test('dropped', async (t) => {
  t.equal(report(99, 'ignored', 3), 'r\0r\0r\0Kqmail-rfilter: message dropped by f.\n\0')
})

t.test('whatever a filter says, qmail-rspawn understands it', async (t) => {
  const lines = ['', 'r', 'K', 'Kok', 'h', 's\0K', '\0', 'D\nK', '\xff'.repeat(1000)]
  for (let code = -1; code < 256; code++)
    for (const line of code === 0 ? [] : lines) {
      const output = report(code, line, 2, code % 3 === 1 ? 'D' : 'Z')
      const verdict = judge({ output, code: 0, signal: null }).charAt(0)
      if (faultOf(output, 2) !== '') t.fail(`${code} ${line}: ${faultOf(output, 2)}`)
      if ((verdict === 'K') !== (code === 99)) t.fail(`${code} ${JSON.stringify(line)}: ${verdict}`)
    }
  for (const text of [say.IMPROPER, say.NO_FILE, say.NO_MESSAGE, say.NO_REMOTE]) t.equal(faultOf(text, 1), '')
})
