/** Whether the signatures of a message are good: the order in which things are checked, and what each finding is. */

import { sameBytes } from '@moreqmail/unix/bytes'
import { BodyHashes } from './body-hash.ts'
import { verify } from './crypto.ts'
import { FINDINGS, type Finding } from './finding.ts'
import type { Field, LineEnd } from './header.ts'
import { findKey, type KeyAnswer, type UsableKey } from './key-record.ts'
import { type ReadSignature, readSignature, SIGNATURE_FIELD, type Signature } from './signature.ts'
import { byName, signedData } from './signed-data.ts'

/** More signatures than these cost too much; a message has one or two. */
const MOST_SIGNATURES = 10

/** A signature, and what was found. */
export interface Verdict {
  readonly finding: Finding
  readonly tags: ReadonlyMap<string, string>
}

export interface VerificationOptions {
  /** Seconds since 1970. */
  readonly now: number
  /** A signature of the body's beginning is good. */
  readonly partialBody: boolean
}

interface Candidate extends ReadSignature {
  key: UsableKey | Finding | undefined
}

/**
 * To be used in this order: `names` have to be looked up; `takeKeys`; `takeBody` for each piece of the body, in order;
 * `verdicts`.
 */
export class Verification {
  readonly #fields: ReadonlyMap<string, readonly Field[]>
  readonly #lineEnd: LineEnd
  readonly #partialBody: boolean
  readonly #candidates: readonly Candidate[]
  readonly #body: BodyHashes

  constructor(fields: readonly Field[], lineEnd: LineEnd, { now, partialBody }: VerificationOptions) {
    this.#fields = byName(fields)
    this.#lineEnd = lineEnd
    this.#partialBody = partialBody
    this.#body = new BodyHashes(lineEnd)
    this.#candidates = (this.#fields.get(SIGNATURE_FIELD) ?? [])
      .slice(0, MOST_SIGNATURES)
      .map((field) => ({ ...readSignature(field, now), key: undefined }))
  }

  /** Where keys have to be looked up, each name once. */
  get names(): readonly string[] {
    return [...new Set(this.#candidates.flatMap(({ outcome }) => ('result' in outcome ? [] : [outcome.keyName])))]
  }

  /** Takes what has been found at each of the names. */
  takeKeys(answers: ReadonlyMap<string, KeyAnswer>): void {
    for (const candidate of this.#candidates) {
      const { outcome } = candidate
      if ('result' in outcome) continue
      candidate.key = findKey(outcome, answers.get(outcome.keyName) ?? 'temporary')
      if ('result' in candidate.key) continue
      this.#body.want(outcome.bodyForm, outcome.bodyLength)
    }
  }

  /** True if the findings depend on the body. */
  get needsBody(): boolean {
    return this.#candidates.some(({ key }) => key !== undefined && !('result' in key))
  }

  takeBody(piece: Uint8Array): void {
    this.#body.take(piece)
  }

  /** What is found of each signature, from the top of the message; of one beyond the tenth nothing. */
  async verdicts(): Promise<readonly Verdict[]> {
    this.#body.end()
    const verdicts: Verdict[] = []
    for (const { tags, outcome, key } of this.#candidates) {
      const finding =
        'result' in outcome
          ? outcome
          : key === undefined
            ? FINDINGS.dnsFailure
            : 'result' in key
              ? key
              : await this.#check(outcome, key)
      verdicts.push({ finding, tags })
    }
    return verdicts
  }

  /** RFC 6376 6.1.3 */
  async #check(signature: Signature, { key, test }: UsableKey): Promise<Finding> {
    const { bodyForm, bodyLength, bodyHash } = signature
    const length = this.#body.length(bodyForm)
    if (bodyLength !== Number.POSITIVE_INFINITY && bodyLength > length) return FINDINGS.bodyHash
    if (!sameBytes(this.#body.digest(bodyForm, bodyLength), bodyHash)) return FINDINGS.bodyHash
    const data = signedData(this.#fields, signature.names, signature.field, signature.headerForm, this.#lineEnd)
    const good = await verify(key, data, signature.signature)
    if (good === 'bad key') return FINDINGS.badKey
    if (!good) return test ? FINDINGS.badTestSignature : FINDINGS.badSignature
    if (bodyLength < length && !this.#partialBody) return FINDINGS.unsignedContent
    return test ? FINDINGS.goodTest : FINDINGS.good
  }
}
