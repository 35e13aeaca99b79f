/** Plays all behaviour cases against dist/bin, each as it is and with a new image for every program. */
import { readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { type Case, readCases } from './lib/case.ts'
import { AT_A_TIME, parallel } from './lib/parallel.ts'
import { missingTool, programsIn, programsOf, readPending } from './lib/plan.ts'
import { DEFAULT_PATH, lacksRoot, play } from './lib/play.ts'

const BIN = resolve('dist/bin')
const CASES = resolve('test/cases')
const WAYS: ReadonlyArray<Readonly<Record<string, string>>> = [{}, { MOREQMAIL_EXEC: 'always' }]

const all: readonly Case[] = readdirSync(CASES)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .flatMap((name) => readCases(join(CASES, name)) ?? [])
const pending = readPending(join(CASES, 'pending.txt'))
const built = new Set(readdirSync(BIN))
const programs = programsOf(all)
const path = [BIN, ...DEFAULT_PATH.split(':')]

/** The programs a case would need that are not in dist/bin. */
function missing(test: Case): string {
  return programsIn(test, programs)
    .filter((name) => !built.has(name))
    .join(', ')
}

/** True for a case that can be played here; else it is reported as skipped. */
function playable(t: Test, test: Case): boolean {
  const tool = missingTool(test, path)
  if (lacksRoot(test)) t.pass(test.name, { skip: 'needs root' })
  else if (tool !== undefined) t.pass(test.name, { skip: `needs ${tool}` })
  else return true
  return false
}

async function check(t: Test, test: Case): Promise<void> {
  const outcomes: Array<readonly [string, readonly string[]]> = []
  for (const env of WAYS) {
    const way = Object.entries(env).map(([name, value]) => ` with ${name}=${value}`)
    outcomes.push([`${test.name}${way.join('')}`, await play(test, { bin: BIN, tls: join(CASES, 'tls'), env })])
  }
  const excuse = pending.find(({ pattern }) => pattern.test(test.name))
  if (excuse === undefined) for (const [label, why] of outcomes) report(t, label, why)
  else if (outcomes.some(([, why]) => why.length > 0)) t.fail(test.name, { todo: excuse.reason })
  else report(t, test.name, [`passes now: take it out of ${basename(CASES)}/pending.txt`])
}

function report(t: Test, label: string, why: readonly string[]): void {
  if (why.length === 0) t.pass(label)
  else t.fail(label, { why: why.join('; ') })
}

t.setTimeout(0)

t.test('pending.txt', async (t) => {
  for (const { pattern } of pending)
    t.ok(
      all.some((test) => pattern.test(test.name)),
      `${pattern.source} names a case`,
    )
})

t.test('cases', async (t) => {
  t.setTimeout(0)
  const here = all.filter((test) => missing(test) === '' && playable(t, test))
  await parallel(here, AT_A_TIME, (test) => check(t, test))
})

t.test('not yet built', async (t) => {
  const counts = new Map<string, number>()
  for (const names of all.map(missing)) if (names !== '') counts.set(names, (counts.get(names) ?? 0) + 1)
  for (const [names, count] of counts) t.pass(`${names}: ${count} cases`, { skip: true })
})
