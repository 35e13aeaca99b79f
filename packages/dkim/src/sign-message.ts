/** Being a filter that signs: what both of them do with the message on descriptor 0 and the envelope on 3. */
import { type CopyFault, copy, givenEnvelope, givenMessage, senderInEnvironment } from '@moreqmail/filter'
import { chdirHome, complain, controlLine, controlList, env, exit, Reader, readFile, sys } from '@moreqmail/unix'
import { authorDomain, domainOf, usableDomain } from './author.ts'
import { BodyHashes } from './body-hash.ts'
import { LineEnds } from './canonical.ts'
import { type Field, fieldsOf, HeaderCollector } from './header.ts'
import { type Chosen, chooseKeys } from './key-choice.ts'
import { LEAST_RSA_BITS } from './key-record.ts'
import { readPrivateKey } from './keys.ts'
import { faultOf, type Signer, signatureField } from './signing.ts'
import { waitFor } from './waiting.ts'

/** What keeps a message from being signed, and how the program ends for it. */
export type SignExits = Readonly<
  Record<'configuration' | 'readError' | 'writeError' | 'noMemory' | 'badEnvelope', number>
>

/** Complains and ends the program. */
type Fail = (kind: keyof SignExits, why: string) => never

/** More is no header of a message; it bounds memory. */
const MAX_HEADER = 64 * 1024 * 1024
/** The sender of a bounce of a bounce. */
const DOUBLE_BOUNCE = '#@[]'

/** Writes the message behind its new signatures, and ends the program. What should be signed but can't be is a failure. */
export function signMessage(exits: SignExits): void {
  const fail: Fail = (kind, why) => {
    complain(why)
    exit(exits[kind])
  }
  const envelope = givenEnvelope()
  const message = givenMessage()
  if (typeof message !== 'number') failCopy(message, fail)
  if (env('NODKIM') !== undefined) finish(message, '', fail)
  if (typeof envelope === 'number') fail('readError', 'unable to read envelope (#4.3.0)')
  if (typeof envelope === 'string' && envelope !== 'none') fail('badEnvelope', 'bad envelope (#4.3.0)')
  const sender = envelope === 'none' ? senderInEnvironment() : envelope.sender
  if (chdirHome() < 0) fail('configuration', 'unable to enter the qmail home (#4.3.0)')
  const { header, rest } = readHeader(message, fail)
  const fields = fieldsOf(header.header, '\n')
  const signers = fields.some(({ name }) => name === 'from') ? signersFor(fields, sender, fail) : []
  if (signers.length === 0) finish(message, '', fail)
  const body = hashBody(header.body, rest, signers)
  const now = Math.floor(sys.clock(0))
  waitFor(async () => {
    let signatures = ''
    for (const signer of signers) {
      const signature = await signatureField(fields, body, signer, now)
      signatures += signature ?? unusable(signer.path, fail)
    }
    return finish(message, signatures, fail)
  }, exits.configuration)
}

/** The message as it is about to be sent. */
type Rest = () => Uint8Array

/** The header as it is about to be sent, and what gives the pieces of the body that come behind it. */
function readHeader(message: number, fail: Fail): { readonly header: HeaderCollector; readonly rest: Rest } {
  const failed = (): never => fail('readError', 'unable to read message (#4.3.0)')
  if (sys.lseek(message, 0, 0) < 0) failed()
  const reader = new Reader(message, { failed })
  const lineEnds = new LineEnds()
  const rest = (): Uint8Array => {
    for (;;) {
      const piece = reader.chunk()
      const changed = lineEnds.take(piece)
      reader.consume(piece.length)
      if (changed.length > 0 || piece.length === 0) return changed
    }
  }
  const header = new HeaderCollector(MAX_HEADER, '\n')
  while (header.state === 'open') {
    const piece = rest()
    if (piece.length > 0) header.add(piece)
    else header.finish()
  }
  if (header.state === 'long') fail('noMemory', 'header too long (#4.3.0)')
  return { header, rest }
}

function hashBody(start: Uint8Array, rest: Rest, signers: readonly Signer[]): BodyHashes {
  const body = new BodyHashes('\n')
  for (const { options } of signers) body.want(options.bodyForm)
  for (let piece = start.length > 0 ? start : rest(); piece.length > 0; piece = rest()) body.take(piece)
  body.end()
  return body
}

/** Who signs: for the author's domain, else for that of the sender, to whom bounces go. */
function signersFor(fields: readonly Field[], sender: string | undefined, fail: Fail): readonly (Signer & Chosen)[] {
  const unreadable = (): never => fail('configuration', 'unable to read control files (#4.3.0)')
  const lines = controlList('dkimkeys', unreadable)?.entries() ?? []
  const read = (path: string): string | undefined => readFile(path, () => unusable(path, fail))
  const choose = (domain: string): readonly Chosen[] =>
    chooseKeys(domain, { get: env, lines, read, fail: (why) => fail('configuration', `${why} (#4.3.5)`) })
  const domains = [
    () => authorDomain(fields),
    () =>
      sender === '' || sender === DOUBLE_BOUNCE
        ? usableDomain(controlLine('bouncehost', unreadable) ?? controlLine('me', unreadable) ?? '')
        : domainOf(sender ?? ''),
  ]
  for (const domainFrom of domains) {
    const domain = domainFrom()
    const chosen = domain === undefined ? [] : choose(domain)
    if (chosen.length > 0) return chosen.map((one) => signerOf(one, fail))
  }
  return []
}

function signerOf(chosen: Chosen, fail: Fail): Signer & Chosen {
  const key = readPrivateKey(chosen.file)
  if (key === undefined || (key.type === 'rsa' && key.bits < LEAST_RSA_BITS)) unusable(chosen.path, fail)
  const signer = { ...chosen, key }
  const fault = faultOf(signer)
  if (fault !== undefined) fail('configuration', `${fault} (#4.3.5)`)
  return signer
}

function unusable(path: string, fail: Fail): never {
  fail('configuration', `unable to use private key ${path} (#4.3.5)`)
}

/** Writes the message behind these fields. */
function finish(message: number, fields: string, fail: Fail): never {
  if (sys.lseek(message, 0, 0) < 0) fail('readError', 'unable to read message (#4.3.0)')
  const fault = copy(message, 1, fields)
  if (fault !== undefined) failCopy(fault, fail)
  exit(0)
}

function failCopy({ side }: CopyFault, fail: Fail): never {
  fail(side === 'read' ? 'readError' : 'writeError', `unable to ${side} message (#4.3.0)`)
}
