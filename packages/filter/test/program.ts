import { environment } from '@moreqmail/unix'
import t from 'tap'
import { refusalText, senderInEnvironment } from '../src/program.ts'

t.test('what a refusal says', async (t) => {
  t.equal(refusalText('D', 'no', '5.7.1'), 'Dno (#5.7.1)')
  t.equal(refusalText('Z', 'a\r\nb\0c\xff', '4.7.1'), 'Za??b?c? (#4.7.1)')
  const long = refusalText('D', 'x'.repeat(1000), '5.7.1')
  t.equal(long.length, 250)
  t.match(long, /^Dx+ \(#5\.7\.1\)$/)
})

t.test('the sender by the environment', async (t) => {
  const sender = (vars: Readonly<Record<string, string>>) => {
    for (const name of ['QMAILUSER', 'QMAILHOST', 'SENDER']) environment().set(name, vars[name])
    return senderInEnvironment()
  }
  t.equal(sender({}), undefined)
  t.equal(sender({ SENDER: 's@x' }), 's@x')
  t.equal(sender({ SENDER: 's@x', QMAILUSER: 'u', QMAILHOST: 'h' }), 'u@h')
  t.equal(sender({ QMAILUSER: 'u', QMAILHOST: '' }), 'u')
  t.equal(sender({ QMAILUSER: '', QMAILHOST: '' }), '', 'a bounce')
  t.equal(sender({ QMAILUSER: 'u', SENDER: '' }), '', 'half of it is nothing')
})
