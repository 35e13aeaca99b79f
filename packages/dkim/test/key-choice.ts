import t from 'tap'
import { chooseKeys } from '../src/key-choice.ts'

interface World {
  readonly env?: Readonly<Record<string, string>>
  readonly lines?: readonly string[]
  readonly files?: readonly string[]
}

/** What is chosen for a domain, as `path domain selector`; or why nothing can be. */
function choose(domain: string, { env = {}, lines = [], files = [] }: World): readonly string[] | string {
  class Failed extends Error {}
  try {
    const chosen = chooseKeys(domain, {
      get: (name) => env[name],
      lines,
      read: (path) => (files.includes(path) ? 'key' : undefined),
      fail: (why) => {
        throw new Failed(why)
      },
    })
    return chosen.map(({ path, domain, selector }) => `${path} ${domain} ${selector}`)
  } catch (error) {
    if (error instanceof Failed) return error.message
    throw error
  }
}

const DEFAULT = ['control/domainkeys/a.example/default', 'control/domainkeys/default']

t.test('the default', async (t) => {
  t.same(choose('a.example', { files: DEFAULT }), ['control/domainkeys/a.example/default a.example default'])
  t.same(choose('b.example', { files: DEFAULT }), ['control/domainkeys/default b.example default'])
  t.same(choose('a.example', {}), [])
  t.equal(choose('a.example', { env: { DKIMSIGNOPTIONS: '-k' }, files: DEFAULT }), 'bad options in DKIMSIGNOPTIONS')
  t.same(choose('a.example', { env: { DKIMSIGNOPTIONS: '-d B.example -y s' }, files: DEFAULT }), [
    'control/domainkeys/a.example/default b.example s',
  ])
  t.same(choose('a.example', { env: { DKIMSIGNOPTIONS: '-s keys/x' }, files: ['keys/x'] }), ['keys/x a.example x'])
})

t.test('DKIMSIGN', async (t) => {
  const files = ['k/a.example/one', 'k/two', ...DEFAULT]
  t.same(choose('a.example', { env: { DKIMSIGN: 'k/%/one' }, files }), ['k/a.example/one a.example one'])
  t.same(choose('a.example', { env: { DKIMSIGN: 'k/%/two' }, files }), ['k/two a.example two'])
  t.same(
    choose('a.example', { env: { DKIMSIGN: 'k/%/one', DKIMSIGNEXTRA: 'k/two', DKIMSIGNOPTIONSEXTRA: '-y e' }, files }),
    ['k/a.example/one a.example one', 'k/two a.example e'],
  )
  t.same(choose('a.example', { env: { DKIMSIGNEXTRA: 'k/two' }, files }), [`${DEFAULT[0]} a.example default`])
  t.same(choose('b.example', { env: { DKIMSIGN: 'k/%/one' }, files }), [`${DEFAULT[1]} b.example default`])
  t.equal(choose('a.example', { env: { DKIMSIGN: 'k/none' }, files }), 'private key k/none does not exist')
  t.same(choose('a.example', { env: { DKIMSIGN: '' }, files }), [`${DEFAULT[0]} a.example default`])
})

t.test('control/dkimkeys', async (t) => {
  const files = ['k1', 'k2', 'k3', ...DEFAULT]
  t.same(choose('a.example', { lines: ['A.Example:k1', '.*:k3', 'a.example:k2'], files }), [
    'k1 a.example k1',
    'k2 a.example k2',
  ])
  t.same(choose('b.example', { lines: ['a.example:k1', '^B\\.:k3', 'ple$:k2'], files }), [
    'k3 b.example k3',
    'k2 b.example k2',
  ])
  t.same(choose('b.example', { lines: ['a.example:k1', '(:k2', ':k2', 'nothing', '['], files }), [
    `${DEFAULT[1]} b.example default`,
  ])
  t.same(choose('a.example', { lines: ['a.example:k1'], env: { NODKIMKEYS: '' }, files }), [
    `${DEFAULT[0]} a.example default`,
  ])
  t.equal(choose('a.example', { lines: ['a.example:k9'], files }), 'private key k9 does not exist')
  t.same(choose('a.example', { lines: ['a.example:k/%/x'], files }), [`${DEFAULT[0]} a.example default`])
  t.same(
    choose('a.example', {
      lines: ['a.example:k1:DKIMSIGNOPTIONS=-y one -d b.example,DKIMEXPIRE=', 'a.example:k2:DKIMSIGNOPTIONS='],
      env: { DKIMSIGNOPTIONS: '-y env', DKIMEXPIRE: 'bad but unset by the first line' },
      files,
    }),
    'bad options in DKIMSIGNOPTIONS',
  )
  t.same(
    choose('a.example', {
      lines: ['a.example:k1:DKIMSIGNOPTIONS=-y one -d b.example,X=', 'a.example:k2:DKIMSIGNOPTIONS=', 'a.example:k3'],
      env: { DKIMSIGNOPTIONS: '-y env' },
      files,
    }),
    ['k1 b.example one', 'k2 a.example k2', 'k3 a.example env'],
  )
})
