/** Which clients, senders and recipients are welcome, and in which order that is asked. */
import type { Listed } from '@moreqmail/smtp/hosts'
import { connectionEnds, type Policy, replaceLiteral } from '@moreqmail/smtp/server'
import { type Client, dismiss } from '@moreqmail/smtp-io'
import { type Descriptors, startTls } from '@moreqmail/ucspi-tls'
import { env, environment, exit, sys } from '@moreqmail/unix'
import { isBadSender, isRcptHost } from './hosts.ts'
import { receiveMessage } from './message.ts'
import { PluginRunner, type Verdict } from './plugin-run.ts'
import { recipientCheck } from './rcptcheck.ts'
import type { Configuration } from './settings.ts'

const BAD_SENDER = '553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)'
const NO_RELAY = "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"
const NO_ADDRESSES = '421 unable to figure out my IP addresses (#4.3.0)'

/** What qmail-smtpd decides in a session, and when it begins. */
export interface SmtpdPolicy extends Policy {
  readonly connection: () => Verdict
}

/** `unable` ends the program when a control file turns out to be damaged. */
export function smtpdPolicy(
  configuration: Configuration,
  client: Client,
  descriptors: Descriptors | undefined,
  unable: () => never,
): SmtpdPolicy {
  const { rcpthosts, morercpthosts, badmailfrom, relayClient, rcptcheck, timeout } = configuration
  const ends = connectionEnds(env)
  const plugins = new PluginRunner(configuration.plugins, client)
  const inCdb: Listed = (host) => {
    const found = morercpthosts?.get(host)
    return typeof found === 'number' ? unable() : found !== undefined
  }
  const lists: readonly Listed[] | undefined = rcpthosts && [(host) => rcpthosts.has(host), inCdb]
  let barred = false
  const check = rcptcheck === undefined ? undefined : recipientCheck(rcptcheck)

  return {
    rewrite: literalRewriter(configuration, client),
    connection: () => plugins.run('connection'),
    helo: (name) => {
      const verdict = plugins.run('helo', { SMTPHELOHOST: name })
      return 'refuse' in verdict ? verdict : { accept: name }
    },
    mail: (sender) => {
      const verdict = plugins.run('mail', { SMTPMAILFROM: sender }, 'SMTPMAILFROM')
      if ('refuse' in verdict) return verdict
      const { approved, address } = verdict
      barred = !approved && badmailfrom !== undefined && isBadSender(address, (key) => badmailfrom.has(key))
      return { accept: address }
    },
    rcpt: (recipient, { helo }, { sender, recipients, tried }) => {
      if (barred) return { refuse: BAD_SENDER }
      const allowed = relayClient !== undefined || lists === undefined || isRcptHost(recipient, lists)
      const variables = {
        SMTPRCPTTO: recipient,
        SMTPRCPTHOSTSOK: allowed ? '1' : '0',
        SMTPRCPTCOUNT: String(recipients.length),
        SMTPRCPTCOUNTALL: String(tried),
      }
      const verdict = plugins.run('rcpt', variables, 'SMTPRCPTTO')
      if ('refuse' in verdict) return verdict
      const { approved, address } = verdict
      if (!allowed && !approved) return { refuse: NO_RELAY }
      if (relayClient !== undefined) return { accept: address + relayClient }
      return check?.(sender, address, helo) ?? { accept: address }
    },
    data: () => {
      const verdict = plugins.run('data')
      return 'refuse' in verdict ? verdict : { accept: '' }
    },
    message: (session, transaction) =>
      receiveMessage(client, session, transaction, ends, () => {
        const { headers } = plugins
        plugins.forgetAll()
        return headers
      }),
    rset: () => plugins.forgetAll(),
    startTls: () => {
      if (descriptors === undefined || !startTls(descriptors, environment(), { timeout })) exit(1)
      plugins.forgetHeaders()
    },
  }
}

/** Puts our name in place of our address literals. The addresses are asked for when a literal is first seen. */
function literalRewriter({ localName }: Configuration, client: Client): Policy['rewrite'] {
  if (localName === undefined) return (address) => address
  let addresses: ReadonlySet<string> | undefined
  const local = {
    name: localName,
    has: (ip: string): boolean => {
      addresses ??= new Set(localAddresses(client))
      return addresses.has(ip)
    },
    normal: (text: string): string | undefined => {
      const ip = sys.ip(text)
      return typeof ip === 'number' ? undefined : ip
    },
  }
  return (address) => replaceLiteral(address, local)
}

function localAddresses({ output, endings }: Client): readonly string[] {
  const found = sys.ifaddrs()
  return typeof found === 'number' ? dismiss(output, NO_ADDRESSES, endings.failed) : found
}
