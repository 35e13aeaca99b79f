/** Runs sessions of a server that is built, in homes of their own. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'

/** Keeps the message, and the envelope only if there is one. */
const QUEUE = '#!/bin/sh\ncat >msg\ncat <&1 >env.tmp\n[ -s env.tmp ] && mv env.tmp env\nexit 0\n'

export interface Session {
  /** What the client writes, in pieces. */
  readonly input: Iterable<string | Uint8Array> | AsyncIterable<string>
  /** Files under the home; what begins with `#!` can be run, a name with a slash at its end is a directory. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly args?: readonly string[]
  /** Nothing of the output is read, and the input stays open. */
  readonly deaf?: boolean
}

export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** A file under the home, as a byte string; undefined if it is not there. */
  readonly file: (name: string) => string | undefined
}

const homes: string[] = []
process.on('exit', () => {
  for (const home of homes) rmSync(home, { recursive: true, force: true })
})

/** One session of this program from its beginning to its end. */
export async function run(
  program: string,
  { input, files = {}, env = {}, args = [], deaf = false }: Session,
): Promise<Outcome> {
  const home = mkdtempSync(join(tmpdir(), 'session-'))
  homes.push(home)
  const me = 'control/me/' in files ? {} : { 'control/me': 'mx.example\n' }
  for (const [name, text] of Object.entries({ ...me, qq: QUEUE, ...files })) {
    mkdirSync(name.endsWith('/') ? join(home, name) : dirname(join(home, name)), { recursive: true })
    if (!name.endsWith('/')) writeFileSync(join(home, name), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 })
  }
  const child = spawn(resolve('dist/bin', program), args, {
    cwd: home,
    env: { QMAILHOME: home, QMAILQUEUE: './qq', PATH: '/bin:/usr/bin', TCPREMOTEIP: '192.0.2.1', ...env },
  })
  const end = new Promise<number | null>((done) => child.on(deaf ? 'exit' : 'close', done))
  let out = ''
  let err = ''
  const take = (data: Buffer): void => {
    out += data.toString('latin1')
  }
  if (!deaf) child.stdout.on('data', take)
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString('latin1')
  })
  child.stdin.on('error', () => {}) // it may end before it has read all
  for await (const each of input) {
    child.stdin.write(typeof each === 'string' ? Buffer.from(each, 'latin1') : each)
    await turn()
  }
  if (!deaf) child.stdin.end()
  const code = await end
  const file = (name: string): string | undefined =>
    existsSync(join(home, name)) ? readFileSync(join(home, name), 'latin1') : undefined
  return { code, out, err, file }
}

/** The text without what differs from run to run. */
export function plain(text = ''): string {
  return text.replace(/250 ok \d+ qp \d+/g, '250 queued').replace(/; .* -0000/g, '; DATE')
}
