import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { BIN, ENVELOPE, type End, MESSAGE, run, start } from './lib/start.ts'

const WAYS: ReadonlyArray<Readonly<Record<string, string>>> = [{}, { MOREQMAIL_EXEC: 'always' }]

/** Writes down which descriptors are open; the shell itself has some from 10 on. */
const LIST =
  'for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && list="$list$n "; done; printf "$list" >"$QMAILHOME/fds"'

/** A qmail home with a queue program that keeps what it gets, as `message` and `envelope`. */
function home(): string {
  const dir = mkdtempSync(join(tmpdir(), 'qfilter-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const keep = 'cat >"$QMAILHOME/message"\ncat <&1 >"$QMAILHOME/envelope"'
  writeFileSync(join(dir, 'queue'), `#!/bin/sh\n${LIST}\n${keep}\n`)
  chmodSync(join(dir, 'queue'), 0o755)
  return dir
}

const setting = (dir: string) => ({ QMAILHOME: dir, QQF_QMAILQUEUE: `${dir}/queue` })
const filter = (dir: string, commands: readonly string[], env = {}, message?: string, envelope?: string) =>
  run(['qmail-qfilter', ...commands], { ...setting(dir), ...env }, message, envelope)
const kept = (dir: string, name: string) => readFileSync(join(dir, name), 'latin1')
const queued = (dir: string) => existsSync(join(dir, 'message'))
const sh = (script: string) => ['sh', '-c', script]
const code = ({ code }: End) => code

t.test('the envelope cut at every byte', async (t) => {
  const dir = home()
  for (let n = 0; n < ENVELOPE.length; n++) {
    const end = await filter(dir, sh('touch "$QMAILHOME/ran"'), {}, MESSAGE, ENVELOPE.slice(0, n))
    t.equal(end.code, 91, `${n} bytes`)
  }
  t.notOk(queued(dir))
  t.notOk(existsSync(join(dir, 'ran')), 'no filter runs')
  t.equal(code(await filter(dir, [], {}, MESSAGE, `${ENVELOPE}junk`)), 0, 'what comes behind it is passed on')
  t.equal(kept(dir, 'envelope'), `${ENVELOPE}junk`)
})

t.test('one byte at a time', async (t) => {
  const dir = home()
  const queue = start(['qmail-qfilter', 'cat'], setting(dir))
  for (const [stream, text] of [[queue.message, MESSAGE] as const, [queue.envelope, ENVELOPE] as const]) {
    for (const byte of text) {
      stream.write(byte, 'latin1')
      await new Promise((done) => setTimeout(done, 1))
    }
    stream.end()
  }
  t.equal(code(await queue.end), 0)
  t.same([kept(dir, 'message'), kept(dir, 'envelope')], [MESSAGE, ENVELOPE])
})

t.test('every byte value', async (t) => {
  const dir = home()
  const message = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)).repeat(300)
  t.equal(code(await filter(dir, ['cat', '--', 'cat'], {}, message)), 0)
  t.equal(kept(dir, 'message'), message)
})

t.test('addresses that are too long, letters that are wrong', async (t) => {
  const dir = home()
  const long = 'x'.repeat(1003)
  t.equal(code(await filter(dir, [], {}, MESSAGE, `F${long}\0\0`)), 11)
  t.equal(code(await filter(dir, [], {}, MESSAGE, `F\0T${long}\0\0`)), 11)
  t.equal(code(await filter(dir, [], {}, MESSAGE, 'Fa\0Rb\0\0')), 91)
  t.equal(code(await filter(dir, ['true'], {}, MESSAGE, 'F\0\0')), 0)
  t.equal(code(await filter(dir, sh("printf 'Fa\\0Tb' >&4"))), 91, 'the last filter cuts the envelope')
})

