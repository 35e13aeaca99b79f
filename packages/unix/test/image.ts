/** exec and spawn of our own programs: inside the image and as real images, nobody outside sees a difference. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { sys } from '../src/index.ts'
import { BUILD, fields, links, type Outcome, play, type Run } from './support/probe.ts'

const NAMES = `state exec-it spawn-it unstopped nest heavy many die throws eat returns read-line flood as image exec-image
  spawn-image own forks again true`
const { dir, remove } = links(NAMES.split(/\s+/))
t.teardown(remove)

const root = process.getuid?.() === 0
const VERSION = JSON.parse(readFileSync('package.json', 'utf8')).version as string
const INSIDE = [`PATH=${dir}:/usr/bin:/bin`]
const REAL = [...INSIDE, 'MOREQMAIL_EXEC=always']
const MODES = [
  ['inside', INSIDE],
  ['real', REAL],
] as const

/** The same run in both modes; what is compared must not hold pids or the mode's own variable. */
function both(run: Omit<Run, 'env'> & { env?: readonly string[] }): { inside: Outcome; real: Outcome } {
  const extra = run.env ?? []
  return {
    inside: play(dir, { ...run, env: [...INSIDE, ...extra] }),
    real: play(dir, { ...run, env: [...REAL, ...extra] }),
  }
}

function visible(outcome: Outcome): Record<string, unknown> {
  const stdout = outcome.stdout
    .replace(/^ppid \d+$/m, 'ppid')
    .replace(/^env "MOREQMAIL_EXEC=always"\n/m, '')
    .replace(/(pipe|socket):\[\d+\]/g, '$1')
    .replace(/\/tmp\/play-\w+/g, '/tmp/play')
  return { code: outcome.code, signal: outcome.signal, stdout, stderr: outcome.stderr }
}

t.test('exec of ours stays in the image, and is a new one where that is asked for', async (t) => {
  const token = (text: string) => new Set(text.match(/image \w+/g))
  t.equal(token(play(dir, { argv: ['exec-image', 'exec-image', 'image'], env: INSIDE }).stdout).size, 1)
  t.equal(token(play(dir, { argv: ['exec-image', 'exec-image', 'image'], env: REAL }).stdout).size, 3)
  t.equal(token(play(dir, { argv: ['spawn-image', 'spawn-image', 'image'], env: INSIDE }).stdout).size, 1)
  t.equal(token(play(dir, { argv: ['spawn-image', 'image'], env: REAL }).stdout).size, 2)
  t.equal(
    token(play(dir, { argv: ['exec-image', 'env', 'MOREQMAIL_EXEC=always', 'image'], env: INSIDE }).stdout).size,
    2,
  )
})

t.test('arguments and environment are bytes, and nothing is lost', async (t) => {
  const all = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1)).join('')
  for (const chain of [['state'], ['exec-it', 'state'], ['exec-it', 'exec-it', 'state'], ['spawn-it', '', 'state']]) {
    const argv = [...chain, all, '', '\xe9\xff\x80']
    const env = [`ALL=${all}`, 'EMPTY=', 'TWICE=1', 'TWICE=2', 'NOVALUE', '=x', '\xff=\xfe']
    const { inside, real } = both({ argv, env })
    t.same(visible(inside), visible(real), chain.join(' '))
    const seen = fields(inside.stdout)
    t.equal(seen.get('args'), [all, '', '\xe9\xff\x80'].map((a) => JSON.stringify(a)).join(' '))
    t.equal(seen.get('env'), [...INSIDE, ...env].map((e) => JSON.stringify(e)).join('\n'))
    t.match(seen.get('comm'), 'state')
    t.ok(seen.get('cmdline')?.startsWith('"state\\u0000\\u0001\\u0002'), 'ps shows the new arguments')
  }
})

