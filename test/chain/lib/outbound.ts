/** Decides how qmail-remote is run as qmail-rspawn runs it, which ways it goes, and which messages have to arrive whole. */
import { spawn } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { faultOf, judge, type Run } from '../../../packages/qmail-remote/test/lib/rspawn.ts'
import { USER } from './mail.ts'
import { BIN, lack, processesWith, until } from './service.ts'

/** How qmail-remote reaches a server. */
export interface Way {
  readonly name: string
  /** control/ucspiclient; none: it connects itself. */
  readonly client?: string
  readonly env?: Readonly<Record<string, string>>
  /** False: only IPv4. */
  readonly six: boolean
  /** Why it can't be tried here, or false. */
  readonly lacking: string | false
}

const ours = ['qmail-remote', 'qmail-remote-io', 'qmail-smtpc', 'tlsc', 'ucspitlsc']

/** Both modes; that with a client also with Debian's tcpclient, which knows no IPv6. */
export const WAYS: readonly Way[] = [
  { name: 'direct', six: true, lacking: lack(ours, 'as anybody') },
  { name: 'direct, new images', env: { MOREQMAIL_EXEC: 'always' }, six: true, lacking: lack(ours, 'as anybody') },
  {
    name: 'tcpclient',
    client: 's6-tcpclient -RHl0 -t%t %o -- %i %p s6-ucspitlsc -v0 -K%m %y %n %k --',
    six: true,
    lacking: lack([...ours, 's6-tcpclient', 's6-ucspitlsc'], 'as anybody'),
  },
  {
    name: "Debian's tcpclient",
    client: '/usr/bin/tcpclient -RHl0 -T%t %o %i %p ucspitlsc -v0 -K%m %y %n %k --',
    six: false,
    lacking: lack([...ours, '../../usr/bin/tcpclient'], 'as anybody') && 'needs tcpclient',
  },
]

/** True for one way of each mode, with which more is tried than with the others. */
export function isThorough({ name }: Way): boolean {
  return name === 'direct' || name === 'tcpclient'
}

/** A qmail home for qmail-remote; control files by name, `/` at the end of a name for a directory. */
export function senderHome(t: Test, way: Way, control: Readonly<Record<string, string | Uint8Array>>): string {
  const home = mkdtempSync(join(tmpdir(), 'moreqmail-out-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  chmodSync(home, 0o755)
  for (const dir of ['control/tlshosts', 'control/notlshosts', 'queue/lock']) {
    mkdirSync(join(home, dir), { recursive: true })
  }
  const client = way.client === undefined ? {} : { ucspiclient: `${way.client}\n` }
  for (const [name, text] of Object.entries({ me: 'client.example\n', timeoutremote: '30\n', ...client, ...control })) {
    writeFileSync(join(home, 'control', name), text)
  }
  // A timeout that was not meant shows in this table.
  writeFileSync(join(home, 'queue/lock/tcpto'), Buffer.alloc(1024), { mode: 0o666 })
  return home
}

export interface Envelope {
  readonly host?: string
  readonly sender?: string
  readonly recipients?: readonly string[]
}

export interface Sent extends Run {
  /** What qmail-rspawn makes of it. */
  readonly verdict: string
}

/**
 * Runs qmail-remote as qmail-rspawn does: one pipe for descriptors 1 and 2, the message an open file. As root, it becomes
 * another user first. The report must be one; whatever it has started must be gone after it.
 */
export async function send(t: Test, way: Way, home: string, message: string, envelope: Envelope = {}): Promise<Sent> {
  const { host = 'd.example', sender = 's@client.example', recipients = ['r@d.example'] } = envelope
  const path = join(home, 'message')
  writeFileSync(path, message, 'latin1')
  const input = openSync(path, 'r')
  // Arguments are bytes to Linux, but text to Node.
  const words = [host, sender, ...recipients].map((word) => Buffer.from(word, 'latin1').toString('base64'))
  const script = 'for w; do set -- "$@" "$(printf %s "$w" | base64 -d)"; shift; done; exec qmail-remote "$@" 2>&1'
  const child = spawn('sh', ['-c', script, 'sh', ...words], {
    env: { PATH: `${BIN}:/usr/bin:/bin`, QMAILHOME: home, ...way.env },
    stdio: [input, 'pipe', 'ignore'],
    ...(process.getuid?.() === 0 ? { uid: USER.uid, gid: USER.uid } : {}),
  })
  closeSync(input)
  let output = ''
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString('latin1')
  })
  const run = await new Promise<Run>((done) => {
    child.on('close', (code, signal) => done({ output, code, signal }))
  })
  t.same([run.code, run.signal], [0, null], 'exit')
  t.equal(faultOf(run.output, recipients.length), '', 'report')
  t.ok(await until(() => processesWith(home).length === 0), 'no process is left')
  return { ...run, verdict: judge(run) }
}

