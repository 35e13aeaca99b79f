/** Plays the cases of the first programs against the build for Node: same sources, same behaviour. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { readCases } from './lib/case.ts'
import { AT_A_TIME, parallel } from './lib/parallel.ts'
import { missingTool } from './lib/plan.ts'
import { DEFAULT_PATH, lacksRoot, play } from './lib/play.ts'

const BIN = resolve('build/node/bin')
const CASES = resolve('test/cases')

/** One program of each kind: a chain tool, a server, a client, a queue program, a listener. */
const CHOSEN =
  /^(?:checknotroot|smtpd|smtpc|queue-maildir|tcpserver-env|tcpserver-path|tcpserver-status|ucspitlsd-sni|sslserver-sni)/

t.setTimeout(0)

t.test('the build for Node', { skip: existsSync(BIN) ? false : 'make RUNTIME=node DIST=build/node' }, async (t) => {
  t.setTimeout(0)
  const path = [BIN, ...DEFAULT_PATH.split(':')]
  const all = ['auth', 'smtpd', 'remote', 'ucspi'].flatMap((name) => readCases(join(CASES, `${name}.json`)) ?? [])
  const chosen = all.filter((test) => CHOSEN.test(test.name))
  t.ok(chosen.length > 100, `${chosen.length} cases`)
  await parallel(chosen, AT_A_TIME, async (test) => {
    const tool = missingTool(test, path)
    if (lacksRoot(test)) return void t.pass(test.name, { skip: 'needs root' })
    if (tool !== undefined) return void t.pass(test.name, { skip: `needs ${tool}` })
    const why = await play(test, { bin: BIN, tls: join(CASES, 'tls') })
    if (why.length === 0) t.pass(test.name)
    else t.fail(test.name, { why: why.join('; ') })
  })
})