t.test('an environment of 20,000 variables and long arguments', async (t) => {
  const env = Array.from({ length: 20000 }, (_, i) => `V${i}=${i}`)
  const { inside, real } = both({ argv: ['exec-it', 'spawn-it', '', 'state', 'x'.repeat(100000)], env })
  t.equal(inside.code, 0)
  const wanted = visible(real)
  // Inside, ps shows as much of the arguments as the memory of the first program's has room for.
  const cut = (seen: Record<string, unknown>) => ({
    ...seen,
    stdout: String(seen['stdout']).replace(/^cmdline .*$/m, ''),
  })
  t.same(cut(visible(inside)), cut(wanted))
})

t.test('descriptors above 2 pass through exec and spawn; those of ours do not', async (t) => {
  const file = openSync('/etc/passwd', 'r')
  const fds = [3, 4, 5, 6, 7, 9, 17, 40].map((n) => [n, file] as const)
  const listed = [3, 4, 5, 6, 7, 9, 17, 40].map((n) => `${n}=/etc/passwd`)
  for (const chain of [['state'], ['exec-it', 'state'], ['spawn-it', '', 'state'], ['own', 'drop', 'state']]) {
    const { inside, real } = both({ argv: chain, fds })
    t.same(visible(inside), visible(real), chain.join(' '))
    const seen = (fields(inside.stdout).get('fds') ?? '').split(' ').filter((fd) => !/^[012]=/.test(fd))
    t.same(seen, listed, chain.join(' '))
    const c = play(dir, { argv: ['exec-it', 'ls', '/proc/self/fd'], fds, env: INSIDE })
    const numbers = c.stdout
      .split('\n')
      .map(Number)
      .sort((a, b) => a - b)
    t.same(
      numbers.filter((n) => n > 2 && n !== 8),
      [3, 4, 5, 6, 7, 9, 17, 40],
      'a C program; 8 is its own',
    )
  }
  const kept = both({ argv: ['own', 'keep', 'state'] })
  t.match(fields(kept.inside.stdout).get('fds'), /pipe:/, 'a kept one passes')
  t.match(fields(kept.real.stdout).get('fds'), /pipe:/)
  closeSync(file)
})

t.test('a child gets any map of descriptors, overlaps and swaps too', async (t) => {
  const a = openSync('/etc/passwd', 'r')
  const b = openSync('/etc/group', 'r')
  const fds = [
    [3, a],
    [4, b],
  ] as const
  for (const [map, three, four] of [
    ['3=4,4=3', '/etc/group', '/etc/passwd'],
    ['3=4', '/etc/group', '/etc/group'],
    ['3=3,4=closed', '/etc/passwd', undefined],
    ['4=3,3=closed', undefined, '/etc/passwd'],
    ['3=3,4=4', '/etc/passwd', '/etc/group'],
  ] as const) {
    for (const [mode, env] of MODES) {
      for (const prog of [['state'], ['ls', '-l', '/proc/self/fd']]) {
        const { stdout, code } = play(dir, { argv: ['spawn-it', map, ...prog], fds, env })
        const find = (n: number) => new RegExp(`\\b${n}(?:=| -> )(/etc/\\S+)`).exec(stdout)?.[1]
        t.same([code, find(3), find(4)], [0, three, four], `${mode} ${map} ${prog[0]}`)
      }
    }
  }
  closeSync(a)
  closeSync(b)
})

t.test('what is closed at the start can neither be read nor written', async (t) => {
  const read = play(dir, { argv: ['read-line', '5'], fds: [[0, -1]] })
  t.equal(read.code, 111)
  t.match(read.stderr, /read error 9/)
  const written = play(dir, { argv: ['flood', '1'], fds: [[1, -1]] })
  t.equal(written.code, 1)
  t.match(written.stderr, /wrote: file descriptor not open/)
})

t.test('0, 1 or 2 closed at the start is no trouble', async (t) => {
  for (const closed of [0, 1, 2]) {
    for (const [mode, env] of MODES) {
      const { code } = play(dir, { argv: ['exec-it', 'spawn-it', '', 'true'], fds: [[closed, -1]], env })
      t.equal(code, 0, `${mode} without ${closed}`)
    }
  }
})

