/** What the administrator has decided, in control files. */
import { controlLine, controlList, controlNumber, type Unreadable } from '@moreqmail/unix'
import type { Name } from './protocol.ts'

const TIMEOUTS: Readonly<Record<Name, string>> = { smtp: 'timeoutsmtpd', pop3: 'timeoutpop3d' }
const CAPABILITIES: Readonly<Record<Name, readonly string[]>> = {
  smtp: ['PIPELINING', '8BITMIME'],
  pop3: ['TOP', 'UIDL'],
}

/** Seconds that the client may let us wait, if nobody says otherwise. */
export const DEFAULT_TIMEOUT = 1200

export interface Settings {
  readonly greeting: string
  /** Seconds. */
  readonly timeout: number
  readonly capabilities: readonly string[]
}

/** Reads the files of a protocol, but none for the greeting if there is one; the working directory is the qmail home. */
export function readSettings(protocol: Name, greeting: string | undefined, unreadable: Unreadable): Settings {
  return {
    greeting:
      greeting ?? controlLine(`${protocol}greeting`, unreadable) ?? controlLine('me', unreadable) ?? unreadable(0),
    timeout: Math.max(1, controlNumber(TIMEOUTS[protocol], DEFAULT_TIMEOUT, unreadable)),
    capabilities: controlList(`${protocol}capabilities`, unreadable)?.entries() ?? CAPABILITIES[protocol],
  }
}
