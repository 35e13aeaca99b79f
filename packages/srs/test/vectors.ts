import { readFileSync } from 'node:fs'
import t from 'tap'
import { forward, reverse } from '../src/address.ts'
import { type SrsSettings, srsSettings } from '../src/settings.ts'

interface Vector {
  readonly name: string
  readonly op: 'forward' | 'reverse'
  readonly in: string
  readonly out?: string
  readonly error?: true
  readonly now: number
  readonly srs_domain: string
  readonly secrets: readonly string[]
  readonly maxage?: number
  readonly hashlength?: number
  readonly hashmin?: number
  readonly separator?: string
}

const { vectors } = JSON.parse(readFileSync('test/cases/srs.json', 'utf8')) as { vectors: readonly Vector[] }

/** The settings as control files would give them. */
function settingsOf(vector: Vector): SrsSettings {
  const files: Readonly<Record<string, string | number | undefined>> = {
    srs_maxage: vector.maxage,
    srs_hashlength: vector.hashlength,
    srs_hashmin: vector.hashmin,
    srs_separator: vector.separator,
  }
  const line = (name: string) => (files[name] === undefined ? undefined : String(files[name]))
  return srsSettings(vector.srs_domain, { line, list: () => vector.secrets })
}

t.ok(vectors.length > 200, `${vectors.length} vectors`)

for (const vector of vectors)
  t.test(vector.name, async (t) => {
    const settings = settingsOf(vector)
    if (vector.op === 'forward') return void t.equal(forward(vector.in, settings, vector.now), vector.out)
    const found = reverse(vector.in.slice(0, vector.in.lastIndexOf('@')), settings, vector.now)
    if (vector.error) t.match(found, { error: /^SRS: .*\.$/ })
    else t.same(found, { address: vector.out })
  })
