/** qmail-rcptcheck-qregex: refuses HELO names, senders and recipients that match regular expressions. */
import { folded } from '@moreqmail/ere'
import { accept, clientIp, defer, refuse } from '@moreqmail/rcptcheck'
import { allowThreads, chdirHome, controlList, env, note } from '@moreqmail/unix'
import { hits, parseEntry, questions } from './question.ts'

export const synopsis = 'qmail-rcptcheck-qregex'

/** From so many instructions on, compiled code pays. */
const MUCH = 10_000

export function main(): never {
  const sender = env('SENDER') ?? defer()
  const recipient = env('RECIPIENT') ?? defer()
  if (chdirHome() < 0) defer()
  for (const { file, value, kind } of questions(sender, recipient, env)) {
    const entry = firstHit(file, value)
    if (entry === undefined) continue
    const pattern = env('LOGREGEX') === undefined ? '' : ` pattern: ${entry}`
    refuse('qregex', clientIp(), `${value} (${kind}${pattern})`)
  }
  accept()
}

/** The first entry of the file that speaks against the value; undefined if none does. */
function firstHit(file: string, value: string): string | undefined {
  const list = controlList(file, defer, 'ends')
  if (list === undefined) return undefined
  const text = folded(value)
  let instructions = 0
  for (const line of list.entries()) {
    const entry = parseEntry(line)
    if (entry === undefined) {
      note(`rcptcheck: qregex bad pattern in control/${file}: ${line}`)
      continue
    }
    const before = instructions
    instructions += entry.automaton.code.length
    if (instructions > MUCH && before <= MUCH) allowThreads()
    if (hits(entry, text)) return line
  }
  return undefined
}
