/** Decides how Debian's Exim is run as a server to send to, without being installed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { USER } from './mail.ts'
import { answers, freePort, lack, until } from './service.ts'

export type Method = 'plain' | 'login' | 'cram'

/** Who may log in. */
export const JOE = { user: 'joe', password: 'se|cr:et' } as const

/** Why Exim can't be run here, or false. */
export function lacksExim(): string | false {
  const lacking = lack(['unshare', 'mount'], 'as root')
  if (lacking) return lacking
  const said = spawnSync('test/exim.sh', { encoding: 'utf8' }).stdout.trim()
  return said !== '' && `needs exim4: ${said}`
}

export class Exim {
  readonly port: number
  readonly #dir: string
  readonly #child: ChildProcess
  readonly #taken = new Set<string>()

  private constructor(port: number, dir: string, child: ChildProcess) {
    this.port = port
    this.#dir = dir
    this.#child = child
    process.once('exit', () => child.kill())
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  }

  /** Starts it, for messages to any address of d.example, and of login.example after a login. */
  static async start(): Promise<Exim> {
    const dir = mkdtempSync(join(tmpdir(), 'moreqmail-exim-'))
    chmodSync(dir, 0o755)
    for (const name of ['spool', 'log', 'mail', 'keys']) mkdirSync(join(dir, name))
    cpSync('test/cases/tls', join(dir, 'keys'), { recursive: true })
    const port = await freePort()
    writeFileSync(join(dir, 'exim.conf'), configuration(dir, port))
    // The user whose name is compiled in exists for it alone.
    const user = `Debian-exim:x:${USER.uid}:${USER.uid}::/:/bin/false\n`
    writeFileSync(join(dir, 'passwd'), readFileSync('/etc/passwd', 'latin1') + user)
    writeFileSync(join(dir, 'group'), `${readFileSync('/etc/group', 'latin1')}Debian-exim:x:${USER.uid}:\n`)
    spawnSync('chown', ['-R', String(USER.uid), ...['spool', 'log', 'mail', 'keys'].map((name) => join(dir, name))])
    const script = 'mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec "$@"'
    const argv = ['-m', 'sh', '-c', script, 'sh', program(), '-bdf', '-C', join(dir, 'exim.conf')]
    const child = spawn('unshare', argv, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    child.stderr?.on('data', (data: Buffer) => {
      errors += data.toString('latin1')
    })
    const exim = new Exim(port, dir, child)
    if (!(await until(() => answers(port)))) throw new Error(`exim does not listen: ${errors}`)
    return exim
  }

  /** Which ways to log in it offers from now on. */
  offer(...methods: readonly Method[]): void {
    for (const method of ['plain', 'login', 'cram'] as const) {
      const path = join(this.#dir, method)
      if (methods.includes(method)) writeFileSync(path, '')
      else rmSync(path, { force: true })
    }
  }

  get log(): string {
    return readFileSync(join(this.#dir, 'log/mainlog'), 'latin1')
  }

  /** The next message that arrives. */
  async next(): Promise<string | undefined> {
    const box = join(this.#dir, 'mail/box/new')
    const fresh = () => {
      try {
        return readdirSync(box).find((name) => !this.#taken.has(name))
      } catch {
        return undefined
      }
    }
    await until(() => fresh() !== undefined)
    const name = fresh()
    if (name === undefined) return undefined
    this.#taken.add(name)
    return readFileSync(join(box, name), 'latin1')
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.#child.once('close', done))
    this.#child.kill()
    await ended
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

function program(): string {
  return resolve('build/exim/usr/sbin/exim4')
}

function configuration(dir: string, port: number): string {
  const login = (name: string, method: Method, lines: string): string =>
    `${name}:\n${lines}server_advertise_condition = \${if exists{${dir}/${method}}}\n`
  return `exim_path = ${program()}
spool_directory = ${dir}/spool
log_file_path = ${dir}/log/%slog
pid_file_path = ${dir}/spool/pid
primary_hostname = mx.example
keep_environment =
local_interfaces = <; 127.0.0.1; ::1
daemon_smtp_ports = ${port}
domainlist ours = d.example : login.example : b\u00fccher.example
host_lookup =
rfc1413_hosts =
tls_advertise_hosts = *
tls_certificate = ${dir}/keys/mx.pem
tls_privatekey = ${dir}/keys/mx.pem
auth_advertise_hosts = *
smtputf8_advertise_hosts = *
pipelining_advertise_hosts = *
smtp_enforce_sync = true
message_size_limit = 3000000
recipients_max = 0
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
log_selector = +all
begin acl
rcpt:
deny local_parts = refused
message = nobody here
defer local_parts = later
message = not now
deny domains = login.example
!authenticated = *
message = who are you?
accept domains = +ours
deny
begin routers
all:
driver = accept
transport = box
begin transports
box:
driver = appendfile
directory = ${dir}/mail/box
maildir_format
user = ${USER.uid}
group = ${USER.uid}
begin authenticators
${login('plain', 'plain', `driver = plaintext\npublic_name = PLAIN\nserver_prompts = :\nserver_set_id = $auth2\nserver_condition = \${if and{{eq{$auth2}{${JOE.user}}}{eq{$auth3}{${JOE.password}}}}}\n`)}
${login('login', 'login', `driver = plaintext\npublic_name = LOGIN\nserver_prompts = <| Username: | Password:\nserver_set_id = $auth1\nserver_condition = \${if and{{eq{$auth1}{${JOE.user}}}{eq{$auth2}{${JOE.password}}}}}\n`)}
${login('cram', 'cram', `driver = cram_md5\npublic_name = CRAM-MD5\nserver_set_id = $auth1\nserver_secret = \${if eq{$auth1}{${JOE.user}}{${JOE.password}}fail}\n`)}
`
}
