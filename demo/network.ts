/** Makes the three hosts, and starts what serves on them. */
import { chmodSync, chownSync, cpSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { NameServer } from '../test/lib/name-server.ts'
import { type Host, makeHost, pop3, put, smtp, submission } from './host.ts'
import { ALICE, BOB_AT_HOME, PLANS, zoneOf } from './plan.ts'
import { run } from './processes.ts'
import { quote, say } from './screen.ts'

/** Of both users. */
export const PASSWORD = 'open sesame'
/** Who the demo is when it is started by root. */
const NOBODY_ID = 65534

export interface Hosts {
  readonly shop: Host
  readonly club: Host
  readonly home: Host
  readonly nameServer: NameServer
}

export interface Network extends Hosts {
  /** Where qmail-smtpd listens. */
  readonly ports: { readonly shop: number; readonly club: number; readonly home: number }
  /** Of the shop. */
  readonly submission: number
  /** Of Bob's home. */
  readonly pop3: number
}

/** The directory of the programs. Nothing here is to run as root: whoever is root becomes somebody else now. */
function programs(root: string): string {
  const built = resolve('dist/bin')
  if (process.getuid?.() !== 0) return built
  const bin = join(root, 'bin')
  cpSync(built, bin, { recursive: true, verbatimSymlinks: true })
  chmodSync(root, 0o755)
  for (const dir of [root, bin]) chownSync(dir, NOBODY_ID, NOBODY_ID)
  process.setgroups?.([])
  process.setgid?.(NOBODY_ID)
  process.setuid?.(NOBODY_ID)
  return bin
}

/** Runs a tool by hand, which must work: what it has written. */
async function tool(host: Host, argv: readonly string[], text = ''): Promise<string> {
  say(`${host.name}$ ${argv.join(' ')}`)
  const { code, output } = await run(argv, host.env, { text })
  if (code !== 0) throw new Error(`${argv[0]} ended with ${code}`)
  return output
}

/** Makes the three hosts: keys, certificates, passwords, name server. */
export async function prepare(root: string): Promise<Hosts> {
  const bin = programs(root)
  const made = PLANS.map((plan) => makeHost(plan, root, bin))
  for (const host of made) {
    say(`${host.name}: ${host.domain} at ${host.address}, its qmail home is ${host.home}`)
    put(host.home, 'control/trusted.pem', made.map(({ certificate }) => certificate).join(''))
    put(host.home, 'control/trustanchors', `${host.home}/control/trusted.pem\n`)
  }
  const [shop, club, home] = made as [Host, Host, Host]
  put(club.home, 'control/srs_secrets', `${root}\n`, 0o600)
  await tool(shop, ['setpassword', ALICE, '-', '-', shop.home], `${PASSWORD}\n`)
  await tool(home, ['setpassword', BOB_AT_HOME, '-', '-', `${home.home}/bob`], `${PASSWORD}\n`)
  const record = await tool(shop, ['moreqmail-dkimkey', shop.domain])
  quote(record)
  const nameServer = await NameServer.start(zoneOf(PLANS, recordsOf(record)))
  say(`A name server on port ${nameServer.port} knows the hosts, their SPF records and the key of ${shop.domain}.`)
  const knowing = (host: Host): Host => ({
    ...host,
    env: { ...host.env, DNSCACHEIP: `127.0.0.1:${nameServer.port}` },
  })
  return { shop: knowing(shop), club: knowing(club), home: knowing(home), nameServer }
}

/** The name and the text of a TXT record in the form of a zone file. */
function recordsOf(text: string): Readonly<Record<string, string>> {
  const name = /^(\S+?)\.?\s/.exec(text)?.[1] ?? ''
  const strings = [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '')
  return { [name]: strings.join('') }
}

/** Starts the services, and lets each host know at which ports the others are. */
export async function serve(hosts: Hosts): Promise<Network> {
  const { shop, club, home } = hosts
  const ports = { shop: await smtp(shop), club: await smtp(club), home: await smtp(home) }
  const routes = [
    `shop.example:mx.shop.example:${ports.shop}\n`,
    `club.example:mx.club.example:${ports.club}\n`,
    `.club.example:mx.club.example:${ports.club}\n`,
    `home.example:mx.home.example:${ports.home}\n`,
  ]
  for (const host of [shop, club, home]) put(host.home, 'control/smtproutes', routes.join(''))
  return { ...hosts, ports, submission: await submission(shop), pop3: await pop3(home) }
}
