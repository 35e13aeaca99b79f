/** The client's STARTTLS: for which servers it may, must or must not be, and what its failures mean. RFC 3207. Pure. */
import { ask, died, type Ending, parting, readGreeting, sayHello, type Talk } from './conversation.ts'

/** `required` has a cause, as reports name it. */
export type TlsPolicy = 'never' | 'opportunistic' | { readonly cause: string }

/** What the policy depends on. */
export interface TlsWishes {
  /** The server's name as MX or relay, or its address. */
  readonly name: string
  /** What the caller wants: `no`, `must`, or anything else for the rules of the control files. */
  readonly wish: string | undefined
  /** control/tlsstrictness, 0 when there is nothing to verify with. */
  readonly strictness: number
  /** True if there is such a file. */
  readonly exists: (path: string) => boolean
}

/** What can start TLS: the process that holds the connection. */
export interface TlsStarter {
  readonly policy: TlsPolicy
  /** Undefined: there is no such process. Else true once what is sent and received goes through TLS. */
  readonly start: (() => boolean) | undefined
}

const STRICT = 'control/tlsstrictness requires it'

/** The policy for one server; the first rule that applies. */
export function tlsPolicy({ name, wish, strictness, exists }: TlsWishes): TlsPolicy {
  if (wish === 'no') return 'never'
  if (wish === 'must') return { cause: STRICT }
  const pem = pinnedCertificate(name, exists)
  if (pem !== undefined) return { cause: `${pem} exists` }
  if (exists('control/tlshosts/exhaustivelist') || (isFileName(name) && exists(`control/notlshosts/${name}`))) {
    return 'never'
  }
  return strictness >= 2 ? { cause: STRICT } : 'opportunistic'
}

/** The file, if it exists, with what this server is to be verified against. An address has none. */
export function pinnedCertificate(name: string, exists: TlsWishes['exists']): string | undefined {
  const pem = `control/tlshosts/${name}.pem`
  return isFileName(name) && !/^[0-9.]+$/.test(name) && exists(pem) ? pem : undefined
}

/** A name from the DNS becomes part of a path: none that could lead elsewhere. */
function isFileName(name: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name)
}

/** STARTTLS as the policy wants it, and EHLO once more. */
export function startTls(talk: Talk): Ending | undefined {
  const { policy, start } = talk.tls
  if (policy === 'never' || talk.secure) return undefined
  const cause = policy === 'opportunistic' ? undefined : policy.cause
  if (start === undefined || !talk.keywords.has('STARTTLS')) {
    return cause === undefined ? undefined : parting(`ZNo TLS achieved while ${cause}; connecting to ${talk.ip}.\n`)
  }
  const reply = ask(talk, 'STARTTLS')
  if (reply === undefined) return died(talk)
  if (reply.code !== 220) {
    return cause === undefined
      ? undefined
      : parting(`ZSTARTTLS rejected while ${cause}; connecting to ${talk.ip}.\n`, reply)
  }
  // Anything sent in clear behind the 220 would be taken for what comes through TLS.
  return talk.peer.unasked ? failed(talk) : (secure(talk) ?? sayHello(talk))
}

/** TLS from the start, as on port 465, and the greeting. */
export function greetInTls(talk: Talk): Ending | undefined {
  return secure(talk) ?? readGreeting(talk)
}

function secure(talk: Talk): Ending | undefined {
  if (talk.tls.start === undefined || !talk.tls.start()) return failed(talk)
  talk.peer.restart()
  talk.secure = true
  return undefined
}

function failed(talk: Talk): Ending {
  return { record: `ZTLS connect failed; connected to ${talk.ip}.\n`, quit: false }
}
