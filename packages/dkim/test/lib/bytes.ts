import { type Field, fieldsOf, HeaderCollector } from '../../src/header.ts'
import type { KeyAnswer } from '../../src/key-record.ts'
import { type Verdict, Verification } from '../../src/verification.ts'

/** The bytes of a byte string. */
export function b(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** The byte string of bytes. */
export function s(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** A field that is all of a header. */
export function field(text: string): Field {
  const [only] = fieldsOf(text, text.includes('\r\n') ? '\r\n' : '\n')
  if (only === undefined) throw new Error('no field')
  return only
}

/** Pieces of so many bytes. */
export function* pieces(text: string, size: number): Generator<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield b(text.slice(at, at + size))
}

export interface Options {
  readonly now?: number
  readonly partialBody?: boolean
  readonly size?: number
}

/** The verdicts on a message that comes in pieces of so many bytes. */
export async function verdictsOn(
  message: string,
  answer: (name: string) => KeyAnswer,
  { now = 1795158000, partialBody = false, size = message.length }: Options = {},
): Promise<readonly Verdict[]> {
  const header = new HeaderCollector(1e8)
  const all = [...pieces(message, Math.max(1, size))]
  let next = 0
  while (header.state === 'open') {
    const piece = all[next++]
    if (piece === undefined) header.finish()
    else header.add(piece)
  }
  const verification = new Verification(fieldsOf(header.header, header.lineEnd), header.lineEnd, { now, partialBody })
  verification.takeKeys(new Map(verification.names.map((name) => [name, answer(name)])))
  verification.takeBody(header.body)
  for (const piece of all.slice(next)) verification.takeBody(piece)
  return verification.verdicts()
}
