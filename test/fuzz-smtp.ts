/**
 * Random input for the parts of an SMTP server that decide, each held against a plain model of the rules that works byte
 * by byte. FUZZ_SECONDS=n tries each for so long.
 */

import { quoteAddress } from '@moreqmail/smtp/quote'
import {
  type BareLf,
  type Decision,
  newBody,
  newSession,
  type Policy,
  parseAddress,
  parseCommand,
  serve,
  type Transaction,
  unstuff,
} from '@moreqmail/smtp/server'
import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { fuzz, holds, same } from './lib/fuzz.ts'

t.setTimeout(0)

const ODD = ['\0', '\r', '\t', '\x7f', '\xff', '\xe4', '\xc3\xa4', '_', '(']
const ADDRESS = ['<', '>', '@', ':', '\\', '"', ' ', ',', '.', 'a', 'B', 'x.y', '[127.0.0.1]', 'FROM:<', 'a@b', ...ODD]

t.test('command parser', async (t) => {
  t.comment('Never throws. The verb is what stands before the first space, in lower case; the argument what stands')
  t.comment('behind the spaces that follow. One CR at the end is gone, and with `cut` everything from a NUL on.')
  const pieces = [' ', '  ', 'MAIL', 'rcpt', 'a', 'Z', '@', ...ODD]
  await fuzz(t, 20_000, (random) => {
    const line = random.join(pieces, 12)
    const found = parseCommand(bytes(line), 'cut')
    let text = line.endsWith('\r') ? line.slice(0, -1) : line
    if (text.includes('\0')) text = text.slice(0, text.indexOf('\0'))
    const [verb = '', ...words] = text.split(' ')
    const argument = words.join(' ').replace(/^ +/, '')
    same(found, { verb: verb.replace(/[A-Z]/g, (c) => c.toLowerCase()), argument }, 'command', line)
  })
})

/** The address by the rules, byte for byte: from, quoted, out. */
function addressByRules(text: string): { address: string; rest: string } {
  const bracket = text.indexOf('<')
  const end = bracket >= 0 ? '>' : ' '
  let at = bracket + 1
  if (bracket < 0) {
    at = text.includes(':') ? text.indexOf(':') + 1 : text.length
    while (text[at] === ' ') at++
  }
  if (text[at] === '@') {
    while (at < text.length && text[at] !== ':') at++
    if (at < text.length) at++
  }
  let address = ''
  for (let quoted = false; at < text.length; at++) {
    if (text[at] === '\\') address += text[++at] ?? ''
    else if (text[at] === '"') quoted = !quoted
    else if (text[at] === end && !quoted) break
    else address += text[at]
  }
  return { address, rest: text.slice(end === '>' ? at + 1 : at) }
}

t.test('address grammar', async (t) => {
  t.comment('Never throws, and agrees with the rules. The address is no longer than the argument, and what is left')
  t.comment('behind it is its end.')
  await fuzz(t, 50_000, (random) => {
    const argument = random.join(ADDRESS, 20)
    const found = parseAddress(argument)
    same(found, addressByRules(argument), 'address', argument)
    holds(found.address.length <= argument.length, 'no longer', argument)
    holds(argument.endsWith(found.rest), 'the rest is its end', argument)
  })
})

t.test('addresses as a client writes them', async (t) => {
  t.comment('What the client puts between brackets is read by the server as the same address.')
  await fuzz(t, 50_000, (random) => {
    const local = random.join(ADDRESS, 12)
    const address = `${local}@${random.join(['a', '.', '-', '[1.2.3.4]', '\xe4'], 5)}`
    const written = quoteAddress(address)
    same(parseAddress(`TO:<${written}> X=y`), { address, rest: ' X=y' }, 'read back', address)
  })
})

interface Message {
  readonly state: string
  readonly stored: string
  readonly left: string
  readonly hops: number
}

