/** What receiving costs: recipient checks, long lists, a full Maildir. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, interleave, ratio, row, time } from './measure.ts'
import { BIN, env, home, put } from './scratch.ts'

const TRUE: Command = { argv: ['/bin/true'] }
const CHECK = join(BIN, 'qmail-rcptcheck-badrcptto')

/** A session that names so many recipients and then leaves. */
function recipients(count: number): string {
  const rcpts = Array.from({ length: count }, (_, i) => `RCPT TO:<user${i}@test.example>\r\n`)
  return `MAIL FROM:<a@client.example>\r\n${rcpts.join('')}QUIT\r\n`
}

function checks(): void {
  put('control/badrcptto', 'nobody@test.example\n')
  put('control/rcptchecks', `${CHECK}\n`.repeat(10))
  const ask = [...env, 'SENDER=a@client.example', 'RECIPIENT=b@test.example']
  const many = put('many.in', recipients(100))
  const [base = 0, ten = 0, hundred = 0] = interleave(
    15,
    () => time(TRUE),
    () => time({ argv: [join(BIN, 'qmail-rcptcheck')], env: ask }),
    () => time({ argv: [join(BIN, 'qmail-smtpd')], env: [...env, `RCPTCHECK=${CHECK}`], files: { 0: many } }),
  )
  row('qmail-rcptcheck with 10 bundled checks', ratio(ten, base), '16 x /bin/true')
  row('100 recipients through qmail-smtpd, one bundled check each', ratio(hundred, base), '80 x /bin/true')
}

/** Milliseconds of a command when a file holds this. */
function timeWith(file: string, content: string, command: Command): number {
  put(file, content)
  return time(command)
}

/** Milliseconds that a list of 100,000 lines adds to one of one line. */
function lists(): void {
  const lines = Array.from({ length: 100_000 }, (_, i) => `host${i}.example\n`).join('')
  const addresses = lines.replace(/^host/gm, 'user@host')
  const one = put('one.in', recipients(1))
  const smtpd: Command = { argv: [join(BIN, 'qmail-smtpd')], env, files: { 0: one } }
  const ask = [...env, 'SENDER=a@client.example', 'RECIPIENT=b@test.example']
  const check: Command = { argv: [CHECK], env: ask }
  const added = (file: string, few: string, many: string, command: Command): number => {
    const [short = 0, long = 0] = interleave(
      11,
      () => timeWith(file, few, command),
      () => timeWith(file, many, command),
    )
    return long - short
  }
  const hosts = added('control/rcpthosts', 'test.example\n', `${lines}test.example\n`, smtpd)
  row('qmail-smtpd, 100,000 lines of rcpthosts', `+${hosts.toFixed(1)} ms`, '+10 ms')
  put('control/rcpthosts', 'test.example\n')
  const bad = added('control/badrcptto', 'x@y\n', addresses, check)
  row('qmail-rcptcheck-badrcptto, 100,000 lines', `+${bad.toFixed(1)} ms`, '+10 ms')
  put('control/badrcptto', 'nobody@test.example\n')
}

/** STAT of a Maildir of 20,000 messages. As root it could only be refused. */
function maildir(): void {
  const dir = join(home, 'Maildir')
  for (const name of ['tmp', 'new', 'cur']) mkdirSync(join(dir, name), { recursive: true, mode: 0o777 })
  const when = new Date(Date.now() - 10_000)
  for (let i = 0; i < 20_000; i++) {
    const file = join(dir, 'new', `17${String(i).padStart(8, '0')}.M1P1Q1.host`)
    writeFileSync(file, 'x\n')
    utimesSync(file, when, when)
  }
  // Or the kernel would still be writing them.
  spawnSync('sync')
  const stat = put('stat.in', 'STAT\r\n')
  chmodSync(home, 0o755)
  const said = put('said', '', 0o666)
  const list: Command = { argv: ['/bin/ls', '-f', join(dir, 'new')] }
  const pop3d: Command = { argv: [join(BIN, 'qmail-pop3d'), dir], env, files: { 0: stat, 1: said } }
  const empty: Command = { argv: [join(BIN, 'qmail-pop3d'), join(home, 'none')], env, files: { 0: stat } }
  if (process.getuid?.() === 0) {
    const nobody = (command: Command): Command => ({ ...command, argv: [SETPRIV, ...AS_NOBODY, ...command.argv] })
    row('qmail-pop3d, STAT of 20,000 messages', compare(list, nobody(pop3d), nobody(empty)), '3 x ls -f + start')
  } else row('qmail-pop3d, STAT of 20,000 messages', compare(list, pop3d, empty), '3 x ls -f + start')
  if (!readFileSync(said, 'latin1').includes('+OK 20000 40000')) throw new Error('they were not counted')
}

const SETPRIV = '/usr/bin/setpriv'
const AS_NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups']

function compare(list: Command, full: Command, empty: Command): string {
  const [ls = 0, stat = 0, start = 0] = interleave(
    7,
    () => time(list),
    () => time(full),
    () => time(empty),
  )
  return `${stat.toFixed(1)} ms (3 x ls -f + start: ${(3 * ls + start).toFixed(1)} ms)`
}

export function inbound(): void {
  checks()
  lists()
  maildir()
}
