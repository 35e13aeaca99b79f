/** Running the programs on messages. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
export const PATH = `${BIN}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`

export type Env = Readonly<Record<string, string>>
type Stdio = 'pipe' | 'ignore' | number

export interface Ended {
  readonly code: number | string
  readonly out: string
  readonly err: string
  /** What has come on descriptor 6. */
  readonly text: string
}

/** Runs a program with a byte string, or a descriptor, as its input. */
export async function run(
  argv: readonly string[],
  input: string | number,
  env: Env = {},
  more: readonly Stdio[] = [],
): Promise<Ended> {
  const stdio: Stdio[] = [typeof input === 'number' ? input : 'pipe', 'pipe', 'pipe', ...more]
  const [name = '', ...args] = argv
  const child = spawn(name.includes('/') ? name : join(BIN, name), args, { stdio, env: { PATH, ...env } })
  const pieces: Buffer[][] = [[], [], []]
  for (const [i, fd] of [1, 2, 6].entries())
    child.stdio[fd]?.on('data', (data: Buffer) => pieces[i]?.push(data)).on('error', () => undefined)
  child.stdin?.on('error', () => undefined)
  if (typeof input === 'string') child.stdin?.end(input, 'latin1')
  const code = await new Promise<number | string>((done) =>
    child.on('close', (code, signal) => done(signal ?? code ?? '')),
  )
  const [out = '', err = '', text = ''] = pieces.map((list) => Buffer.concat(list).toString('latin1'))
  return { code, out, err, text }
}

/** A qmail home with these files. */
export function home(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'moreqmail-dkim-'))
  for (const [name, text] of Object.entries(files)) write(join(path, name), text)
  return path
}

export function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, 'latin1')
  return path
}
