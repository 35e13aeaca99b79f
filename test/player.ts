/** The player of cases itself: what passes must pass, what must fail must fail, and for its own reason. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import type { Case } from './lib/case.ts'
import { AT_A_TIME, parallel } from './lib/parallel.ts'
import { lacksRoot, play } from './lib/play.ts'
import { PAIRS, type Pair } from './lib/player-cases.ts'

t.setTimeout(0)
t.test('keys', async (t) => {
  t.setTimeout(0)
  const bin = mkdtempSync(join(tmpdir(), 'bin-'))
  t.teardown(() => rmSync(bin, { recursive: true }))
  writeFileSync(join(bin, 'hello'), '#!/bin/sh\necho "hello $1"\n')
  chmodSync(join(bin, 'hello'), 0o755)
  const setting = { bin, tls: resolve('test/cases/tls') }

  await parallel(PAIRS, AT_A_TIME, async ({ key, passes, fails }: Pair) => {
    const good: Case = { name: key, ...passes }
    if (lacksRoot(good)) {
      t.pass(key, { skip: 'needs root' })
      return
    }
    t.strictSame(await play(good, setting), [], `${key}: passes`)
    for (const [changes, reason] of fails) {
      const why = (await play({ ...good, ...changes }, setting)).join('; ')
      t.match(why, reason, `${key}: fails like ${reason.source}`)
    }
  })
})

t.test('a setting adds to the environment', async (t) => {
  const test: Case = { name: 'env', argv: ['env'], expect: { stdout_re: '\nWAY=x\n' } }
  t.strictSame(await play(test, { bin: '/', tls: '/', env: { WAY: 'x' } }), [])
})
