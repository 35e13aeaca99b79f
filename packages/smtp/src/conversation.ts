/** The client's side of an SMTP conversation, stage by stage, and the report qmail-rspawn gets of it. Pure. */
import type { Credentials } from './client-auth.ts'
import type { Peer } from './client-connection.ts'
import type { TlsStarter } from './client-tls.ts'
import { spellAddresses } from './client-utf8.ts'
import { type Keywords, NO_KEYWORDS, parseKeywords, sizeLimit } from './ehlo.ts'
import { OutboundText } from './outbound.ts'
import { isPermanent, isSuccess, quoteReply, type Reply } from './reply.ts'

/** The message to be sent. */
export interface Message {
  /** Its length in bytes if that is known before it is read. */
  readonly size: number | undefined
  /** True if it is known that its last line is not ended. */
  endsPartial(): boolean
  /** Its header, or the first 64 KiB of that; to be asked for before the first `read`. */
  head(): string
  /** The next bytes, at most `length`, into a range; 0 at the end, negative if they can't be read. */
  read(into: Uint8Array, offset: number, length: number): number
}

/** One conversation: what it is about, and what it has come to know. */
export interface Talk {
  readonly peer: Peer
  /** The server's address as reports name it. */
  readonly ip: string
  /** What we say our name is. */
  readonly helohost: string
  readonly sender: string
  readonly recipients: readonly string[]
  readonly message: Message
  /** Undefined: nothing to log in with. */
  readonly credentials: Credentials | undefined
  /** True if passwords may go to other hosts in clear. */
  readonly clearPasswords: boolean
  readonly tls: TlsStarter
  /** True if what is not ASCII is treated by the rules of RFC 6531. */
  readonly smtputf8: boolean
  /** True once everything goes through TLS. */
  secure: boolean
  /** True if the server has answered EHLO; what it has told by that. */
  extended: boolean
  keywords: Keywords
  /** The report's records for the recipients, and how many of these were accepted. */
  records: string
  accepted: number
}

/** How a conversation ends: the report's last record, without its NUL, and whether the server is told with QUIT. */
export interface Ending {
  readonly record: string
  readonly quit: boolean
}

/** A stage of the conversation: an ending, or undefined to go on with the next stage. */
export type Stage = (talk: Talk) => Ending | undefined

/** How much of the message is read at once. */
const PIECE = 65536

/** A conversation that has not begun. */
export function newTalk(of: Omit<Talk, 'secure' | 'extended' | 'keywords' | 'records' | 'accepted'>): Talk {
  return { ...of, secure: false, extended: false, keywords: NO_KEYWORDS, records: '', accepted: 0 }
}

/** Takes leave as the ending says; the whole report. */
export function conclude(talk: Talk, ending: Ending): string {
  if (ending.quit) talk.peer.quit()
  return `${talk.records}${ending.record}\0`
}

/** Sends a command, without its CR LF, and waits for the reply. */
export function ask(talk: Talk, command: string): Reply | undefined {
  talk.peer.puts(`${command}\r\n`)
  return talk.peer.reply()
}

/** The connection is of no use any more. */
export function died(talk: Talk): Ending {
  return { record: `ZConnected to ${talk.ip} but connection died. (#4.4.2)\n`, quit: false }
}

/** An ending in good order, with what the server said if it said something. */
export function parting(record: string, reply?: Reply): Ending {
  return { record: record + (reply === undefined ? '' : quoteReply(reply)), quit: true }
}

/** Waits for the greeting. */
export function readGreeting(talk: Talk): Ending | undefined {
  const reply = talk.peer.reply()
  if (reply === undefined) return died(talk)
  if (reply.code === 220) return undefined
  return parting(`Z${talk.secure ? 'TLS ' : ''}Connected to ${talk.ip} but greeting failed.\n`, reply)
}

/** Says EHLO, or HELO to a server that doesn't know that. RFC 5321 3.2 */
export function sayHello(talk: Talk): Ending | undefined {
  const ehlo = ask(talk, `EHLO ${talk.helohost}`)
  if (ehlo === undefined) return died(talk)
  talk.extended = ehlo.code === 250
  talk.keywords = talk.extended ? parseKeywords(ehlo) : NO_KEYWORDS
  if (talk.extended) return undefined
  const helo = ask(talk, `HELO ${talk.helohost}`)
  if (helo === undefined) return died(talk)
  return helo.code === 250 ? undefined : parting(`ZConnected to ${talk.ip} but my name was rejected.\n`, helo)
}

