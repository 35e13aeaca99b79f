/** qmail-remote: sends the message on 0 to a host, and reports on 1 as qmail-rspawn wants it. */
import { type Stub, stubResolver } from '@moreqmail/dns'
import { breaksOut, pinnedCertificate } from '@moreqmail/smtp/client'
import { args, chdirHome, exit, sys, Writer } from '@moreqmail/unix'
import { attempt } from './attempt.ts'
import { SUBMISSIONS } from './client-words.ts'
import { deliver } from './deliver.ts'
import * as failure from './failure.ts'
import { randomBelow } from './random.ts'
import { type Ask, resolveHost } from './resolve.ts'
import { messageSource } from './rewind.ts'
import { chooseRoute } from './route.ts'
import { fileExists, readSettings } from './settings.ts'
import { ownAddresses, withoutOwn } from './target.ts'

export const synopsis = 'qmail-remote host sender recip [ recip ... ]'

const REPORT = 1

export function main(): never {
  const [host, sender, ...recipients] = args()
  if (host === undefined || sender === undefined || recipients.length === 0) report(failure.IMPROPER)
  if (chdirHome() < 0) report(failure.NO_HOME)
  const settings = readSettings(unusable, () => report(failure.BAD_OUTGOING_IP))
  for (const address of [sender, ...recipients]) if (breaksOut(address)) report(failure.LINE_BREAK)
  const route = chooseRoute(host, sender, settings.smtproutes, settings.authsenders)
  if (route === 'bad port') unusable()

  const relayed = route.relay !== ''
  const own = relayed ? new Set<string>() : ownAddresses([...interfaces(), ...settings.ipme])
  const resolver = lazyResolver(settings.timeoutDns)
  const found = resolveHost(relayed ? route.relay : host, !relayed, resolver, randomBelow)
  if (typeof found === 'string') report(found)
  const targets = withoutOwn(found, own)
  if (targets.length === 0) report(failure.LOOP)

  const { strictness } = settings
  const source = messageSource(targets.length > 1 || strictness === 1)
  if (typeof source === 'string') report(source === 'unreadable' ? failure.UNREADABLE : failure.NO_RESOURCES)
  const exists = (path: string): boolean => fileExists(path, unusable)
  const sending = { settings, route, host, sender, recipients, source, exists }
  const sent = deliver({
    targets,
    strictness,
    attempt: (target, tls) => attempt(sending, target, tls),
    mayBeClear: ({ name }) => route.port !== SUBMISSIONS && pinnedCertificate(name, exists) === undefined,
  })
  report(sent)
}

function interfaces(): string[] {
  const addresses = sys.ifaddrs()
  return typeof addresses === 'number' ? report(failure.NO_RESOURCES) : addresses
}

/** A resolver that is made, and whose time begins, when there is something to ask. */
function lazyResolver(seconds: number): Ask {
  let stub: Stub | undefined
  return (questions) => {
    stub ??= stubResolver({ seconds })
    return stub.resolve(questions)
  }
}

function unusable(): never {
  report(failure.BAD_CONTROL)
}

/** Writes the report; nobody is left to be told if that fails. */
function report(text: string): never {
  const out = new Writer(REPORT)
  out.puts(text)
  out.flush()
  exit(0)
}