t.test('filters that fail', async (t) => {
  const dir = home()
  const failures: ReadonlyArray<readonly [string, readonly string[], number]> = [
    ['missing', ['no-such-filter'], 81],
    ['missing, with a slash', ['/none/filter'], 81],
    ['an empty name', [''], 81],
    ['no program', [`${dir}`], 81],
    ['killed', sh('kill -KILL $$'), 81],
    ['killed by a pipe', sh('kill -PIPE $$'), 81],
    ['stopped', sh('kill -STOP $$; echo late'), 81],
    ['too large a file', sh('ulimit -f 1; exec yes'), 81],
    ['fails', sh('exit 1'), 1],
    ['rejects', sh('exit 31'), 31],
    ['could not be run, it says', sh('exit 120'), 120],
    ['drops', sh('exit 99'), 0],
  ]
  for (const [what, command, wanted] of failures) {
    const end = await filter(dir, [...sh('echo changed; touch "$QMAILHOME/ran"'), '--', ...command, '--', 'true'])
    t.equal(end.code, wanted, what)
    t.notOk(queued(dir), `${what}: nothing is queued`)
  }
})

t.test('a filter that does not read, and one that closes everything', async (t) => {
  const dir = home()
  t.equal(code(await filter(dir, ['true'], {}, MESSAGE.repeat(100_000))), 0)
  t.equal(kept(dir, 'message').length, MESSAGE.length * 100_000)
  t.equal(code(await filter(dir, sh('exec <&- >&- 2>&- 3<&- 4>&- 5>&-'))), 0)
  t.equal(kept(dir, 'message'), MESSAGE)
})

t.test('a caller that gives nothing to read', async (t) => {
  const dir = home()
  const wanting = (redirection: string) => ['/bin/sh', '-c', `exec "${BIN}/qmail-qfilter" ${redirection}`]
  for (const env of WAYS)
    for (const redirection of ['<&-', '>&-', '</', '1</'])
      t.equal(code(await run(wanting(redirection), { ...setting(dir), ...env })), 53, redirection)
  t.notOk(queued(dir))
})

t.test('a filter that leaves a process behind', async (t) => {
  const dir = home()
  const late = sh('(sleep 1; echo late; echo late >&4) & echo new')
  t.equal(code(await filter(dir, [...late, '--', ...sh('sleep 1.3')])), 0)
  t.equal(kept(dir, 'envelope'), ENVELOPE)
})

t.test('a filter that hangs while its parent is killed', async (t) => {
  const dir = home()
  const queue = start(['qmail-qfilter', ...sh('touch "$QMAILHOME/ran"; exec sleep 1')], setting(dir))
  queue.message.end(MESSAGE)
  queue.envelope.end(ENVELOPE)
  while (!existsSync(join(dir, 'ran'))) await new Promise((done) => setTimeout(done, 10))
  queue.child.kill('SIGTERM')
  t.equal(code(await queue.end), 'SIGTERM')
  await new Promise((done) => setTimeout(done, 1200))
  t.notOk(queued(dir))
})

t.test('descriptors', async (t) => {
  const dir = home()
  for (const env of WAYS) {
    t.equal(code(await filter(dir, sh(`cat >/dev/null; cat <&3 >/dev/null; ${LIST}; exit 71`), env)), 71)
    t.equal(kept(dir, 'fds'), '0 1 2 3 4 5 6 ', 'of a filter')
    t.equal(code(await filter(dir, sh('cat >/dev/null; cat <&3 >/dev/null'), env)), 0)
    t.same([kept(dir, 'message'), kept(dir, 'envelope')], [MESSAGE, ENVELOPE], 'at their beginnings again')
    for (const commands of [['true'], []]) {
      t.equal(code(await filter(dir, commands, { ...env, QMAILQUEUE: 'x' })), 0)
      t.equal(kept(dir, 'fds'), '0 1 2 6 ', `of the queue program, ${commands.length} filters`)
    }
  }
})

