/** What there is to know of a client that wants to send mail: the values of macros. RFC 7208 7.2. Pure. */
import { formatAddress, parseAddress, reverseName } from '@moreqmail/dns/address'
import type { Answer, Question, RecordType } from '@moreqmail/dns/answer'
import { lower } from '@moreqmail/unix/bytes'
import { type Identity, identityOf, mailboxOf } from './identity.ts'
import { expandName, expandText, type MacroText, parseMacros, type Values } from './macros.ts'

/** Asks the DNS several questions at once. */
export type Ask = <T extends RecordType>(questions: ReadonlyArray<Question<T>>) => ReadonlyArray<Answer<T>>

export interface Client {
  /** From `clientAddress`. */
  readonly ip: Uint8Array
  /** The HELO name and the envelope sender, '' the null one, as the client has given them. */
  readonly helo: string
  readonly sender: string
  /** Our own name. */
  readonly receiver: string
  /** Seconds since 1970. */
  readonly time: number
  readonly ask: Ask
}

/** The names of a client's address that lead back to it. */
export interface Names {
  /** As the DNS writes them. */
  readonly valid: readonly string[]
  /** The address has no name at all. */
  readonly void: boolean
}

/** A client while it is checked. */
export interface Subject extends Client {
  readonly identity: Identity
  /** Looked up once, when they are needed. RFC 7208 5.5 */
  readonly names: () => Names
}

/** RFC 7208 4.6.4 */
const MOST_NAMES = 10
const LONGEST_EXPLANATION = 450
const IPV4_LENGTH = 4

export function subjectOf(client: Client): Subject {
  let names: Names | undefined
  return {
    ...client,
    identity: identityOf(client.sender, client.helo),
    names: () => {
      names ??= validatedNames(client)
      return names
    },
  }
}

/** A name that is no text of the DNS: a backslash in it is one. */
export function literally(name: string): string {
  return name.replaceAll('\\', '\\\\')
}

/** The addresses of these names that are of the client's family, and if any of them could not be had for now. */
export function addressesOf({ ip, ask }: Client, names: readonly string[]): readonly Answer<'A' | 'AAAA'>[] {
  return ask(names.map((name) => ({ name, type: ip.length === IPV4_LENGTH ? 'A' : 'AAAA' })))
}

function validatedNames(client: Client): Names {
  const ip = formatAddress(client.ip)
  const [answer] = client.ask([{ name: reverseName(ip) ?? '', type: 'PTR' }])
  // What has a backslash is no name of a host.
  const names = (answer?.records ?? []).slice(0, MOST_NAMES).filter((name) => !name.includes('\\'))
  const answers = addressesOf(client, names)
  return {
    valid: names.filter((_, i) => answers[i]?.records.some((address) => sameAddress(address, client.ip))),
    void: answer?.status === 'nxdomain' || answer?.status === 'nodata',
  }
}

function sameAddress(text: string, address: Uint8Array): boolean {
  const other = parseAddress(text)
  return other?.length === address.length && other.every((byte, i) => byte === address[i])
}

/** True if the name is the domain or below it. */
export function isWithin(name: string, domain: string): boolean {
  const [inner, outer] = [lower(name), lower(domain)]
  return inner === outer || inner.endsWith(`.${outer}`)
}

/** The values of macros while the record of a domain is evaluated. */
export function valuesFor(subject: Subject, domain: string): Values {
  const { ip, identity } = subject
  const four = ip.length === IPV4_LENGTH
  const value: Readonly<Record<string, () => string>> = {
    s: () => mailboxOf(identity),
    l: () => identity.local,
    o: () => identity.domain,
    d: () => domain,
    i: () => (four ? formatAddress(ip) : nibbles(ip)),
    p: () => validatedName(subject.names().valid, domain),
    v: () => (four ? 'in-addr' : 'ip6'),
    h: () => subject.helo,
    c: () => formatAddress(ip),
    r: () => subject.receiver,
    t: () => String(Math.floor(subject.time)),
  }
  return (letter) => value[letter]?.() ?? ''
}

/** The hexadecimal digits of an address, dots between them. */
function nibbles(ip: Uint8Array): string {
  const digits: string[] = []
  for (const byte of ip) digits.push((byte >> 4).toString(16), (byte & 15).toString(16))
  return digits.join('.').toUpperCase()
}

/** The domain itself, else a name below it, else any. RFC 7208 7.3 */
function validatedName(names: readonly string[], domain: string): string {
  const itself = names.find((name) => lower(name) === lower(domain))
  return itself ?? names.find((name) => isWithin(name, domain)) ?? names[0] ?? 'unknown'
}

/** The text of an explanation; undefined if it has other than printable ASCII, or a wrong macro. RFC 7208 6.2 */
export function parseExplanation(text: string): MacroText | undefined {
  return /[^ -~]/.test(text) ? undefined : parseMacros(text, true)
}

/** What the text says to the client, up to 450 bytes; bytes of the client's own, which may be any, among them. */
export function explainTo(client: Client, text: MacroText): string {
  const subject = subjectOf(client)
  return expandText(text, valuesFor(subject, subject.identity.domain), LONGEST_EXPLANATION)
}

/** What a domain says to the client, as explainTo, by the domain-spec of its record; undefined if nothing. RFC 7208 6.2 */
export function domainExplanation(subject: Subject, spec: MacroText, domain: string): string | undefined {
  const values = valuesFor(subject, domain)
  const [answer] = subject.ask([{ name: literally(expandName(spec, values)), type: 'TXT' }])
  const [strings, more] = answer?.records ?? []
  const text = strings === undefined || more !== undefined ? undefined : parseExplanation(strings.join(''))
  return text && (expandText(text, values, LONGEST_EXPLANATION) || undefined)
}
