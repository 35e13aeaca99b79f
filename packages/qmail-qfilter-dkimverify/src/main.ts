/** qmail-qfilter-dkimverify: tells in a header field which DKIM signatures of a message are good. */
import { fieldsOf, HeaderCollector, refusalOf, Verification, waitFor } from '@moreqmail/dkim'
import { COPY_EXIT, copy, FILTER_EXIT, givenMessage, refusal } from '@moreqmail/filter'
import { chdirHome, controlLine, env, exit, Reader, sys } from '@moreqmail/unix'
import { lookUp } from './look-up.ts'
import { outputHeader } from './output.ts'

export const synopsis = 'qmail-qfilter-dkimverify'

/** More is no header of a message; it bounds memory. */
const MAX_HEADER = 64 * 1024 * 1024

export function main(): void {
  const refuse = refusal()
  const message = givenMessage()
  if (typeof message !== 'number') exit(COPY_EXIT[message.side])
  const letters = env('DKIMVERIFY')
  if (isOurs() && (letters === undefined || env('RELAYCLIENT_NODKIMVERIFY') !== undefined)) finish(message, 0, '')
  if (chdirHome() < 0) misconfigured()
  const id = controlLine('authservid', misconfigured) || controlLine('me', misconfigured) || 'localhost'
  if (sys.lseek(message, 0, 0) < 0) exit(FILTER_EXIT.readError)
  const reader = new Reader(message, { failed: () => exit(FILTER_EXIT.readError) })
  const header = readHeader(reader)
  const fields = fieldsOf(header.header, header.lineEnd)
  const verification = new Verification(fields, header.lineEnd, {
    now: sys.clock(0),
    partialBody: env('HONOR_BODYLENGTHTAG') !== undefined,
  })
  verification.takeKeys(lookUp(verification.names))
  if (verification.needsBody) {
    verification.takeBody(header.body)
    for (let piece = reader.chunk(); piece.length > 0; piece = reader.chunk()) {
      verification.takeBody(piece)
      reader.consume(piece.length)
    }
  }
  waitFor(async () => {
    const verdicts = await verification.verdicts()
    const refused = refusalOf(letters ?? '', verdicts)
    if (refused !== undefined) {
      const { finding, permanent } = refused
      refuse(`DKIM verification failed: ${finding.reason}`, permanent ? '5.7.20' : '4.7.5')
    }
    finish(message, header.length, outputHeader(id, header, fields, verdicts))
  }, FILTER_EXIT.deferred)
}

/** True for mail of our own users. */
function isOurs(): boolean {
  return ['RELAYCLIENT', 'AUTHUP_USER', 'AUTHINFO'].some((name) => env(name) !== undefined)
}

function readHeader(reader: Reader): HeaderCollector {
  const header = new HeaderCollector(MAX_HEADER)
  while (header.state === 'open') {
    const piece = reader.chunk()
    if (piece.length > 0) header.add(piece)
    else header.finish()
    reader.consume(piece.length)
  }
  if (header.state === 'long') exit(FILTER_EXIT.noMemory)
  return header
}

/** Writes the text, and behind it the message from an offset on. */
function finish(message: number, from: number, before: string): never {
  if (sys.lseek(message, from, 0) < 0) exit(FILTER_EXIT.readError)
  const fault = copy(message, 1, before)
  exit(fault === undefined ? FILTER_EXIT.done : COPY_EXIT[fault.side])
}

function misconfigured(): never {
  exit(FILTER_EXIT.configuration)
}
