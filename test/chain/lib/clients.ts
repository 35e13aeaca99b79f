/** Decides how people's mail programs are told to send and to fetch a user's mail. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, CA, type User } from './login.ts'
import { type Outcome, run } from './mail.ts'

/** A server as a client sees it. */
export interface Server {
  readonly host: '127.0.0.1' | '::1'
  readonly port: number
  /** `first`: before the first byte; `command`: by STARTTLS or STLS. */
  readonly tls: 'first' | 'command'
}

export interface Sender {
  readonly program: string
  /** Debian's swaks comes without. */
  readonly ipv6: boolean
  /** Sends a message with LF line ends, to the user's own address. */
  readonly send: (server: Server, user: User, message: string) => Promise<Outcome>
}

export interface Fetcher {
  readonly program: string
  /** Fetches so many messages, which is all: as byte strings with CR LF line ends, as they came. */
  readonly fetch: (server: Server, user: User, count: number) => Promise<readonly string[]>
}

/** Programs that send, by name; most with more than one mechanism. */
export const SENDERS: Readonly<Record<string, Sender>> = {
  'swaks, PLAIN': { program: 'swaks', ipv6: false, send: bySwaks('PLAIN') },
  'swaks, LOGIN': { program: 'swaks', ipv6: false, send: bySwaks('LOGIN') },
  'msmtp, PLAIN': { program: 'msmtp', ipv6: true, send: byMsmtp('plain') },
  'msmtp, LOGIN': { program: 'msmtp', ipv6: true, send: byMsmtp('login') },
  'curl, PLAIN': { program: 'curl', ipv6: true, send: byCurl('PLAIN') },
  'curl, LOGIN': { program: 'curl', ipv6: true, send: byCurl('LOGIN') },
  openssl: { program: 'openssl', ipv6: true, send: byOpenssl },
}

/** Programs that fetch and leave the mail where it is. */
export const FETCHERS: Readonly<Record<string, Fetcher>> = {
  curl: { program: 'curl', fetch: fetchByCurl },
  openssl: { program: 'openssl', fetch: fetchByOpenssl },
}

const CRLF = (text: string): string => text.replace(/\n/g, '\r\n')
const literal = ({ host, port }: Server): string => (host === '::1' ? `[${host}]:${port}` : `${host}:${port}`)

