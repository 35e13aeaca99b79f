/** Runs qmail-rfilter as qmail-rspawn does, with a qmail-remote that keeps what it gets. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { BIN, makeHome } from '../../../qmail-remote/test/lib/remote.ts'
import { judge } from '../../../qmail-remote/test/lib/rspawn.ts'

export const MESSAGE = 'Subject: hi\n\nhello\n'
const RECIPIENT = 'r@d.example'
export const ARGS: readonly string[] = ['d.example', 's@x.example', RECIPIENT]

/** Writes down the open descriptors below 10, behind a name. */
export const LIST =
  'for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && list="$list$n "; done; printf "$list" >"$QMAILHOME/fds"'

const REMOTE = `#!/bin/sh
${LIST}
{ printf '%s\\0' "$@"; } >"$QMAILHOME/args"
env >"$QMAILHOME/env"
pwd >"$QMAILHOME/cwd"
cat >"$QMAILHOME/message"
printf 'r\\0Ksent\\n\\0'
`

/** A qmail home with such a qmail-remote. */
export function home(t: Test): string {
  return makeHome(t, { 'bin/qmail-remote': REMOTE })
}

/** What qmail-remote has got, of those files that it writes; undefined if it was not run. */
export function got(dir: string, name: 'args' | 'env' | 'cwd' | 'message' | 'fds'): string | undefined {
  const path = join(dir, name)
  return existsSync(path) ? readFileSync(path, 'latin1') : undefined
}

export interface Run {
  readonly child: ChildProcess
  readonly end: Promise<{ readonly output: string; readonly code: number | null; readonly verdict: string }>
}

export interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly message?: string
  /** The message comes through a pipe. */
  readonly piped?: boolean
  /** Words that come before the program's own name. */
  readonly before?: readonly string[]
  readonly program?: string
}

/** Starts it: descriptors 1 and 2 are one pipe, as qmail-rspawn makes them. */
export function start(dir: string, filters: readonly string[], options: Options = {}): Run {
  const { env = {}, args = ARGS, message = MESSAGE, piped = false, before = [], program = 'qmail-rfilter' } = options
  for (const name of ['args', 'env', 'cwd', 'message', 'fds']) rmSync(join(dir, name), { force: true })
  const path = join(dir, 'mess')
  rmSync(path, { force: true })
  writeFileSync(path, message, { encoding: 'latin1', mode: 0o400 })
  const input = openSync(path, 'r')
  // A shell makes one pipe of two; it is gone when the program begins.
  const words = ['-c', 'exec "$@" 2>&1', 'sh', ...before, join(BIN, program), ...args, ...filters]
  const child = spawn('/bin/sh', words, {
    cwd: dir,
    env: { PATH: `${BIN}:/usr/bin:/bin`, QMAILHOME: dir, ...env },
    stdio: [piped ? 'pipe' : input, 'pipe', 'ignore'],
  })
  closeSync(input)
  child.stdin?.on('error', () => undefined)
  if (piped) child.stdin?.end(message, 'latin1')
  let output = ''
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString('latin1')
  })
  const end = new Promise<Awaited<Run['end']>>((done) =>
    child.on('close', (code, signal) => done({ output, code, verdict: judge({ output, code, signal }) })),
  )
  return { child, end }
}

/** Runs it: what qmail-rspawn reads. */
export async function report(dir: string, filters: readonly string[], options: Options = {}): Promise<string> {
  const { output, code } = await start(dir, filters, options).end
  return code === 0 ? output : `exit ${code}: ${output}`
}

/** A filter that is a script. */
export function sh(script: string): readonly string[] {
  return ['sh', '-c', script]
}
