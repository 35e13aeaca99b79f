import t from 'tap'
import { filterVariables } from '../src/variables.ts'

t.test('filterVariables', async (t) => {
  t.same(filterVariables({ sender: 'a@b@c', recipients: ['x@y', '', '\xff z'] }, 28, 1e10), {
    QMAILUSER: 'a@b',
    QMAILHOST: 'c',
    QMAILNAME: undefined,
    QMAILRCPTS: 'x@y\n\n\xff z\n',
    NUMRCPTS: '3',
    ENVSIZE: '28',
    MSGSIZE: '10000000000',
  })
  t.match(filterVariables({ sender: '', recipients: [] }, 3, 0), {
    QMAILUSER: '',
    QMAILHOST: '',
    QMAILRCPTS: '',
    NUMRCPTS: '0',
  })
  t.match(filterVariables({ sender: 'joe', recipients: [] }, 6, 0), { QMAILUSER: 'joe', QMAILHOST: '' })
  t.match(filterVariables({ sender: '@', recipients: [] }, 4, 0), { QMAILUSER: '', QMAILHOST: '' })
})
