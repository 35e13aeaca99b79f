import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'

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
  writeFileSync(`${dir}/bin/sslserver`, SERVER, { mode: 0o755 })
  const path = readFileSync(`${service}/env/PATH`, 'latin1')
  const values = { QMAILHOME: `${dir}/home`, TLSUSER: 'nobody', PATH: `${dir}/bin:${path}`, ...changes }
  for (const [variable, value] of Object.entries(values)) writeFileSync(`${service}/env/${variable}`, `${value}\n`)
  // The s6 form tells readiness on descriptor 3.
  return execFileSync('sh', ['-c', 'exec ./run 3>&1'], {
    cwd: service,
    encoding: 'latin1',
    env: { ...process.env, EVIL: 'x' },
  })
}

for (const [name, tool] of [
  ['submission', 'envdir'],
  ['pop3d', 'envdir'],
  ['s6/submission', 's6-envdir'],
  ['s6/pop3d', 's6-envdir'],
] as const)
  t.test(name, { skip: !has(tool) && `${tool} is not installed` }, async (t) => {
    const flags = name.startsWith('s6/') ? '-ne -1vRl0' : '-ne -vRl0'
    const port = name.endsWith('pop3d') ? `110 ${POP3}` : `587 ${SUBMISSION}`
    const lines = start(name).split('\n')
    t.equal(lines[0], `${flags} -c 40 0 ${port}`)
    const nobody = execFileSync('id', ['-u', 'nobody'], { encoding: 'latin1' }).trim()
    for (const line of ['UCSPITLS=!', 'CERTFILE=/var/qmail/control/servercert.pem', `SSL_UID=${nobody}`])
      t.ok(lines.includes(line), line)
    t.notOk(lines.some((line) => line.startsWith('EVIL=') || line.startsWith('KEYFILE=')))
    t.match(lines.at(-3), /\/home$/)
    t.equal(lines.at(-2), String(Math.floor(500_000_000 / 1024)))
    const [changed] = start(name, {
      RULES: '/etc/rules.cdb',
      CHECKPASSWORD: '/bin/cp w',
      IP: '::1',
      CONNECTIONS: '7',
    }).split('\n')
    t.equal(changed, `-x /etc/rules.cdb ${flags} -c 7 ::1 ${port.replace(' checkpassword', ' /bin/cp w')}`)
  })
