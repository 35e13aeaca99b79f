/** Which address the argument of MAIL or RCPT holds, by qmail's lenient rules. */

/** An address and what stands behind it. */
export interface AddressArgument {
  /** Without quotes and backslashes, without a source route. */
  readonly address: string
  /** Behind the closing bracket, or from the space on that ends an address without brackets. */
  readonly rest: string
}

/** More bytes than this is no address. */
export const MAX_ADDRESS = 899

/** The part behind the last `@`; undefined when there is none. */
export function hostOf(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  return at < 0 ? undefined : address.slice(at + 1)
}

/** Finds the address. There is always one: an argument without any has the empty address. */
export function parseAddress(argument: string): AddressArgument {
  const bracket = argument.indexOf('<')
  const [start, terminator] = bracket >= 0 ? [bracket + 1, '>'] : [afterColon(argument), ' ']
  const [address, end] = unquote(argument, skipRoute(argument, start), terminator)
  return { address, rest: argument.slice(terminator === '>' ? end + 1 : end) }
}

/** Behind the first colon and the spaces that follow it; the end when there is no colon. */
function afterColon(text: string): number {
  const colon = text.indexOf(':')
  if (colon < 0) return text.length
  let at = colon + 1
  while (text[at] === ' ') at++
  return at
}

/** Behind a source route (RFC 5321 appendix C), which without a colon is all the rest. */
function skipRoute(text: string, start: number): number {
  if (text[start] !== '@') return start
  const colon = text.indexOf(':', start)
  return colon < 0 ? text.length : colon + 1
}

/** The text from a place to the unquoted terminator, quoting taken off; and where the terminator is, or the end. */
function unquote(text: string, start: number, terminator: string): [string, number] {
  let out = ''
  let quoted = false
  let at = start
  for (; at < text.length; at++) {
    const c = text.charAt(at)
    if (c === '\\') out += text.charAt(++at)
    else if (c === '"') quoted = !quoted
    else if (c === terminator && !quoted) break
    else out += c
  }
  return [out, Math.min(at, text.length)]
}
