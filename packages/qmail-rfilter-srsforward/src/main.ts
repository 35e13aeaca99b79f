/** qmail-rfilter-srsforward: rewrites the sender of a forwarded message, so that SPF holds and bounces come back. */
import { openCdb } from '@moreqmail/cdb'
import { giveEnvelope, givenEnvelope, REMOTE_FILTER_EXIT, senderInEnvironment } from '@moreqmail/filter'
import type { Listed } from '@moreqmail/smtp/hosts'
import { forward, srsSettings } from '@moreqmail/srs'
import { chdirHome, complain, controlLine, controlList, controlNumber, exit, sys } from '@moreqmail/unix'
import { isForeign, type Own } from './foreign.ts'

export const synopsis = 'qmail-rfilter-srsforward'

/** A longer sender would not be taken by the next host. */
const MAX_SENDER = 1000

export function main(): never {
  const envelope = givenEnvelope()
  if (chdirHome() < 0) unreadable()
  const domain = controlLine('srs_domain', unreadable)
  if (!domain) exit(REMOTE_FILTER_EXIT.done)
  if (typeof envelope !== 'object' && envelope !== 'none') defer('bad envelope')
  const given = envelope === 'none' ? (senderInEnvironment() ?? '') : envelope.sender
  if (!isForeign(given, domain, own)) exit(REMOTE_FILTER_EXIT.done)
  const settings = srsSettings(domain, {
    line: (name) => controlLine(name, unreadable),
    list: (name) => controlList(name, unreadable)?.entries(),
  })
  if (settings.secrets.length === 0) defer('no secrets in control/srs_secrets')
  // Without an envelope there is nobody to send to: only what is wrong with the configuration shows.
  if (envelope === 'none') exit(REMOTE_FILTER_EXIT.done)
  const sender = forward(given, settings, sys.clock(0))
  if (sender === given || sender.length > MAX_SENDER) exit(REMOTE_FILTER_EXIT.done)
  if (giveEnvelope({ ...envelope, sender }) < 0) defer('unable to write the envelope')
  exit(REMOTE_FILTER_EXIT.done)
}

/** The domains that are ours, unless all senders are to be rewritten. */
function own(): Own | undefined {
  if (controlNumber('srs_alwaysrewrite', 0, unreadable) !== 0) return undefined
  const locals = controlList('locals', unreadable)
  const virtualdomains = controlList('virtualdomains', unreadable)
  const rcpthosts = controlList('rcpthosts', unreadable)
  return {
    me: controlLine('me', unreadable),
    locals: (domain) => locals?.has(domain) ?? false,
    virtualdomains: (domain) => virtualdomains?.value(domain) !== undefined,
    rcpthosts: rcpthosts && [(host) => rcpthosts.has(host), moreRcptHosts()],
  }
}

function moreRcptHosts(): Listed {
  const hosts = openCdb('control/morercpthosts.cdb')
  if (typeof hosts === 'number') unreadable()
  return (host) => {
    const found = hosts?.get(host)
    return typeof found === 'number' ? unreadable() : found !== undefined
  }
}

function unreadable(): never {
  defer('unable to read control files')
}

/** qmail-rfilter makes the line its report. */
function defer(why: string): never {
  complain(`${why} (#4.3.0)`)
  exit(REMOTE_FILTER_EXIT.temporary)
}
