import t from 'tap'
import { examineReport, isTlsFailure, lastLine, mayGoElsewhere, withTlsReason } from '../src/report.ts'

const WHOLE = [
  'Kaccepted.\n\0',
  'Z\0',
  'D\n\0',
  'r\0Kip accepted message.\nRemote host said: 250 ok\n\0',
  'r\0h1.2.3.4 does not like recipient.\nRemote host said: 550 K\n\0s\0r\0Z1\n\0',
  's\xff\r\n\x01\0DGiving up\n\0',
]

t.test('whole reports, and what is left when they are cut', async (t) => {
  for (const report of WHOLE) {
    const records = report.split('\0').slice(0, -1)
    const recipients = records
      .slice(0, -1)
      .map((record) => `${record}\0`)
      .join('')
    t.same(examineReport(report), { recipients, whole: true })
    for (let cut = 0; cut < report.length; cut++) {
      const { whole, recipients } = examineReport(report.slice(0, cut))
      t.equal(whole, false, JSON.stringify(report.slice(0, cut)))
      const complete = report.slice(0, cut).split('\0').slice(0, -1)
      t.equal(recipients, complete.map((record) => `${record}\0`).join(''))
    }
  }
})

t.test('what is no report', async (t) => {
  const examined = (report: string) => {
    const { recipients, whole } = examineReport(report)
    return [recipients, whole]
  }
  t.same(examined('hello'), ['', false])
  t.same(examined('junk\0'), ['', false])
  t.same(examined('\0'), ['', false])
  t.same(examined('\0K\0'), ['', false])
  t.same(examined('K\0K\0'), ['', false], 'a second record for the message')
  t.same(examined('K\0Z\0'), ['', false])
  t.same(examined('r\0K\0r\0'), ['r\0', false])
  t.same(examined('r\0K\0x'), ['r\0', false], 'more behind it')
  t.same(examined('r\0K\0\n'), ['r\0', false])
  t.same(examined('r\0k\0'), ['r\0', false])
  t.same(examined('r\0R\0K\0'), ['r\0', false])
  t.same(examined('tcpclient: fatal\nr\0K\0'), ['', false])
})

t.test('many records', async (t) => {
  const recipients = `h${'x'.repeat(5000)}\0`.repeat(2000)
  t.same(examineReport(`${recipients}D\0`), { recipients, whole: true })
})

t.test('another address', async (t) => {
  t.ok(mayGoElsewhere('Zx\n\0'))
  for (const report of ['Dx\n\0', 'Kx\n\0', 'r\0Zx\n\0', 's\0Zx\0', 'h\0D\0']) t.notOk(mayGoElsewhere(report))
})

t.test('failures of TLS', async (t) => {
  const failed = 'ZTLS connect failed; connected to 192.0.2.1.\n\0'
  t.ok(isTlsFailure(failed))
  t.ok(isTlsFailure(withTlsReason(failed, 'why')))
  t.notOk(isTlsFailure('ZNo TLS achieved while x; connecting to 192.0.2.1.\n\0'))
  t.equal(
    withTlsReason(failed, 'bad: certificate; really'),
    `ZTLS connect failed: bad: certificate; really; connected to 192.0.2.1.\n\0`,
  )
  t.equal(withTlsReason(failed, ''), failed)
  t.equal(withTlsReason('Zother; connected\n\0', 'why'), 'Zother; connected\n\0')
})

t.test('the last line of errors', async (t) => {
  t.equal(lastLine(''), '')
  t.equal(lastLine('\n\n'), '')
  t.equal(lastLine('a\nb'), 'b')
  t.equal(lastLine('a\nb\n'), 'b')
  t.equal(lastLine('a\nb\n\n'), 'b')
  t.equal(lastLine('tlsc: fatal: \0\xe9\tx\r\n'), 'tlsc: fatal: ???x?')
  t.equal(lastLine(`x\n${'y'.repeat(100_000)}`), 'y'.repeat(500))
})