t.test('the next program has default signals and an empty mask', async (t) => {
  for (const [mode, env] of MODES) {
    for (const chain of [['exec-it'], ['exec-it', 'exec-it'], ['spawn-it', ''], ['exec-it', 'spawn-it', '']]) {
      const { stdout } = play(dir, { argv: [...chain, 'cat', '/proc/self/status'], env })
      t.match(stdout, /^SigBlk:\s0+$/m, `${mode} ${chain}`)
      t.match(stdout, /^SigIgn:\s0+$/m, `${mode} ${chain}`)
    }
    const broken = 'exec 2>/dev/null; (sh -c "kill -PIPE $$"); exit 0'
    t.equal(play(dir, { argv: ['exec-it', 'sh', '-c', broken], env }).signal, 13, `${mode}: dies of SIGPIPE`)
  }
})

t.test('a child that stops is killed', async (t) => {
  for (const [mode, env] of MODES) {
    const { code } = play(dir, { argv: ['unstopped', 'sh', '-c', 'kill -STOP $$; exit 3'], env })
    t.equal(code, 128 + constants.signals.SIGSTOP, mode)
    t.equal(play(dir, { argv: ['unstopped', 'die', '9'], env }).code, 128 + 9, mode)
    t.equal(play(dir, { argv: ['unstopped', 'nest', '3'], env }).code, 3, mode)
  }
})

t.test('exit codes and signals of children come through', async (t) => {
  for (const [mode, env] of MODES) {
    t.equal(play(dir, { argv: ['spawn-it', '', 'nest', '3'], env }).code, 3, mode)
    t.equal(play(dir, { argv: ['spawn-it', '', 'sh', '-c', 'exit 77'], env }).code, 77, mode)
    for (const signal of [9, 11, 6, 15])
      t.equal(play(dir, { argv: ['spawn-it', '', 'die', String(signal)], env }).code, 128 + signal, `${mode} ${signal}`)
    t.equal(play(dir, { argv: ['exec-it', 'die', '9'], env }).signal, 9, mode)
  }
})

t.test('a failure nobody foresaw is one line and the temporary code', async (t) => {
  for (const [mode, env] of MODES) {
    for (const chain of [[], ['exec-it'], ['spawn-it', '']]) {
      const thrown = play(dir, { argv: [...chain, 'throws'], env })
      t.same([thrown.code, thrown.stderr], [111, 'throws: fatal: deliberate?failure\n'], `${mode} ${chain}`)
      const returned = play(dir, { argv: [...chain, 'returns'], env })
      t.same([returned.code, returned.stderr], [111, 'returns: fatal: ended without a result\n'], `${mode} ${chain}`)
    }
    const full = play(dir, { argv: ['sh', '-c', 'ulimit -d 450000; exec eat'], env })
    t.equal(full.code, 111, `${mode}: out of memory`)
    t.match(full.stderr, /^eat: fatal: [^\n]*\n$/)
  }
})

t.test('what cannot be run', async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'bad-'))
  writeFileSync(join(place, 'text'), 'no interpreter\n', { mode: 0o755 })
  writeFileSync(join(place, 'closed'), '#!/bin/sh\n', { mode: 0o644 })
  symlinkSync('loop', join(place, 'loop'))
  chmodSync(join(place, 'closed'), 0o644)
  const path = [`PATH=${place}:${dir}:/usr/bin:/bin`]
  for (const chain of [['exec-it'], ['spawn-it', '']]) {
    for (const [name, reason] of [
      ['nothing-of-that-name', 'file does not exist'],
      ['/etc', 'access denied'],
      ['closed', 'access denied'],
      ['text', 'exec format error'],
      ['loop', 'symbolic link loop'],
      ['', 'file does not exist'],
    ] as const) {
      const { code, stderr } = play(dir, { argv: [...chain, name], env: path })
      t.equal(code, 111)
      t.equal(stderr, `${chain[0]}: fatal: unable to run ${name}: ${reason}\n`)
    }
  }
  rmSync(place, { recursive: true })
})

