/** Which name is whose: certificates chosen by a server's name, and names checked against a certificate. Pure. */
import { lower } from '@moreqmail/unix/bytes'
import type { Certificate } from './certificate.ts'

/** What stands under the name asked for: under itself, else under `*.` and the rest after its first label. */
export function choose<T extends { readonly name: string }>(choices: readonly T[], asked: string): T | undefined {
  const name = lower(asked)
  const dot = name.indexOf('.')
  const exact = choices.find((choice) => lower(choice.name) === name)
  return exact ?? (dot < 0 ? undefined : choices.find((choice) => lower(choice.name) === `*${name.slice(dot)}`))
}

/** The 4 or 16 bytes of an address literal; undefined if the text is a name. */
export type Literal = Uint8Array | undefined

/**
 * True if the certificate is for the host: one of its addresses for a literal, else one of its names, of which the whole
 * first label may be `*`. The common name of the subject doesn't count. RFC 9525 section 6
 */
export function isFor({ hosts, addresses }: Certificate, host: string, literal: Literal): boolean {
  if (literal !== undefined) return addresses.some((address) => equal(address, literal))
  const name = lower(host.replace(/\.$/, ''))
  return name !== '' && hosts.some((pattern) => matches(lower(pattern), name))
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name
  const rest = pattern.slice(1)
  const dot = name.indexOf('.')
  // A star above a single label would stand for a whole top-level domain.
  return rest.indexOf('.', 1) > 0 && dot > 0 && name.slice(dot) === rest
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
