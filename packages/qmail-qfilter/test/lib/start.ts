/** Starts a queue program and follows it to its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import type { Duplex } from 'node:stream'

export const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
export const MESSAGE = 'Subject: hi\n\nhello\n'
export const ENVELOPE = 'Fs@x\0Ta@d\0Tb@d\0\0'

export interface End {
  /** Exit code or signal. */
  readonly code: number | string | null
  /** What came on descriptor 2. */
  readonly log: string
  /** What came on descriptor 6. */
  readonly text: string
}

/** A queue program that runs: the message goes to its descriptor 0, the envelope to 1. */
export interface Queue {
  readonly child: ChildProcess
  readonly message: Duplex
  readonly envelope: Duplex
  readonly end: Promise<End>
}

export function start(argv: readonly string[], env: Readonly<Record<string, string>>, cwd?: string): Queue {
  const [name = '', ...args] = argv
  const child = spawn(name.includes('/') ? name : join(BIN, name), args, {
    env: { PATH: `${BIN}:/usr/bin:/bin`, ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  const streams = child.stdio as unknown as Duplex[]
  const read = (fd: number) => {
    let text = ''
    streams[fd]?.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
    })
    return () => text
  }
  for (const stream of streams) stream?.on('error', () => undefined)
  const [log, text] = [read(2), read(6)]
  const end = new Promise<End>((done) =>
    child.on('exit', (code, signal) => setImmediate(() => done({ code: signal ?? code, log: log(), text: text() }))),
  )
  return { child, message: streams[0] as Duplex, envelope: streams[1] as Duplex, end }
}

/** Runs it over a whole message and envelope. */
export async function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  message = MESSAGE,
  envelope = ENVELOPE,
): Promise<End> {
  const queue = start(argv, env)
  queue.message.end(message, 'latin1')
  queue.envelope.end(envelope, 'latin1')
  return await queue.end
}
