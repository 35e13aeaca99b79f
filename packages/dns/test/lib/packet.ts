/** Messages made by hand, good or bad, without the code under test. */

export const A = 1
export const NS = 2
export const CNAME = 5
export const SOA = 6
export const PTR = 12
export const MX = 15
export const TXT = 16
export const AAAA = 28
export const OPT = 41
export const TLSA = 52

/** Response, recursion desired and available. */
export const OK = 0x8180

export interface Rr {
  readonly owner: Buffer
  readonly type: number
  readonly data: Buffer
  readonly class?: number
  /** Instead of that of the data. */
  readonly length?: number
}

export interface Message {
  readonly id?: number
  readonly flags?: number
  /** Name and type; undefined: no question. */
  readonly question?: readonly [string, number] | undefined
  readonly answers?: readonly Rr[]
  readonly authorities?: readonly Rr[]
  /** Instead of the true ones: questions, answers, authorities, additionals. */
  readonly counts?: readonly [number, number, number, number]
}

/** A name without escapes; '' is the root. */
export function name(text: string): Buffer {
  const labels = text === '' ? [] : text.split('.')
  const parts = labels.flatMap((label) => [Buffer.of(label.length), Buffer.from(label, 'latin1')])
  return Buffer.concat([...parts, Buffer.of(0)])
}

/** Labels, and then a pointer instead of the end. */
export function pointed(text: string, to: number): Buffer {
  return Buffer.concat([name(text).subarray(0, -1), pointer(to)])
}

export function pointer(to: number): Buffer {
  return Buffer.of(0xc0 | (to >> 8), to & 255)
}

export function uint16(...numbers: number[]): Buffer {
  return Buffer.concat(numbers.map((n) => Buffer.of(n >> 8, n & 255)))
}

export function strings(...texts: string[]): Buffer {
  return Buffer.concat(texts.map((text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'latin1')])))
}

export function mx(preference: number, exchange: Buffer): Buffer {
  return Buffer.concat([uint16(preference), exchange])
}

/** The length of header and question: where the first answer begins. */
export function afterQuestion(question: string): number {
  return 12 + name(question).length + 4
}

export function message(m: Message): Buffer {
  const question = m.question === undefined ? [] : [name(m.question[0]), uint16(m.question[1], 1)]
  const rr = ({ owner, type, data, class: c = 1, length = data.length }: Rr) =>
    Buffer.concat([owner, uint16(type, c, 0, 60, length), data])
  const { answers = [], authorities = [] } = m
  const counts = m.counts ?? [question.length / 2, answers.length, authorities.length, 0]
  return Buffer.concat([
    uint16(m.id ?? 0x1234, m.flags ?? OK, ...counts),
    ...question,
    ...answers.map(rr),
    ...authorities.map(rr),
  ])
}

/** Numbers below the limit, the same ones each time. */
export function random(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) % limit
  }
}
