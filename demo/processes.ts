/** Starts the programs, and ends what still runs when the demo does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { shown } from './screen.ts'

const running: ChildProcess[] = []

export interface Result {
  readonly code: number
  readonly output: string
}

/** Starts a listener that prints its port (`-1`): the port. Its log lines are shown behind the mark. */
export async function listen(argv: readonly string[], env: NodeJS.ProcessEnv, mark: string): Promise<number> {
  const [file = '', ...words] = argv
  const child = spawn(file, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  child.stderr?.on('data', shown(mark))
  const early = once(child, 'exit').then(() => Promise.reject(new Error(`${file} has ended`)))
  early.catch(() => undefined) // after the port is known its end is no news
  const [data] = (await Promise.race([once(child.stdout as Readable, 'data'), early])) as [Buffer]
  return Number(data.toString())
}

/** Runs a program to its end, with a file or a text on descriptor 0: its exit code and what it has written. */
export async function run(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  input: { readonly file: string } | { readonly text: string },
): Promise<Result> {
  const [file = '', ...words] = argv
  const first = 'file' in input ? openSync(input.file, 'r') : 'pipe'
  const child = spawn(file, words, { env, stdio: [first, 'pipe', 'inherit'] })
  running.push(child)
  if ('text' in input) child.stdin?.end(input.text)
  let output = ''
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString('latin1')
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? -1, output }
}

/** Ends what still runs, and waits until it has. */
export async function endAll(): Promise<void> {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
}
