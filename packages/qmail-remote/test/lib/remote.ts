/** Runs qmail-remote as qmail-rspawn does: its descriptors 1 and 2 are the same. */
import { spawn } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Test } from 'tap'
import { judge } from './rspawn.ts'

export const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')

/** Both ways of running our own programs. */
export const WAYS: ReadonlyArray<Record<string, string>> = [{}, { MOREQMAIL_EXEC: 'always' }]

export interface Setting {
  readonly home: string
  readonly program?: string
  /** Default: one recipient of one host. */
  readonly args?: readonly string[]
  readonly env?: Record<string, string>
  /** The message: a text in a file, or through a pipe if `piped`. */
  readonly message?: string
  readonly piped?: boolean
}

export interface Result {
  /** All that was written to descriptors 1 and 2. */
  readonly output: string
  readonly code: number | null
  readonly signal: string | null
  /** What qmail-rspawn makes of it. */
  readonly verdict: string
  readonly seconds: number
}

/** A home with these files: paths below it; those that begin with `#!` can be run. */
export function makeHome(t: Test, files: Record<string, string | Uint8Array> = {}): string {
  const home = mkdtempSync(join(tmpdir(), 'remote-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  writeFiles(home, { 'control/me': 'me.example\n', ...files })
  return home
}

export function writeFiles(home: string, files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(home, name)
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true })
    if (name.endsWith('/')) continue
    writeFileSync(path, typeof content === 'string' ? Buffer.from(content, 'latin1') : content)
    if (typeof content === 'string' && content.startsWith('#!')) chmodSync(path, 0o755)
  }
}

export function runRemote(setting: Setting): Promise<Result> {
  const { home, args = ['d.example', 's@b', 'r@d.example'], message = 'hi\n', piped = false } = setting
  const outputPath = join(home, '.output')
  const messagePath = join(home, '.message')
  writeFileSync(messagePath, Buffer.from(message, 'latin1'))
  const output = openSync(outputPath, 'w')
  const input = openSync(messagePath, 'r')
  const began = Date.now()
  const child = spawn(join(BIN, setting.program ?? 'qmail-remote'), args, {
    env: { PATH: `${BIN}:/usr/local/bin:/usr/bin:/bin`, QMAILHOME: home, ...setting.env },
    stdio: [piped ? 'pipe' : input, output, output],
  })
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(message, 'latin1')
  closeSync(output)
  closeSync(input)
  return new Promise((done) => {
    child.on('exit', (code, signal) => {
      const run = { output: readFileSync(outputPath, 'latin1'), code, signal }
      done({ ...run, verdict: judge(run), seconds: (Date.now() - began) / 1000 })
    })
  })
}
