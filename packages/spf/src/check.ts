/** What a domain's record says of a client: check_host() of RFC 7208 4. Pure. */
import { parseAddress } from '@moreqmail/dns/address'
import { type Answer, isTemporary } from '@moreqmail/dns/answer'
import {
  addressesOf,
  type Client,
  domainExplanation,
  isWithin,
  literally,
  type Subject,
  subjectOf,
  valuesFor,
} from './client.ts'
import { inNetwork, isDomain } from './identity.ts'
import { expandName, type MacroText, uses } from './macros.ts'
import { type Mechanism, parseTerms, type Qualifier, type SpfRecord, spfTexts, withRules } from './record.ts'

/** RFC 7208 2.6 */
export type Result = 'none' | 'neutral' | 'pass' | 'fail' | 'softfail' | 'temperror' | 'permerror'

export interface Outcome {
  readonly result: Result
  /** Of `fail`: asks for what the domain says to it, up to 450 bytes; undefined if nothing. */
  readonly explanation: () => string | undefined
  /** One of our own rules has led to an error, so it and those after it were left out. */
  readonly badRules: boolean
}

const RESULTS: Readonly<Record<Qualifier, Result>> = { '+': 'pass', '-': 'fail', '~': 'softfail', '?': 'neutral' }

/** RFC 7208 4.6.4 */
const MOST_TERMS = 10
const MOST_VOIDS = 2
const MOST_EXCHANGES = 10

interface Run {
  readonly subject: Subject
  badRules: boolean
}

/** What may still be asked for. */
interface Budget {
  terms: number
  /** Terms for which nothing was found. */
  voids: number
}

interface Finding {
  readonly result: Result
  /** Where the domain that has decided explains itself. */
  readonly exp?: { readonly spec: MacroText; readonly domain: string } | undefined
}

/** What the record of the sender's domain says, with our own rules in it; or these alone, if it has none. */
export function checkSender(client: Client, rules: readonly Mechanism[] = []): Outcome {
  return outcome(client, (run) => checkHost(run, run.subject.identity.domain, fullBudget(), rules))
}

/** What this record would say if the sender's domain had it. */
export function checkRecord(client: Client, record: SpfRecord): Outcome {
  return outcome(client, (run) => {
    const { domain } = run.subject.identity
    if (!isDomain(domain)) return { result: 'none' }
    return evaluate(run, record, withoutDot(domain), fullBudget()) ?? { result: 'neutral' }
  })
}

function outcome(client: Client, find: (run: Run) => Finding): Outcome {
  const run: Run = { subject: subjectOf(client), badRules: false }
  const { result, exp } = find(run)
  const explains = result === 'fail' && exp !== undefined
  const explanation = () => (explains ? domainExplanation(run.subject, exp.spec, exp.domain) : undefined)
  return { result, explanation, badRules: run.badRules }
}

function fullBudget(): Budget {
  return { terms: MOST_TERMS, voids: MOST_VOIDS }
}

function withoutDot(domain: string): string {
  return domain.endsWith('.') ? domain.slice(0, -1) : domain
}

function checkHost(run: Run, domain: string, budget: Budget, rules: readonly Mechanism[] = []): Finding {
  if (!isDomain(domain)) return { result: 'none' }
  const name = withoutDot(domain)
  const [answer] = run.subject.ask([{ name: literally(name), type: 'TXT' }])
  if (answer === undefined || isTemporary(answer)) return { result: 'temperror' }
  const [text, more] = spfTexts(answer.records)
  const record = more === undefined ? parseTerms(text ?? '') : undefined
  if (record === undefined) return { result: 'permerror' }
  const finding = evaluate(run, withRules(record, rules), name, budget)
  return finding ?? { result: text === undefined ? 'none' : 'neutral' }
}