/** Calls it with a file of this content, which is gone afterwards. */
async function withFile<T>(content: string, use: (path: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'moreqmail-client-'))
  const path = join(dir, 'file')
  try {
    writeFileSync(path, content, { encoding: 'latin1', mode: 0o600 })
    return await use(path)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** Runs a shell command with words of its own and a file at its input. */
function fed(path: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return run(['sh', '-c', 'file=$1; shift; exec "$@" <"$file"', 'sh', path, ...argv], env)
}

function bySwaks(mechanism: string): Sender['send'] {
  // It ends the last line itself.
  return (server, user, message) =>
    withFile(message.replace(/\n$/, ''), (path) => {
      const from = addressOf(user)
      const login = ['--auth', mechanism, '--auth-user', user.name, '--auth-password', user.password]
      const tls = [server.tls === 'first' ? '--tls-on-connect' : '--tls', '--tls-verify', '--tls-ca-path', CA]
      const where = ['--server', literal(server), '--timeout', '20s', '--helo', 'client.example']
      return run(['swaks', ...where, ...tls, ...login, '--from', from, '--to', from, '--data', `@${path}`])
    })
}

function byMsmtp(mechanism: string): Sender['send'] {
  return (server, user, message) =>
    withFile(message, (path) => {
      const from = addressOf(user)
      const starttls = server.tls === 'first' ? 'off' : 'on'
      const tls = ['--tls=on', `--tls-starttls=${starttls}`, `--tls-trust-file=${CA}`, '--tls-host-override=localhost']
      const where = ['--file=', `--host=${server.host}`, `--port=${server.port}`, '--timeout=20']
      const login = [`--auth=${mechanism}`, `--user=${user.name}`, '--passwordeval=printf "%s\\n" "$PASSWORD"']
      return fed(path, ['msmtp', ...where, ...tls, ...login, `--from=${from}`, from], { PASSWORD: user.password })
    })
}

function byCurl(mechanism: string): Sender['send'] {
  return (server, user, message) =>
    withFile(CRLF(message), (path) => {
      const from = addressOf(user)
      const url = `${server.tls === 'first' ? 'smtps' : 'smtp'}://${literal(server)}/client.example`
      const login = ['--user', `${user.name}:${user.password}`, '--login-options', `AUTH=${mechanism}`]
      const mail = ['--mail-from', from, '--mail-rcpt', from, '--upload-file', path]
      return run(['curl', '-sS', '--max-time', '20', '--ssl-reqd', '--cacert', CA, ...login, ...mail, url])
    })
}

/** What openssl is told to talk through TLS; its own commands are off, and its verdict on the certificate counts. */
function openssl(server: Server, protocol: 'smtp' | 'pop3', path: string): Promise<Outcome> {
  const tls = server.tls === 'first' ? [] : ['-starttls', protocol]
  const verify = ['-CAfile', CA, '-verify_return_error', '-verify_hostname', 'localhost']
  return fed(path, ['openssl', 's_client', '-quiet', '-connect', literal(server), ...tls, ...verify])
}

/** The whole session in one piece: what is sent ahead of the login reaches the next program. */
async function byOpenssl(server: Server, user: User, message: string): Promise<Outcome> {
  const from = addressOf(user)
  const login = Buffer.from(`\0${user.name}\0${user.password}`).toString('base64')
  const commands = `EHLO client.example\nAUTH PLAIN ${login}\nMAIL FROM:<${from}>\nRCPT TO:<${from}>\nDATA\n`
  const session = `${commands}${message.replace(/^\./gm, '..')}.\nQUIT\n`
  const { code, text } = await withFile(CRLF(session), (path) => openssl(server, 'smtp', path))
  const sent = /^250 ok \d+ qp \d+\r\n221 /m.test(text)
  return { code: code === 0 && !sent ? null : code, text }
}

/** As commands of its own: left to itself it takes the timestamp in the greeting for an offer of APOP. */
async function fetchByCurl(server: Server, user: User, count: number): Promise<readonly string[]> {
  const url = `${server.tls === 'first' ? 'pop3s' : 'pop3'}://${literal(server)}/`
  const options = ['-sS', '--max-time', '20', '--ssl-reqd', '--cacert', CA]
  const ask = (...words: readonly string[]): readonly string[] => [...options, ...words]
  const login = [`USER ${user.name}`, `PASS ${user.password}`].flatMap((command) => [
    ...ask('-I', '-X', command, url),
    '--next',
  ])
  const dir = mkdtempSync(join(tmpdir(), 'moreqmail-client-'))
  const files = Array.from({ length: count }, (_, i) => join(dir, `${i}`))
  const messages = files.flatMap((file, i) => [...(i > 0 ? ['--next'] : []), ...ask('-o', file, `${url}${i + 1}`)])
  try {
    const { code, text } = await run(['curl', ...login, ...messages])
    if (code !== 0) throw new Error(`curl: ${code} ${text}`)
    return files.map((file) => readFileSync(file, 'latin1'))
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** The whole session in one piece. */
async function fetchByOpenssl(server: Server, user: User, count: number): Promise<readonly string[]> {
  const retrieve = Array.from({ length: count }, (_, i) => `RETR ${i + 1}\n`).join('')
  const session = `USER ${user.name}\nPASS ${user.password}\nSTAT\n${retrieve}RSET\nQUIT\n`
  const { code, text } = await withFile(CRLF(session), (path) => openssl(server, 'pop3', path))
  const begin = text.indexOf(`+OK ${count} `)
  if (code !== 0 || begin < 0) throw new Error(`openssl: ${code} ${text.slice(-400)}`)
  const answers = text.slice(text.indexOf('\n', begin) + 1).split('\r\n.\r\n')
  return answers.slice(0, count).map((answer) => `${answer.replace(/^\+OK \r\n/, '')}\r\n`.replace(/^\.\./gm, '.'))
}

/** Fetches all mail by fetchmail, which deletes it there: what it has passed on, its own trace line taken out. */
export async function fetchmail(server: Server, user: User, keep: boolean): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'moreqmail-client-'))
  const hex = (c: string): string => `\\x${c.charCodeAt(0).toString(16)}`
  const quote = (text: string): string => `"${text.replace(/["\\]/g, hex)}"`
  const tls = server.tls === 'first' ? 'ssl' : 'sslproto "auto"'
  const config = [
    `poll posthost via ${quote(server.host)} protocol POP3 port ${server.port} timeout 20`,
    `user ${quote(user.name)} password ${quote(user.password)}`,
    `${tls} sslcertck sslcertfile ${quote(CA)} sslcommonname "localhost"`,
    `${keep ? 'keep' : 'nokeep'} fetchall no rewrite pass8bits`,
    `mda ${quote(`cat >${dir}/mail/$(ls ${dir}/mail | wc -l)`)}`,
  ]
  mkdirSync(join(dir, 'mail'))
  writeFileSync(join(dir, 'config'), `${config.join('\n')}\n`, { mode: 0o600 })
  const files = ['--fetchmailrc', `${dir}/config`, '--idfile', `${dir}/ids`, '--pidfile', `${dir}/pid`]
  try {
    const { code, text } = await run(['fetchmail', '--nodetach', '--nosyslog', ...files], { HOME: dir })
    if (code !== 0) throw new Error(`fetchmail: ${code} ${text}`)
    return readdirSync(join(dir, 'mail'))
      .sort((a, b) => Number(a) - Number(b))
      .map((name) => readFileSync(join(dir, 'mail', name), 'latin1'))
      .map((message) => message.replace(/^Received: from \S+ \[\S+\]\n\tby .*POP3 \(fetchmail.*\n\tfor .*\n/m, ''))
  } finally {
    rmSync(dir, { recursive: true })
  }
}
