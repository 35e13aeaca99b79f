/** Decides whether what a program has done is what the case expects. */
import { join } from 'node:path'
import type { Status } from '@moreqmail/unix'
import { rawText, shown } from './bytes.ts'
import type { Expectation } from './case.ts'
import { contentOf, countLike } from './files.ts'
import { search } from './pattern.ts'
import type { Places } from './places.ts'

export interface Outcome {
  /** Undefined if it had to be killed. */
  readonly status: Status | undefined
  readonly stdout: string
  readonly stderr: string
}

/** What is not as expected, one reason each. */
export function differences(want: Expectation, got: Outcome, places: Places): string[] {
  return [
    ...exitDifference(want, got.status),
    ...outputDifferences('stdout', want.stdout, want.stdout_re, got.stdout, places),
    ...outputDifferences('stderr', want.stderr, want.stderr_re, got.stderr, places),
    ...Object.entries(want.files ?? {}).flatMap(([path, content]) => fileDifference(path, content, places)),
    ...Object.entries(want.glob ?? {}).flatMap(([pattern, count]) => {
      const found = countLike(places.home, pattern)
      return found === count ? [] : [`${found} files like ${pattern}, wanted ${count}`]
    }),
  ]
}

function exitDifference(want: Expectation, status: Status | undefined): string[] {
  if (status === undefined || want.exit === undefined) return []
  const code = status.signal === 0 ? status.code : `signal ${status.signal}`
  return code === want.exit ? [] : [`exit ${code}, wanted ${want.exit}`]
}

function outputDifferences(
  name: string,
  exact: Expectation['stdout'],
  pattern: string | undefined,
  got: string,
  places: Places,
): string[] {
  const why: string[] = []
  if (exact !== undefined && got !== rawText(places.fill(exact)))
    why.push(`${name} ${shown(got)}, wanted ${shown(rawText(places.fill(exact)))}`)
  if (pattern !== undefined && !search(places.fill(pattern), got))
    why.push(`${name} ${shown(got)} is not like ${shown(pattern)}`)
  return why
}

type WantedFile = NonNullable<Expectation['files']>[string]

function fileDifference(path: string, want: WantedFile, places: Places): string[] {
  const have = contentOf(join(places.home, path))?.toString('latin1')
  if (want === null) return have === undefined ? [] : [`${path} exists`]
  if (have === undefined) return [`${path} is missing`]
  if (typeof want === 'object' && 're' in want)
    return search(places.fill(want.re), have) ? [] : [`${path} ${shown(have)} is not like ${shown(want.re)}`]
  const exact = rawText(places.fill(want))
  return have === exact ? [] : [`${path} holds ${shown(have)}, wanted ${shown(exact)}`]
}