t.test('the queue program that filters choose', async (t) => {
  const dir = home()
  const choose = (name: string) => sh(`printf '${name}' >&5`)
  t.equal(code(await filter(dir, choose(`${dir}/queue`), { QQF_QMAILQUEUE: '/none' })), 0)
  t.equal(code(await filter(dir, choose(`${dir}/queue\\n`))), 81, 'a line feed is part of the name')
  t.equal(code(await filter(dir, choose('\\0'))), 81)
  t.equal(code(await filter(dir, choose('sh'))), 81, 'no search')
  t.equal(code(await filter(dir, sh('yes | head -c 100000 >&5'))), 81)
  const second = [...choose('wrong'), '--', ...sh(`cat <&5 >"$QMAILHOME/name"; printf '${dir}/queue\\0' >/dev/fd/5`)]
  t.equal(code(await filter(dir, second)), 0)
  t.equal(kept(dir, 'name'), 'wrong', 'one file for all, at its beginning for each')
})

t.test('more recipients than an environment takes', async (t) => {
  const dir = home()
  const envelope = (n: number) => `Fs@x\0${`T${'r'.repeat(999)}\0`.repeat(n)}\0`
  for (const env of WAYS) {
    t.equal(code(await filter(dir, ['qmail-qfilter-addtlsheader'], env, MESSAGE, envelope(131))), 0)
    t.equal(kept(dir, 'envelope'), envelope(131))
    for (const commands of [['qmail-qfilter-addtlsheader'], ['cat'], []])
      t.equal(code(await filter(dir, commands, env, MESSAGE, envelope(132))), 81, commands.join(' ') || 'no filter')
    const maildir = { ...env, QQF_QMAILQUEUE: `${BIN}/qmail-queue-maildir` }
    t.equal(code(await filter(dir, [], maildir, MESSAGE, envelope(132))), 81, 'nor does our own queue program')
  }
})

t.test('temporary files', async (t) => {
  const dir = home()
  const limited = (blocks: number, ...commands: string[]) => [
    '/bin/sh',
    '-c',
    `ulimit -f ${blocks}; exec "${BIN}/qmail-qfilter" "$@"`,
    'sh',
    ...commands,
  ]
  const large = 'x'.repeat(100_000)
  t.equal(code(await filter(dir, [], { TMPDIR: join(dir, 'none') })), 53)
  t.equal(code(await filter(dir, [], { TMPDIR: '' })), 0, 'an empty TMPDIR is none')
  t.equal(code(await run(limited(8), setting(dir), large)), 53, 'no room for the message')
  t.equal(code(await run(limited(8), setting(dir), MESSAGE, `F\0${'Tabc@x\0'.repeat(5000)}\0`)), 53, 'or the envelope')
  t.equal(code(await run(limited(8, 'yes'), setting(dir))), 81, 'or what a filter prints')
  const full = join(dir, 'tmp')
  writeFileSync(full, '')
  t.equal(code(await filter(dir, [], { TMPDIR: full })), 53, 'TMPDIR is no directory')
  t.same(readdirSync(dir).sort(), ['envelope', 'fds', 'message', 'queue', 'tmp'], 'nothing is left behind')
})

t.test('memory does not grow with the message', { skip: process.platform !== 'linux' }, async (t) => {
  const dir = home()
  const queue = start(['qmail-qfilter', ...sh('exec sleep 0.1')], { ...setting(dir), QQF_QMAILQUEUE: '/bin/true' })
  const piece = Buffer.alloc(1 << 20, 'x\n')
  const peaks: number[] = []
  for (let i = 1; i <= 200; i++) {
    if (!queue.message.write(piece)) await new Promise((done) => queue.message.once('drain', done))
    if (i !== 20 && i !== 200) continue
    peaks.push(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${queue.child.pid}/status`, 'latin1'))?.[1]))
  }
  const [early = 0, late = 0] = peaks
  t.ok(late - early < 4096, `${late - early} KB more after 200 MB than after 20 MB`)
  queue.message.end()
  queue.envelope.end(ENVELOPE)
  t.equal(code(await queue.end), 0)
})
