import t from 'tap'
import { loginLine, trustedLine } from '../src/received.ts'

const ends = { host: 'h.example', ip: '192.0.2.1', info: undefined, local: 'l.example' }
const DATE = '20 Nov 2026 07:24:38 -0000'

t.test('a trusted client', async (t) => {
  t.equal(trustedLine(ends, DATE), `Received: (ofmipd 192.0.2.1); ${DATE}\n`)
  t.equal(trustedLine({ ...ends, info: '' }, DATE), `Received: (ofmipd @192.0.2.1); ${DATE}\n`)
  const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('')
  const kept = Array.from({ length: 94 }, (_, i) => String.fromCharCode(i + 33)).join('')
  const safe = `${'?'.repeat(33)}${kept.replace(/[()@\\]/g, '?')}${'?'.repeat(129)}`
  t.equal(trustedLine({ ...ends, info: all, ip: all }, DATE), `Received: (ofmipd ${safe}@${safe}); ${DATE}\n`)
})

const login = { user: 'joe', helo: undefined, utf8: false, tls: ['', ''] }
const line = (more: Partial<typeof login> | { helo: string }) => loginLine(ends, { ...login, ...more }, DATE)

t.test('a client that has logged in', async (t) => {
  const rest = (protocol: string) => `\n  by l.example with ${protocol}; ${DATE}\n`
  const from = 'Received: from h.example (joe@192.0.2.1)'
  t.equal(line({}), `${from}${rest('ESMTPA')}`)
  t.equal(line({ utf8: true }), `${from}${rest('UTF8SMTPA')}`)
  t.equal(line({ tls: ['TLSv1.3', 'A_B'] }), `${from}${rest('ESMTPSA (TLSv1.3 A_B encrypted)')}`)
  t.equal(line({ tls: ['', 'x y'], utf8: true }), `${from}${rest('UTF8SMTPSA (x?y encrypted)')}`)
  t.equal(line({ helo: 'H.EXAMPLE' }), `${from}${rest('ESMTPA')}`)
  t.match(line({ helo: 'a_b\n(' }), 'from h.example (HELO a?b??) (joe@192.0.2.1)\n')
  t.match(line({ user: 'a b@c(d)\n' }), '(a?b@c?d??@192.0.2.1)')
})
