import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ask, BIN, makeHome } from '../../rcptcheck/test/lib/ask.ts'

const QUESTION = { SENDER: 'a@x', RECIPIENT: 'b@y' }
const PLUGIN = { SMTPMAILFROM: 'a@x', SMTPRCPTTO: 'b@y' }
const LOG = 'qmail-rcptcheck: from a@x to b@y\n'
const program = 'qmail-rcptcheck'

const REJECT = 'E553 sorry, no mailbox here by that name. (#5.1.1)\n'
const DEFER = 'R421 unable to verify recipient (#4.3.0)\n'
const BROKEN = 'R421 unable to execute recipient check (#4.3.0)\n'

t.test('verdicts, for qmail-smtpd and for qmail-spp', async (t) => {
  for (const [script, code, command] of [
    ['exit 0', 0, ''],
    ['exit 1', 0, ''],
    ['exit 99', 0, ''],
    ['exit 100', 100, REJECT],
    ['exit 111', 111, DEFER],
    ['exit 120', 120, BROKEN],
    ['kill -9 $$', 120, BROKEN],
    ['kill -15 $$', 120, BROKEN],
    ['cat >/dev/null; exit 100', 100, REJECT],
  ] as const) {
    const files = { 'control/rcptchecks': 'c\n', c: `#!/bin/sh\n${script}\n` }
    t.same(ask({ program, env: QUESTION, files }), { code, out: '', err: LOG }, script)
    t.same(ask({ program, env: PLUGIN, files }), { code: 0, out: command, err: LOG }, `${script} as a plugin`)
  }
})

t.test('checks that cannot be run', async (t) => {
  const kinds: Record<string, Record<string, string>> = {
    missing: {},
    'a directory': { 'c/': '' },
    'not executable': { c: 'text' },
    'without an interpreter': { c: '#!/no/such/shell\n' },
  }
  for (const [kind, more] of Object.entries(kinds)) {
    const files = { 'control/rcptchecks': 'c\nyes\n', yes: '#!/bin/sh\nexit 100\n', ...more }
    t.same(ask({ program, env: QUESTION, files }), { code: 120, out: '', err: LOG }, kind)
    t.same(ask({ program, env: PLUGIN, files }), { code: 0, out: BROKEN, err: LOG }, `${kind}, as a plugin`)
  }
})

t.test('what a check is given', async (t) => {
  const show = `#!/bin/sh\necho "$0 $# $SENDER,\${RECIPIENT-unset},\${HELOHOST-unset} $(pwd)"; cat\n`
  const files = { 'control/rcptchecks': '# c\n\nbin/c \t\nbin/c', 'bin/c': show }
  const line = (rest: string) => `bin/c 0 ${rest} HOME\n`.repeat(2)
  t.same(ask({ program, env: QUESTION, files }).err, LOG + line('a@x,b@y,unset'))
  t.same(ask({ program, env: { SENDER: '' }, files }).err, `qmail-rcptcheck: from  to \n${line(',unset,unset')}`)
  const plugin = { ...PLUGIN, SMTPHELOHOST: 'h', SENDER: 'old', HELOHOST: 'old' }
  t.same(ask({ program, env: plugin, files }).err, LOG + line('a@x,b@y,h'))
  const { SMTPRCPTTO } = PLUGIN
  t.same(
    ask({ program, env: { SMTPRCPTTO, SENDER: 'kept' }, files }).err,
    LOG.replace('a@x', 'kept') + line('kept,b@y,unset'),
  )
  t.same(ask({ program, env: { ...PLUGIN, SMTPRCPTTO: '' }, files }).err, LOG.replace('b@y', '') + line('a@x,,unset'))
})

t.test('what a check prints reaches neither the client nor the plugin interface', async (t) => {
  const files = { 'control/rcptchecks': 'c\n', c: '#!/bin/sh\necho E250 hello\n' }
  t.same(ask({ program, env: PLUGIN, files }), { code: 0, out: '', err: `${LOG}E250 hello\n` })
})

t.test('a list that cannot be read, a home that cannot be entered', async (t) => {
  t.same(ask({ program, env: QUESTION, files: { 'control/rcptchecks/': '' } }), { code: 111, out: '', err: LOG })
  t.same(ask({ program, env: QUESTION, files: { control: 'a file' } }), { code: 111, out: '', err: LOG })
  t.same(ask({ program, env: QUESTION, home: '/no/such/home' }), { code: 111, out: '', err: LOG })
  t.same(ask({ program, env: PLUGIN, home: '/no/such/home' }), { code: 0, out: DEFER, err: LOG })
  t.same(ask({ program, env: QUESTION, files: {} }), { code: 0, out: '', err: LOG })
})

t.test('addresses are logged on one line, whatever is in them', async (t) => {
  const env = { SENDER: '\x01\n\r', RECIPIENT: 'x\x7f' }
  t.equal(ask({ program, env, files: {} }).err, 'qmail-rcptcheck: from ??? to x?\n')
})

t.test('our own checks are children, but no new images', { skip: !strace() && 'no strace' }, async (t) => {
  const checks = ['badrcptto', 'qregex', 'realrcptto'].map((name) => join(BIN, `qmail-rcptcheck-${name}`))
  const files = { 'control/rcptchecks': [...checks, ...checks].join('\n'), 'control/me': 'me.example\n' }
  const home = makeHome(files)
  t.teardown(() => rmSync(home, { recursive: true }))
  const trace = join(home, 'trace')
  const calls = '-etrace=execve,clone,clone3,fork,vfork,exit_group'
  const argv = ['-f', '-o', trace, calls, join(BIN, program)]
  const env = { QMAILHOME: home, ...QUESTION }
  const { status } = spawnSync('strace', argv, { env: { ...env, PATH: '/usr/bin:/bin' }, stdio: 'ignore' })
  const text = readFileSync(trace, 'latin1')
  t.equal(status, 0)
  t.equal(text.match(/ execve\(/g)?.length, 1)
  t.equal(text.match(/ exit_group\(/g)?.length, 1 + 2 * checks.length)
})

function strace(): boolean {
  return spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
}