t.test('the name decides, however it came: link, PATH, exec -a; an unknown one is 100', async (t) => {
  t.equal(play(dir, { argv: [join(dir, 'nest'), '5'] }).code, 5)
  t.equal(play(dir, { argv: ['bash', '-c', `exec -a nest ${join(BUILD, 'probe')} 4`] }).code, 4)
  t.equal(play(dir, { argv: ['bash', '-c', `exec -a /some/where/nest ${join(BUILD, 'probe')} 4`] }).code, 4)
  for (const name of ['bun', 'node', 'bunx', 'x', 'toString', '__proto__', ''])
    t.equal(play(dir, { argv: ['bash', '-c', `exec -a '${name}' ${join(BUILD, 'probe')} -e 0`] }).code, 100, name)
})

t.test('the runtime takes no orders from the directory it is started in', async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'hostile-'))
  writeFileSync(join(place, '.env'), 'INJECTED=1\nPATH=/nowhere\n')
  writeFileSync(join(place, 'bunfig.toml'), 'preload = ["./evil.js"]\n[run]\nbun = true\n')
  writeFileSync(join(place, 'evil.js'), 'require("fs").writeFileSync("ran", ""); process.exit(0)\n')
  writeFileSync(join(place, 'package.json'), '{"name":"x","main":"evil.js","imports":{"#x":"./evil.js"}}\n')
  writeFileSync(join(place, 'tsconfig.json'), '{"compilerOptions":{"paths":{"*":["./evil.js"]}}}\n')
  const { code, stdout } = play(dir, { argv: ['exec-it', 'spawn-it', '', 'state'], cwd: place, env: REAL })
  t.equal(code, 0)
  t.notMatch(stdout, 'INJECTED')
  t.equal(sys.access(join(place, 'ran'), 0) < 0, true, 'nothing of it ran')
  rmSync(place, { recursive: true })
})

t.test('under limits that a run script sets', async (t) => {
  for (const [mode, env] of MODES) {
    const limited = (limits: string, argv: string) => play(dir, { argv: ['sh', '-c', `${limits}; exec ${argv}`], env })
    t.equal(limited('ulimit -d 500000; ulimit -s 8192', 'exec-it nest 3').code, 3, `${mode}: 500 MB`)
    t.equal(limited('ulimit -n 16', 'spawn-it "" nest 2').code, 2, `${mode}: few descriptors`)
    t.equal(limited('ulimit -f 0', 'exec-it nest 2').code, 2, `${mode}: no files`)
    t.equal(limited('umask 777; cd /', 'exec-it nest 2').code, 2, `${mode}: odd umask`)
  }
  t.equal(
    play(dir, { argv: ['sh', '-c', 'exec env -i PATH="$PATH" nest 2'], env: INSIDE }).code,
    2,
    'empty environment',
  )
})

t.test('signals end a program at once while it waits', async (t) => {
  const [input, feed] = sys.pipe() as [number, number]
  for (const signal of [15, 1, 14, 2]) {
    const out = openSync('/dev/null', 'w')
    const pid = sys.spawn(
      join(dir, 'read-line'),
      ['read-line', '30'],
      INSIDE,
      Int32Array.from([input, 0, out, 1, out, 2]),
      0,
    )
    closeSync(out)
    await new Promise((resolve) => setTimeout(resolve, 150))
    sys.kill(pid, signal)
    const status = new Int32Array(1)
    sys.waitpid(pid, 0, status)
    t.equal((status[0] ?? 0) & 127, signal)
  }
  sys.close(feed)
  sys.close(input)
})

