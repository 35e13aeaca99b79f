import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BIN, WAYS } from '../../qmail-remote/test/lib/remote.ts'
import { faultOf } from '../../qmail-remote/test/lib/rspawn.ts'
import { ARGS, got, home, LIST, MESSAGE, report, sh, start } from './lib/rfilter.ts'

const SENT = 'r\0Ksent\n\0'
const failed = (text: string) => `Zqmail-rfilter: ${text} (#4.3.0)\n\0`

for (const env of WAYS) {
  const way = Object.keys(env).length > 0 ? ', new images' : ''

  t.test(`a message goes through${way}`, async (t) => {
    const dir = home(t)
    const filters = ['--', 'cat', '--', ...sh('echo noise >&2; sed s/hello/bye/'), '--', 'true']
    t.equal(await report(dir, filters, { env }), SENT)
    t.equal(got(dir, 'message'), 'Subject: hi\n\nbye\n')
    t.equal(got(dir, 'args'), `${ARGS.join('\0')}\0`)
    t.equal(got(dir, 'fds'), '0 1 2 ', '3 to 5 are closed')
    t.equal(got(dir, 'cwd'), `${dir}\n`)
    t.notMatch(got(dir, 'env'), /RFILTERHOST|QMAILRCPTS|_SENDER/, 'what is meant for filters stays there')
  })

  t.test(`failures${way}`, async (t) => {
    const dir = home(t)
    const later = ['--', ...sh('touch "$QMAILHOME/later"')]
    const crashed = failed('sh crashed.')
    const failures: ReadonlyArray<readonly [string, readonly string[], string]> = [
      ['missing', ['no-such-filter'], failed('unable to run no-such-filter.')],
      ['missing, with a slash', ['/none/filter'], failed('unable to run /none/filter.')],
      ['an empty name', [''], failed('unable to run .')],
      ['a directory', [dir], failed(`unable to run ${dir}.`)],
      ['killed', sh('kill -KILL $$'), crashed],
      ['killed by a pipe', sh('kill -PIPE $$'), crashed],
      ['killed by a terminal', sh('kill -HUP $$'), crashed],
      ['killed with last words', sh('echo "I am dying" >&2; kill -SEGV $$'), 'ZI am dying (#4.3.0)\n\0'],
      ['too large a message', sh('ulimit -f 1; exec yes'), crashed],
      ['too large a log', sh('ulimit -f 1; exec yes "no thanks" >&2'), 'Zno thanks (#4.3.0)\n\0'],
      ['fails', sh('exit 1'), failed('sh failed.')],
      ['our own that fails', ['qmail-rfilter-srsforward'], SENT],
      ['refuses', sh('echo "no, thanks" >&2; exit 100'), 'Dno, thanks (#5.7.1)\n\0'],
      ['refuses as qmail-qfilter has it', sh('exit 31'), 'Dqmail-rfilter: sh rejected the message. (#5.7.1)\n\0'],
      ['refuses with nothing but line feeds', sh('echo >&2; echo >&2; exit 111'), failed('sh failed.')],
      ['writes like qmail-remote', sh("printf 'r\\0Ksent\\n\\0' >&2; exit 111"), 'Zr?Ksent (#4.3.0)\n\0'],
      ['drops', sh('exit 99'), 'r\0Kqmail-rfilter: message dropped by sh.\n\0'],
      ['a short envelope', sh("printf 'Fx@y\\0Tr@d.example\\0' >&4"), failed('sh wrote a bad envelope.')],
      ['no recipient', sh("printf 'Fx@y\\0\\0' >&4"), failed('sh wrote a bad envelope.')],
      ['two recipients', sh("printf 'F\\0Ta@b\\0Tc@d\\0\\0' >&4"), failed('sh wrote a bad envelope.')],
    ]
    for (const [what, command, wanted] of failures) {
      rmSync(join(dir, 'later'), { force: true })
      const output = await report(dir, ['--', ...sh('echo changed'), '--', ...command, ...later], { env })
      t.equal(output, wanted, what)
      t.equal(faultOf(output, 1), '', 'as it must be')
      if (wanted === SENT) continue
      t.equal(got(dir, 'args'), undefined, `${what}: qmail-remote is not run`)
      t.notOk(existsSync(join(dir, 'later')), 'nor the next filter')
    }
  })

  t.test(`descriptors and variables of a filter${way}`, async (t) => {
    const dir = home(t)
    const see = sh(
      `${LIST}; cp "$QMAILHOME/fds" "$QMAILHOME/seen"; env >"$QMAILHOME/vars"; cat <&3 >"$QMAILHOME/envelope"`,
    )
    const run = start(dir, ['--', ...see], { env: { ...env, QMAILNAME: 'x', QMAILREMOTE: '/none' } })
    t.equal((await run.end).output, SENT)
    t.equal(readFileSync(join(dir, 'seen'), 'latin1'), '0 1 2 3 4 5 ')
    t.equal(readFileSync(join(dir, 'envelope'), 'latin1'), 'Fs@x.example\0Tr@d.example\0\0')
    const vars = readFileSync(join(dir, 'vars'), 'latin1')
    const wanted = {
      QMAILUSER: 's',
      QMAILHOST: 'x.example',
      QMAILRCPTS: 'r@d.example\n',
      NUMRCPTS: '1',
      ENVSIZE: '27',
      MSGSIZE: String(MESSAGE.length),
      QMAILPPID: String(process.pid),
      RFILTERHOST: 'd.example',
      DOMAIN: 'd.example',
      _SENDER: 's@x.example',
      _RECIPIENT: 'r@d.example',
    }
    for (const [name, value] of Object.entries(wanted)) t.ok(`\n${vars}`.includes(`\n${name}=${value}\n`), name)
    t.notMatch(vars, /^QMAILNAME=/m)
  })

  t.test(`the program that is run${way}`, async (t) => {
    const dir = home(t)
    const other = join(dir, 'other')
    writeFileSync(other, '#!/bin/sh\nprintf "other $0 $*"\n')
    chmodSync(other, 0o755)
    const said = `other ${other} ${ARGS.join(' ')}`
    t.equal(await report(dir, [], { env: { ...env, QRF_QMAILREMOTE: other } }), said)
    const choose = (name: string) => ['--', ...sh(`printf '${name}' >&5`)]
    t.equal(await report(dir, choose(`${other}\\0junk`), { env: { ...env, QRF_QMAILREMOTE: '/none' } }), said)
    for (const wrong of [`${other}\\n`, '\\0', 'sh'])
      t.equal(await report(dir, choose(wrong), { env }), failed('unable to run qmail-remote.'))
    const own = { QRF_QMAILREMOTE: `${BIN}/qmail-qfilter-viruscan` }
    t.equal(await report(dir, ['--', 'true'], { env: { ...env, ...own } }), '', 'one of ours, by its own name')
  })

  t.test(`a message of any kind${way}`, async (t) => {
    const dir = home(t)
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
    const messages = ['', '\0', 'no line feed', `${all.repeat(40)}`, 'x'.repeat(10_000_000), `${all}\n`.repeat(40_000)]
    for (const message of messages)
      for (const piped of [false, true]) {
        const what = `${message.length} bytes${piped ? ' through a pipe' : ''}`
        t.equal(await report(dir, ['--', 'cat', '--', 'true', '--', 'cat'], { env, message, piped }), SENT, what)
        t.ok(got(dir, 'message') === message, 'as it was')
      }
  })
}

