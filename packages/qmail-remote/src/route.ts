/** By which way a message goes, as smtproutes and authsenders say. Pure. */
import type { Credentials } from '@moreqmail/smtp/client'
import { wholeNumber } from '@moreqmail/unix/bytes'

export interface Route {
  /** The host or address to send to; '': what the DNS says of the host. */
  readonly relay: string
  readonly port: number
  readonly credentials: Credentials | undefined
}

/** What follows `key:` in the last line with this key, ASCII case ignored; undefined without one. */
export type Rules = (key: string) => string | undefined

const SMTP = 25
const HIGHEST_PORT = 65535

/**
 * The route of a message from the sender to the host. A rule for the sender beats all rules for the host, unless its
 * right side is empty. 'bad port' if the rule that applies names one that is no number from 1 to 65535.
 */
export function chooseRoute(host: string, sender: string, smtproutes: Rules, authsenders: Rules): Route | 'bad port' {
  return parseRoute(find(authsenders, sender, '.@') || find(smtproutes, host, '.') || '')
}

/** The rule for a name: of the name, else of its longest suffix with one of the marks before it, else of ''. */
function find(rules: Rules, name: string, marks: string): string | undefined {
  const whole = rules(name)
  if (whole !== undefined || name === '') return whole
  for (let at = 1; at < name.length; at++) {
    const rule = marks.includes(name.charAt(at)) ? rules(name.slice(at)) : undefined
    if (rule !== undefined) return rule
  }
  return rules('')
}

/** `relay`, `relay:port` or either with `|user|password` behind it; the relay may be empty or an address in brackets. */
export function parseRoute(rule: string): Route | 'bad port' {
  const bar = rule.indexOf('|')
  const place = bar < 0 ? rule : rule.slice(0, bar)
  const [, relay = '', digits = ''] = /^(\[[^\]]*\](?=:|$)|[^:]*)(?::(.*))?$/s.exec(place) ?? []
  const port = digits === '' ? SMTP : wholeNumber(digits, HIGHEST_PORT)
  if (port === undefined || port === 0) return 'bad port'
  return { relay, port, credentials: bar < 0 ? undefined : parseCredentials(rule.slice(bar + 1)) }
}

/** `user|password`, where only the password may hold more bars; undefined without a user. */
function parseCredentials(text: string): Credentials | undefined {
  const bar = text.indexOf('|')
  const [user, password] = bar < 0 ? [text, ''] : [text.slice(0, bar), text.slice(bar + 1)]
  return user === '' ? undefined : { user, password }
}
