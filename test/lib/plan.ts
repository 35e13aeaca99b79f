/** Decides which cases can be played here, and which are known not to pass yet. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, FileContent } from './case.ts'

/** A line of pending.txt: the cases it names are not expected to pass yet. */
export interface Pending {
  readonly pattern: RegExp
  readonly reason: string
}

/** The lines of a pending file: a regular expression without blanks, blanks, the reason. `#` begins a comment line. */
export function readPending(path: string): readonly Pending[] {
  return parsePending(readFileSync(path, 'utf8'))
}

export function parsePending(text: string): readonly Pending[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [, pattern, reason] = /^(\S+)\s+(\S.*)$/.exec(line) ?? []
    if (pattern === undefined || reason === undefined) throw new Error(`a pending line without a reason: ${line}`)
    return { pattern: new RegExp(`^(?:${pattern})$`), reason }
  })
}

/** Our programs: all that a case begins with, but the shell, and all words with our prefixes in arguments. */
export function programsOf(cases: readonly Case[]): ReadonlySet<string> {
  const first = cases.map((test) => String(test.argv[0])).filter((name) => name !== 'sh')
  const named = cases.flatMap((test) => words(test.argv)).filter((word) => /^(?:qmail|s6)-/.test(word))
  return new Set([...first, ...named])
}

/** Which of these programs a case runs: it names them in its arguments, its environment or its files. */
export function programsIn(test: Case, programs: ReadonlySet<string>): readonly string[] {
  const texts = [...test.argv, ...Object.values(test.env ?? {}), ...Object.values(test.files ?? {}).map(textOf)]
  return [...new Set(words(texts))].filter((word) => programs.has(word)).sort()
}

function textOf(content: FileContent): unknown {
  return typeof content === 'object' && 'text' in content ? content.text : content
}

function words(texts: readonly unknown[]): readonly string[] {
  return texts.flatMap((text) => (typeof text === 'string' ? text.split(/[^\w-]+/) : []))
}

/** What cases may need of other people's programs. */
const TOOLS = ['python3', 'rblsmtpd', 'unshare']

/** The first foreign program that a case needs and that none of these directories has. */
export function missingTool(test: Case, path: readonly string[]): string | undefined {
  const named = words(test.argv)
  return TOOLS.find((tool) => named.includes(tool) && !path.some((dir) => existsSync(join(dir, tool))))
}