/** Every message begins with this field, so that what a server puts before it is known. */
const FIRST = 'X-First: yes\n'

const words = Array.from({ length: 997 }, (_, i) => `${(i * 7919) % 1000} `).join('')
const lines = (count: number): string =>
  Array.from({ length: count }, (_, i) => `${i} ${words.slice(i % 900, (i % 900) + ((i * 31) % 90))}\n`).join('')

/** Messages that must arrive byte for byte. */
export const MESSAGES: Readonly<Record<string, string>> = {
  small: `${FIRST}Subject: small\n\nhello\n`,
  'header alone': `${FIRST}Subject: nothing\n`,
  'no body': `${FIRST}\n`,
  dots: `${FIRST}\n.\n..\n...\n.x\n. \nx.\n\n.\n`,
  'like SMTP': `${FIRST}\n.\nMAIL FROM:<x@y>\nRCPT TO:<r@d.example>\nDATA\nFrom x\n>From y\n.\nQUIT\n`,
  'all bytes': `${FIRST}\n${Array.from({ length: 256 }, (_, i) => (i === 13 || i === 10 ? '' : String.fromCharCode(i))).join('')}\n`,
  'empty lines': `${FIRST}\n\n\n\n\nx\n\n\n`,
  'long lines': `${FIRST}\n${'x'.repeat(990)}\n${'y'.repeat(65_536)}\n${'.'.repeat(20_000)}\n`,
  'at the edge of a piece': `${FIRST}\n${'z'.repeat(65_536 - FIRST.length - 2)}\n.\n${'z'.repeat(65_533)}\n..\n`,
  large: `${FIRST}\n${lines(30_000)}`,
}

/** Line ends that are none in a message: what each becomes. */
export const LINE_ENDS: Readonly<Record<string, readonly [string, string]>> = {
  'CR LF': [`${FIRST}\r\na\r\n.\r\nb\r\n`, `${FIRST}\na\n.\nb\n`],
  CR: [`${FIRST}\na\rb\r.\rc\r\r\n.\r\nd\r`, `${FIRST}\na\nb\n.\nc\n\n.\nd\n`],
  'the end of another message': [
    `${FIRST}\na\r.\nMAIL FROM:<x@y>\r.\r\nRCPT TO:<r@d.example>\n`,
    `${FIRST}\na\n.\nMAIL FROM:<x@y>\n.\nRCPT TO:<r@d.example>\n`,
  ],
}

/** What a server has got, without what it has put before it. */
export function asSent(text: string): string {
  const at = text.indexOf(FIRST)
  return at < 0 ? text : text.slice(at)
}

/** Two texts that should be the same; where they differ, without all of it. */
export function sameText(t: Test, found: string | undefined, wanted: string, what: string): void {
  if (found === undefined) return void t.fail(`${what}: did not arrive`)
  let at = 0
  while (at < wanted.length && found[at] === wanted[at]) at++
  const difference =
    found === wanted ? '' : `at ${at}: ${JSON.stringify([found.slice(at, at + 60), wanted.slice(at, at + 60)])}`
  t.equal(difference, '', `${what}, byte for byte`)
}
