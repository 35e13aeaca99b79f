/** How the host of an address becomes a full one: rules that an administrator can set (rewriting of mess822). Pure. */
import { lower, trimEnd } from '@moreqmail/unix/bytes'

const DOT = 46
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93

/** One rule: for which hosts it is, and what it makes of them. */
export interface HostRule {
  /**
   * `=`: for the host that is the end itself, which becomes the text; `*`: for all with that end, for which the text is
   * put; `?`: likewise, if what is before the end has no dot and no bracket; `-`: for all, the whole becomes the text.
   */
  readonly kind: '=' | '*' | '?' | '-'
  /** In lower case. */
  readonly end: string
  readonly text: string
}

/** Reads a rule: kind, end, colon, text; undefined if it is none, which does nothing. */
export function parseRule(line: string): HostRule | undefined {
  const kind = line.charAt(0)
  const colon = line.indexOf(':', 1)
  if (colon < 0 || (kind !== '=' && kind !== '*' && kind !== '?' && kind !== '-')) return undefined
  return { kind, end: lower(line.slice(1, colon)), text: line.slice(colon + 1) }
}

/** The rules in a file: one per line, blanks at line ends cut; comments and what is no rule left out. */
export function parseRules(file: string): HostRule[] {
  return file
    .split('\n')
    .map((line) => parseRule(controlText(trimEnd(line))))
    .filter((rule) => rule !== undefined)
}

/** A control line with a line feed for each NUL, as the original reads it. */
export function controlText(line: string): string {
  return line.replaceAll('\0', '\n')
}

/** What hosts get when there are no rules. */
export interface HostDefaults {
  /** For an address without a host. */
  readonly defaulthost: string
  /** Behind a host without a dot. */
  readonly defaultdomain: string
  /** In place of a plus sign at the end of a host. */
  readonly plusdomain: string
}

/** The rules that put these in; first a dot at the end goes. */
export function defaultRules({ defaulthost, defaultdomain, plusdomain }: HostDefaults): HostRule[] {
  return [
    { kind: '*', end: '.', text: '' },
    { kind: '=', end: '', text: defaulthost },
    { kind: '*', end: '+', text: `.${plusdomain}` },
    { kind: '?', end: '', text: `.${defaultdomain}` },
  ]
}

/** The host, each rule applied once, in order. */
export function rewriteHost(host: string, rules: readonly HostRule[]): string {
  let result = host
  for (const { kind, end, text } of rules) {
    const length = result.length - end.length
    if (length < 0 || (kind === '=' && length > 0) || !endsWith(result, end)) continue
    if (kind === '?' && isParted(result, length)) continue
    result = kind === '*' || kind === '?' ? result.slice(0, length) + text : text
  }
  return result
}

/** The address with its host rewritten, which begins behind the first `@`; the empty address stays. */
export function rewriteAddress(address: string, rules: readonly HostRule[]): string {
  if (address === '' || address === '@') return ''
  const at = address.indexOf('@')
  const host = at < 0 ? '' : address.slice(at + 1)
  const rewritten = rewriteHost(host, rules)
  if (at < 0) return `${address}@${rewritten}`
  return rewritten === host ? address : address.slice(0, at + 1) + rewritten
}

/** True if so many bytes of the host have a dot or a bracket among them. */
function isParted(host: string, length: number): boolean {
  for (let i = 0; i < length; i++) {
    const byte = host.charCodeAt(i)
    if (byte === DOT || byte === OPEN_BRACKET || byte === CLOSE_BRACKET) return true
  }
  return false
}

/** True if the text, ASCII letters taken in lower case, ends so. */
function endsWith(text: string, end: string): boolean {
  const start = text.length - end.length
  for (let i = end.length - 1; i >= 0; i--) {
    const byte = text.charCodeAt(start + i)
    if ((byte >= 65 && byte <= 90 ? byte | 32 : byte) !== end.charCodeAt(i)) return false
  }
  return true
}
