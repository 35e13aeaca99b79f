/** The hashes of a body, all in one go: of each canonical form, whole or of its beginning. */
import { type Digest, digest } from '@moreqmail/unix/digest'
import { BodyCanonicalizer, type Canonicalization } from './canonical.ts'
import type { LineEnd } from './header.ts'

interface Part {
  readonly form: Canonicalization
  /** How many bytes of the canonical form; Infinity: all. */
  readonly limit: number
  readonly hash: Digest
  digest: Uint8Array | undefined
}

export class BodyHashes {
  readonly #lineEnd: LineEnd
  readonly #parts: Part[] = []
  readonly #lengths = { simple: 0, relaxed: 0 }
  #canonicalizers: readonly BodyCanonicalizer[] | undefined

  constructor(lineEnd: LineEnd) {
    this.#lineEnd = lineEnd
  }

  /** Says that this hash is wanted; before the first piece. */
  want(form: Canonicalization, limit = Number.POSITIVE_INFINITY): void {
    if (this.#find(form, limit) === undefined)
      this.#parts.push({ form, limit, hash: digest('sha256'), digest: undefined })
  }

  take(piece: Uint8Array): void {
    this.#canonicalizers ??= this.#start()
    for (const canonicalizer of this.#canonicalizers) canonicalizer.take(piece)
  }

  end(): void {
    this.#canonicalizers ??= this.#start()
    for (const canonicalizer of this.#canonicalizers) canonicalizer.end()
    for (const part of this.#parts) part.digest = part.hash.digest()
  }

  /** One that was wanted, once the body has ended. */
  digest(form: Canonicalization, limit = Number.POSITIVE_INFINITY): Uint8Array {
    const digest = this.#find(form, limit)?.digest
    if (digest === undefined) throw new Error('no such hash')
    return digest
  }

  /** The bytes of the canonical form of which a hash was wanted. */
  length(form: Canonicalization): number {
    return this.#lengths[form]
  }

  #find(form: Canonicalization, limit: number): Part | undefined {
    return this.#parts.find((part) => part.form === form && part.limit === limit)
  }

  #start(): readonly BodyCanonicalizer[] {
    return (['simple', 'relaxed'] as const).flatMap((form) => {
      const parts = this.#parts.filter((part) => part.form === form)
      if (parts.length === 0) return []
      return new BodyCanonicalizer(form, this.#lineEnd, (piece) => {
        const before = this.#lengths[form]
        this.#lengths[form] += piece.length
        for (const { hash, limit } of parts)
          if (limit > before) hash.update(limit >= this.#lengths[form] ? piece : piece.subarray(0, limit - before))
      })
    })
  }
}