t.test('a limit of time, the end of input, a reader that has gone', async (t) => {
  const [input, feed] = sys.pipe() as [number, number]
  t.equal(play(dir, { argv: ['read-line', '1'], fds: [[0, input]] }).code, 1, 'time')
  sys.close(feed)
  t.equal(play(dir, { argv: ['read-line', '5'], fds: [[0, input]] }).stdout, 'eof\n')
  sys.close(input)
  const [gone, into] = sys.pipe() as [number, number]
  sys.close(gone)
  const flood = play(dir, { argv: ['flood', '1000000'], fds: [[1, into]] })
  t.same([flood.code, flood.stderr], [1, 'flood: fatal: wrote: broken pipe\n'])
  sys.close(into)
  const full = play(dir, { argv: ['sh', '-c', 'exec flood 100000 >/dev/full'] })
  t.same([full.code, full.stderr], [1, 'flood: fatal: wrote: out of disk space\n'])
})

t.test(
  'who has given up root: its programs start with nothing of the old memory',
  { skip: root ? false : 'needs root' },
  async (t) => {
    const token = (text: string) => new Set(text.match(/image \w+/g)).size
    const open = mkdtempSync(join(tmpdir(), 'open-'))
    chmodSync(open, 0o755)
    chmodSync(dir, 0o755)
    const secret = play(dir, { argv: ['exec-image', 'as', '65534', '0', 'exec-image', 'image'], env: INSIDE })
    t.equal(token(secret.stdout), 2, 'a new image after the change of user, the same one from there on')
    const free = play(dir, { argv: ['exec-image', 'as', '65534', '1', 'image'], env: INSIDE })
    t.equal(token(free.stdout), 1, 'where there is no secret it stays')
    for (const flag of ['0', '1']) {
      const { stdout } = play(dir, { argv: ['as', '65534', flag, 'state'], env: INSIDE })
      t.equal(fields(stdout).get('ids'), '65534 65534 65534 65534')
      t.equal(play(dir, { argv: ['as', '65534', flag, 'spawn-it', '', 'nest', '4'], env: INSIDE }).code, 4)
    }
    rmSync(open, { recursive: true })
  },
)

t.test('the exit code of a child is heard before its end, once, and from no one else', async (t) => {
  const cases = [
    [['true'], '0'],
    [['nest', '7'], '7'],
    [['exec-it', 'nest', '42'], '42'],
    [['exec-it', 'sh', '-c', 'exit 255'], '255'],
    [['spawn-it', '', 'nest', '3'], '3'],
    [['spawn-it', '', 'sh', '-c', 'exit 254'], '254'],
    [['throws'], '111'],
    [['die', '9'], '-9'],
    [['spawn-it', '', 'die', '9'], '137'],
  ] as const
  for (const [mode, env] of MODES)
    for (const [argv, code] of cases) {
      const { stdout } = play(dir, { argv: ['again', '3', ...argv], env })
      t.match(stdout, new RegExp(`^codes ${code} ${code} ${code} left [01]\n$`), `${mode}: ${argv.join(' ')}`)
    }
})

t.test('no number is lost to the descriptor that a code is told by', async (t) => {
  const file = openSync('/etc/passwd', 'r')
  for (const [mode, env] of MODES)
    for (const map of ['200=0', '200=0,201=0', '1000=0']) {
      const { stdout, code } = play(dir, { argv: ['spawn-it', map, 'spawn-it', '', 'state'], fds: [[0, file]], env })
      t.equal(code, 0)
      const wanted = map.split(',').map((pair) => pair.replace('=0', '=/etc/passwd'))
      const seen = (fields(stdout).get('fds') ?? '').split(' ').filter((fd) => !/^[012]=/.test(fd))
      t.same(seen, wanted, `${mode} ${map}`)
    }
  closeSync(file)
})

