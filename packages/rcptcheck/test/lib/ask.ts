/** Runs a check of dist/bin in a home of its own. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')

export interface Question {
  readonly program: string
  readonly env?: Readonly<Record<string, string>>
  /** Files below the home; those that begin with `#!` can be run, a path that ends in `/` is a directory. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  readonly home?: string
  /** Words before the program. */
  readonly before?: readonly string[]
}

export interface Answer {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A new home with these files; the caller removes it. */
export function makeHome(files: Question['files'] = {}): string {
  const home = mkdtempSync(join(tmpdir(), 'check-'))
  chmodSync(home, 0o755)
  for (const [name, text] of Object.entries(files)) {
    const path = join(home, name)
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true })
    if (name.endsWith('/')) continue
    writeFileSync(path, text, typeof text === 'string' ? 'latin1' : null)
    if (text.slice(0, 2).toString() === '#!') chmodSync(path, 0o755)
  }
  return home
}

/** Both ways: in images that our programs share, and in images of their own. The answers must be the same. */
export function ask({ program, env = {}, files, home = makeHome(files), before = [] }: Question): Answer {
  const [command = '', ...args] = [...before, join(BIN, program)]
  const [shared, own] = [{}, { MOREQMAIL_EXEC: 'always' }].map((way) => {
    const { status, stdout, stderr } = spawnSync(command, args, {
      env: { PATH: '/usr/bin:/bin', QMAILHOME: home, ...env, ...way },
      encoding: 'latin1',
      timeout: 60000,
      maxBuffer: 100_000_000,
    })
    return { code: status, out: stdout, err: stderr.replaceAll(home, 'HOME').replaceAll(String(process.pid), 'PPID') }
  })
  if (files !== undefined) rmSync(home, { recursive: true })
  if (shared === undefined || own === undefined || JSON.stringify(shared) !== JSON.stringify(own))
    throw new Error(`${JSON.stringify(shared)} is not ${JSON.stringify(own)}`)
  return shared
}
