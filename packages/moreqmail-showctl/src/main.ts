/** moreqmail-showctl: explains the control files, and says what is wrong with them. */
import { allowThreads, args, chdirHome, exit, fatal, home, usage, Writer, warn } from '@moreqmail/unix'
import { readControls } from './directory.ts'
import { accountOf, findingsOf, modeOf } from './findings.ts'
import { directoryFaults, USER_NAMES } from './modes.ts'

export const synopsis = 'moreqmail-showctl'

const WARNED = 1
const MISUSED = 100
const TROUBLE = 111

export function main(): never {
  if (args().length > 0) usage(MISUSED, synopsis)
  const errno = chdirHome()
  if (errno < 0) fatal(TROUBLE, `unable to switch to ${home()}`, errno)
  const all = readControls()
  if (typeof all === 'number') fatal(TROUBLE, `unable to list ${home()}/control`, all)
  allowThreads()
  const { report, partial, faults } = findingsOf(all)
  const out = new Writer(1, { failed: (errno) => fatal(TROUBLE, 'unable to write', errno) })
  const end = partial ? ['Some files could not be looked at: run this as root.'] : []
  for (const line of [`qmail home: ${home()}`, ...report, ...end]) out.puts(`${line.replace(/[\0-\x1f\x7f]/g, '?')}\n`)
  out.flush()
  const warnings = [...directories(), ...faults]
  for (const warning of warnings) warn(warning)
  exit(warnings.length > 0 ? WARNED : 0)
}

/** What is wrong with the directories that everything is in. */
function directories(): string[] {
  const accounts = USER_NAMES.flatMap(accountOf)
  return ['.', 'control'].flatMap((path) => {
    const mode = modeOf(path)
    const name = path === '.' ? home() : path
    return mode === undefined ? [] : directoryFaults(mode, accounts).map((fault) => `${name}: ${fault}`)
  })
}