t.test('nested, heavy and many', async (t) => {
  for (const [mode, env] of MODES) {
    t.equal(play(dir, { argv: ['nest', '6'], env }).code, 6, mode)
    const heavy = play(dir, { argv: ['many', '12', '6', 'heavy', '150'], env })
    t.equal(heavy.code, 0, `${mode} ${heavy.stdout}${heavy.stderr}`)
  }
  const many = play(dir, { argv: ['many', '2000', '8', 'nest', '0'], env: INSIDE })
  t.match(many.stdout, /^bad 0 /, many.stderr)
  const quiet = [...INSIDE, 'BUN_JSC_useJIT=0', 'BUN_JSC_useConcurrentGC=0', 'BUN_JSC_numberOfGCMarkers=1']
  const listener = play(dir, {
    argv: ['many', '3000', '8', 'nest', '0'],
    env: [...quiet, 'BUN_JSC_useWarmUpMarkedBlocks=0'],
  })
  t.match(listener.stdout, /^bad 0 threads 1 /, 'thousands of children, and still one thread')
})

t.test('one thread, little memory', async (t) => {
  t.equal(fields(play(dir, { argv: ['state'] }).stdout).get('threads'), '1')
  t.equal(fields(play(dir, { argv: ['exec-it', 'spawn-it', '', 'state'] }).stdout).get('threads'), '1')
  const [input, feed] = sys.pipe() as [number, number]
  const out = openSync('/dev/null', 'w')
  const pid = sys.spawn(join(dir, 'read-line'), ['read-line', '30'], INSIDE, Int32Array.from([input, 0, out, 1]), 0)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const rss = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
  sys.close(feed)
  sys.close(input)
  closeSync(out)
  sys.waitpid(pid, 0, new Int32Array(1))
  t.ok(rss < 25_000, `${rss} kB`)
})

t.test('without its shim, or with one that is none', async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'bare-'))
  copyFileSync(join(BUILD, 'probe'), join(place, 'probe'))
  symlinkSync('probe', join(place, 'true'))
  const bare = play(dir, { argv: [join(place, 'true')] })
  t.equal(bare.code, 111)
  t.match(bare.stderr, /^moreqmail: fatal: unable to load [^\n]*moreqmail.node: [^\n]*\n$/)
  symlinkSync('probe', join(place, 'qmail-spp-x'))
  t.equal(play(dir, { argv: [join(place, 'qmail-spp-x')] }).code, 120, 'of a plugin this is the only failure')
  writeFileSync(join(place, 'moreqmail.node'), 'not a shared object')
  t.equal(play(dir, { argv: [join(place, 'true')] }).code, 111)
  copyFileSync(join(BUILD, 'moreqmail.node'), join(place, 'moreqmail.node'))
  t.equal(play(dir, { argv: [join(place, 'true')] }).code, 0, 'a copy works anywhere')
  const other = readFileSync(join(place, 'moreqmail.node'))
  const at = other.indexOf(`\0${VERSION}\0`, 0, 'latin1')
  t.ok(at > 0, 'it carries its version')
  other.write('9'.repeat(VERSION.length), at + 1, 'latin1')
  rmSync(join(place, 'moreqmail.node'))
  writeFileSync(join(place, 'moreqmail.node'), other)
  const strange = play(dir, { argv: [join(place, 'true')] })
  t.equal(strange.code, 111)
  t.match(strange.stderr, /^moreqmail: fatal: unable to load [^\n]*: it is of version 9+, not [^\n]*\n$/)
  rmSync(place, { recursive: true })
})

t.test('a directory that is gone', async (t) => {
  const gone = 'mkdir gone && cd gone && rmdir ../gone && exec'
  const place = mkdtempSync(join(tmpdir(), 'gone-'))
  t.not(play(dir, { argv: ['sh', '-c', `${gone} true_`.replace('true_', join(dir, 'true'))], cwd: place }).code, 0)
  rmSync(place, { recursive: true })
})

t.test('a full process table', { skip: root ? false : 'needs root' }, async (t) => {
  for (const [mode, env] of MODES) {
    const { code, stderr } = play(dir, {
      argv: ['sh', '-c', `ulimit -p 0; exec as 65534 1 spawn-it '' ${join(dir, 'true')}`],
      env,
    })
    t.equal(code, 111, mode)
    t.match(
      stderr,
      /^(?:spawn-it|as): fatal: unable to run[^\n]*: temporary failure\n$/,
      `${mode}: or exec itself, after a change of user`,
    )
  }
})