t.test('the file of the queue is only read', async (t) => {
  const dir = home(t)
  const mess = join(dir, 'mess')
  const touch = sh('echo spoilt >&0; cat >/dev/null; echo replaced')
  const run = start(dir, ['--', ...touch, '--', ...touch])
  const before = statSync(mess)
  t.equal((await run.end).output, SENT)
  const after = statSync(mess)
  t.equal(got(dir, 'message'), 'replaced\n')
  t.equal(readFileSync(mess, 'latin1'), MESSAGE)
  t.same([after.mtimeMs, after.size, after.ino, after.mode], [before.mtimeMs, before.size, before.ino, before.mode])
})

t.test('a pipe with no filters is left alone', async (t) => {
  const dir = home(t)
  for (const filters of [[], ['--']]) {
    t.equal(await report(dir, filters, { piped: true, env: { TMPDIR: '/none' } }), SENT)
    t.equal(got(dir, 'message'), MESSAGE)
    t.equal(got(dir, 'fds'), '0 1 2 ')
  }
})

t.test('descriptors that were open before', async (t) => {
  const dir = home(t)
  const open = ['/bin/sh', '-c', 'exec "$@" 3</dev/null 4</dev/null 5</dev/null 7</dev/null 9</dev/null', 'sh']
  for (const filters of [[], ['--', 'true']]) {
    t.equal(await report(dir, filters, { before: open }), SENT)
    t.equal(got(dir, 'fds'), '0 1 2 7 9 ')
  }
})

t.test('a message that can not be read', async (t) => {
  const dir = home(t)
  const from = (where: string) => ['/bin/sh', '-c', `exec "$@" ${where}`, 'sh']
  for (const where of ['</', '0>/dev/null', '0>>mess', '0<&-'])
    t.equal(await report(dir, ['--', 'cat'], { before: from(where) }), failed('unable to read message.'), where)
})

