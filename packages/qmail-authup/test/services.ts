import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t, { type Test } from 'tap'

/** Says how it was started, in place of the server. */
const SERVER = '#!/bin/sh\nprintf "%s\\n" "$*"; env; pwd; ulimit -v\n'

const SUBMISSION = 'qmail-reup -t 5 qmail-authup smtp checkpassword checknotroot qmail-ofmipd'
const POP3 = 'qmail-authup pop3 checkpassword checknotroot qmail-pop3d Maildir'

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

/** What the run script of a service starts, with some of its variables changed. */
function start(name: string, changes: Readonly<Record<string, string>> = {}): string {
  const dir = t.testdir({ home: {}, bin: {} })
  const service = `${dir}/${name}`
  mkdirSync(`${dir}/s6`)
  cpSync(resolve('run', name), service, { recursive: true })
  for (const program of ['sslserver', 'qmail-start']) writeFileSync(`${dir}/bin/${program}`, SERVER, { mode: 0o755 })
  const path = readFileSync(`${service}/env/PATH`, 'latin1')
  const user = existsSync(`${service}/env/TLSUSER`) ? { TLSUSER: 'nobody' } : {}
  const values = { QMAILHOME: `${dir}/home`, PATH: `${dir}/bin:${path}`, ...user, ...changes }
  for (const [variable, value] of Object.entries(values)) writeFileSync(`${service}/env/${variable}`, `${value}\n`)
  // The s6 form tells readiness on descriptor 3.
  return execFileSync('sh', ['-c', 'exec ./run 3>&1'], {
    cwd: service,
    encoding: 'latin1',
    env: { ...process.env, EVIL: 'x', BUN_OPTIONS: '--evil' },
  })
}

const TOOL = { '': 'envdir', 's6/': 's6-envdir' } as const
const SERVICES = {
  submission: `-ne 587 ${SUBMISSION}`,
  smtps: `-e 465 ${SUBMISSION}`,
  pop3d: `-ne 110 ${POP3}`,
  pop3s: `-e 995 ${POP3}`,
} as const

/** What the server was started in: a clean environment, the qmail home, 500 MB of address space. */
function checkSurroundings(t: Test, lines: readonly string[]): void {
  t.notOk(
    lines.some((line) => /^(?:EVIL|BUN_OPTIONS|KEYFILE|RULES|QMAILREMOTE)=/.test(line)),
    'a clean environment',
  )
  t.match(lines.at(-3), /\/home$/)
  t.equal(lines.at(-2), String(Math.floor(500_000_000 / 1024)))
}

for (const [prefix, tool] of Object.entries(TOOL)) {
  const skip = !has(tool) && `${tool} is not installed`
  for (const [service, line] of Object.entries(SERVICES)) {
    const name = `${prefix}${service}`
    t.test(name, { skip }, async (t) => {
      const [mode = '', port = '', ...chain] = line.split(' ')
      const flags = `${mode} ${prefix === '' ? '-vRl0' : '-1vRl0'}`
      const lines = start(name).split('\n')
      t.equal(lines[0], `${flags} -c 40 0 ${port} ${chain.join(' ')}`)
      const nobody = execFileSync('id', ['-u', 'nobody'], { encoding: 'latin1' }).trim()
      for (const line of ['CERTFILE=/var/qmail/control/servercert.pem', `SSL_UID=${nobody}`])
        t.ok(lines.includes(line), line)
      t.equal(lines.includes('UCSPITLS=!'), mode === '-ne', 'TLS is required where it does not come first')
      checkSurroundings(t, lines)
      const changes = { RULES: '/etc/rules.cdb', CHECKPASSWORD: '/bin/cp w', IP: '::1', CONNECTIONS: '7' }
      const words = chain.map((word) => (word === 'checkpassword' ? '/bin/cp w' : word)).join(' ')
      t.equal(start(name, changes).split('\n')[0], `-x /etc/rules.cdb ${flags} -c 7 ::1 ${port} ${words}`)
    })
  }
  t.test(`${prefix}send`, { skip }, async (t) => {
    const lines = start(`${prefix}send`).split('\n')
    t.equal(lines[0], './Maildir/')
    checkSurroundings(t, lines)
    const changed = start(`${prefix}send`, { DEFAULTDELIVERY: '|a b', QMAILREMOTE: 'qmail-rfilter-remote' }).split('\n')
    t.equal(changed[0], '|a b')
    t.ok(changed.includes('QMAILREMOTE=qmail-rfilter-remote'))
  })
}

t.test('the two forms say the same', async (t) => {
  const names = readdirSync(resolve('run')).filter((name) => existsSync(resolve('run', name, 'run')))
  t.same(names, ['pop3d', 'pop3s', 'send', 'smtpd', 'smtps', 'submission'])
  for (const name of names)
    for (const file of readdirSync(resolve('run', name, 'env')))
      t.equal(
        readFileSync(resolve('run/s6', name, 'env', file), 'latin1'),
        readFileSync(resolve('run', name, 'env', file), 'latin1'),
        `${name}: ${file}`,
      )
})

t.test('the logs', async (t) => {
  for (const [prefix, tool] of Object.entries(TOOL)) {
    const logs = ['pop3d', 'pop3s', 'send', 'smtpd', 'smtps', 'submission'].map((name) => `${prefix}${name}`)
    for (const name of logs)
      t.match(
        readFileSync(resolve('run', name, 'log/run'), 'latin1'),
        new RegExp(`^#!/bin/sh\nexec ${tool} \\.\\./env sh -c 'exec (?:s6-)?setuidgid "\\$LOGUSER" .* "\\$LOGDIR"'\n$`),
        name,
      )
    t.equal(new Set(logs.map((name) => readFileSync(resolve('run', name, 'env/LOGDIR'), 'latin1'))).size, logs.length)
  }
})
