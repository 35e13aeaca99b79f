/** What the administrator has set: control files and environment. */
import { controlText, defaultRules, type HostRule, parseRules, rewriteHost } from '@moreqmail/message'
import { readDatabytes } from '@moreqmail/smtp-io'
import { controlLine, controlNumber, env, readFile, type Unreadable } from '@moreqmail/unix'

export interface Configuration {
  readonly greeting: string
  /** Seconds that one read or write may take. */
  readonly timeout: number
  /** The most bytes of a message, 0: no limit. */
  readonly databytes: bigint
  readonly smtputf8: boolean
  readonly rules: readonly HostRule[]
  /** The host in new message identifiers. */
  readonly idHost: string
}

/** Reads all of it; the working directory is the qmail home. */
export function readConfiguration(unreadable: Unreadable): Configuration {
  const line = (name: string): string | undefined => {
    const text = controlLine(name, unreadable)
    return text === undefined ? undefined : controlText(text)
  }
  const me = line('me')
  const host = (name: string): string => env(`QMAIL${name.toUpperCase()}`) ?? line(name) ?? me ?? name.toUpperCase()
  const file = readFile('control/rewrite', unreadable)
  const rules =
    file === undefined
      ? defaultRules({
          defaulthost: host('defaulthost'),
          defaultdomain: host('defaultdomain'),
          plusdomain: host('plusdomain'),
        })
      : parseRules(file)
  return {
    greeting: line('smtpgreeting') ?? me ?? 'ofmipd.local',
    timeout: Math.max(1, controlNumber('timeoutsmtpd', 1200, unreadable)),
    databytes: readDatabytes(unreadable),
    smtputf8: controlNumber('smtputf8', 0, unreadable) !== 0,
    rules,
    idHost: rewriteHost(host('idhost'), rules),
  }
}
