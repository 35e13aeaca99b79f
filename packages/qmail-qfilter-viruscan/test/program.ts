import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import t from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')

function home(signatures?: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'viruscan-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'control'))
  if (signatures !== undefined) writeFileSync(join(dir, 'control/signatures'), signatures, 'latin1')
  return dir
}

type Stdio = 'pipe' | 'ignore' | number

function start(
  dir: string,
  env: Record<string, string> = {},
  [input, text]: readonly [Stdio, Stdio] = ['pipe', 'ignore'],
) {
  const stdio: Stdio[] = [input, 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', text]
  const child = spawn(join(BIN, 'qmail-qfilter-viruscan'), { stdio, env: { QMAILHOME: dir, ...env } })
  const out: string[] = ['', '', '']
  const streams = child.stdio as unknown as ReadonlyArray<Readable | null>
  for (const [i, stream] of [streams[1], streams[2], streams[6]].entries())
    stream?.on('data', (data: Buffer) => {
      out[i] += data.toString('latin1')
    })
  child.stdin?.on('error', () => undefined)
  const end = new Promise<unknown[]>((done) => child.on('close', (code, signal) => done([signal ?? code, ...out])))
  return { child, end }
}

async function scan(dir: string, message: string, env?: Record<string, string>, stdio?: readonly [Stdio, Stdio]) {
  const { child, end } = start(dir, env, stdio)
  child.stdin?.end(message, 'latin1')
  return await end
}

t.test('refused', async (t) => {
  const dir = home('# comment\n\nTVqQ \nx\x07y\xff\n')
  const env = { QMAILPPID: '77', TCPREMOTEIP: '192.0.2.1' }
  t.same(await scan(dir, '\nTVqQ\n', env), [31, '', 'qfilter: viruscan 77 192.0.2.1 TVqQ\n', ''])
  t.same(await scan(dir, '\nTVqQ\n'), [31, '', `qfilter: viruscan ${process.pid} unknown TVqQ\n`, ''])
  t.same(await scan(dir, '\nx\x07y\xff', env), [31, '', 'qfilter: viruscan 77 192.0.2.1 x?y\xff\n', ''])
  t.same(
    await scan(dir, '\nTVqQ\n', env, ['pipe', 'pipe']),
    [82, '', 'qfilter: viruscan 77 192.0.2.1 TVqQ\n', "Dwe don't accept email with such content (#5.3.4)"],
    'with a reason where it is wanted',
  )
  const file = openSync(join(dir, 'file'), 'w')
  t.equal((await scan(dir, '\nTVqQ\n', env, ['pipe', file]))[0], 31, 'a file on 6 is no reader')
  t.equal(readFileSync(join(dir, 'file'), 'latin1'), '')
})

t.test('passed', async (t) => {
  t.same(await scan(home('TVqQ\n'), 'x: y\n\nx'), [0, '', '', ''])
  t.same(await scan(home(''), '\nTVqQ\n'), [0, '', '', ''])
  t.same(await scan(home(), '\nTVqQ\n'), [0, '', '', ''])
})

t.test('trouble', async (t) => {
  const dir = home()
  mkdirSync(join(dir, 'control/signatures'))
  t.equal((await scan(dir, ''))[0], 55, 'signatures is a directory')
  t.equal((await scan(join(dir, 'none'), ''))[0], 55, 'no home')
  t.equal((await start(home('x'), {}, [openSync(dir, 'r'), 'ignore']).end)[0], 54, 'the message is a directory')
})

t.test('memory does not grow with the message', { skip: process.platform !== 'linux' }, async (t) => {
  const { child, end } = start(home('TVqQ\n'))
  const piece = Buffer.from(`${'A'.repeat(76)}\n`.repeat(13_000))
  const peaks: number[] = []
  for (let i = 1; i <= 200; i++) {
    if (!child.stdin?.write(piece)) await new Promise((done) => child.stdin?.once('drain', done))
    if (i === 20 || i === 200)
      peaks.push(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))?.[1]))
  }
  const [early = 0, late = 0] = peaks
  t.ok(late - early < 4096, `${late - early} KB more after 200 MB than after 20 MB`)
  child.stdin?.end()
  t.equal((await end)[0], 0)
})
