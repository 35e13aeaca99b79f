/** Plays behaviour cases by hand: play.mjs --bin DIR [--only REGEX] [-j N] [-v] FILE... */
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Case, readCases } from './lib/case.ts'
import { AT_A_TIME, parallel } from './lib/parallel.ts'
import { missingTool } from './lib/plan.ts'
import { DEFAULT_PATH, lacksRoot, play, type Setting } from './lib/play.ts'

const USAGE = 'usage: play.mjs --bin DIR [--only REGEX] [-j N] [-v] FILE...'

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        bin: { type: 'string' },
        only: { type: 'string', default: '' },
        jobs: { type: 'string', short: 'j', default: String(AT_A_TIME) },
        verbose: { type: 'boolean', short: 'v', default: false },
      },
    })
  } catch {
    return undefined
  }
}

function casesOf(files: readonly string[], only: RegExp, bin: string): ReadonlyArray<readonly [Case, Setting]> {
  return files.flatMap((file) => {
    const tls = join(dirname(resolve(file)), 'tls')
    return (readCases(file) ?? []).filter((test) => only.test(test.name)).map((test) => [test, { bin, tls }] as const)
  })
}

async function main(): Promise<number> {
  const { values, positionals } = options() ?? { values: {}, positionals: [] }
  const jobs = Number(values.jobs)
  if (values.bin === undefined || positionals.length === 0 || !(jobs >= 1)) {
    console.error(USAGE)
    return 100
  }
  const count = { passed: 0, failed: 0, skipped: 0 }
  const cases = casesOf(positionals, new RegExp(values.only ?? ''), resolve(values.bin))
  await parallel(cases, jobs, async ([test, setting]) => {
    const tool = missingTool(test, [setting.bin, ...DEFAULT_PATH.split(':')])
    const lack = lacksRoot(test) ? 'root' : tool
    if (lack !== undefined) {
      count.skipped++
      console.log(`skip ${test.name}: needs ${lack}`)
      return
    }
    const why = await play(test, setting)
    if (why.length > 0) {
      count.failed++
      console.log(`FAIL ${test.name}: ${why.join('; ')}`)
    } else {
      count.passed++
      if (values.verbose) console.log(`ok   ${test.name}`)
    }
  })
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
  console.log(`${count.passed} passed, ${count.failed} failed${skipped}`)
  return count.failed > 0 ? 1 : 0
}

process.exitCode = await main()
