/** Which keys sign for a domain. Pure. */
import { folded, matches, parsePattern } from '@moreqmail/ere'
import { basename, lower } from '@moreqmail/unix/bytes'
import { type Get, type SignOptions, signOptions } from './sign-options.ts'

/** A key that was found. */
export interface Chosen {
  readonly path: string
  readonly file: string
  readonly domain: string
  readonly selector: string
  readonly options: SignOptions
}

/** What a choice depends on. */
export interface Surroundings {
  readonly get: Get
  /** The lines of control/dkimkeys. */
  readonly lines: readonly string[]
  /** What is in a file; undefined if there is none. */
  readonly read: (path: string) => string | undefined
  /** What should be signed can't be. */
  readonly fail: (why: string) => never
}

const DEFAULT_KEY = 'control/domainkeys/%/default'
const OPTIONS = 'DKIMSIGNOPTIONS'
const MORE_OPTIONS = 'DKIMSIGNOPTIONSEXTRA'

/** The keys for a domain, one for each signature; none if it is not signed. */
export function chooseKeys(domain: string, surroundings: Surroundings): readonly Chosen[] {
  const { get, lines } = surroundings
  const listed = (get('NODKIMKEYS') === undefined ? matching(lines, domain) : []).flatMap(({ path, settings }) => {
    const overlaid: Get = (name) => (settings.has(name) ? settings.get(name) : get(name))
    return open(path, domain, { ...surroundings, get: overlaid }, OPTIONS)
  })
  if (listed.length > 0) return listed
  const [path, extra] = [get('DKIMSIGN'), get('DKIMSIGNEXTRA')]
  const named = path ? open(path, domain, surroundings, OPTIONS) : []
  const both = path && extra ? [...named, ...open(extra, domain, surroundings, MORE_OPTIONS)] : named
  return both.length > 0 ? both : open(DEFAULT_KEY, domain, surroundings, OPTIONS)
}

interface Line {
  readonly path: string
  /** Variables that it sets; undefined: removes. */
  readonly settings: ReadonlyMap<string, string | undefined>
}

/** The lines for exactly this domain, else those whose pattern is found in it. */
function matching(lines: readonly string[], domain: string): readonly Line[] {
  const entries = lines.map((line) => /^([^:]*):([^:]*)(?::(.*))?$/s.exec(line)).filter((entry) => entry !== null)
  const exact = entries.filter(([, name]) => lower(name ?? '') === domain)
  const value = folded(domain)
  const found = exact.length > 0 ? exact : entries.filter(([, pattern]) => isFound(pattern ?? '', value))
  return found.map(([, , path, settings]) => ({ path: path ?? '', settings: settingsOf(settings ?? '') }))
}

function isFound(pattern: string, value: Uint8Array): boolean {
  const automaton = pattern === '' ? undefined : parsePattern(pattern)
  return automaton !== undefined && matches(automaton, value)
}

/** `NAME=VALUE,NAME=` */
function settingsOf(text: string): ReadonlyMap<string, string | undefined> {
  return new Map(
    text
      .split(',')
      .filter((setting) => setting.includes('='))
      .map((setting) => {
        const equals = setting.indexOf('=')
        return [setting.slice(0, equals).trim(), setting.slice(equals + 1) || undefined]
      }),
  )
}

/** The key in a file, which is looked for without the domain in its path too; none if it may be missing and is. */
function open(path: string, domain: string, surroundings: Surroundings, variable: string): readonly Chosen[] {
  const { get, read } = surroundings
  const options = signOptions(get, variable)
  if (options === undefined) surroundings.fail(`bad options in ${variable}`)
  const wanted = options.keyFile ?? path
  const whole = wanted.replaceAll('%', domain)
  const general = wanted.replaceAll('/%', '')
  for (const one of new Set([whole, general.includes('%') ? whole : general])) {
    const file = read(one)
    if (file === undefined) continue
    const selector = options.selector ?? basename(one)
    return [{ path: one, file, domain: lower(options.domain ?? domain), selector, options }]
  }
  return wanted.includes('%') ? [] : surroundings.fail(`private key ${whole} does not exist`)
}
