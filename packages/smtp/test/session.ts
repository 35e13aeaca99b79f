import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { command, newSession, type Policy, type Session, type Settings, serve } from '../src/session.ts'

const settings: Settings = {
  greeting: 'mx.example',
  databytes: 0n,
  smtputf8: false,
  nul: 'cut',
  tls: 'none',
  tlsUsable: false,
}

const policy: Policy = {
  helo: (name) => (name === 'bad' ? { refuse: '550 bad' } : { accept: name }),
  rewrite: (address) => (address === 'none' ? undefined : address),
  mail: (sender) => (sender === 'bad' ? { refuse: '550 bad' } : { accept: sender }),
  rcpt: (recipient) =>
    recipient === 'bad'
      ? { refuse: '550 bad' }
      : recipient === 'end'
        ? { refuse: '421 end', exit: 7 }
        : { accept: recipient },
  data: () => ({ accept: '' }),
  message: (_session, transaction) => ({ accept: `250 ${transaction.sender}:${transaction.recipients.join()}` }),
  rset: () => {},
  startTls: () => {},
}

const session = (more: Partial<Settings> = {}, other: Partial<Policy> = {}): Session =>
  newSession({ ...settings, ...more }, { ...policy, ...other })

/** The reply codes of a conversation, with `!` behind those that are sent at once. */
const codes = (on: Session, lines: readonly string[]): string =>
  lines
    .map((line) => {
      const step = command(on, bytes(`${line}\r`))
      return (step.reply ?? '-').slice(0, 3) + (step.flush ? '!' : '')
    })
    .join(' ')

t.test('the order of commands', async (t) => {
  t.equal(
    codes(session(), ['RCPT TO:<a>', 'DATA', 'MAIL FROM:<a>', 'DATA', 'RCPT TO:<b>', 'DATA', 'DATA', 'RCPT TO:<b>']),
    '503 503! 250 503! 250 250! 503! 503',
  )
  t.equal(codes(session(), ['MAIL FROM:<a>', 'RSET', 'RCPT TO:<b>']), '250 250 503')
  t.equal(codes(session(), ['MAIL FROM:<a>', 'EHLO x', 'RCPT TO:<b>']), '250 250! 503')
  t.equal(codes(session(), ['MAIL FROM:<a>', 'HELO bad', 'RCPT TO:<b>']), '250 550! 250')
  t.equal(
    codes(session(), ['', ' ', 'AUTH PLAIN', 'constructor', '__proto__', 'STARTTLS', 'HELP', 'VRFY x', 'NOOP']),
    '502! 502! 502! 502! 502! 502! 214! 252! 250!',
  )
})

t.test('a refused MAIL or RCPT changes nothing', async (t) => {
  const on = session()
  t.equal(
    codes(on, [
      'MAIL FROM:<a>',
      'RCPT TO:<b>',
      'MAIL FROM:<bad>',
      'MAIL FROM:<none>',
      'MAIL FROM:<c> X',
      'RCPT TO:<bad>',
      'RCPT TO:<none>',
    ]),
    '250 250 550 555 555 550 555',
  )
  t.equal(command(on, bytes('DATA')).reply, '250 a:b')
  t.equal(codes(on, ['MAIL FROM:<a>', 'RCPT TO:<b>', 'MAIL FROM:<c>', 'DATA']), '250 250 250 503!')
})

t.test('addresses', async (t) => {
  t.equal(codes(session(), [`MAIL FROM:<${'a'.repeat(899)}>`, `MAIL FROM:<${'a'.repeat(900)}>`]), '250 555')
  t.equal(codes(session({ nul: 'linefeed' }), ['MAIL FR\0OM:<a>', 'MAIL FROM:<a>']), '555 250')
  const utf8 = session({ smtputf8: true })
  t.equal(
    codes(utf8, ['MAIL FROM:<\xe9>', 'MAIL FROM:<\xe9> SMTPUTF8', 'MAIL FROM:<\xc3\xa9> SMTPUTF8']),
    '250 555 250',
  )
  t.equal(codes(utf8, ['RCPT TO:<\xe9>', 'RCPT TO:<\xc3\xa9>']), '555 250')
})

