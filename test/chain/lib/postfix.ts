/** Decides how Debian's Postfix is run, to send to or to have it send: an instance of its own in a temporary directory. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { USER } from './mail.ts'
import { answers, freePort, until } from './service.ts'

const SBIN = '/usr/sbin'
const KEYS = 'test/cases/tls'

/** Its ports, each on 127.0.0.1, ::1 and MX. */
export const SERVICES = ['plain', 'offered', 'required', 'certified', 'unpipelined'] as const
export type ServiceName = (typeof SERVICES)[number]

/** Where it is besides: an address that is not one of this host's own, as its MX must not be. */
export const MX = '127.0.0.2'

/** The address with port 465, where TLS comes first. */
export const SUBMISSIONS = `127.46.${process.pid & 255}.${(process.pid >> 8) & 255}`

const OPTIONS: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
  plain: { smtpd_tls_security_level: 'none' },
  offered: {},
  required: { smtpd_tls_security_level: 'encrypt' },
  certified: { smtpd_tls_security_level: 'encrypt', smtpd_tls_req_ccert: 'yes' },
  unpipelined: { smtpd_tls_security_level: 'none', smtpd_discard_ehlo_keywords: 'pipelining,chunking,size' },
}

/** The largest message it takes. */
export const LARGEST = 3_000_000

export class Postfix {
  readonly #dir: string
  readonly #ports: Readonly<Record<ServiceName, number>>
  readonly #taken = new Set<string>()

