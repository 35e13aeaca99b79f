/** Decides who can log in, where their mail is, and what a server of them needs. */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { mailHome, USER } from './mail.ts'
import { BIN } from './service.ts'

export interface User {
  readonly name: string
  readonly password: string
  /** No account has it; who is not root has all users under his own. */
  readonly uid: number
}

export const JOE: User = { name: 'joe', password: 'open "sesame" \\ #1', uid: 29_001 }
export const ANN: User = { name: 'ann@d.example', password: 'x'.repeat(200), uid: 29_002 }

export const IS_ROOT = process.getuid?.() === 0
/** The authority that the servers' certificate is good by. */
export const CA = resolve('test/cases/tls/ca.pem')

/** The address that a user's mail comes to. */
export function addressOf({ name }: User): string {
  return name.includes('@') ? name : `${name}@d.example`
}

/** As whom the user's programs run. */
export function uidOf({ uid }: User): number {
  return IS_ROOT ? uid : (process.getuid?.() ?? 0)
}

export function homeOf(home: string, { name }: User): string {
  return join(home, 'users', name)
}

/** A qmail home with two users, each with a password, a home and a Maildir, and with a certificate for localhost. */
export function loginHome(): string {
  const home = mailHome()
  mkdirSync(join(home, 'users'))
  const maildirs = [JOE, ANN].map((user) => {
    const own = homeOf(home, user)
    for (const dir of ['', 'Maildir', 'Maildir/tmp', 'Maildir/new', 'Maildir/cur']) mkdirSync(join(own, dir))
    if (IS_ROOT) spawnSync('chown', ['-R', `${user.uid}:${user.uid}`, own])
    const ids = IS_ROOT ? [String(user.uid), String(user.uid)] : ['-', '-']
    setPassword(home, user.name, user.password, ids, own)
    return `${addressOf(user)}:${own}/Maildir\n`
  })
  writeFileSync(join(home, 'control/maildirs'), maildirs.join(''))
  copyFileSync('test/cases/tls/local.pem', certificateOf(home))
  chmodSync(certificateOf(home), 0o600)
  return home
}

/** The file with the certificate and its key, which only root, or who tests, can read. */
export function certificateOf(home: string): string {
  return join(home, 'control/servercert.pem')
}

export function setPassword(
  home: string,
  name: string,
  password: string,
  ids: readonly string[],
  directory: string,
): void {
  const env = { PATH: BIN, QMAILHOME: home }
  const { status, stderr } = spawnSync(join(BIN, 'setpassword'), [name, ...ids, directory], {
    env,
    input: `${password}\n`,
    encoding: 'latin1',
  })
  if (status !== 0) throw new Error(`setpassword: ${stderr}`)
}

/** Variables of a server under test that are not of a service directory. */
export function serverEnv(home: string): Readonly<Record<string, string>> {
  return {
    PATH: `${BIN}:/usr/bin:/bin`,
    QMAILHOME: home,
    QMAILQUEUE: `${BIN}/qmail-queue-maildir`,
    CERTFILE: certificateOf(home),
    ...(IS_ROOT ? { SSL_UID: String(USER.uid), SSL_GID: String(USER.uid) } : {}),
  }
}

/** The messages in a user's Maildir, oldest first, as byte strings. */
export function mailOf(home: string, user: User): readonly string[] {
  const dir = join(homeOf(home, user), 'Maildir')
  return ['new', 'cur']
    .flatMap((part) => readdirSync(join(dir, part)).map((name) => [name, join(dir, part, name)] as const))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, path]) => (existsSync(path) ? readFileSync(path, 'latin1') : ''))
}
