/** Decides what each of the three hosts is: its control files, its services and what stands in for its mail queue. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfSigned } from './certificate.ts'
import { listen } from './processes.ts'
import { say } from './screen.ts'

/** What is known of a host before anything runs. */
export interface HostPlan {
  readonly name: string
  readonly domain: string
  readonly address: string
  /** Addresses of this host and the directories of their mail; what is for elsewhere goes to `outbox`. */
  readonly maildirs: Readonly<Record<string, string>>
  /** Addresses of this host whose mail goes elsewhere. */
  readonly forwards: Readonly<Record<string, string>>
  /** Domains that the queue takes mail for, local or not. */
  readonly queued: readonly string[]
  /** Names and contents of control files. */
  readonly control: Readonly<Record<string, string>>
}

/** A host: a qmail home with the programs in it. */
export interface Host extends HostPlan {
  readonly home: string
  readonly env: NodeJS.ProcessEnv
  /** Of its services, signed by itself. */
  readonly certificate: string
}

/** Writes a file below a directory. */
export function put(dir: string, path: string, text: string, mode = 0o644): void {
  mkdirSync(join(dir, path, '..'), { recursive: true })
  writeFileSync(join(dir, path), text, { mode })
  chmodSync(join(dir, path), mode)
}

function maildir(path: string): void {
  for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(path, part), { recursive: true })
}

/** Makes the host's directory below `root`; `bin` has the programs. */
export function makeHost(plan: HostPlan, root: string, bin: string): Host {
  const home = join(root, plan.name)
  const { key, certificate } = selfSigned(`mx.${plan.domain}`)
  put(home, 'control/servercert.pem', certificate + key, 0o600)
  for (const [file, text] of Object.entries(plan.control)) put(home, `control/${file}`, text)
  symlinkSync(bin, join(home, 'bin'))
  // The queue has a home of its own: what it takes in for other hosts must not look local to anybody else.
  put(home, 'queue/control/locals', `${plan.queued.join('\n')}\n`)
  const lines = Object.entries(plan.maildirs).map(([address, path]) => `${address}:${home}/${path}\n`)
  put(home, 'queue/control/maildirs', `${lines.join('')}@:${home}/outbox\n`)
  put(home, 'queue/run', `#!/bin/sh\nQMAILHOME=${home}/queue exec ${bin}/qmail-queue-maildir\n`, 0o755)
  for (const path of new Set([...Object.values(plan.maildirs), 'outbox'])) maildir(join(home, path))
  const env = {
    PATH: `${bin}:/usr/bin:/bin`,
    QMAILHOME: home,
    CERTFILE: `${home}/control/servercert.pem`,
    TMPDIR: root,
  }
  return { ...plan, home, env, certificate }
}

/** Starts a service of the host: its port. What is set besides the host's environment is shown with the command. */
export async function serve(
  host: Host,
  more: NodeJS.ProcessEnv,
  argv: readonly string[],
  mark: string,
): Promise<number> {
  const set = Object.entries(more).map(([name, value]) => `${name}=${value} `)
  say(`${host.name}$ ${set.join('').replaceAll(`${host.home}/`, '')}${argv.join(' ')}`)
  return listen(argv, { ...host.env, ...more }, mark)
}

/** Port 25: qmail-smtpd with STARTTLS, recipient checks, SPF, DKIM, and the filters before the queue. */
export function smtp(host: Host): Promise<number> {
  const more = {
    UCSPITLS: '',
    RCPTCHECK: 'bin/qmail-rcptcheck',
    QMAILQUEUE: 'bin/qmail-qfilter-queue',
    QMAILQUEUEFILTERS: 'control/smtpfilters',
    QQF_QMAILQUEUE: `${host.home}/queue/run`,
  }
  const argv = ['tcpserver', '-1vRHl', `mx.${host.domain}`, host.address, '0', 'ucspitlsd', 'qmail-smtpd']
  return serve(host, more, argv, `[${host.name} 25]`)
}

/** Port 587: nobody gets in without TLS and a password. */
export function submission(host: Host): Promise<number> {
  const chain = ['qmail-reup', '-t', '5', 'qmail-authup', 'smtp', 'checkpassword', 'checknotroot', 'qmail-ofmipd']
  const argv = ['sslserver', '-1ne', '-vRHl', `mx.${host.domain}`, host.address, '0', ...chain]
  return serve(host, { UCSPITLS: '!', QMAILQUEUE: `${host.home}/queue/run` }, argv, `[${host.name} 587]`)
}

/** Port 110: as 587, for fetching. */
export function pop3(host: Host): Promise<number> {
  const chain = ['qmail-authup', 'pop3', 'checkpassword', 'checknotroot', 'qmail-pop3d', 'Maildir']
  const argv = ['sslserver', '-1ne', '-vRHl', `mx.${host.domain}`, host.address, '0', ...chain]
  return serve(host, { UCSPITLS: '!' }, argv, `[${host.name} 110]`)
}
