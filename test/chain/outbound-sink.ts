/** qmail-remote to Postfix's smtp-sink: every message byte for byte, and servers that refuse, hang up or wait anywhere. */
import t, { type Test } from 'tap'
import {
  asSent,
  isThorough,
  LINE_ENDS,
  MESSAGES,
  type Sent,
  sameText,
  send,
  senderHome,
  WAYS,
  type Way,
} from './lib/outbound.ts'
import { SmtpSink } from './lib/postfix.ts'
import { lack } from './lib/service.ts'

t.setTimeout(0)

const MODES = WAYS.filter(isThorough)

const LACKING = lack(['smtp-sink'], 'as anybody')
const SAID = 'Remote host said: '

/** A sink with these options, and what becomes of one message to it. */
async function toSink(
  t: Test,
  way: Way,
  options: readonly string[],
  control: Readonly<Record<string, string>> = {},
  recipients: readonly string[] = ['r@d.example'],
): Promise<Sent & { readonly arrived: string | undefined }> {
  const sink = await SmtpSink.start('127.0.0.1', ...options)
  const home = senderHome(t, way, { smtproutes: `:127.0.0.1:${sink.port}\n`, ...control })
  const sent = await send(t, way, home, MESSAGES['small'] ?? '', { recipients })
  const arrived = sink.next()
  await sink.stop()
  return { ...sent, arrived }
}

for (const way of WAYS) {
  for (const host of ['127.0.0.1', ...(way.six ? ['::1'] : [])]) {
    t.test(`messages to ${host}, ${way.name}`, { skip: way.lacking || LACKING }, async (t) => {
      const sink = await SmtpSink.start(host)
      const home = senderHome(t, way, { smtproutes: `:[${host}]:${sink.port}\n` })
      const all = Object.entries(MESSAGES).map(([name, text]) => [name, text, text] as const)
      const ends = Object.entries(LINE_ENDS).map(([name, [text, wanted]]) => [name, text, wanted] as const)
      for (const [name, text, wanted] of [...all, ...ends]) {
        const { output } = await send(t, way, home, text)
        t.equal(output, `r\0K${host} accepted message.\n${SAID}250 2.0.0 Ok\n\0`, name)
        sameText(t, asSent(sink.next() ?? ''), wanted, name)
      }
      await sink.stop()
    })
  }
}

for (const way of MODES) {
  t.test(`a server that ends anywhere, ${way.name}`, { skip: way.lacking || LACKING }, async (t) => {
    const died = 'ZConnected to 127.0.0.1 but connection died. (#4.4.2)\n'
    const duplicate = 'ZConnected to 127.0.0.1 but connection died. Possible duplicate! (#4.4.2)\n'
    const closing = `${SAID}421 4.0.0 Server closing connection\n`
    const dies: ReadonlyArray<readonly [string, string, string]> = [
      ['CONNECT', died, `ZConnected to 127.0.0.1 but greeting failed.\n${closing}`],
      ['EHLO', died, died],
      ['MAIL', died, `ZConnected to 127.0.0.1 but sender was rejected.\n${closing}`],
      ['RCPT', died, `Z127.0.0.1 does not like recipient.\n${closing}Giving up on 127.0.0.1.\n`],
      ['DATA', died, `Z127.0.0.1 failed on DATA command.\n${closing}`],
      ['.', duplicate, `Z127.0.0.1 failed after I sent the message.\n${closing}`],
    ]
    for (const [command, silent, told] of dies) {
      t.equal((await toSink(t, way, ['-q', command])).verdict, silent, `hangs up at ${command}`)
      t.equal((await toSink(t, way, ['-Q', command])).verdict, told, `421 at ${command}`)
    }
  })

  t.test(`a server that refuses anything, ${way.name}`, { skip: way.lacking || LACKING }, async (t) => {
    const connected = 'Connected to 127.0.0.1 but '
    const texts: ReadonlyArray<readonly [string, string, string]> = [
      ['MAIL', `${connected}sender was rejected.\n`, ''],
      ['RCPT', '127.0.0.1 does not like recipient.\n', 'Giving up on 127.0.0.1.\n'],
      ['DATA', '127.0.0.1 failed on DATA command.\n', ''],
      ['.', '127.0.0.1 failed after I sent the message.\n', ''],
    ]
    for (const [command, text, end] of texts) {
      const hard = await toSink(t, way, ['-f', command, '-B', '554 5.7.1 never'])
      t.equal(hard.verdict, `D${text}${SAID}554 5.7.1 never\n${end}`)
      const soft = await toSink(t, way, ['-r', command, '-b', '451 4.7.1 later'])
      t.equal(soft.verdict, `Z${text}${SAID}451 4.7.1 later\n${end}`)
    }
    for (const option of ['-f', '-r']) {
      const greeting = await toSink(t, way, [option, 'CONNECT'])
      t.match(greeting.verdict, /^ZConnected to 127\.0\.0\.1 but greeting failed\.\nRemote host said: [45]/)
      const hello = await toSink(t, way, [option, 'EHLO,HELO'])
      t.match(hello.verdict, /^ZConnected to 127\.0\.0\.1 but my name was rejected\.\nRemote host said: [45]/)
      t.equal((await toSink(t, way, [option, 'EHLO'])).verdict.charAt(0), 'K', 'HELO will do')
      t.equal((await toSink(t, way, [option, 'QUIT'])).verdict.charAt(0), 'K', 'nobody waits for that')
    }
    t.match(
      (await toSink(t, way, ['-A', '0'])).verdict,
      /^D127\.0\.0\.1 failed (?:on DATA command|after I sent the message)\.\n/,
    )
  })

  t.test(`servers with less, and slow ones, ${way.name}`, { skip: way.lacking || LACKING }, async (t) => {
    for (const options of [['-e'], ['-p'], ['-a'], ['-8', '-E', '-N', '-F', '-C'], ['-T', '2000'], ['-w', '1']]) {
      const { verdict, arrived } = await toSink(t, way, options)
      t.equal(verdict.charAt(0), 'K', options.join(' '))
      sameText(t, asSent(arrived ?? ''), MESSAGES['small'] ?? '', options.join(' '))
    }
    const control = { timeoutremote: '1\n' }
    for (const command of ['EHLO', 'MAIL', 'RCPT', 'DATA', '.']) {
      const { verdict } = await toSink(t, way, ['-W', `${command}:3`], control)
      t.equal(verdict.charAt(0), 'Z')
      t.match(verdict, `connection died.${command === '.' ? ' Possible duplicate!' : ''} (#4.4.2)\n`, command)
    }
    const recipients = Array.from({ length: 1000 }, (_, i) => `r${i}@d.example`)
    for (const options of [[], ['-p']]) {
      const { output, arrived } = await toSink(t, way, options, {}, recipients)
      t.ok(output.startsWith(`${'r\0'.repeat(1000)}K`), 'a thousand recipients')
      t.same((arrived ?? '').match(/(?<=^X-Rcpt-Args: <).*(?=>)/gm), recipients)
    }
  })
}
