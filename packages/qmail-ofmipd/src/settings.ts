/** What the administrator has set: control files and environment. */
import { controlText, defaultRules, type HostRule, parseRules, rewriteHost } from '@moreqmail/message'
import { controlLine, controlNumber, env, leadingNumber, readFile, type Unreadable } from '@moreqmail/unix'

export interface Configuration {
  readonly greeting: string
  /** Seconds that one read or write may take. */
  readonly timeout: number
  /** The most bytes of a message, 0: no limit. */
  readonly databytes: number
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
  const limit = controlNumber('databytes', 0, unreadable)
  const ours = env('DATABYTES')
  const databytes = ours === undefined ? limit : (leadingNumber(ours) ?? 0)
  return {
    greeting: line('smtpgreeting') ?? me ?? 'ofmipd.local',
    timeout: Math.max(1, controlNumber('timeoutsmtpd', 1200, unreadable)),
    databytes: Math.min(databytes, Number.MAX_SAFE_INTEGER),
    smtputf8: controlNumber('smtputf8', 0, unreadable) !== 0,
    rules,
    idHost: rewriteHost(host('idhost'), rules),
  }
}
