/** The client's AUTH: which method, what it sends, what the answers mean. RFC 4954. Pure. */
import { bytes } from '@moreqmail/unix/bytes'
import { digestOf } from '@moreqmail/unix/digest'
import { decodeBase64 } from './base64.ts'
import { ask, died, type Ending, parting, type Talk } from './conversation.ts'
import type { Reply } from './reply.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
}

type Method = 'CRAM-MD5' | 'PLAIN' | 'LOGIN'

/** In the order of preference. */
const IN_CLEAR: readonly Method[] = ['CRAM-MD5', 'PLAIN', 'LOGIN']
const IN_TLS: readonly Method[] = ['PLAIN', 'LOGIN', 'CRAM-MD5']

/**
 * Logs in, if there is a name to log in with. Whatever goes wrong is temporary, a wrong password would otherwise bounce
 * the queue; no second method is tried, which might lock the account.
 */
export function authenticate(talk: Talk): Ending | undefined {
  if (talk.credentials === undefined) return undefined
  const method = chooseMethod(talk)
  if (method === undefined) {
    return parting(`ZConnected to ${talk.ip} but it offers no AUTH method that I can use.\n`)
  }
  const reply = exchange(talk, method, talk.credentials)
  if (reply === undefined) return died(talk)
  if (reply.code === 235) return undefined
  if (reply.code === 432) return parting(`ZConnected to ${talk.ip} but password expired.\n`, reply)
  const name = method.toLowerCase()
  return parting(`ZConnected to ${talk.ip} but authentication was rejected (${name}).\n`, reply)
}

/** The best method that the server has and that shows the password to nobody on the way. */
function chooseMethod(talk: Talk): Method | undefined {
  const offered = (talk.keywords.get('AUTH') ?? '').toUpperCase().split(/[ \t]+/)
  const hidden = talk.secure || talk.clearPasswords || isLoopback(talk.ip)
  return (talk.secure ? IN_TLS : IN_CLEAR).find(
    (method) => offered.includes(method) && (hidden || method === 'CRAM-MD5'),
  )
}

/** Sends what the method wants until the server asks no more: its last reply, undefined if the connection is dead. */
function exchange(talk: Talk, method: Method, { user, password }: Credentials): Reply | undefined {
  const plain = method === 'PLAIN' ? ` ${btoa(`\0${user}\0${password}`)}` : ''
  const responses: Array<(challenge: string) => string | undefined> =
    method === 'LOGIN'
      ? [() => btoa(user), () => btoa(password)]
      : method === 'CRAM-MD5'
        ? [(challenge) => cramMd5(user, password, challenge)]
        : []
  let reply = ask(talk, `AUTH ${method}${plain}`)
  while (reply?.code === 334) {
    const response = responses.shift()?.(reply.text.slice(4).trim())
    if (response === undefined) return cancel(talk)
    reply = ask(talk, response)
  }
  return reply
}

/** Gives up in the middle; whatever the server says to that is a refusal. RFC 4954 section 4 */
function cancel(talk: Talk): Reply | undefined {
  const reply = ask(talk, '*')
  return reply?.code === 235 ? { ...reply, code: 501 } : reply
}

/** RFC 2195; undefined for a challenge that is no base64. */
function cramMd5(user: string, password: string, challenge: string): string | undefined {
  const decoded = decodeBase64(bytes(challenge))
  if (decoded === undefined) return undefined
  const digest = digestOf('md5', decoded, bytes(password))
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return btoa(`${user} ${hex}`)
}

/** True for this host's own addresses 127.0.0.0/8 and ::1, where nobody listens on the way. */
function isLoopback(ip: string): boolean {
  return /^(?:::ffff:)?127\.[0-9]+\.[0-9]+\.[0-9]+$/i.test(ip) || ip === '::1'
}
