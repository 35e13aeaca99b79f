/** Decides what mail a test sends, where it arrives, and how it is told apart. */
import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Zone } from '../../lib/case.ts'
import { answer } from '../../lib/name-server.ts'

/** The user that stands in for qmail's own; every system has it. */
export const USER = { name: 'nobody', uid: Number(spawnSync('id', ['-u', 'nobody']).stdout.toString()) }

/** A qmail home that takes mail for d.example, all of it into one Maildir of USER. */
export function mailHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'moreqmail-chain-'))
  chmodSync(home, 0o755)
  for (const dir of ['control', 'Maildir', 'Maildir/tmp', 'Maildir/new', 'Maildir/cur']) mkdirSync(join(home, dir))
  const control = { me: 'mx.example', rcpthosts: 'd.example', locals: 'd.example', maildirs: '@:Maildir' }
  for (const [name, text] of Object.entries(control)) writeFileSync(join(home, 'control', name), `${text}\n`)
  if (process.getuid?.() === 0) spawnSync('chown', ['-R', String(USER.uid), join(home, 'Maildir')])
  return home
}

/** The messages that have arrived, as byte strings. */
export function arrived(home: string): readonly string[] {
  const dir = join(home, 'Maildir/new')
  return readdirSync(dir).map((name) => readFileSync(join(dir, name), 'latin1'))
}

/** All values that a field has in the messages. */
export function fieldsOf(messages: readonly string[], name: string): readonly string[] {
  return messages.flatMap((text) => new RegExp(`^${name}: *(.*)$`, 'im').exec(text)?.[1] ?? [])
}

/** How a program has ended, and what it has written on 1 and 2. */
export interface Outcome {
  readonly code: number | null
  readonly text: string
}

/** Runs a program to its end. */
export function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      text += data.toString('latin1')
    })
  return new Promise((done) => {
    child.on('error', (error) => done({ code: null, text: error.message }))
    child.on('close', (code) => done({ code, text }))
  })
}

/** Sends a message by swaks. */
export function swaks(port: number, ...options: readonly string[]): Promise<Outcome> {
  const usual = ['--from', 's@client.example', '--to', 'r@d.example', '--helo', 'client.example', '--timeout', '20s']
  return run(['swaks', '--server', `127.0.0.1:${port}`, ...usual, ...options])
}

/** What swaks exits with when a command is refused. */
export const REFUSED = { greeting: 21, mail: 23, rcpt: 24, data: 25, message: 26 } as const

/** Sends many messages by smtp-source, each to a recipient of its own: 1r@d.example, 2r@d.example and so on. */
export function smtpSource(port: number, messages: number, sessions: number, domain = 'd.example'): Promise<Outcome> {
  const path = `${process.env['PATH']}:/usr/sbin`
  const argv = [
    'smtp-source',
    '-N',
    '-s',
    String(sessions),
    '-m',
    String(messages),
    '-l',
    '5000',
    '-M',
    'source.example',
  ]
  return run([...argv, '-f', 's@source.example', '-t', `r@${domain}`, `127.0.0.1:${port}`], { PATH: path })
}

/** A name server at port 53 of a loopback address of its own, for programs that know of no other port. */
export async function nameServer(zone: Zone): Promise<{ readonly address: string; close(): void }> {
  for (let i = 1; i < 255; i++) {
    const socket = createSocket('udp4')
    const address = `127.53.${process.pid % 250}.${i}`
    const bound = new Promise<boolean>((done) => {
      socket.once('error', () => done(false))
      socket.bind(53, address, () => done(true))
    })
    if (!(await bound)) continue
    socket.on('message', (query, from) => {
      const reply = answer(zone, query, true)
      if (reply) socket.send(reply, from.port, from.address)
    })
    return { address, close: () => void socket.close() }
  }
  throw new Error('no free address for a name server')
}