/** What of a connection is the message, line by line. */
function messageByRules(text: string, bareLf: BareLf): Message {
  const lines: string[] = []
  let at = 0
  let hops = 0
  let header = true
  let bareBefore = false
  const result = (state: string, open = ''): Message => {
    const stored = lines.map((line) => `${line}\n`).join('') + open
    return { state, stored, left: text.slice(at), hops }
  }
  for (;;) {
    const lf = text.indexOf('\n', at)
    if (lf < 0) return result('open')
    const bare = lf === at || text[lf - 1] !== '\r'
    if (bare && bareLf === 'refused') return result('stray')
    const line = text.slice(at, bare ? lf : lf - 1)
    at = lf + 1
    if (line === '') header = false
    if (header && /^(?:received|delivered)/i.test(line)) hops++
    if (line === '.') return result(bare || bareBefore ? 'stray' : 'ended')
    const keeps = line.startsWith('.\r') && bareLf === 'refused'
    lines.push(line.startsWith('.') && !keeps ? line.slice(1) : line)
    bareBefore = bare
  }
}

/** The same by the program's part, piece by piece. */
function messageByPieces(pieces: readonly string[], bareLf: BareLf): Message & { held: number; size: number } {
  const body = newBody(bareLf)
  let stored = ''
  let left = ''
  let held = 0
  for (const piece of pieces) {
    left += piece
    if (body.state !== 'open') continue
    const chunk = bytes(left)
    const result = unstuff(body, chunk)
    stored += latin1(chunk, 0, result.stored)
    left = left.slice(result.taken)
    if (body.state === 'open') held = Math.max(held, left.length)
  }
  return { state: body.state, stored, left, hops: body.hops, held, size: body.size }
}

const BODY = [
  '\r\n',
  '\r\n',
  '\r\n',
  '.',
  '..',
  '\r',
  '\r\n.\r\n',
  'x',
  'Received: ',
  'deliveredx',
  'aa\r\nb',
  '\0',
  '\xff',
]

t.test('DATA machine', async (t) => {
  t.comment(
    'Agrees with the rules, however the connection is cut: where the message ends, what it holds, how many hops it',
  )
  t.comment('has, and not a byte beyond is taken. Between two pieces it holds back at most ten bytes.')
  await fuzz(t, 50_000, (random) => {
    const bareLf = random.pick<BareLf>(['refused', 'accepted'])
    const pieces = random.once(3) ? [...BODY, '\n', '\n.\r\n', '\r\n.\n'] : BODY
    const text = random.join(pieces, 30)
    const wanted = messageByRules(text, bareLf)
    const found = messageByPieces(random.cut(text), bareLf)
    same(found.state, wanted.state, 'state', text)
    holds(found.held <= 10, `${found.held} bytes are held back`, text)
    same(found.size, found.stored.length, 'size', text)
    // Of a line without its end some may be stored already, and all that came before a stray LF.
    if (wanted.state === 'open' || (wanted.state === 'stray' && bareLf === 'refused'))
      holds(found.stored.startsWith(wanted.stored), 'stored', text)
    else same([found.stored, found.left, found.hops], [wanted.stored, wanted.left, wanted.hops], 'message', text)
  })
})

t.test('messages are preserved', async (t) => {
  t.comment('What a client sends by the rules arrives byte for byte.')
  await fuzz(t, 20_000, (random) => {
    const pieces = ['.', '\r', 'x', '\0', '\xff', 'Received:']
    const any = Array.from({ length: random.int(12) }, () => random.join(pieces, 6))
    // A dot and a CR at the beginning of a line are kept, so a client has no way to write one dot less.
    const lines = any.filter((line) => !line.startsWith('.\r'))
    const wire = `${lines.map((line) => `${line.replace(/^\./, '..')}\r\n`).join('')}.\r\nQUIT\r\n`
    const { state, stored, left } = messageByPieces(random.cut(wire), 'refused')
    same([state, stored, left], ['ended', lines.map((line) => `${line}\n`).join(''), 'QUIT\r\n'], 'message', wire)
  })
})

