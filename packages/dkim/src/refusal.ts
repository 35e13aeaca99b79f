/** Whether a message is refused for what was found of its signatures. Pure. */
import { FINDINGS, type Finding } from './finding.ts'
import type { Verdict } from './verification.ts'

export interface Refusal {
  readonly finding: Finding
  readonly permanent: boolean
}

/** Stands for a message of which more than one signature is bad. */
const SEVERAL = 'T'

/**
 * By the letters of DKIMVERIFY, the refusal of a message without a good signature: upper case for good, lower case for
 * now; undefined if it is accepted.
 */
export function refusalOf(letters: string, verdicts: readonly Verdict[]): Refusal | undefined {
  if (verdicts.some(({ finding }) => finding.result === 'pass')) return undefined
  const finding = verdicts[0]?.finding ?? FINDINGS.unsigned
  const wanted = verdicts.length > 1 ? [finding.letter, SEVERAL] : [finding.letter]
  for (const letter of wanted) {
    if (letters.includes(letter)) return { finding, permanent: true }
    if (letters.includes(letter.toLowerCase())) return { finding, permanent: false }
  }
  return undefined
}
