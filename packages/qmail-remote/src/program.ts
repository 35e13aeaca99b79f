/** The programs that send the message for us, or a part of it: how each is run for one address. */
import { pinnedCertificate } from '@moreqmail/smtp/client'
import { EAGAIN, EMFILE, ENFILE, ENOMEM, type Environment, type Errno, environment } from '@moreqmail/unix'
import { clientVariables, clientWords } from './client-words.ts'
import { familyOf } from './connect.ts'
import type { TlsWish } from './deliver.ts'
import type { Source } from './rewind.ts'
import type { Route } from './route.ts'
import { fullPath, type Settings } from './settings.ts'
import type { Target } from './target.ts'

/** A message on its way. */
export interface Sending {
  readonly settings: Settings
  readonly route: Route
  readonly host: string
  readonly sender: string
  readonly recipients: readonly string[]
  readonly source: Source
  /** True if there is such a file below the home. */
  readonly exists: (path: string) => boolean
}

export interface Program {
  /** Its name and arguments, to which those of the program that it runs are added. */
  readonly words: readonly string[]
  readonly env: Environment
  /** Bytes of output that any report may have. */
  readonly most: number
}

/** For everything in a report but the recipients' records, and for each of these: 5000 bytes are quoted. */
const MOST_REPORT = 1024 * 1024
const MOST_RECORD = 8192

/** The program of a line of control/ucspiclient or control/tlsclient. */
export function programOf(
  line: string,
  { settings, route, recipients, exists }: Sending,
  target: Target,
  tls: TlsWish,
): Program {
  const { ip, name } = target
  const { outgoingIp, trustAnchors, certificate, ciphers, strictness } = settings
  const pem = pinnedCertificate(name, exists)
  const { port, credentials } = route
  const words = clientWords(line, {
    ip,
    port,
    name,
    timeout: settings.timeoutConnect,
    ciphers,
    from: outgoingIp !== undefined && familyOf(outgoingIp) === familyOf(ip) ? outgoingIp : undefined,
    verified: pem !== undefined || strictness >= 2,
    certified: certificate !== undefined,
  })
  const anchors = pem === undefined ? trustAnchors : fullPath(pem)
  const env = environment().with(clientVariables({ name, port, tls, credentials, anchors, certificate, ciphers }))
  return { words, env, most: MOST_REPORT + MOST_RECORD * recipients.length }
}

/** True if a process could not be started for lack of something, not because of the program. */
export function isShortage(errno: Errno): boolean {
  return [EAGAIN, ENOMEM, EMFILE, ENFILE].includes(-errno)
}