/** MAIL and RCPT, in one go if the server has PIPELINING (RFC 2920); refuses what is too large for it (RFC 1870). */
export function sendEnvelope(talk: Talk): Ending | undefined {
  const { peer, ip, message, keywords } = talk
  const limit = message.size === undefined ? undefined : sizeLimit(keywords)
  if (limit !== undefined && message.size !== undefined && message.size > limit) {
    return parting(`DConnected to ${ip} but message size ${message.size} exceeds its limit of ${limit}. (#5.3.4)\n`)
  }
  const spelling = spellAddresses(talk)
  if (spelling === undefined) {
    const why = 'server does not support internationalized email addresses (#5.6.7)'
    return parting(`DConnected to ${ip} but ${why}.\n`)
  }
  const size = limit === undefined ? '' : ` SIZE=${message.size}`
  const mail = `MAIL FROM:<${spelling.sender}>${size}${spelling.utf8 ? ' SMTPUTF8' : ''}\r\n`
  const rcpts = spelling.recipients.map((recipient) => `RCPT TO:<${recipient}>\r\n`)
  const pipelining = keywords.has('PIPELINING')

  peer.puts(pipelining ? mail + rcpts.join('') : mail)
  const answer = peer.reply()
  if (answer === undefined) return died(talk)
  if (!isSuccess(answer)) {
    // After a 421 the server closes (RFC 5321 3.8), so that no more replies are due.
    const due = pipelining && answer.code !== 421 ? rcpts : []
    for (const _ of due) if (peer.reply() === undefined) return died(talk)
    return parting(`${letter(answer)}Connected to ${ip} but sender was rejected.\n`, answer)
  }
  const answers: Answer[] = []
  for (const rcpt of rcpts) {
    if (!pipelining) peer.puts(rcpt)
    const reply = peer.reply()
    if (reply === undefined) break
    answers.push({ code: reply.code, text: isSuccess(reply) ? '' : quoteReply(reply) })
  }
  addRecords(talk, answers)
  if (answers.length < rcpts.length) return died(talk)
  return talk.accepted > 0 ? undefined : parting(`DGiving up on ${ip}.\n`)
}

/** What has been kept of the reply to RCPT. */
interface Answer {
  readonly code: number
  readonly text: string
}

/** Puts the answers for the recipients into the report. */
function addRecords(talk: Talk, answers: readonly Answer[]): void {
  talk.accepted = answers.filter((answer) => answer.code < 300).length
  const letterOf = ({ code }: Answer): string => {
    if (code < 300) return 'r'
    // 552 then stands for 452, too many recipients: RFC 5321 4.5.3.1.10
    return code >= 500 && !(code === 552 && talk.accepted > 0) ? 'h' : 's'
  }
  const text = (answer: Answer) => (answer.code < 300 ? '' : `${talk.ip} does not like recipient.\n${answer.text}`)
  talk.records += answers.map((answer) => `${letterOf(answer)}${text(answer)}\0`).join('')
}

/** DATA and the message; never undefined. */
export function sendMessage(talk: Talk): Ending {
  const { peer, ip, message } = talk
  if (message.endsPartial()) return parting(PARTIAL)
  const go = ask(talk, 'DATA')
  if (go === undefined) return died(talk)
  if (go.code !== 354) return parting(`${letter(go)}${ip} failed on DATA command.\n`, go)

  const failed = transmit(talk)
  if (failed !== undefined) return failed
  const reply = peer.reply()
  if (reply === undefined) {
    return { record: `ZConnected to ${ip} but connection died. Possible duplicate! (#4.4.2)\n`, quit: false }
  }
  if (isSuccess(reply)) return parting(`K${ip} accepted message.\n`, reply)
  return parting(refusal(talk, reply), reply)
}

const PARTIAL = 'DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n'

/** Sends the message. Its end goes out together with its last bytes: one byte of each piece is kept for the next. */
function transmit(talk: Talk): Ending | undefined {
  const text = new OutboundText(PIECE)
  const piece = new Uint8Array(PIECE)
  let length = 0
  for (;;) {
    length = fill(talk.message, piece, length)
    if (length < 0) return { record: 'ZUnable to read message. (#4.3.0)\n', quit: false }
    const last = length < PIECE
    text.convert(piece, last ? length : length - 1)
    if (last) {
      if (!text.whole) return { record: PARTIAL, quit: false }
      text.end()
    }
    if (!talk.peer.send(text.bytes, text.length)) return interrupted(talk)
    if (last) return undefined
    piece[0] = piece[length - 1] as number
    length = 1
  }
}

/** Reads until the piece is full or the message ends: how many bytes are in it, negative if they can't be read. */
function fill(message: Message, piece: Uint8Array, from: number): number {
  let length = from
  while (length < piece.length) {
    const n = message.read(piece, length, piece.length - length)
    if (n < 0) return n
    if (n === 0) break
    length += n
  }
  return length
}

/** The message could not be sent to its end: the server's reason if it gave one. */
function interrupted(talk: Talk): Ending {
  const reply = talk.peer.reason()
  if (reply === undefined || reply.code < 400) return died(talk)
  return { ...parting(refusal(talk, reply), reply), quit: false }
}

function refusal(talk: Talk, reply: Reply): string {
  return `${letter(reply)}${talk.ip} failed after I sent the message.\n`
}

function letter(reply: Reply): 'D' | 'Z' {
  return isPermanent(reply) ? 'D' : 'Z'
}
