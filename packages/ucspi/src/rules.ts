/** What a rules file of tcprules says about a client. Pure. */
import { networks, splitScope } from './address.ts'

/** What is known of a client. */
export interface Client {
  readonly ip: string
  readonly host: string | undefined
  readonly info: string | undefined
}

/** The keys under which the rule for a client may be, in the order in which they are tried. */
export function* ruleKeys({ ip: address, host, info }: Client): Generator<string> {
  const [ip] = splitScope(address)
  if (info !== undefined) yield `${info}@${ip}`
  if (info !== undefined && host !== undefined) yield `${info}@=${host}`
  yield ip
  if (host !== undefined) yield `=${host}`
  if (!ip.includes(':'))
    for (let dot = ip.lastIndexOf('.'); dot > 0; dot = ip.lastIndexOf('.', dot - 1)) yield ip.slice(0, dot + 1)
  yield* networks(ip)
  if (host !== undefined) {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) yield `=${host.slice(dot)}`
    yield '='
  }
  yield ''
}

/** A rule: whether the client is turned away, and the variables set for it. */
export interface Rule {
  readonly deny: boolean
  readonly set: ReadonlyArray<readonly [name: string, value: string]>
}

export const NO_RULE: Rule = { deny: false, set: [] }

/** Reads the data of a key: items each ended by NUL; what is none of ours, and a tail without NUL, is ignored. */
export function parseRule(data: string): Rule {
  const items = data.split('\0').slice(0, -1)
  const set = items
    .filter((item) => /^\+[^=]+=/s.test(item))
    .map((item) => [item.slice(1, item.indexOf('=')), item.slice(item.indexOf('=') + 1)] as const)
  return { deny: items.some((item) => item.startsWith('D')), set }
}
