/** The result that counts for a client: of this host itself, of the sender's record, or of a guess. Pure. */
import {
  type Client,
  checkRecord,
  checkSender,
  isLoopback,
  type MacroText,
  type Mechanism,
  parseExplanation,
  parseTerms,
  printable,
  type Result,
  type SpfRecord,
} from '@moreqmail/spf'

/** What the administrator adds to the records of domains. */
export interface Policy {
  /** Evaluated within the sender's record. */
  readonly rules: readonly Mechanism[]
  /** For domains that have no record. */
  readonly guess: SpfRecord | undefined
}

export interface Judgement {
  readonly result: Result
  /** It is not the domain that has said so. */
  readonly guessed: boolean
  /** Of `fail`: what the domain says to it; undefined if nothing. */
  readonly explanation: () => string | undefined
  readonly badRules: boolean
}

/**
 * The policy, and the names of the files that are wrong, so that they are ignored. Only mechanisms can be rules: to
 * redirect or to explain is up to the domain.
 */
export function parsePolicy(
  rules: string | undefined,
  guess: string | undefined,
): readonly [policy: Policy, bad: readonly string[]] {
  const terms = parseTerms(rules ?? '')
  const good = terms?.redirect === undefined && terms?.exp === undefined ? terms : undefined
  const record = guess === undefined ? undefined : parseTerms(guess)
  const bad = []
  if (good === undefined) bad.push('spfrules')
  if (guess !== undefined && record === undefined) bad.push('spfguess')
  return [{ rules: good?.mechanisms ?? [], guess: record }, bad]
}

export function judge(client: Client, { rules, guess }: Policy): Judgement {
  if (isLoopback(client.ip)) return { result: 'pass', guessed: false, explanation: () => undefined, badRules: false }
  const outcome = checkSender(client, rules)
  if (outcome.result !== 'none' || guess === undefined) return { ...outcome, guessed: false }
  const guessed = checkRecord(client, guess)
  const guessable = !['none', 'permerror', 'temperror'].includes(guessed.result)
  return guessable ? { ...guessed, guessed: true, badRules: outcome.badRules } : { ...outcome, guessed: false }
}

/** True if a pass means nothing, since other addresses, which have nothing to do with the domain, pass as well. */
export function passesAnyone(client: Client, policy: Policy, others: readonly Uint8Array[]): boolean {
  return !isLoopback(client.ip) && others.every((ip) => judge({ ...client, ip }, policy).result === 'pass')
}

/** An address of unicast made of random bytes, 4 or 16 of them. */
export function unicast(random: Uint8Array): Uint8Array {
  const [first = 0] = random
  // 1.0.0.0 to 223.255.255.255, and 2000::/3 (RFC 4291 2.4)
  return random.with(0, random.length === 4 ? 1 + (first % 223) : 0x20 | (first & 0x1f))
}

/** Where it is said why, unless the domain or the administrator says so. */
const EXPLANATION = 'Please see http://www.open-spf.org/Why?id=%{S}&ip=%{c}&receiver=%{r}'

/** The administrator's explanation, as it can be shown; ours if there is none, or its macros are wrong. */
export function defaultExplanation(text: string | undefined): MacroText {
  return parseExplanation(printable(text ?? EXPLANATION)) ?? parseExplanation(EXPLANATION) ?? []
}

/** What is looked at if a domain does not say anything. */
export const MX_RECORD = 'mx -all'

export function mxResult(client: Client): Result {
  const record = parseTerms(MX_RECORD)
  return record === undefined ? 'none' : checkRecord(client, record).result
}