const COMMANDS = [
  'EHLO x',
  'HELO',
  'MAIL FROM:<a@b>',
  'MAIL FROM:<a@b> SIZE=5',
  'MAIL FROM:<a@b> SIZE=5000',
  'MAIL FROM:<> BODY=8BITMIME X=y',
  'RCPT TO:<c@d>',
  'RCPT TO:<refused@d>',
  'RCPT TO:<c@d> X',
  'DATA',
  'RSET',
  'NOOP',
  'VRFY x',
  'HELP',
  'STARTTLS',
  'STARTTLS x',
  'QUIT',
  'AUTH PLAIN',
  '',
  ' MAIL',
  'rcpt to:<c@d>\r',
  '\0\xff',
]

t.test('session', async (t) => {
  t.comment(
    'Each line gets one reply, of the right form, and ends nothing but by QUIT. Recipients are kept only inside a',
  )
  t.comment(
    'transaction and only if they were accepted; DATA hands over exactly those, and then all is forgotten. Before a',
  )
  t.comment('required TLS nothing but NOOP, EHLO, STARTTLS and QUIT is done; TLS makes everything forgotten.')
  await fuzz(t, 20_000, (random) => {
    const tls = random.pick(['none', 'offered', 'required'] as const)
    const tlsUsable = !random.once(4)
    const settings = { greeting: 'g', databytes: 1000n, smtputf8: random.once(2), nul: 'cut', tls, tlsUsable } as const
    const lines = Array.from({ length: random.int(25) }, () => (random.once(9) ? 'long' : random.pick(COMMANDS)))
    const log = lines.join('\n')
    let accepted: string[] | undefined
    let secure = false
    let discarded = 0
    const accept = (text: string): Decision => ({ accept: text })
    const policy: Policy = {
      helo: accept,
      rewrite: (address) => address,
      mail: (sender) => {
        accepted = []
        return { accept: sender }
      },
      rcpt: (recipient) => {
        holds(accepted !== undefined, 'RCPT within a transaction', log)
        if (recipient.startsWith('refused')) return { refuse: '553 no' }
        accepted?.push(recipient)
        return { accept: recipient }
      },
      data: () => accept(''),
      message: (_, { recipients }: Transaction) => {
        same(recipients, accepted, 'recipients', log)
        holds(recipients.length > 0, 'there are recipients', log)
        accepted = undefined
        return { accept: '250 taken' }
      },
      rset: () => {
        accepted = undefined
      },
      startTls: () => {
        same(discarded, 1, 'input is thrown away first', log)
        discarded = 0
        secure = true
        accepted = undefined
      },
    }
    const replies: string[] = []
    let taken = 0
    const input = {
      line: () => {
        if (taken >= lines.length) return 'eof'
        const line = lines[taken++] ?? ''
        same(replies.length, taken - 1, 'a reply for each line', log)
        return line === 'long' ? 'long' : bytes(line)
      },
      discard: () => {
        discarded++
      },
    } as const
    const output = { puts: (text: string) => void replies.push(text), flush: () => undefined }
    const session = newSession(settings, policy)
    const end = serve(session, input, output)
    const last = lines.slice(0, taken).at(-1)
    same(end, last === 'QUIT' && replies.at(-1)?.startsWith('221') ? 0 : 'eof', 'end', log)
    holds(end === 0 || taken === lines.length, 'all lines are read', log)
    for (const [i, reply] of replies.entries()) {
      const code = /^(?:(\d{3})-[^\r\n]*\r\n)*(\d{3}) [^\r\n]*\r\n$/.exec(reply)
      holds(code !== null && (code[1] === undefined || code[1] === code[2]), `reply ${i} is ${reply}`, log)
      holds(/^[245]/.test(reply), `${lines[i]} is answered with ${reply}`, log)
    }
    holds(secure === session.underTls && (tls !== 'none' || !secure), 'TLS only where it is offered', log)
    if (tls === 'required' && !secure)
      for (const [i, reply] of replies.entries())
        if (!/^(?:noop|ehlo|starttls|quit|long)(?: |\r?$)/i.test(lines[i] ?? ''))
          same(reply, '530 Must start TLS first (#5.7.0)\r\n', 'before TLS', log)
  })
})
