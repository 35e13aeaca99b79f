import { spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, copyFileSync, openSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { BIN, makeHome, WAYS } from './lib/remote.ts'
import { faultOf, judge, type Run } from './lib/rspawn.ts'
import { FakeServer } from './lib/server.ts'

const ran = (output: string, code: number | null = 0, signal: string | null = null): Run => ({ output, code, signal })
const DELIVERED = 'r\0K127.0.0.1 accepted message.\nRemote host said: 250 queued\n\0'

t.test('how qmail-rspawn reads a report', async (t) => {
  const wanted: ReadonlyArray<readonly [Run, string]> = [
    [ran('r\0Kok\n\0', null, 'SIGSEGV'), 'Zqmail-remote crashed.\n'],
    [ran('r\0Kok\n\0', 111), 'ZUnable to run qmail-remote.\n'],
    [ran('r\0Kok\n\0', 100), 'DUnable to run qmail-remote.\n'],
    [ran('r\0Kok\n\0', 1), 'DUnable to run qmail-remote.\n'],
    [ran(''), 'Zqmail-remote produced no output.\n'],
    [ran('junk'), 'D'],
    [ran('junk\0'), 'Dunk'],
    [ran('r\0Kok\n\0'), 'Kok\n'],
    [ran('Kok\n\0'), 'Kok\n'],
    [ran('Zlater\n\0'), 'Zlater\n'],
    [ran('hno\n\0DGiving up\n\0'), 'Dno\nGiving up\n'],
    [ran('swait\n\0DGiving up\n\0'), 'Zwait\nGiving up\n'],
    [ran('r\0Zlater\n\0'), 'Zlater\n'],
    [ran('r\0Dno\n\0'), 'Dno\n'],
    // Others have been accepted.
    [ran('hno\n\0Kok\n\0'), 'Dno\n'],
    [ran('swait\n\0Kok\n\0'), 'Zwait\n'],
    // The first word counts: a record too many, and lost mail is delivered mail.
    [ran('Kok\n\0Zlost\n\0'), 'Kok\nZlost\n'.replace('Z', '')],
    // Anything on descriptor 2 is read as a part of it.
    [ran('warning: x\nr\0Kok\n\0'), 'Karning: x\nrok\n'],
    [ran('r\0Kok\n\0warning'), 'Kok\n'],
  ]
  for (const [run, verdict] of wanted) t.equal(judge(run), verdict, JSON.stringify(run.output))
})

t.test('what is a report', async (t) => {
  for (const good of ['r\0r\0Kok\n\0', 'hno\n\0r\0Kok\n\0', 'Zno\n\0', 'r\0Zno\n\0', 'hno\n\0swait\n\0Dno\n\0'])
    t.equal(faultOf(good, 2), '', JSON.stringify(good))
  for (const bad of [
    '',
    'r\0',
    'r\0Kok\n',
    'r\0Kok\n\0',
    'hno\n\0hno\n\0Kok\n\0',
    'x\0r\0Kok\n\0',
    'r\0r\0Kok\0',
    'r\0r\0r\0Kok\n\0',
  ])
    t.not(faultOf(bad, 2), '', JSON.stringify(bad))
})

/** Runs it with one pipe for descriptors 1 and 2. */
async function onePipe(
  t: Test,
  files: Record<string, string>,
  env: Record<string, string>,
): Promise<{ readonly run: Run; readonly heard: readonly (readonly string[])[] }> {
  const server = await FakeServer.start(t, [{}])
  const home = makeHome(t, { 'control/smtproutes': `:127.0.0.1:${server.port}\n`, ...files })
  const message = join(home, 'message')
  writeFileSync(message, 'hi\n')
  const input = openSync(message, 'r')
  const child = spawn('sh', ['-c', 'exec qmail-remote d.example s@b r@d.example 2>&1'], {
    env: { PATH: `${BIN}:${home}:/usr/bin:/bin`, QMAILHOME: home, ...env },
    stdio: [input, 'pipe', 'ignore'],
  })
  closeSync(input)
  let output = ''
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString('latin1')
  })
  const run = await new Promise<Run>((done) => {
    child.on('close', (code, signal) => done({ output, code, signal }))
  })
  server.close()
  return { run, heard: server.heard }
}

t.test('descriptors 1 and 2 are one pipe', async (t) => {
  const noise = 'echo "warning: noise" >&2; head -c 100000 /dev/zero >&2'
  const client = `#!/bin/sh\n${noise}\nprintf '${DELIVERED.replaceAll('\n', '\\n').replaceAll('\0', '\\0')}'\n${noise}\n`
  for (const way of WAYS) {
    t.same((await onePipe(t, {}, way)).run, ran(DELIVERED), 'direct')
    const noisy = await onePipe(t, { 'control/ucspiclient': './client\n', client }, way)
    t.same(noisy.run, ran(DELIVERED), 'a client that is noisy')
    const late = `#!/bin/sh\n(sleep 0.3; ${noise}) &\nexec ./client\n`
    const left = await onePipe(t, { 'control/ucspiclient': './late\n', client, late }, way)
    t.same(left.run, ran(DELIVERED), 'what it leaves behind is noisy')
  }
})

t.test('what goes wrong before there is a report', async (t) => {
  const dir = makeHome(t)
  copyFileSync(realpathSync(join(BIN, 'qmail-remote')), join(dir, 'qmail-remote'), constants.COPYFILE_FICLONE)
  const child = spawnSync('sh', ['-c', 'exec "$0" d.example s@b r@d.example 2>&1', join(dir, 'qmail-remote')])
  const run = { output: child.stdout.toString('latin1'), code: child.status, signal: child.signal }
  t.equal(judge(run), 'ZUnable to run qmail-remote.\n', 'a part of the executable is missing')
})
