/** The server's name that a client asks for, read from the first bytes it sends. Pure. */
import { latin1 } from '@moreqmail/unix/bytes'

/** `more`: it isn't there yet; `none`: the client names no server; `bad`: these bytes begin no TLS session. */
export type ServerName = { readonly name: string } | 'more' | 'none' | 'bad'

/** RFC 8446 section 5.1 */
const HANDSHAKE = 22
const MAX_RECORD = 16384
const RECORD_HEADER = 5
/** RFC 8446 section 4 */
const CLIENT_HELLO = 1
const MESSAGE_HEADER = 4
const MAX_MESSAGE = 65536
/** Version and random. */
const FIXED = 34
const SERVER_NAME = 0
const HOST_NAME = 0

/** The name in a stream that so far has these bytes. */
export function serverNameOf(stream: Uint8Array): ServerName {
  const messages = new Uint8Array(stream.length)
  let filled = 0
  for (let at = 0; ; ) {
    const [type, major] = [stream[at], stream[at + 1]]
    if ((type ?? HANDSHAKE) !== HANDSHAKE || (major ?? 3) !== 3) return 'bad'
    if (stream.length < at + RECORD_HEADER) return 'more'
    const length = uint16(stream, at + 3)
    if (length === 0 || length > MAX_RECORD) return 'bad'
    at += RECORD_HEADER
    const fragment = stream.subarray(at, at + length)
    messages.set(fragment, filled)
    filled += fragment.length
    at += length
    const end = endOf(messages.subarray(0, filled))
    if (end === 'bad') return 'bad'
    if (end !== undefined && filled >= end) return nameIn(messages.subarray(0, end))
    if (stream.length < at) return 'more'
  }
}

/** Where the message ends; undefined if that isn't known yet. */
function endOf(message: Uint8Array): number | 'bad' | undefined {
  const [type, high = 0, middle = 0, low = 0] = message
  if (type !== undefined && type !== CLIENT_HELLO) return 'bad'
  if (message.length < MESSAGE_HEADER) return undefined
  const length = high * 65536 + middle * 256 + low
  return length > MAX_MESSAGE ? 'bad' : MESSAGE_HEADER + length
}

/** RFC 8446 section 4.1.2: session id, cipher suites and compression methods stand before the extensions. */
function nameIn(hello: Uint8Array): ServerName {
  let at = MESSAGE_HEADER + FIXED
  at += 1 + (hello[at] ?? 0)
  at += 2 + uint16(hello, at)
  at += 1 + (hello[at] ?? 0)
  if (at > hello.length) return 'bad'
  const end = at + 2 + uint16(hello, at)
  if (end > hello.length) return at === hello.length ? 'none' : 'bad'
  for (at += 2; at + 4 <= end; at += 4 + uint16(hello, at + 2))
    if (uint16(hello, at) === SERVER_NAME) return hostIn(hello.subarray(at + 4, at + 4 + uint16(hello, at + 2)))
  return at === end ? 'none' : 'bad'
}

/** RFC 6066 section 3 */
function hostIn(list: Uint8Array): ServerName {
  const length = uint16(list, 3)
  return list[2] === HOST_NAME && length > 0 && 5 + length <= list.length
    ? { name: latin1(list, 5, 5 + length) }
    : 'bad'
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