t.test('EHLO', async (t) => {
  const reply = (more: Partial<Settings>) => command(session(more), bytes('EHLO x')).reply
  t.equal(reply({}), '250-mx.example\r\n250-PIPELINING\r\n250-SIZE 0\r\n250 8BITMIME')
  t.equal(
    reply({ databytes: 77n, smtputf8: true, tls: 'offered', tlsUsable: true }),
    '250-mx.example\r\n250-STARTTLS\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250-SIZE 77\r\n250 8BITMIME',
  )
  t.notMatch(reply({ tls: 'required', tlsUsable: false }), 'STARTTLS')
})

t.test('TLS', async (t) => {
  t.equal(codes(session({ tls: 'offered', tlsUsable: true }), ['STARTTLS x', 'STARTTLS']), '501! 220!')
  t.equal(codes(session({ tls: 'offered' }), ['STARTTLS']), '454!')
  const on = session({ tls: 'required', tlsUsable: true })
  t.equal(codes(on, ['NOOP', 'EHLO x', 'HELO x', 'MAIL FROM:<>', 'RSET', 'X', '']), '250! 250! 530! 530 530 530! 530!')
  on.underTls = true
  t.equal(codes(on, ['STARTTLS', 'MAIL FROM:<>']), '502! 250')
})

t.test('strangers', async (t) => {
  const on = session({ stranger: '530 authentication required (#5.7.1)' })
  t.equal(codes(on, ['MAIL FROM:<>', 'RCPT TO:<a>', 'DATA', 'NOOP', 'RSET']), '530 530 530! 250! 250')
})

/** A conversation whose input comes in these packets: what was written, with `|` at each flush. */
function talk(on: Session, packets: readonly string[]): { readonly out: string; readonly end: number | 'eof' } {
  let out = ''
  let buffer = ''
  const left = [...packets]
  const output = {
    puts: (text: string) => {
      out += text
    },
    flush: () => {
      if (!out.endsWith('|')) out += '|'
    },
  }
  const input = {
    line: () => {
      while (!buffer.includes('\n')) {
        output.flush()
        const packet = left.shift()
        if (packet === undefined) return 'eof' as const
        buffer += packet
      }
      const line = buffer.slice(0, buffer.indexOf('\n'))
      buffer = buffer.slice(line.length + 1)
      return line === 'LONG' ? ('long' as const) : bytes(line)
    },
    discard: () => {
      buffer = ''
    },
  }
  const end = serve(on, input, output)
  return { out, end }
}

t.test('replies go out in groups', async (t) => {
  t.same(talk(session(), ['MAIL FROM:<a>\r\nRCPT TO:<b>\r\nRSET\r\n', 'NOOP\r\nQUIT\r\n']), {
    out: '|250 ok\r\n250 ok\r\n250 flushed\r\n|250 ok\r\n|221 mx.example\r\n|',
    end: 0,
  })
})

t.test('how it ends', async (t) => {
  t.equal(talk(session(), []).end, 'eof')
  t.same(talk(session(), ['NOOP\r\nQUI']), { out: '|250 ok\r\n|', end: 'eof' })
  t.same(talk(session(), ['LONG\nMAIL FROM:<>\nRCPT TO:<end>\nNOOP\n']), {
    out: '|500 line too long (#5.5.2)\r\n|250 ok\r\n421 end\r\n|',
    end: 7,
  })
  t.same(talk(session({}, { mail: () => ({ refuse: undefined, exit: 0 }) }), ['MAIL\r\n']), { out: '|', end: 0 })
})

t.test('nothing sent before TLS counts after it', async (t) => {
  let started = 0
  const on = session({ tls: 'offered', tlsUsable: true }, { startTls: () => void started++ })
  const { out } = talk(on, [
    'EHLO plain\r\nMAIL FROM:<a>\r\nSTARTTLS\r\nRCPT TO:<injected>\r\nQUIT\r\n',
    'RCPT TO:<b>\r\nSTARTTLS\r\nQUIT\r\n',
  ])
  t.equal(started, 1)
  t.match(
    out,
    /220 Ready to start TLS \(#5\.7\.0\)\r\n\|503 MAIL first \(#5\.5\.1\)\r\n502 .*\r\n\|221 mx\.example\r\n\|$/,
  )
  t.equal(on.helo, undefined)
})

t.test('recipients do not fill the memory', async (t) => {
  const on = session()
  command(on, bytes('MAIL FROM:<>'))
  const line = bytes(`RCPT TO:<${'x'.repeat(890)}>`)
  let n = 0
  while (command(on, line).reply === '250 ok') n++
  t.ok(n > 30_000 && n < 40_000, String(n))
  t.equal(command(on, line).reply, '452 too many recipients (#4.5.3)')
})
