import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { answerVariables, endOfAnswer } from '../src/answer.ts'

t.test('the end of an answer', async (t) => {
  for (const [text, end] of [
    ['', -1],
    ['\0', 0],
    ['\0\0', 0],
    ['\0SSL_X=1\0\0', 0],
    ['SSL_X=1', -1],
    ['SSL_X=1\0', -1],
    ['SSL_X=1\0\0', 8],
    ['A=\0B\0\0\0', 5],
  ] as const) {
    t.equal(endOfAnswer(bytes(text), 0), end, JSON.stringify(text))
    let found = -1
    for (let n = 0; n < text.length && found < 0; n++) found = endOfAnswer(bytes(text.slice(0, n + 1)), n)
    t.equal(found, end, `${JSON.stringify(text)}, byte by byte`)
  }
})

t.test('its variables', async (t) => {
  const of = (text: string) => Object.fromEntries(answerVariables(bytes(text), text.length))
  t.same(of(''), {})
  t.same(of('SSL_PROTOCOL=TLSv1.3\0SSL_CIPHER=a=b\0'), { SSL_PROTOCOL: 'TLSv1.3', SSL_CIPHER: 'a=b' })
  t.same(of('SSL_A=1\0SSL_B\0SSL_A=\0'), { SSL_A: '', SSL_B: undefined })
  t.same(of('PATH=/tmp\0RELAYCLIENT=\0SSLCTLFD=1\0SSL_x=1\0 SSL_A=1\0SSL_A B=1\0=\0QMAILQUEUE\0'), {})
  t.same(of('SSL_X=\xff\n'), { SSL_X: '\xff\n' })
})