  private constructor(dir: string, ports: Readonly<Record<ServiceName, number>>) {
    this.#dir = dir
    this.#ports = ports
    process.once('exit', () => this.stop())
    // Its master belongs to nobody: it would stay.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  }

  /**
   * Starts it, for messages to any address of d.example and b\u00fccher.example, and of the names in `relay`, which it
   * hands on to these places by TLS only, with a certificate that must be good.
   */
  static async start(relay: Readonly<Record<string, string>> = {}): Promise<Postfix> {
    const dir = mkdtempSync(join(tmpdir(), 'moreqmail-postfix-'))
    spawnSync('chmod', ['755', dir])
    for (const name of ['etc', 'spool', 'data', 'mail', 'keys']) mkdirSync(join(dir, name))
    cpSync(KEYS, join(dir, 'keys'), { recursive: true })
    spawnSync('chown', ['postfix', join(dir, 'data')])
    spawnSync('chown', [String(USER.uid), join(dir, 'mail')])
    const ports = {} as Record<ServiceName, number>
    for (const name of SERVICES) ports[name] = await freePort()
    writeFileSync(join(dir, 'etc/main.cf'), mainFile(dir, relay))
    writeFileSync(join(dir, 'etc/master.cf'), masterFile(ports))
    const postfix = new Postfix(dir, ports)
    const { stderr } = spawnSync(join(SBIN, 'postfix'), ['-c', join(dir, 'etc'), 'start'], { encoding: 'latin1' })
    if (!(await until(() => answers(ports.plain)))) throw new Error(`postfix does not listen: ${stderr}${postfix.log}`)
    return postfix
  }

  port(service: ServiceName): number {
    return this.#ports[service]
  }

  get log(): string {
    return readFileSync(join(this.#dir, 'log'), 'latin1')
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

  /** Ends it, and removes all it had. */
  stop(): void {
    if (this.#dir === '') return
    spawnSync(join(SBIN, 'postfix'), ['-c', join(this.#dir, 'etc'), 'stop'])
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

function mainFile(dir: string, relay: Readonly<Record<string, string>>): string {
  const refused = '{ refused@d.example = 550 5.1.1 nobody here }, { later@d.example = 450 4.2.1 not now }'
  const places = Object.entries(relay)
    .map(([domain, place]) => `{ ${domain} = smtp:${place} }`)
    .join(', ')
  const settings = {
    compatibility_level: '3.6',
    queue_directory: `${dir}/spool`,
    data_directory: `${dir}/data`,
    maillog_file: `${dir}/log`,
    maillog_file_prefixes: dir,
    myhostname: 'mx.example',
    mydestination: '',
    inet_protocols: 'all',
    alias_maps: '',
    local_recipient_maps: '',
    virtual_mailbox_domains: 'd.example, b\u00fccher.example, xn--bcher-kva.example',
    virtual_mailbox_base: `${dir}/mail`,
    virtual_mailbox_maps: 'static:box/',
    virtual_uid_maps: `static:${USER.uid}`,
    virtual_gid_maps: `static:${USER.uid}`,
    virtual_minimum_uid: '1',
    message_size_limit: String(LARGEST),
    virtual_mailbox_limit: '0',
    // It changes nothing in a message.
    local_header_rewrite_clients: '',
    smtputf8_enable: 'yes',
    smtputf8_autodetect_classes: 'all',
    // It is strict with its clients.
    smtpd_helo_required: 'yes',
    strict_rfc821_envelopes: 'yes',
    smtpd_forbid_unauth_pipelining: 'yes',
    smtpd_forbid_bare_newline: 'yes',
    smtpd_relay_restrictions: 'reject_unauth_destination',
    smtpd_recipient_restrictions: `check_recipient_access inline:{ ${refused} }`,
    smtpd_error_sleep_time: '0',
    smtpd_hard_error_limit: '1000',
    smtpd_client_connection_rate_limit: '0',
    smtpd_tls_security_level: 'may',
    smtpd_tls_chain_files: `${dir}/keys/mx.pem`,
    smtpd_tls_CAfile: `${dir}/keys/ca.pem`,
    smtpd_tls_received_header: 'yes',
    smtpd_tls_loglevel: '1',
    relay_domains: Object.keys(relay).join(', '),
    relay_recipient_maps: '',
    transport_maps: places === '' ? '' : `inline:{ ${places} }`,
    smtp_tls_security_level: 'verify',
    smtp_tls_verify_cert_match: 'mx.example',
    smtp_tls_CAfile: `${dir}/keys/ca.pem`,
    smtp_tls_loglevel: '1',
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')
}

function masterFile(ports: Readonly<Record<ServiceName, number>>): string {
  const smtpd = (place: string, options: Readonly<Record<string, string>>): string =>
    `${place} inet n - n - - smtpd\n${Object.entries(options)
      .map(([name, value]) => `  -o ${name}=${value}\n`)
      .join('')}`
  const listening = SERVICES.flatMap((name) =>
    ['127.0.0.1', MX, '[::1]'].map((host) => smtpd(`${host}:${ports[name]}`, OPTIONS[name])),
  )
  const unix = (name: string, priv: string, unpriv: string, wakeup: string, most: string, program = name): string =>
    `${name} unix ${priv} ${unpriv} n ${wakeup} ${most} ${program}\n`
  return [
    ...listening,
    smtpd(`${SUBMISSIONS}:465`, { smtpd_tls_wrappermode: 'yes' }),
    unix('cleanup', 'n', '-', '-', '0'),
    unix('qmgr', 'n', '-', '300', '1'),
    unix('tlsmgr', '-', '-', '1000?', '1'),
    unix('rewrite', '-', '-', '-', '-', 'trivial-rewrite'),
    ...['bounce', 'defer', 'trace'].map((name) => unix(name, '-', '-', '-', '0', 'bounce')),
    unix('verify', '-', '-', '-', '1'),
    unix('proxymap', '-', '-', '-', '-'),
    unix('error', '-', '-', '-', '-'),
    unix('retry', '-', '-', '-', '-', 'error'),
    unix('virtual', '-', 'n', '-', '-'),
    unix('smtp', '-', '-', '-', '-'),
    unix('anvil', '-', '-', '-', '1'),
    'postlog unix-dgram n - n - 1 postlogd\n',
  ].join('')
}

/** smtp-sink, which says and swallows whatever it is told to; what it gets is kept. */
export class SmtpSink {
  readonly port: number
  readonly #dir: string
  readonly #child: ChildProcess
  readonly #taken = new Set<string>()
  static readonly #running = new Set<ChildProcess>()
  static {
    process.once('exit', () => {
      for (const child of SmtpSink.#running) child.kill()
    })
  }

  private constructor(port: number, dir: string, child: ChildProcess) {
    this.port = port
    this.#dir = dir
    this.#child = child
    SmtpSink.#running.add(child)
  }

  static async start(host: string, ...options: readonly string[]): Promise<SmtpSink> {
    const port = await freePort()
    const dir = mkdtempSync(join(tmpdir(), 'moreqmail-sink-'))
    const place = host.includes(':') ? `inet:[${host}]:${port}` : `inet:${host}:${port}`
    const user = process.getuid?.() === 0 ? ['-u', USER.name, '-R', dir] : []
    spawnSync('chown', [String(USER.uid), dir])
    const argv = [...user, '-d', 'message.', ...options, place, '100']
    const child = spawn(join(SBIN, 'smtp-sink'), argv, { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] })
    const sink = new SmtpSink(port, dir, child)
    if (!(await until(() => answers(port, host)))) throw new Error(`smtp-sink does not listen at ${place}`)
    return sink
  }

  /** The next message that it has taken; it writes an empty line behind each. */
  next(): string | undefined {
    const name = readdirSync(this.#dir).find((name) => !this.#taken.has(name))
    if (name === undefined) return undefined
    this.#taken.add(name)
    return readFileSync(join(this.#dir, name), 'latin1').replace(/\n$/, '')
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.#child.once('close', done))
    this.#child.kill()
    await ended
    SmtpSink.#running.delete(this.#child)
    rmSync(this.#dir, { recursive: true, force: true })
  }
}
