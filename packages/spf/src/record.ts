/** SPF records: which of a domain's TXT records is one, and what its terms are. RFC 7208 4.5, 4.6, 5, 6. Pure. */
import { parseAddress } from '@moreqmail/dns/address'
import { lower, wholeNumber } from '@moreqmail/unix/bytes'
import { type MacroText, parseDomainSpec, parseMacros } from './macros.ts'

export type Qualifier = '+' | '-' | '~' | '?'

/** What a mechanism compares the client's address with. */
type Condition =
  | { readonly kind: 'all' }
  | { readonly kind: 'ip'; readonly network: Uint8Array; readonly bits: number }
  | { readonly kind: 'include' | 'exists'; readonly target: MacroText }
  /** Without a target: the domain that the record is of. */
  | { readonly kind: 'ptr'; readonly target: MacroText | undefined }
  | {
      readonly kind: 'a' | 'mx'
      readonly target: MacroText | undefined
      /** How many bits of an IPv4 address, or of an IPv6 one, are compared. */
      readonly bits4: number
      readonly bits6: number
    }

export type Mechanism = Condition & {
  readonly qualifier: Qualifier
  /** One of our own rules, not of the domain. */
  readonly local?: true
}

export interface SpfRecord {
  readonly mechanisms: readonly Mechanism[]
  readonly redirect: MacroText | undefined
  readonly exp: MacroText | undefined
}

const VERSION = 'v=spf1'
const BITS4 = 32
const BITS6 = 128

const MODIFIER = /^([a-z][a-z0-9._-]*)=(.*)$/i
const DIRECTIVE = /^([-+~?]?)([a-z0-9]+)(.*)$/i
const CIDR_LENGTHS = /(?:\/([0-9]+))?(?:\/\/([0-9]+))?$/

/** The terms of those TXT records (each a list of strings) that are SPF records. RFC 7208 3.3, 4.5 */
export function spfTexts(records: ReadonlyArray<readonly string[]>): readonly string[] {
  return records
    .map((strings) => strings.join(''))
    .filter((text) => lower(text.slice(0, VERSION.length)) === VERSION)
    .map((text) => text.slice(VERSION.length))
    .filter((text) => text === '' || text.startsWith(' '))
}

/** What the terms of a record mean, spaces between them; undefined if any of them is wrong. */
export function parseTerms(text: string): SpfRecord | undefined {
  if (/[^ -~]/.test(text)) return undefined
  const mechanisms: Mechanism[] = []
  const modifiers = new Map<string, MacroText>()
  for (const term of text.split(' ')) {
    if (term === '') continue
    const [, name, value = ''] = MODIFIER.exec(term) ?? []
    if (name === undefined) {
      const mechanism = parseMechanism(term)
      if (mechanism === undefined) return undefined
      mechanisms.push(mechanism)
      continue
    }
    const known = isKnown(lower(name))
    const parsed = known ? parseDomainSpec(value) : parseMacros(value, false)
    if (parsed === undefined || (known && modifiers.has(lower(name)))) return undefined
    if (known) modifiers.set(lower(name), parsed)
  }
  return { mechanisms, redirect: modifiers.get('redirect'), exp: modifiers.get('exp') }
}

function isKnown(modifier: string): boolean {
  return modifier === 'redirect' || modifier === 'exp'
}

function parseMechanism(term: string): Mechanism | undefined {
  const [, qualifier = '', name = '', rest = ''] = DIRECTIVE.exec(term) ?? []
  const condition = parseCondition(lower(name), rest)
  return condition && { ...condition, qualifier: (qualifier || '+') as Qualifier }
}

/** `rest` is what follows the name. */
function parseCondition(kind: string, rest: string): Condition | undefined {
  const value = rest.startsWith(':') ? rest.slice(1) : undefined
  switch (kind) {
    case 'all':
      return rest === '' ? { kind } : undefined
    case 'include':
    case 'exists': {
      const target = value === undefined ? undefined : parseDomainSpec(value)
      return target && { kind, target }
    }
    case 'ptr': {
      const target = parseTarget(rest)
      return target && { kind, target: target.spec }
    }
    case 'a':
    case 'mx':
      return parseHosts(kind, rest)
    case 'ip4':
      return value === undefined ? undefined : parseNetwork(value, BITS4)
    case 'ip6':
      return value === undefined ? undefined : parseNetwork(value, BITS6)
    default:
      return undefined
  }
}

/** Nothing, or a domain-spec after a colon. */
function parseTarget(text: string): { readonly spec: MacroText | undefined } | undefined {
  if (text === '') return { spec: undefined }
  const spec = text.startsWith(':') ? parseDomainSpec(text.slice(1)) : undefined
  return spec && { spec }
}

function parseHosts(kind: 'a' | 'mx', rest: string): Condition | undefined {
  const [lengths = '', four, six] = CIDR_LENGTHS.exec(rest) ?? []
  const target = parseTarget(rest.slice(0, rest.length - lengths.length))
  const bits4 = parseBits(four, BITS4)
  const bits6 = parseBits(six, BITS6)
  if (target === undefined || bits4 === undefined || bits6 === undefined) return undefined
  return { kind, target: target.spec, bits4, bits6 }
}

function parseNetwork(text: string, most: number): Condition | undefined {
  const slash = text.indexOf('/')
  const network = parseAddress(slash < 0 ? text : text.slice(0, slash))
  const bits = parseBits(slash < 0 ? undefined : text.slice(slash + 1), most)
  return network?.length !== most / 8 || bits === undefined ? undefined : { kind: 'ip', network, bits }
}

/** A length without zeros before it; all bits if there is none. */
function parseBits(digits: string | undefined, most: number): number | undefined {
  if (digits === undefined) return most
  return digits.startsWith('0') && digits !== '0' ? undefined : wholeNumber(digits, most)
}

/**
 * The record with our own rules in it: before the run of mechanisms at its end that all have the qualifier of the `all`
 * that ends it, or, unless that says `-`, `~` or `?`, as its last ones.
 */
export function withRules(record: SpfRecord, rules: readonly Mechanism[]): SpfRecord {
  const { mechanisms } = record
  const local = rules.map((rule): Mechanism => ({ ...rule, local: true }))
  const all = mechanisms.findIndex(({ kind }) => kind === 'all')
  const qualifier = mechanisms[all]?.qualifier ?? '+'
  let at = qualifier === '+' ? mechanisms.length : all
  while (qualifier !== '+' && mechanisms[at - 1]?.qualifier === qualifier) at--
  return { ...record, mechanisms: [...mechanisms.slice(0, at), ...local, ...mechanisms.slice(at)] }
}
