/** What a client must say to log in: PLAIN, LOGIN, and what checkpassword gets of it. Pure. */
import { decodeBase64 } from '@moreqmail/smtp/base64'
import { NUL, put, SPACE, TAB } from '@moreqmail/unix/bytes'

/** Both bytes of any value but NUL, at least one. */
export interface Credentials {
  readonly name: Uint8Array
  readonly password: Uint8Array
}

/** Zeros in a buffer of their own: the engine moves a small array without one when it is cut, and leaves the old bytes. */
function room(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(length))
}

/** A copy that can be overwritten. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = room(bytes.length)
  copy.set(bytes)
  return copy
}

/** Overwrites them. */
export function wipe({ name, password }: Credentials): void {
  name.fill(0)
  password.fill(0)
}

/** The line without the spaces and tabs at its end. */
export function withoutBlanks(line: Uint8Array): Uint8Array {
  let end = line.length
  while (end > 0 && (line[end - 1] === SPACE || line[end - 1] === TAB)) end--
  return line.subarray(0, end)
}

/** A name or a password of LOGIN, from its base64; undefined if it is malformed. */
export function loginField(text: Uint8Array): Uint8Array | undefined {
  const field = decodeBase64(text)
  if (field === undefined || field.length === 0) return undefined
  if (!field.includes(NUL)) return field
  field.fill(0)
  return undefined
}

/** `authzid NUL authcid NUL password` (RFC 4616), from its base64; undefined if it is malformed. The authzid is ignored. */
export function plainCredentials(text: Uint8Array): Credentials | undefined {
  const message = decodeBase64(text)
  if (message === undefined) return undefined
  const first = message.indexOf(NUL)
  const second = message.indexOf(NUL, first + 1)
  const name = message.subarray(first + 1, second)
  const password = message.subarray(second + 1)
  if (first >= 0 && second > first + 1 && password.length > 0 && !password.includes(NUL)) return { name, password }
  message.fill(0)
  return undefined
}

/** What checkpassword reads on descriptor 3. */
export function checkpasswordInput({ name, password }: Credentials, timestamp: string): Uint8Array {
  const input = room(name.length + password.length + timestamp.length + 3)
  input.set(name)
  input.set(password, name.length + 1)
  put(input, name.length + password.length + 2, timestamp)
  return input
}