t.test('a message that has been read before', async (t) => {
  const dir = home(t)
  for (const filters of [[], ['--', 'true']]) {
    t.equal(await report(dir, filters, { before: ['/bin/sh', '-c', 'read line; exec "$@"', 'sh'] }), SENT)
    t.equal(got(dir, 'message'), MESSAGE)
  }
})

t.test('the words of qmail-rspawn', async (t) => {
  const dir = home(t)
  const args = ['--help', '', '--']
  t.equal(await report(dir, ['--', 'true'], { args }), SENT)
  t.equal(got(dir, 'args'), '--help\0\0--\0')
  const long = `${'verp-'.repeat(5000)}@x.example`
  t.equal(
    await report(dir, ['--', 'true'], { args: ['d.example', long, 'r@d.example'] }),
    SENT,
    'longer than in the queue',
  )
  t.equal(got(dir, 'args'), `d.example\0${long}\0r@d.example\0`)
  const odd = 'a\nb\xff$(touch x)`y`;@d.example'
  t.equal(await report(dir, ['--', ...sh('cat <&3 >&4')], { args: ['d.example', odd, odd] }), SENT)
  t.equal(
    got(dir, 'args'),
    `d.example\0${Buffer.from(odd).toString('latin1')}\0${Buffer.from(odd).toString('latin1')}\0`,
  )
})

t.test('a changed envelope', async (t) => {
  const dir = home(t)
  const change = sh("printf 'Fnew@y.example\\0Tq@d.example\\0\\0' >&4")
  const see = sh('echo "$QMAILUSER $QMAILHOST $_SENDER $_RECIPIENT $DOMAIN $ENVSIZE"')
  t.equal(await report(dir, ['--', ...change, '--', ...see]), SENT)
  t.equal(got(dir, 'message'), 'new y.example new@y.example q@d.example d.example 29\n')
  t.equal(got(dir, 'args'), 'd.example\0new@y.example\0q@d.example\0')
})

t.test('an envelope cut at every byte', async (t) => {
  const dir = home(t)
  const whole = 'Fn@y\0Tq@d\0\0'
  for (let n = 1; n < whole.length; n++) {
    writeFileSync(join(dir, 'cut'), whole.slice(0, n), 'latin1')
    t.equal(
      await report(dir, ['--', ...sh('cat "$QMAILHOME/cut" >&4')]),
      failed('sh wrote a bad envelope.'),
      `${n} bytes`,
    )
  }
})

t.test('filters that behave badly', async (t) => {
  const dir = home(t)
  const early = sh('exec <&- >&- 2>&- 3<&- 4>&- 5>&-')
  t.equal(await report(dir, ['--', 'true', '--', ...early], { message: 'x\n'.repeat(1_000_000), piped: true }), SENT)
  t.equal(got(dir, 'message')?.length, 2_000_000)
  const flood = sh('yes Kfine | head -c 30000000 >&2; echo new')
  t.equal(await report(dir, ['--', ...flood]), SENT)
  t.equal(got(dir, 'message'), 'new\n')
  t.equal(await report(dir, ['--', ...sh('yes Dno | head -c 30000000 >&2; exit 82')]), 'Dno (#5.7.1)\n\0')
  t.equal(await report(dir, ['--', ...sh('yes | head -c 30000000')]), SENT)
  t.equal(got(dir, 'message')?.length, 30_000_000)
  t.equal(
    await report(dir, ['--', ...sh("head -c 100000000 /dev/zero | tr '\\0' x >&2; exit 100")]),
    `D${'x'.repeat(400)} (#5.7.1)\n\0`,
  )
})

t.test('a filter that leaves a process behind', async (t) => {
  const dir = home(t)
  const late = sh('(sleep 2; echo late; echo late >&2; echo late >&4) & echo new')
  const began = Date.now()
  t.equal(await report(dir, ['--', ...late, '--', 'true']), SENT)
  t.ok(Date.now() - began < 1900, 'is not waited for')
  t.equal(got(dir, 'message'), 'new\n')
  t.equal(await report(dir, ['--', ...late, '--', ...sh('sleep 2.2; echo soon >&2; exit 111')]), 'Zsoon (#4.3.0)\n\0')
})

