import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import t from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')

function reup(words: readonly string[], env: Record<string, string> = {}, input = '') {
  const { status, stdout, stderr } = spawnSync(`${BIN}/qmail-reup`, words, {
    env: { PATH: `${BIN}:/bin:/usr/bin`, ...env },
    input,
    timeout: 20_000,
    encoding: 'latin1',
  })
  return { status, stdout, stderr: stderr.replace(/reup \d+ (\S+) \d+/g, 'reup PID $1 PID') }
}

const WAYS: ReadonlyArray<readonly [string, Record<string, string>]> = [
  ['in the image', {}],
  ['with real images', { MOREQMAIL_EXEC: 'always' }],
]

t.test('the log, and what each run sees', async (t) => {
  const show = 'echo $REUP $(printenv REUPTRIES || echo unset); read line; echo "$line"; exit 1'
  t.same(reup(['-t', '2', 'sh', '-c', show], { REUP: '9', REUPTRIES: '9' }, 'one\ntwo\n'), {
    status: 1,
    stdout: '1 2\none\n2 2\ntwo\n',
    stderr: 'reup PID sh PID (1/2): exit 1\nreup PID sh PID (2/2): exit 1\n',
  })
  const without = reup(['sh', '-c', 'echo $REUP $(printenv REUPTRIES || echo unset); [ $REUP = 3 ]'], {
    REUPTRIES: '9',
  })
  t.equal(without.stdout, '1 unset\n2 unset\n3 unset\n')
  t.match(without.stderr, /\(3\/0\): exit 0\n$/)
})

t.test('many runs', async (t) => {
  for (const [name, env] of WAYS) {
    const { status, stderr } = reup(['-t', '50', 'qmail-reup', '-t', '1', 'false'], env)
    t.equal(status, 1, name)
    t.equal(stderr.split('\n').length, 101, name)
  }
})

t.test('a crash', async (t) => {
  const { status, stderr } = reup(['-t', '3', 'sh', '-c', 'kill -9 $$'])
  t.equal(status, 1)
  t.equal(stderr, 'reup PID sh PID (1/3): crashed\n')
})

t.test('no program', async (t) => {
  t.same(reup(['no\nsuch']), { status: 111, stdout: '', stderr: 'reup: unable to run no?such: file does not exist\n' })
  t.same(reup([]), { status: 1, stdout: '', stderr: 'reup: usage: reup [ -t tries ] prog\n' })
  t.same(reup(['-t', 'x', 'true']), { status: 1, stdout: '', stderr: 'reup: usage: reup [ -t tries ] prog\n' })
})
