/** Runs sessions of the built qmail-authup in homes of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')

/** A checkpassword that writes down what it was given, and takes joe's password only. */
export const CHECK = `#!/bin/sh
c=$(tr '\\000' '|' <&3)
printf '%s\\n' "$c" >>creds
exec 3<&-
case $c in 'joe|secret|'*) exec "$@" ;; esac
exit 1
`

/** Says that it is there, then what it reads. */
export const SERVE = `#!/bin/sh
printf 'served\\r\\n'
exec cat
`

export const PLAIN = Buffer.from('\0joe\0secret').toString('base64')
export const WRONG = Buffer.from('\0joe\0wrong').toString('base64')

export interface Session {
  readonly argv?: readonly string[]
  /** What the client writes, in pieces. */
  readonly input?: Iterable<string | Uint8Array>
  /** How it reaches the program: a socket (which can be looked into), a pipe, or a file (which can't). */
  readonly by?: 'socket' | 'pipe' | 'file'
  /** Milliseconds between the pieces. */
  readonly pause?: number
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** More descriptors: number to what it leads to, as for node's stdio. */
  readonly fds?: ReadonlyArray<'pipe' | 'ignore'>
  /** What happens while it runs; `seen` waits for a text in its output. */
  readonly during?: (child: ChildProcess, seen: (text: string) => Promise<void>) => Promise<void>
}

export interface Outcome {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
  /** A file under the home, as a byte string; undefined if it is not there. */
  readonly file: (name: string) => string | undefined
}

/** One session from its beginning to its end. */
export async function session(about: Session): Promise<Outcome> {
  const { argv = ['qmail-authup', 'smtp', './check', './serve'], input = [], by = 'socket', env = {} } = about
  const home = mkdtempSync(join(tmpdir(), 'authup-'))
  const files = { 'control/me': 'mx.example\n', check: CHECK, serve: SERVE, ...about.files }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), Buffer.from(text, 'latin1'), { mode: text.startsWith('#!') ? 0o755 : 0o644 })
  }
  if (by === 'file') writeFileSync(join(home, 'input'), Buffer.concat([...input].map(bytes)))
  const shell = { socket: 'exec "$@"', pipe: 'cat | "$@"', file: 'exec "$@" <input' }[by]
  const child = spawn('/bin/sh', ['-c', shell, 'sh', ...argv], {
    cwd: home,
    env: { PATH: `${BIN}:/bin:/usr/bin`, QMAILHOME: home, ...env },
    stdio: ['pipe', 'pipe', 'pipe', ...(about.fds ?? [])],
  })
  const end = new Promise<[number | null, string | null]>((done) => child.on('close', (...how) => done(how)))
  let out = ''
  let err = ''
  child.stdout?.on('data', (data: Buffer) => {
    out += data.toString('latin1')
  })
  child.stderr?.on('data', (data: Buffer) => {
    err += data.toString('latin1')
  })
  for (const stream of child.stdio) stream?.on('error', () => {}) // it may end before it has read all
  if (by !== 'file') {
    for (const piece of input) {
      child.stdin?.write(bytes(piece))
      await sleep(about.pause ?? 0)
    }
  }
  await about.during?.(child, async (text) => {
    while (!out.includes(text)) await sleep(5)
  })
  child.stdin?.end()
  const [code, signal] = await end
  const kept = new Map(['creds', 'note'].map((name) => [name, read(join(home, name))]))
  rmSync(home, { recursive: true })
  return { code, signal, out, err, file: (name) => kept.get(name) }
}

function bytes(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'latin1') : undefined
}

/** The lines of a reply or of the log, without what differs from run to run. */
export function lines(text: string): string[] {
  return text
    .replace(/(authup|reup|checkpassword) \d+/g, '$1 PID')
    .replace(/<\d+\.\d+@/g, '<PID.TIME@')
    .split(/\r?\n/)
    .slice(0, -1)
}

/** The children of a process. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
}

const PAGE = 4096
/** A page's entry of 8 bytes in pagemap; its highest bit says that the page is there. proc_pid_pagemap(5) */
const ENTRY = 8

/** True if these bytes are anywhere in the writable memory of a process. */
export function remembers(pid: number, secret: string): boolean {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r')
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
      if (from === undefined || to === undefined) continue
      const first = Number.parseInt(from, 16) / PAGE
      const entries = Buffer.alloc((Number.parseInt(to, 16) / PAGE - first) * ENTRY)
      readSync(pagemap, entries, 0, entries.length, first * ENTRY)
      const isThere = (page: number): boolean => (entries[page * ENTRY + ENTRY - 1] ?? 0) >= 128
      for (let page = 0; page * ENTRY < entries.length; page++) {
        const start = page
        while (isThere(page)) page++
        if (page === start) continue
        const piece = Buffer.alloc((page - start) * PAGE)
        readSync(memory, piece, 0, piece.length, (first + start) * PAGE)
        if (piece.includes(secret, 0, 'latin1')) return true
      }
    }
    return false
  } finally {
    closeSync(memory)
    closeSync(pagemap)
  }
}