t.test('signals', async (t) => {
  const dir = home(t)
  const run = start(dir, ['--', ...sh('touch "$QMAILHOME/ran"; exec sleep 1')])
  while (!existsSync(join(dir, 'ran'))) await new Promise((done) => setTimeout(done, 10))
  run.child.kill('SIGTERM')
  t.equal((await run.end).verdict, 'Zqmail-remote crashed.\n')
  await new Promise((done) => setTimeout(done, 1200))
  t.equal(got(dir, 'args'), undefined, 'nothing is sent any more')

  const nobody = ['/bin/sh', '-c', '"$@" | exec true', 'sh']
  t.equal(await report(dir, ['--', ...sh('sleep 0.3; exit 111')], { before: nobody }), '', 'nobody hears the report')
  const deaf = ['/bin/sh', '-c', 'trap "" PIPE HUP; exec "$@"', 'sh']
  t.equal(
    await report(dir, ['--', ...sh('kill -PIPE $$; exit 7')], { before: deaf }),
    failed('sh crashed.'),
    'a filter hears SIGPIPE',
  )
})

t.test('temporary files', async (t) => {
  const dir = home(t)
  const limited = (blocks: number) => ['/bin/sh', '-c', `ulimit -f ${blocks}; exec "$@"`, 'sh']
  const none = failed('unable to write temporary file.')
  const large = 'x'.repeat(100_000)
  t.equal(await report(dir, ['--', 'true'], { env: { TMPDIR: join(dir, 'none') } }), none)
  t.equal(await report(dir, ['--', 'true'], { env: { TMPDIR: '' } }), SENT, 'an empty TMPDIR is none')
  t.equal(await report(dir, ['--', 'true'], { message: large, piped: true, before: limited(8) }), none)
  t.equal(await report(dir, ['--', 'true'], { message: 'x', before: limited(0) }), none, 'the envelope')
  t.equal(await report(dir, ['--', 'yes'], { before: limited(8) }), failed('yes crashed.'), 'what a filter prints')
  mkdirSync(join(dir, 'tmp'))
  t.equal(
    await report(dir, ['--', 'cat', '--', 'false'], { env: { TMPDIR: join(dir, 'tmp') } }),
    failed('false failed.'),
  )
  t.same(readdirSync(join(dir, 'tmp')), [], 'nothing is left behind')
})

const full = (dir: string) => [
  'unshare',
  '-rm',
  '/bin/sh',
  '-c',
  `mount -t tmpfs -o size=64k tmpfs ${dir}; exec "$@"`,
  'sh',
]
const noMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status !== 0

t.test('a full disk', { skip: noMount && 'needs unshare with mount' }, async (t) => {
  const dir = home(t)
  const tmp = join(dir, 'tmp')
  mkdirSync(tmp)
  const setting = { before: full(tmp), env: { TMPDIR: tmp } }
  const large = 'x'.repeat(200_000)
  const none = failed('unable to write temporary file.')
  t.equal(await report(dir, ['--', 'true'], { ...setting, message: large, piped: true }), none, 'for the message')
  t.equal(await report(dir, ['--', 'true'], { ...setting, message: large }), SENT, 'that of the queue needs no room')
  t.ok(got(dir, 'message') === large)
  const cat = await report(dir, ['--', 'cat'], { ...setting, message: large })
  t.match(
    cat,
    /^Z(?:cat: .*No space left on device|qmail-rfilter: cat failed\.) \(#4\.3\.0\)\n\0$/,
    'nor for its words',
  )
  const silent = sh('cat 2>/dev/null; exit 1')
  t.equal(await report(dir, ['--', ...silent], { ...setting, message: large }), failed('sh failed.'))
  const deaf = sh('yes >&2 2>/dev/null; yes no >&2; exit 100')
  t.match(await report(dir, ['--', ...deaf], setting), /^D[yn]/, 'a flood of words')
})

t.test('more than an environment takes', async (t) => {
  const dir = home(t)
  const many = Array.from({ length: 140 }, (_, i) => `${i}${'r'.repeat(1000)}@d.example`)
  for (const env of WAYS)
    t.equal(await report(dir, ['--', 'cat'], { env, args: ['d.example', 's', ...many] }), failed('unable to run cat.'))
})

t.test('memory does not grow with the message', { skip: process.platform !== 'linux' }, async (t) => {
  const dir = home(t)
  const peak = 'grep VmHWM /proc/$PPID/status >"$QMAILHOME/peak"'
  const peaks: number[] = []
  for (const size of [10_000, 60_000_000]) {
    await report(dir, ['--', ...sh(`${peak}; cat >/dev/null`)], { message: 'x'.repeat(size), piped: true })
    peaks.push(Number(/\d+/.exec(readFileSync(join(dir, 'peak'), 'latin1'))?.[0]))
  }
  const [small = 0, large = 0] = peaks
  t.ok(large - small < 8192, `${large - small} KB more for 60 MB`)
})
