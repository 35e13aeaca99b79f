import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import t from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
const isRoot = process.getuid?.() === 0
const ROOT = 'checknotroot: WAS RUNNING AS ROOT, TERMINATING\n'

/** Runs it through a command; how it has ended, and what was said on 1 and 2. */
function checknotroot(before: readonly string[], prog: readonly string[], env: Record<string, string> = {}) {
  const [program = '', ...args] = [...before, `${BIN}/checknotroot`, ...prog]
  const { status, stdout, stderr } = spawnSync(program, args, {
    env: { PATH: '/bin:/usr/bin', ...env },
    input: 'input\n',
    timeout: 20_000,
    encoding: 'latin1',
  })
  return [status, stdout, stderr]
}

const AS = (...options: readonly string[]): readonly string[] => ['/usr/bin/setpriv', ...options, '--clear-groups']
const USER = isRoot ? AS('--reuid=29005', '--regid=29005') : ['env']

t.test('root, whole or half', { skip: !isRoot && 'needs root' }, async (t) => {
  for (const [name, before] of Object.entries({
    whole: ['env'],
    'real only': AS('--euid=29005'),
    'effective only': AS('--ruid=29005'),
  }))
    t.same(checknotroot(before, ['echo', 'no']), [1, '', ROOT], name)
})

t.test('anybody else', async (t) => {
  for (const MOREQMAIL_EXEC of ['', 'always']) {
    const env = { MOREQMAIL_EXEC, NAME: '\xe4' }
    t.same(checknotroot(USER, ['sh', '-c', 'cat; exit 7'], env), [7, 'input\n', ''])
    t.same(checknotroot(USER, ['sh', '-c', 'kill -9 $$'], env), [null, '', ''])
    t.same(checknotroot(USER, ['no-such-program'], env), [
      111,
      '',
      'checknotroot: unable to run no-such-program: file does not exist\n',
    ])
    t.same(checknotroot(USER, ['/etc/hostname'], env)[0], 111, 'what is no program')
  }
})