/** Undefined if no mechanism matches, and there is no redirection. */
function evaluate(run: Run, record: SpfRecord, domain: string, budget: Budget): Finding | undefined {
  for (const mechanism of record.mechanisms) {
    const { local, qualifier } = mechanism
    if (local && run.badRules) continue
    // A rule of ours takes nothing from the domain's limits; but what it includes is foreign, so it has limits too.
    const found = matches(run, mechanism, domain, local ? fullBudget() : budget)
    if (local && found === 'permerror') run.badRules = true
    else if (typeof found === 'string') return { result: found }
    else if (found) return { result: RESULTS[qualifier], exp: local ? undefined : explanationOf(record, domain) }
  }
  const { redirect } = record
  if (redirect === undefined) return undefined
  if (!pay(budget, redirect)) return { result: 'permerror' }
  const finding = checkHost(run, expandName(redirect, valuesFor(run.subject, domain)), budget)
  return finding.result === 'none' ? { result: 'permerror' } : finding
}

function explanationOf({ exp }: SpfRecord, domain: string): Finding['exp'] {
  return exp && { spec: exp, domain }
}

/** Takes what a term costs from the budget; false if it has not got so much. */
function pay(budget: Budget, target: MacroText | undefined): boolean {
  budget.terms -= target !== undefined && uses(target, 'p') ? 2 : 1
  return budget.terms >= 0
}

type Match = boolean | 'temperror' | 'permerror'

function matches(run: Run, mechanism: Mechanism, domain: string, budget: Budget): Match {
  const { subject } = run
  const { kind } = mechanism
  if (kind === 'all') return true
  if (kind === 'ip') return inNetwork(subject.ip, mechanism.network, mechanism.bits)
  const { target } = mechanism
  if (!pay(budget, target)) return 'permerror'
  const name = target === undefined ? domain : expandName(target, valuesFor(subject, domain))
  switch (kind) {
    case 'include':
      return INCLUDED[checkHost(run, name, budget).result]
    case 'exists': {
      const answers = subject.ask([{ name: literally(name), type: 'A' }])
      return judge(answers, () => true, budget)
    }
    case 'ptr': {
      const names = subject.names()
      if (names.void && --budget.voids < 0) return 'permerror'
      return names.valid.some((valid) => isWithin(valid, name))
    }
    case 'a':
      return judge(addressesOf(subject, [literally(name)]), withinBits(subject, mechanism), budget)
    case 'mx': {
      const [answer] = subject.ask([{ name: literally(name), type: 'MX' }])
      if (answer === undefined || isTemporary(answer)) return 'temperror'
      if (answer.records.length > MOST_EXCHANGES) return 'permerror'
      // RFC 7505 3
      const exchanges = answer.records.map(({ exchange }) => exchange).filter((exchange) => exchange !== '.')
      return judge(addressesOf(subject, exchanges), withinBits(subject, mechanism), budget)
    }
  }
}

/** What the result for another domain means for the one that includes it. RFC 7208 5.2 */
const INCLUDED: Readonly<Record<Result, Match>> = {
  pass: true,
  fail: false,
  softfail: false,
  neutral: false,
  temperror: 'temperror',
  permerror: 'permerror',
  none: 'permerror',
}

type Hosts = Extract<Mechanism, { readonly kind: 'a' | 'mx' }>

function withinBits({ ip }: Subject, { bits4, bits6 }: Hosts): (address: string) => boolean {
  return (text) => {
    const address = parseAddress(text)
    return address !== undefined && inNetwork(ip, address, ip.length === 4 ? bits4 : bits6)
  }
}

/** One address that hits is enough, whatever else could not be found out. */
function judge(
  answers: ReadonlyArray<Answer<'A' | 'AAAA'>>,
  hits: (address: string) => boolean,
  budget: Budget,
): Match {
  if (answers.some(({ records }) => records.some(hits))) return true
  if (answers.some(isTemporary)) return 'temperror'
  const found = answers.some(({ records }) => records.length > 0)
  return !found && --budget.voids < 0 ? 'permerror' : false
}
