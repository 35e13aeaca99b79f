/** What submitting costs: the chain up to a login, and the rewriting of a message. */
import { join } from 'node:path'
import { sys } from '../packages/unix/src/index.ts'
import { begin, type Command, end, interleave, pipe, ratio, row, time } from './measure.ts'
import { BIN, env, put, swallow, text } from './scratch.ts'

const MIB = 1 << 20
const TRUE: Command = { argv: ['/bin/true'] }

/** Milliseconds from the start of the chain to the 235 that the last program in it says. */
function login(): number {
  const [input, feed] = pipe()
  const [answers, output] = pipe()
  const began = sys.clock(1)
  const chain = ['qmail-reup', '-t', '5', 'qmail-authup', 'smtp', CHECK, 'qmail-ofmipd'].map((word) =>
    /^qmail/.test(word) ? join(BIN, word) : word,
  )
  const pid = begin({ argv: chain, env, fds: { 0: input, 1: output } })
  sys.close(input)
  sys.close(output)
  const plain = Buffer.from('\0user\0secret').toString('base64')
  const words = Buffer.from(`EHLO x\r\nAUTH PLAIN ${plain}\r\n`)
  sys.write(feed, words, 0, words.length)
  let said = ''
  const buffer = new Uint8Array(4096)
  while (!said.includes('235 ')) {
    const n = sys.read(answers, buffer, 0, buffer.length)
    if (n <= 0) throw new Error(`no 235: ${said}`)
    said += Buffer.from(buffer.subarray(0, n)).toString('latin1')
  }
  const took = sys.clock(1) - began
  sys.close(feed)
  while (sys.read(answers, buffer, 0, buffer.length) > 0);
  sys.close(answers)
  end(pid)
  return took
}

/** Accepts everybody, as cheaply as a program of its own can. */
const CHECK = put('check', '#!/bin/sh\nexec 3<&-\nexec "$@"\n', 0o755)

function sessions(): void {
  const quit = put('quit', 'QUIT\r\n')
  const one = put('one-message', message(Buffer.from('To: b@test.example\r\n\r\nhello\r\n')))
  const relay = [...env, 'RELAYCLIENT=']
  const [base = 0, nothing = 0, single = 0, chain = 0] = interleave(
    15,
    () => time(TRUE),
    () => time({ argv: [join(BIN, 'qmail-ofmipd')], env: relay, files: { 0: quit } }),
    () => time({ argv: [join(BIN, 'qmail-ofmipd')], env: relay, files: { 0: one } }),
    login,
  )
  row('qmail-ofmipd, QUIT', ratio(nothing, base), '')
  row('qmail-ofmipd, one message', ratio(single, base), '')
  row('qmail-reup ... qmail-ofmipd, spawn to 235 (sh checks)', ratio(chain, base), '16 x /bin/true')
}

/** A session that submits this header and body. */
function message(content: Uint8Array): Buffer {
  const start = 'EHLO c.example\r\nMAIL FROM:<a@test.example>\r\nRCPT TO:<b@test.example>\r\nDATA\r\n'
  return Buffer.concat([Buffer.from(start), content, Buffer.from('.\r\nQUIT\r\n')])
}

function rewriting(): void {
  const relay = [...env, 'RELAYCLIENT=', `QMAILQUEUE=${swallow}`]
  const addresses = Array.from({ length: 100_000 }, (_, i) => `user${i}@host.example`).join(',\r\n ')
  const wide = put('wide', message(Buffer.from(`To: ${addresses}\r\n\r\nhello\r\n`)))
  const narrow = put('narrow', message(Buffer.from('To: b@test.example\r\n\r\nhello\r\n')))
  const big = put('body', message(Buffer.concat([Buffer.from('To: b@test.example\r\n\r\n'), text(10 * MIB, '\r\n')])))
  const run = (file: string) => () => time({ argv: [join(BIN, 'qmail-ofmipd')], env: relay, files: { 0: file } })
  const [list = 0, little = 0, body = 0] = interleave(7, run(wide), run(narrow), run(big))
  row('qmail-ofmipd, To with 100,000 addresses', `+${(list - little).toFixed(0)} ms`, '150 ms')
  row('qmail-ofmipd, 10 MiB of body', `${((10 * MIB) / 1e3 / (body - little)).toFixed(0)} MB/s`, '150 MB/s')
}

export function submission(): void {
  sessions()
  rewriting()
}
